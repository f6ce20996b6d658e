"""Ask of any rule: what is in force on a day, as known on a day, on which sentences, and what it gives for a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Query, Request

from services.kernel.errors import DomainError, Malformed
from services.kernel.formula.explanation import Explanation
from services.kernel.formula.rules import Version
from services.kernel.formula.ruleset import Ruleset, rule_absent
from services.kernel.formula.vocabulary import Fact, Vocabulary
from services.kernel.policy import BEIJING, known_day
from services.runtime.auth import permit
from services.runtime.packs import Packs
from services.runtime.rules_api_schemas import (
    DocumentOut,
    DocumentsOut,
    EvaluationIn,
    EvaluationOut,
    PacksOut,
    RuleOut,
    RulesOut,
    fact_out,
    text_out,
    version_out,
)

Sections: TypeAlias = Mapping[str, Vocabulary]


def _packs(request: Request) -> Packs:
    packs: Packs = request.app.state.packs
    return packs


PacksDep: TypeAlias = Annotated[Packs, Depends(_packs)]


@dataclass(frozen=True, slots=True)
class Moment:
    """The day asked about, and the instant of knowledge."""

    on: date
    known_at: date | datetime | None


def _moment(
    on: Annotated[date | None, Query(description="today in Beijing unless given")] = None,
    known_at: Annotated[datetime | date | None, Query(description="as known then; now unless given")] = None,
) -> Moment:
    return Moment(on or _today(), known_at)


def _today() -> date:
    return datetime.now(BEIJING).date()


MomentDep: TypeAlias = Annotated[Moment, Depends(_moment)]


def rules_router(sections: Sections) -> APIRouter:
    """Routes over the packs at `app.state.packs`, for the sections whose facts this service knows."""
    router = APIRouter(prefix="/v1/packs", tags=["rules"], dependencies=[Depends(permit("policy.read"))])
    _add_documents(router, sections)
    _add_rules(router, sections)
    _add_evaluation(router, sections)
    return router


def _add_documents(router: APIRouter, sections: Sections) -> None:
    @router.get("", response_model=PacksOut)
    async def list_packs(packs: PacksDep) -> dict[str, Any]:
        """Every policy pack with its region and the packs it inherits from. 各政策包及其继承关系。"""
        return {"items": [_pack_out(packs, name, sections) for name in packs.names()], "digest": packs.digest}

    @router.get("/{pack}/documents", response_model=DocumentsOut)
    async def list_documents(pack: str, packs: PacksDep) -> dict[str, Any]:
        """The documents a pack rests on. 政策包所依据的文件。"""
        return {"items": [document.to_dict() for document in packs.pack(pack).documents.values()]}

    @router.get("/{pack}/documents/{document}", response_model=DocumentOut)
    async def get_document(pack: str, document: str, packs: PacksDep) -> dict[str, object]:
        """One document, also of a wider pack or of a supplement. 一份文件，含上级与补充文件。"""
        packs.pack(pack)
        return packs.document(document).to_dict()


def _add_rules(router: APIRouter, sections: Sections) -> None:
    @router.get("/{pack}/rules", response_model=RulesOut)
    async def list_rules(pack: str, packs: PacksDep, moment: MomentDep, section: str | None = None) -> dict[str, Any]:
        """The rules of a pack and of the wider ones it inherits from, each in force or with the reason why not.

        当日有效的规则，无效的写明原因。
        """
        wanted = [_section(sections, section)] if section else list(sections)
        return {"items": [line for each in wanted for line in _lines(packs, pack, each, sections[each], moment)]}

    @router.get("/{pack}/rules/{rule}", response_model=RuleOut)
    async def get_rule(
        pack: str, rule: str, packs: PacksDep, moment: MomentDep, section: str | None = None, reading: str | None = None
    ) -> dict[str, Any]:
        """A rule with all its versions known then, the one in force first, and the facts it asks for.

        一条规则的各个版本。
        """
        found = _find(packs, pack, rule, section, sections)
        ruleset = packs.ruleset(pack, section=found, vocabulary=sections[found], on=moment.on, known_at=moment.known_at,
                                readings={rule: reading} if reading else {})  # fmt: skip
        return _rule_out(packs, ruleset, rule, moment)


def _add_evaluation(router: APIRouter, sections: Sections) -> None:
    @router.post("/{pack}/rules/{rule}/evaluation", response_model=EvaluationOut)
    async def evaluate_rule(pack: str, rule: str, question: EvaluationIn, packs: PacksDep) -> dict[str, Any]:
        """What a rule gives for one case: exact values, explanations, readings used, sentences. 规则试算与解释。"""
        section = _find(packs, pack, rule, question.section, sections)
        ruleset = packs.ruleset(
            pack,
            section=section,
            vocabulary=sections[section],
            on=question.on or _today(),
            known_at=question.known_at,
            readings=question.readings,
            include_drafts=question.include_drafts,
            supplements=question.supplements,
        )
        return {"digest": packs.digest, **_evaluate(ruleset, rule, question)}


def _section(sections: Sections, section: str) -> str:
    if section not in sections:
        known = ", ".join(sections)
        raise Malformed("section.unknown", f"本服务没有 {section} 部分；可用：{known}",
                        f"this service has no section {section}; there are: {known}", section=section)  # fmt: skip
    return section


def _find(packs: Packs, pack: str, rule: str, section: str | None, sections: Sections) -> str:
    """The section that has the rule."""
    wanted = [_section(sections, section)] if section else list(sections)
    for each in wanted:
        if rule in packs.histories(pack, each):
            return each
    raise rule_absent(rule, pack)


def _pack_out(packs: Packs, name: str, sections: Sections) -> dict[str, Any]:
    pack = packs.pack(name)
    return {"name": name, "region": pack.region, "title": pack.title.to_dict(), "chain": list(packs.chain(name)),
            "sections": [section for section in sections if packs.histories(name, section)]}  # fmt: skip


def _lines(packs: Packs, pack: str, section: str, vocabulary: Vocabulary, moment: Moment) -> list[dict[str, Any]]:
    ruleset = packs.ruleset(pack, section=section, vocabulary=vocabulary, on=moment.on, known_at=moment.known_at)
    lines = []
    for rule in sorted([*ruleset.versions, *ruleset.absences]):
        version = ruleset.versions.get(rule)
        lines.append(
            {
                "rule": rule,
                "section": section,
                "in_force": version is not None,
                "pack": version.pack if version else None,
                "label": text_out(version.label) if version else None,
                "outputs": list(version.spoken.names) if version else [],
                "absence": _absence(ruleset.absences.get(rule)),
            }
        )
    return lines


def _absence(error: DomainError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"code": error.code, "message": {"zh": error.zh, "en": error.en},
            "citations": [citation.to_dict() for citation in error.citations]}  # fmt: skip


def _rule_out(packs: Packs, ruleset: Ruleset, rule: str, moment: Moment) -> dict[str, Any]:
    current = ruleset.versions.get(rule)
    day = known_day(moment.known_at)
    history = [each for each in packs.histories(ruleset.pack, ruleset.section)[rule] if each.known <= day]
    others = [each for each in history if current is None or each.source != current.source]
    others.sort(key=lambda each: each.start, reverse=True)
    versions = [version_out(current, in_force=True)] if current else []
    return {
        "rule": rule,
        "section": ruleset.section,
        "pack": ruleset.pack,
        "in_force": current is not None,
        "absence": _absence(ruleset.absences.get(rule)),
        "facts": [fact_out(fact) for fact in _facts(ruleset, current)],
        "versions": versions + [version_out(each, in_force=False) for each in others],
    }


def _facts(ruleset: Ruleset, version: Version | None) -> Sequence[Fact]:
    if version is None:
        return ()
    found = [ruleset.facts_used(version.rule, output) for output in version.spoken.names]
    return tuple(dict.fromkeys(fact for each in found for fact in each))


def _evaluate(ruleset: Ruleset, rule: str, question: EvaluationIn) -> dict[str, Any]:
    facts = _read_facts(ruleset.vocabulary, question.facts)
    names = question.outputs or ruleset.outputs(rule)
    outputs: dict[str, Explanation | DomainError] = {}
    for name in names:
        try:
            outputs[name] = ruleset.explain(rule, facts, name)
        except DomainError as error:
            if question.outputs:
                raise
            outputs[name] = error
    found = [each for each in outputs.values() if isinstance(each, Explanation)]
    failed = [each for each in outputs.values() if isinstance(each, DomainError)]
    if failed and not found:
        raise failed[0]
    cited = dict.fromkeys(citation for each in found for citation in each.all_citations)
    return {
        "rule": rule,
        "section": ruleset.section,
        "pack": ruleset.pack,
        "on": ruleset.on,
        "outputs": {name: _output_out(each) for name, each in outputs.items()},
        "readings_used": {key: value for each in found for key, value in each.readings_used.items()},
        "citations": [citation.to_dict() for citation in cited],
    }


def _output_out(found: Explanation | DomainError) -> dict[str, Any]:
    if isinstance(found, DomainError):
        return {"value": None, "unit": None, "explanation": None, "absence": _absence(found)}
    return {"value": found.text, "unit": found.unit, "explanation": found.to_dict()}


def _read_facts(vocabulary: Vocabulary, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts by name; JSON numbers are in the fact's unit. Unknown names are refused, not ignored."""
    unknown = sorted(name for name in facts if vocabulary.fact(name) is None)
    if unknown:
        names = ", ".join(unknown)
        raise Malformed("fact.unknown", f"没有这些事实：{names}；请核对名称",
                        f"unknown facts: {names}; check the names", facts=unknown)  # fmt: skip
    return {name: Decimal(value) if type(value) is int else value for name, value in facts.items()}
