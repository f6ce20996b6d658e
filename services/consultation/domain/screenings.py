"""Screening: may a topic be discussed, by which grounds, and where else it may go."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.consultation.domain.procedures import Screening, Test
from services.kernel.errors import Malformed, RuleViolation
from services.kernel.policy import Citation

COMMITTEES = frozenset({"residents_committee", "villagers_committee"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the grounds answer: `accepted` or `rejected`, with each ground met and the other channels."""

    outcome: str
    grounds: tuple[Test, ...]
    citations: tuple[Citation, ...]


def decide(screening: Screening, accept: Iterable[str], reject: Iterable[str]) -> Verdict:
    """The verdict on the grounds that were answered yes: any ground against rejects, else one ground for accepts.

    Wording unpublished: RuleViolation `screening.text_unpublished`; a ground of another list: Malformed
    `screening.code_unknown`; no ground answered: RuleViolation `screening.unanswered` (back to the collector).
    """
    if screening.accept is None or screening.reject is None:
        raise _unpublished(screening)
    for_it = _grounds(screening.accept, accept, "accept_codes")
    against = _grounds(screening.reject, reject, "reject_codes")
    if not for_it and not against:
        raise RuleViolation(
            "screening.unanswered",
            f"“{screening.name.zh}”各项均未作答，议题退回征集人补充后再筛选",
            f"no ground of {screening.name.en} was answered: return the topic to its collector, then screen it again",
            citations=screening.citations,
        )
    return Verdict("rejected" if against else "accepted", against or for_it, screening.citations)


def check_committees(committees: Iterable[str], screening: Screening | None) -> None:
    """Both committees decided together: the party organisation and a residents' or villagers' committee.

    Otherwise RuleViolation `screening.both_committees`.
    """
    present = set(committees)
    if "party_org" in present and present & COMMITTEES:
        return
    raise RuleViolation(
        "screening.both_committees",
        "议题须由村社两委共同确定：请记录党组织和村（居）民委员会双方的决定",
        "topics are fixed by both committees: record the party organisation and the residents' or villagers' committee",
        citations=screening.citations if screening else (),
        committees=sorted(present),
    )


def check_outcome(screening: Screening, outcome: str, accept: list[str], reject: list[str]) -> None:
    """The recorded outcome agrees with the grounds; a return to the collector always does.

    With the wording unpublished the two committees decide in words, and codes are refused
    (`screening.text_unpublished`); disagreement: RuleViolation `screening.outcome_contradicts`.
    """
    if outcome == "returned":
        return
    if screening.accept is None or screening.reject is None:
        if accept or reject:
            raise _unpublished(screening)
        return
    verdict = decide(screening, accept, reject)
    if verdict.outcome != outcome:
        codes = "、".join(test.code for test in verdict.grounds)
        raise RuleViolation(
            "screening.outcome_contradicts",
            f"按理由{codes}，结论应为{verdict.outcome}，与所填{outcome}不符。请改正理由或结论",
            f"by {codes} the outcome is {verdict.outcome}, not {outcome}: correct the grounds or the outcome",
            citations=verdict.citations,
            expected=verdict.outcome,
        )


def _grounds(tests: tuple[Test, ...], codes: Iterable[str], field: str) -> tuple[Test, ...]:
    wanted = set(codes)
    unknown = sorted(wanted - {test.code for test in tests})
    if unknown:
        known = ", ".join(test.code for test in tests)
        raise Malformed(
            "screening.code_unknown",
            f"没有这些筛选理由：{'、'.join(unknown)}。可用：{known}",
            f"no such ground: {', '.join(unknown)}; use one of: {known}",
            codes=unknown,
            field=field,
        )
    return tuple(test for test in tests if test.code in wanted)


def _unpublished(screening: Screening) -> RuleViolation:
    missing = screening.unpublished or screening.name
    return RuleViolation(
        "screening.text_unpublished",
        f"{missing.zh}，不能按条文判断。请由两委作出决定并写明理由，或由主管部门录入条文",
        f"{missing.en}: the committees decide in words, or the authority enters the wording as a supplement",
        citations=screening.citations,
        needs="screening_tests",
    )
