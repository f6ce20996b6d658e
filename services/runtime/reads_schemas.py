"""Wire forms of sparse reads, for the document and for whoever writes a client; the process reads plain JSON."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

MOST_READS = 64
MOST_CALLERS = 64  # whose reads one request may carry
MOST_KEYS = 10_000
MOST_FIELDS = 200
MOST_ROWS = 1000


class ReadIn(BaseModel):
    """One read: fields of an entity, for keys or for an area; see each entity's declaration for the names."""

    entity: str = Field(examples=["community"])
    fields: list[str] = Field(max_length=MOST_FIELDS, examples=[["code", "name"]])
    by: str | None = Field(default=None, examples=["code"], description="how the keys find rows")
    keys: list[str] | None = Field(default=None, max_length=MOST_KEYS, examples=[["530111001011"]])
    under: int | None = Field(default=None, description="place of an earlier read whose rows give the keys")
    source: str | None = Field(default=None, description="which of that read's fields is the key")
    region: str | None = Field(default=None, description="a root page over a division; null is all one may see")
    authority: str | None = None
    on: date | None = None
    knownAt: datetime | None = None  # noqa: N815 - the wire's name
    args: dict[str, Any] = {}
    where: dict[str, Any] = {}
    first: int | None = Field(default=None, ge=0, le=MOST_ROWS)
    after: str | None = None
    last: int | None = Field(default=None, ge=0, le=MOST_ROWS)
    before: str | None = None
    count: bool = Field(default=False, description="tell how many there are in all")
    beyond: bool = Field(default=False, description="tell whether there are rows on the other side of the cursor")
    ends: bool = Field(default=True, description="tell the cursors of a page's first and last row")


class ReadValuesIn(BaseModel):
    """What one request gives beside a read that many requests share; it stands before the read's own."""

    keys: list[str] | None = Field(default=None, max_length=MOST_KEYS, examples=[["530111001011"]])
    region: str | None = None
    authority: str | None = None
    on: date | None = None
    knownAt: datetime | None = None  # noqa: N815 - the wire's name
    args: dict[str, Any] = {}
    where: dict[str, Any] = {}
    first: int | None = Field(default=None, ge=0, le=MOST_ROWS)
    after: str | None = None
    last: int | None = Field(default=None, ge=0, le=MOST_ROWS)
    before: str | None = None


class ReadsIn(BaseModel):
    """Reads that are answered together, in this order; one may take its keys from an earlier one.

    What differs from request to request may stand in `values`, one for each read: what stands before it in the body is
    then checked once for all requests in which it has the same bytes. With `callers`, `values` holds those of the
    request's own caller first, then those of each of the others, and the answers come in the same order, each as that
    caller alone would get it.
    """

    reads: list[ReadIn] = Field(max_length=MOST_READS)
    values: list[ReadValuesIn] | None = None
    callers: list[str] | None = Field(
        default=None,
        max_length=MOST_CALLERS - 1,
        description="tokens of others who ask the same reads in this request, each of values of their own",
    )


class ReadErrorOut(BaseModel):
    """Why one read has no answer; the others have theirs."""

    status: int
    code: str
    zh: str
    en: str


class ReadPageOut(BaseModel):
    """One key's page: rows in order, whether more follow (precede, paging backward), cursors of first and last.

    `beyond` and `total` are there where they were asked for, `start` and `end` unless `ends` is false (null without
    rows). `beyond`: whether there are rows on the other side of the cursor, the cursor's own among them.
    """

    rows: list[list[Any]]
    more: bool
    beyond: bool | None = None
    total: int | None = None
    start: str | None = None
    end: str | None = None


class AnswerOut(BaseModel):
    """Rows for keys that have one row each (null for none), or pages for keys that have many, or an error."""

    rows: list[list[Any] | None] | None = None
    pages: list[ReadPageOut | None] | None = None
    error: ReadErrorOut | None = None


class ReadsOut(BaseModel):
    """One answer per read; positional rows, the fields in the order asked for."""

    answers: list[AnswerOut]
