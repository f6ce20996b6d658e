"""The guards a procedure may name: conditions beyond who and with what."""

from collections.abc import Callable, Mapping
from typing import Any

from services.consultation.domain import screenings, sessions
from services.consultation.domain.procedures import Procedure
from services.kernel.errors import RuleViolation

Guard = Callable[[Procedure, str, Mapping[str, Any]], None]


def _channel_listed(procedure: Procedure, _outcome: str, evidence: Mapping[str, Any]) -> None:
    channel = evidence.get("channel")
    if channel is None or channel in procedure.channels:
        return
    raise RuleViolation(
        "issue.channel_unknown",
        f"本地未列征集渠道“{channel}”。可用：{'、'.join(procedure.channels)}",
        f"{channel} is no channel of this place; use one of: {', '.join(procedure.channels)}",
        citations=procedure.citations,
        channel=channel,
    )


def _both_committees(procedure: Procedure, _outcome: str, evidence: Mapping[str, Any]) -> None:
    screenings.check_committees(evidence.get("committees", ()), procedure.screening)


def _screening_tests(procedure: Procedure, outcome: str, evidence: Mapping[str, Any]) -> None:
    if procedure.screening is not None:
        accept, reject = evidence.get("accept_codes", []), evidence.get("reject_codes", [])
        screenings.check_outcome(procedure.screening, outcome, accept, reject)


def _roles_present(procedure: Procedure, _outcome: str, evidence: Mapping[str, Any]) -> None:
    if procedure.pattern is not None:
        sessions.check_roles(procedure.pattern, (each["kind"] for each in evidence.get("participants", ())))


GUARDS: Mapping[str, Guard] = {
    "channel_listed": _channel_listed,
    "both_committees": _both_committees,
    "screening_tests": _screening_tests,
    "roles_present": _roles_present,
}
