"""Policy packs, their source documents and rules: what is in force on a day, and on which sentences."""

from datetime import date
from enum import Enum
from typing import Any, Self

import strawberry

from gateway.types.enums import DocumentStatus, Qualifier, word
from gateway.types.explanations import Citation, LocalText, Reason
from gateway.types.fields import alike
from services.kernel.region import DivisionCode
from services.runtime.rules_api_schemas import (
    AbsenceOut,
    DocumentOut,
    FactOut,
    PackOut,
    RuleLineOut,
    RuleOut,
    TextOut,
    VersionOut,
)


@strawberry.enum(description="政策包的部分 A section of a policy pack")
class PackSection(Enum):
    """A section of a policy pack."""

    STAFFING = word("staffing", "员额配备 Staffing")
    ADMISSION = word("admission", "准入 Admission of work")
    FIGURES = word("figures", "数据 Figures")
    PAYROLL = word("payroll", "薪酬 Pay")
    CONSULTATION = word("consultation", "协商 Consultation")


def text_of(out: TextOut | None) -> LocalText | None:
    """Words in both languages, None for none."""
    return LocalText.of(out.model_dump()) if out else None


def absence_of(out: AbsenceOut | None) -> Reason | None:
    """Why there is no rule."""
    return Reason.of(out.model_dump()) if out else None


@strawberry.type(description="政策包：一地的规则，含所继承的上级 A policy pack: a place's rules and those it inherits")
class PolicyPack:
    """A policy pack."""

    name: str = strawberry.field(description="名称，如 guandu The name")
    region: DivisionCode = strawberry.field(description="适用区域 The region it is for")
    title: LocalText = strawberry.field(description="标题 The title")
    chain: list[str] = strawberry.field(description="继承次序，近者在前 The packs it inherits from, the nearest first")

    @classmethod
    def of(cls, out: PackOut) -> Self:
        """From a service's pack."""
        return alike(cls, out, region=DivisionCode(out.region), title=LocalText.of(out.title.model_dump()))


@strawberry.type(description="一份政策文件 A source document")
class PolicyDocument:
    """A source document."""

    document: str = strawberry.field(description="文件标识，如 changzhou-2022 The document's identifier")
    title: str = strawberry.field(description="标题 The title")
    issuer: str = strawberry.field(description="发文机关 The issuer")
    doc_no: str = strawberry.field(description="文号 The document's number")
    kind: str = strawberry.field(description="文种，如 notice The kind, such as a notice")
    status: DocumentStatus = strawberry.field(description="效力状态 Whether it is in force")
    issued: date | None = strawberry.field(description="成文日期 When it was issued")
    published: date | None = strawberry.field(description="公布日期 When it was published")
    known: date | None = strawberry.field(description="知悉日期 When it became known")
    source: str = strawberry.field(description="来源 Where it was found")
    evidence: str = strawberry.field(description="证据说明 What is known of it, in words")
    seen: bool = strawberry.field(description="是否见到原文 Whether its text was seen")
    supersedes: list[str] = strawberry.field(description="取代的文件 The documents it supersedes")
    synthetic: bool = strawberry.field(description="是否为演示用虚构 Whether it is synthetic")
    note: str = strawberry.field(description="备注 A note")

    @classmethod
    def of(cls, out: DocumentOut) -> Self:
        """From a service's document."""
        return alike(cls, out, document=out.id, status=DocumentStatus(out.status))


@strawberry.type(description="规则的一个输出及其公式 An output of a rule with its formula")
class RuleFormula:
    """An output."""

    output: str = strawberry.field(description="输出，如 posts The output")
    formula: str = strawberry.field(description="公式 The formula")

    @classmethod
    def of(cls, outputs: dict[str, str]) -> list[Self]:
        """From a service's formulas by output."""
        return [cls(output=output, formula=formula) for output, formula in outputs.items()]


@strawberry.type(description="歧义条文的一种读法 A named reading of an ambiguous sentence")
class RuleReading:
    """A reading."""

    reading: str = strawberry.field(description="读法名称 The reading's name")
    note: LocalText | None = strawberry.field(description="说明 What it takes the sentence to mean")
    formulas: list[RuleFormula] = strawberry.field(description="该读法的公式 Its formulas")


@strawberry.type(description="规则所问的一个事实 A fact that a rule asks for")
class RuleFact:
    """A fact."""

    name: str = strawberry.field(description="名称 The name")
    kind: str = strawberry.field(description="种类，如 number、flag The kind")
    unit: str = strawberry.field(description="单位 The unit")
    label: LocalText = strawberry.field(description="名称的文字 What it is, in words")
    symbols: list[str] = strawberry.field(description="可取的值 The values it may have, where these are words")

    @classmethod
    def of(cls, out: FactOut) -> Self:
        """From a service's fact."""
        return alike(cls, out, label=LocalText.of(out.label.model_dump()))


