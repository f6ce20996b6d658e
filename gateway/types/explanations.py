"""Why a figure is what it is: the tree of its rule, with the sentences it rests on."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Self

import strawberry

from gateway.types.enums import DocumentStatus, Qualifier
from gateway.types.fields import resolved


@strawberry.enum(description="文字的语言 The language of a text")
class Language(Enum):
    """The languages every label is kept in."""

    ZH = strawberry.enum_value("zh", description="中文 Chinese")
    EN = strawberry.enum_value("en", description="英文 English")


InLanguage = Annotated[
    Language, strawberry.argument(description="文字的语言，默认中文 The language; Chinese by default")
]


@strawberry.type(description="双语文字 A text in Chinese and English")
class LocalText:
    """A text in both languages."""

    zh: str = strawberry.field(description="中文 In Chinese")
    en: str = strawberry.field(description="英文 In English")

    @classmethod
    def of(cls, text: Mapping[str, str] | None) -> Self:
        """From a service's `{zh, en}`; a missing language is the other one."""
        text = text or {}
        zh, en = text.get("zh", ""), text.get("en", "")
        return cls(zh=zh or en, en=en or zh)


@strawberry.type(description="数字所依据的原文 The sentence of a document that a figure rests on")
class Citation:
    """A sentence of a document."""

    document: str = strawberry.field(description="文件标识，如 changzhou-2022 The document's identifier")
    title: str | None = strawberry.field(description="文件标题 The document's title")
    doc_no: str | None = strawberry.field(description="文号 The document's number")
    at: str | None = strawberry.field(description="条目位置 Where in the document")
    quote: str | None = strawberry.field(description="原文 The sentence, word for word")
    status: DocumentStatus | None = strawberry.field(description="文件的效力状态 Whether the document is in force")
    synthetic: bool = strawberry.field(
        description="是否为演示用虚构数据 Whether the figure is synthetic, made for demonstration"
    )

    @classmethod
    def of(cls, wire: Mapping[str, Any]) -> Self:
        """From a service's citation."""
        return cls(
            document=wire["document"],
            title=wire.get("title"),
            doc_no=wire.get("doc_no"),
            at=wire.get("at"),
            quote=wire.get("quote"),
            status=DocumentStatus(wire["status"]) if wire.get("status") else None,
            synthetic=bool(wire.get("synthetic")),
        )


def citations_of(wire: Mapping[str, Any]) -> list[Citation]:
    """The citations of a service's answer, none when it gives none."""
    return [Citation.of(one) for one in wire.get("citations") or ()]


@strawberry.type(description="没有数字的原因 Why there is no figure, or why the caller was refused")
class Reason:
    """A refusal as data."""

    code: str = strawberry.field(description="稳定的原因代码，如 rule.absent A stable dotted code")
    message: LocalText = strawberry.field(description="原因与办法 What is missing and what to do")

    @classmethod
    def of(cls, wire: Mapping[str, Any]) -> Self:
        """From a service's `{code, message}`."""
        return cls(code=wire["code"], message=LocalText.of(wire.get("message")))


@strawberry.type(description="计算过程的一个节点 One node of the way a figure was found")
class Explanation:
    """A node of the tree of a rule's evaluation."""

    wire: strawberry.Private[Mapping[str, Any]]

    @resolved("规则或事实的名称 The name of the rule or fact")
    def name(self) -> str | None:
        return self.wire.get("name")

    @resolved("名称的文字说明 What the value is, in words")
    def label(self, language: InLanguage = Language.ZH) -> str:
        text = LocalText.of(self.wire.get("label"))
        return (text.zh if language is Language.ZH else text.en) or self.wire.get("name") or ""

    @resolved("精确值，以文本表示 The exact value, as text")
    def value(self) -> str | None:
        return _text(self.wire.get("value"))

    @resolved("单位 The unit of the value")
    def unit(self) -> str | None:
        return self.wire.get("unit")

    @resolved("公式 The formula of the rule")
    def formula(self) -> str | None:
        return self.wire.get("formula")

    @resolved("规则 The rule that gave the value")
    def rule(self) -> str | None:
        return self.wire.get("rule")

    @resolved("规则所在的政策包 The policy pack the rule stands in")
    def pack(self) -> str | None:
        return self.wire.get("pack")

    @resolved("所用的读法 The reading of an ambiguous sentence that was used")
    def reading(self) -> str | None:
        return self.wire.get("reading")

    @resolved("文件的限定词 The document's qualifier")
    def qualifier(self) -> Qualifier | None:
        return Qualifier(self.wire["qualifier"]) if self.wire.get("qualifier") else None

    @resolved("依据的原文 The sentences it rests on")
    def citations(self) -> list[Citation]:
        return citations_of(self.wire)

    @resolved("整棵树是否依据虚构数据 Whether anything in the tree rests on a synthetic sentence")
    def synthetic(self) -> bool:
        return any(one.get("synthetic") for _, wire in _walk(self.wire, 0) for one in wire.get("citations") or ())

    @resolved("由哪些值得出 The values it was found from")
    def inputs(self) -> list["Explanation"]:
        return [Explanation(wire=one) for one in self.wire.get("inputs") or ()]

    @resolved("整棵树按先序排列，不必逐层书写 The whole tree in pre-order, without writing its levels out")
    def steps(self) -> list["ExplanationStep"]:
        return [ExplanationStep(level=level, node=Explanation(wire=wire)) for level, wire in _walk(self.wire, 0)]


@strawberry.type(description="计算过程中的一步 A node of an explanation with its depth in the tree")
class ExplanationStep:
    """A node and its depth."""

    level: int = strawberry.field(description="在树中的深度，根为 0 The depth in the tree; the root is 0")
    node: Explanation = strawberry.field(description="该节点 The node")


def _walk(wire: Mapping[str, Any], level: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    yield level, wire
    for one in wire.get("inputs") or ():
        yield from _walk(one, level + 1)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
