"""Commands sent to the services: inputs read, one effect per key, business refusals as data."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

import pydantic

from gateway.at_fault import Names, path_in, path_of
from gateway.context import Context
from gateway.errors import Code, GatewayError
from gateway.graph import ConsultationSession, Issue
from gateway.services import Services, refusal
from gateway.types.explanations import LocalText, citations_of
from gateway.types.inputs import (
    EvidenceInput,
    RaiseIssueInput,
    RecordSessionInput,
    RunPayrollInput,
    TakeIssueStepInput,
    TakePayrollRunStepInput,
)
from gateway.types.pages import parse_global_id
from gateway.types.payroll_runs import PayrollRun
from gateway.types.user_errors import UserError
from services.consultation.schemas.issues import IssueDetailOut, IssueIn, StepIn
from services.consultation.schemas.sessions import SessionIn
from services.payroll.schemas.payroll_runs import PayrollRunIn
from services.runtime.client import ServiceError
from services.runtime.log import log

T = TypeVar("T")
M = TypeVar("M", bound=pydantic.BaseModel)
P = ParamSpec("P")

BUSINESS = frozenset({403, 404, 409, 422})
LOST = frozenset({0, 502, 504})  # the answer did not come: the command may have been done
NOT_AGAIN = frozenset({"service.breaker_open", "service.timeout"})  # nobody was asked; the time is over
KEY = re.compile(r"[\x21-\x7e]{1,200}")
ZH: Mapping[str, str] = {
    "string_too_short": "太短",
    "string_too_long": "太长",
    "string_pattern_mismatch": "格式不符",
    "too_short": "项数太少",
    "too_long": "项数太多",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
    "timezone_aware": "须带时区",
}
"""What a service's form finds wrong, in Chinese."""


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What a command did, or why it was refused."""

    done: T | None
    errors: list[UserError]


class Refused(Exception):
    """A business refusal on its way to a payload."""

    def __init__(self, *errors: UserError) -> None:
        super().__init__(", ".join(one.code for one in errors))
        self.errors = list(errors)


def refusals_as_data(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[Outcome[T]]]:
    """The work with its business refusals as data; GatewayError for the rest."""

    @wraps(work)
    async def told(*given: P.args, **named: P.kwargs) -> Outcome[T]:
        try:
            return Outcome(await work(*given, **named), [])
        except Refused as refused:
            return Outcome(None, refused.errors)

    return told


async def send(context: Context, service: str, asked: Any, call: Callable[[Services, str], Awaitable[T]]) -> T:  # noqa: ANN401 - any input with a key
    """The service's answer to a command under the input's key; what the request read before is forgotten.

    When the answer is lost the command goes out once more: under its key it has one effect. Raises Refused and
    GatewayError.
    """
    if not KEY.fullmatch(asked.idempotency_key):
        raise Refused(unreadable_key())
    context.loaders.forget()
    services = context.loaders.services.patient()
    try:
        async with asyncio.timeout(services.timeout_s):
            return await twice(partial(call, services, asked.idempotency_key))
    except ServiceError as error:
        raise verdict(error, asked) from error
    except TimeoutError:
        raise uncertain(service) from None
    except pydantic.ValidationError as error:
        log.error("upstream.unreadable", service=service, exc_info=error)
        raise uncertain(service) from error


async def twice(call: Callable[[], Awaitable[T]]) -> T:
    """The answer of a call, made again when it was lost on the way. Raises ServiceError."""
    try:
        return await call()
    except ServiceError as error:
        if error.status not in LOST or error.code in NOT_AGAIN:
            raise
    return await call()


def verdict(error: ServiceError, asked: object) -> Refused | GatewayError:
    """What a service's refusal is to the client: data, or an error of the request."""
    if error.status in BUSINESS:
        return Refused(*told_of(error, asked))
    if error.status in LOST and error.code != "service.breaker_open":
        return uncertain(error.service)
    return refusal(error)


def uncertain(service: str) -> GatewayError:
    """The refusal of a command whose answer is lost for good."""
    return GatewayError(
        Code.UPSTREAM_UNAVAILABLE,
        f"服务（{service}）没有答复，操作可能已经办成；请以同一 idempotencyKey 重发，不会重复办理",
        f"the {service} service did not answer and may have done it; send it again with the same idempotencyKey,"
        " which does nothing twice",
        service=service,
    )


def told_of(error: ServiceError, asked: object) -> list[UserError]:
    """A service's refusal in the words of the input."""
    parts: list[Mapping[str, Any]] = error.problem.get("errors") or []
    if parts:
        return [complaint(asked, one["pointer"].split("/")[2:], one["code"], one["message"]) for one in parts]
    message = LocalText(zh=error.zh, en=error.en)
    path = path_of(asked, error.code, error.problem.get("details") or {})
    return [UserError(code=error.code, message=message, field=path, citations=citations_of(error.problem))]


