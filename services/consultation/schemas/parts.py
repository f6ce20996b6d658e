"""Wire forms that several nouns of consultation share: words, citations, people, rates."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CommunityCode = Annotated[
    str, Field(description="12-digit division code of the community / 社区12位区划代码", pattern=r"^[1-9]\d{11}$")
]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Tier = Literal["community", "street"]


class Wire(BaseModel):
    """A body that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")


class TextOut(BaseModel):
    """Words in two languages."""

    zh: str
    en: str


class CitationOut(BaseModel):
    """The sentence a step or figure rests on."""

    document: str
    title: str
    doc_no: str
    at: str
    quote: str
    status: str
    synthetic: bool


class PersonIn(Wire):
    """Who acts or proposes. A name is kept for the record; it is never shown to the public."""

    kind: Word = Field(description="kind of actor, as the procedure names it / 主体类别", examples=["resident"])
    name: str | None = Field(default=None, max_length=60)
    anonymous: bool = Field(default=False, description="anonymous to the public, never to the record / 对公众匿名")


class PersonOut(BaseModel):
    """Who acted or proposed; the name only for callers who keep the record."""

    kind: str
    name: str | None
    anonymous: bool


class ParticipantIn(Wire):
    """One participant or one group of participants of a session."""

    kind: Word = Field(examples=["party_org"])
    name: str | None = Field(default=None, max_length=60)
    count: int = Field(default=1, ge=1, le=100_000, description="persons of this kind, offline ones included")


class ParticipantOut(BaseModel):
    """A participant with the role the city's pattern gives its kind."""

    kind: str
    role: str | None
    count: int


class RateOut(BaseModel):
    """A share with both its numbers, the reading used, the rule it rests on, and how it was computed."""

    rule: str
    pack: str
    numerator: int
    denominator: int
    percent: str | None = Field(
        description="percent as decimal text; null when the denominator is 0", examples=["93.9"]
    )
    reached: bool | None = Field(description="whether the document's own threshold is reached; null when it has none")
    reading: str | None
    explanation: dict[str, Any] | None
    citations: list[CitationOut]