@strawberry.type(
    description="规则的一个版本：自首日施行，至末日前 A version of a rule, in force from start to before end"
)
class RuleVersion:
    """A version."""

    pack: str = strawberry.field(description="所在政策包 The policy pack it stands in")
    in_force: bool = strawberry.field(description="当日是否施行 Whether it is the one in force on the day")
    start: date = strawberry.field(description="施行首日 The first day in force")
    end: date | None = strawberry.field(description="失效日，仍施行时为空 The first day out of force")
    at_latest: bool = strawberry.field(
        description="首日未公布，至迟自该日 In force at the latest from `start`; the true first day is unpublished"
    )
    known: date = strawberry.field(description="知悉日期 Since when it is known")
    status: DocumentStatus = strawberry.field(description="效力状态 The status of its document")
    qualifier: Qualifier | None = strawberry.field(description="限定词 The document's qualifier")
    label: LocalText | None = strawberry.field(description="名称 What it is, in words")
    note: LocalText | None = strawberry.field(description="说明 A note")
    absent: LocalText | None = strawberry.field(description="文件未公布的内容 What the document does not publish")
    supplement: bool = strawberry.field(description="是否为主管部门补充 Whether an authority supplied it")
    formulas: list[RuleFormula] = strawberry.field(description="公式 Its formulas")
    readings: list[RuleReading] = strawberry.field(description="各种读法 Its named readings")
    reading: str | None = strawberry.field(description="采用的读法 The reading in use")
    citations: list[Citation] = strawberry.field(description="依据的原文 The sentences it rests on")
    source: str = strawberry.field(description="数据文件位置 Where it stands in the pack's files")

    @classmethod
    def of(cls, out: VersionOut) -> Self:
        """From a service's version."""
        readings = [
            RuleReading(reading=name, note=text_of(one.note), formulas=RuleFormula.of(one.outputs))
            for name, one in out.readings.items()
        ]
        words: dict[str, Any] = {name: text_of(getattr(out, name)) for name in ("label", "note", "absent")}
        return alike(
            cls,
            out,
            status=DocumentStatus(out.status),
            qualifier=Qualifier(out.qualifier) if out.qualifier else None,
            formulas=RuleFormula.of(out.outputs),
            readings=readings,
            citations=[Citation.of(one.model_dump()) for one in out.cite],
            **words,
        )


@strawberry.type(description="一条规则及其各版本 A rule with all its versions known then, the one in force first")
class Rule:
    """A rule."""

    rule: str = strawberry.field(description="规则名称 The rule's name")
    section: PackSection = strawberry.field(description="所在部分 The section")
    pack: str = strawberry.field(description="所问政策包 The policy pack asked")
    in_force: bool = strawberry.field(description="当日是否有施行的版本 Whether a version is in force on the day")
    absence: Reason | None = strawberry.field(description="没有的原因 Why none is")
    facts: list[RuleFact] = strawberry.field(description="所问的事实 The facts it asks for")
    versions: list[RuleVersion] = strawberry.field(
        description="各版本，施行者在前 Its versions, the one in force first"
    )

    @classmethod
    def of(cls, out: RuleOut) -> Self:
        """From a service's rule."""
        return alike(
            cls,
            out,
            section=PackSection(out.section),
            absence=absence_of(out.absence),
            facts=[RuleFact.of(one) for one in out.facts],
            versions=[RuleVersion.of(one) for one in out.versions],
        )


@strawberry.type(description="规则清单的一行 A rule in a list")
class RuleLine:
    """A rule in a list."""

    rule: str = strawberry.field(description="规则名称 The rule's name")
    section: PackSection = strawberry.field(description="所在部分 The section")
    in_force: bool = strawberry.field(description="当日是否施行 Whether a version is in force on the day")
    pack: str | None = strawberry.field(description="施行版本所在的政策包，近者优先 The pack whose version is in force")
    label: LocalText | None = strawberry.field(description="名称 What it is, in words")
    outputs: list[str] = strawberry.field(description="输出 Its outputs")
    absence: Reason | None = strawberry.field(description="没有的原因 Why none is in force")

    @classmethod
    def of(cls, out: RuleLineOut) -> Self:
        """From a service's line."""
        section = PackSection(out.section)
        return alike(cls, out, section=section, label=text_of(out.label), absence=absence_of(out.absence))