def complaint(asked: object, names: Names, kind: str, message: str) -> UserError:
    """What a form found wrong with one field."""
    path = path_in(asked, names)
    words = LocalText(zh=f"{path[-1] if path else '输入'}{ZH.get(kind, '有误')}，请更正：{message}", en=message)
    return UserError(code="input.unreadable", message=words, field=path, citations=[])


def form(kind: type[M], asked: object, values: Mapping[str, Any]) -> M:
    """A service's form filled in. Raises Refused with everything it finds wrong."""
    try:
        return kind.model_validate(dict(values))
    except pydantic.ValidationError as error:
        wrong = [complaint(asked, one["loc"], one["type"], one["msg"]) for one in error.errors()]
        raise Refused(*wrong) from None


def key_of(text: str, kind: str, *path: str) -> str:
    """The service's own identifier in a global id of a kind. Raises Refused for any other text."""
    found = parse_global_id(text)
    if found is not None and found[0] == kind:
        return found[1]
    message = LocalText(
        zh=f"不是 {kind} 的全局标识，请使用读取该对象时得到的 id",
        en=f"no global id of a {kind}; use the `id` it is read with",
    )
    raise Refused(UserError(code="id.unreadable", message=message, field=["input", *path], citations=[]))


def evidence_of(given: EvidenceInput | None, *path: str) -> dict[str, Any]:
    """What accompanies a step, as consultation takes it. Raises Refused."""
    found = given.wire() if given else {}
    if "merged_into" in found:
        found["merged_into"] = key_of(found["merged_into"], "Issue", *path, "evidence", "mergedInto")
    return found


def unreadable_key() -> UserError:
    """The refusal of a key that no header can carry."""
    message = LocalText(
        zh="idempotencyKey 应为1至200个可见ASCII字符，如一个UUID",
        en="`idempotencyKey` is 1 to 200 visible ASCII characters, such as a UUID",
    )
    return UserError(code="idempotency.unreadable", message=message, field=["input", "idempotencyKey"], citations=[])


@refusals_as_data
async def raise_issue(context: Context, asked: RaiseIssueInput) -> Issue:
    """The issue raised."""
    names = ("title", "text", "channel", "actor", "at", "campaign", "mechanism", "number")
    values = {name: getattr(asked, name) for name in names}
    more = {"community": asked.community_code, "proposer": asked.proposer.wire(), "process": asked.process.value}
    issue = form(IssueIn, asked, {**values, **more})
    found = await send(context, "consultation", asked, lambda to, key: to.consultation.raise_issue(issue, key))
    return issue_of(context, found)


@refusals_as_data
async def take_issue_step(context: Context, asked: TakeIssueStepInput) -> Issue:
    """The issue after the step."""
    issue = UUID(key_of(asked.issue_id, "Issue", "issueId"))
    session = key_of(asked.session_id, "ConsultationSession", "sessionId") if asked.session_id else None
    values = {name: getattr(asked, name) for name in ("step", "at", "outcome")}
    more = {"actor": asked.actor.wire(), "evidence": evidence_of(asked.evidence), "session": session}
    step = form(StepIn, asked, {**values, **more})
    seen = asked.seen
    found = await send(
        context, "consultation", asked, lambda to, key: to.consultation.take_step(issue, step, key, seen)
    )
    return issue_of(context, found)


@refusals_as_data
async def record_session(context: Context, asked: RecordSessionInput) -> ConsultationSession:
    """The session recorded, the step of each of its issues taken with it."""
    items = [
        {
            "issue": key_of(one.issue_id, "Issue", "items", str(at), "issueId"),
            "actor": one.actor.wire(),
            "outcome": one.outcome,
            "evidence": evidence_of(one.evidence, "items", str(at)),
        }
        for at, one in enumerate(asked.items)
    ]
    values = {name: getattr(asked, name) for name in ("title", "held_at", "minutes", "number")}
    participants = [one.wire() for one in asked.participants]
    more = {"community": asked.community_code, "tier": asked.tier.value, "participants": participants, "items": items}
    held = form(SessionIn, asked, {**values, **more})
    found = await send(context, "consultation", asked, lambda to, key: to.consultation.record_session(held, key))
    return ConsultationSession.of(found)


@refusals_as_data
async def run_payroll(context: Context, asked: RunPayrollInput) -> PayrollRun:
    """The run calculated."""
    names = ("month", "region", "authority", "known_at")
    order = form(PayrollRunIn, asked, {name: getattr(asked, name) for name in names})
    return PayrollRun.of(await send(context, "payroll", asked, lambda to, key: to.payroll.run_payroll(order, key)))


@refusals_as_data
async def take_payroll_run_step(context: Context, asked: TakePayrollRunStepInput) -> PayrollRun:
    """The run one step on."""
    run, step = key_of(asked.payroll_run_id, "PayrollRun", "payrollRunId"), str(asked.step.value)
    return PayrollRun.of(await send(context, "payroll", asked, lambda to, key: to.payroll.step_run(run, step, key)))


def issue_of(context: Context, out: IssueDetailOut) -> Issue:
    """The issue a command answered, its steps at hand for the payload's fields."""
    context.loaders.issue_detail.prime(str(out.id), out)
    return Issue.of(out)
