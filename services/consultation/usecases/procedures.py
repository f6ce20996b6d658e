"""Which procedure a community follows on a day, put together from the packs, and the pinned one of an issue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain import policy
from services.consultation.domain.issues import Act, Event, Issue, Person, advance, allowed, start
from services.consultation.domain.procedures import Procedure, Step
from services.consultation.storage import procedures as storage
from services.consultation.usecases.recording import stamp
from services.kernel.errors import DomainError
from services.kernel.formula.rules import Version
from services.kernel.policy import BEIJING
from services.runtime.packs import Packs

Roles: TypeAlias = Mapping[str, str | None]
"""The role by the kind of participant."""

SECTION = "consultation"
RULES = {"consultation": "procedure", "service_order": "order_procedure"}
MOST_PINNED = 1024
MOST_ROLES = 1024
_PINNED: dict[tuple[str, str], Procedure] = {}  # by the digest of the packs, whose documents are cited, and its own
_ROLES: dict[tuple[str, str, tuple[int, int]], Roles] = {}  # by the packs' digest, the pack and its turn
ABSENT = ("deadline", "screening_tests", "notice_days", "session_quorum")  # what the documents might say and may not
LISTS = ("campaigns", "mechanisms")


@dataclass(frozen=True, slots=True)
class Frame:
    """A procedure with the body it was read from (what is pinned) and the lists of tags that hold beside it."""

    body: Mapping[str, Any]
    procedure: Procedure
    campaigns: frozenset[str]
    mechanisms: frozenset[str]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of a rehearsal: like an act, without identity or session."""

    step: str
    actor: Person
    at: datetime
    outcome: str = ""
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How far a list of steps comes: the events accepted, the one refused with its refusal, and what may follow."""

    events: tuple[Event, ...]
    refusal: DomainError | None
    next_steps: tuple[Step, ...]


def day_of(at: datetime) -> date:
    """The Beijing day of an instant."""
    return at.astimezone(BEIJING).date()


def in_force(
    packs: Packs, pack: str, process: str = "consultation", *, on: date, known_at: datetime | None = None
) -> Frame:
    """The frame a pack follows on a day, as known at an instant; each rule from the nearest pack that has it.

    The packs' named error (`rule.absent`, `rule.start_unknown`) when no procedure is in force.
    """
    parts = {"procedure": _part(packs, pack, RULES[process], on, known_at)}
    for rule in (*policy.PARTS, *LISTS):
        try:
            parts[rule] = _part(packs, pack, rule, on, known_at)
        except DomainError:  # absent by name: the procedure holds without it
            continue
    lists = {name: policy.named(parts, name) for name in LISTS}
    body = {"city_pack": pack, **{name: part for name, part in parts.items() if name not in LISTS}}
    procedure = policy.build(body, packs.documents)
    return Frame(
        body=body,
        procedure=procedure,
        campaigns=frozenset(lists["campaigns"]),
        mechanisms=frozenset(lists["mechanisms"]),
        absent=tuple(name for name in ABSENT if not _published(name, procedure)),
    )


def of_community(
    packs: Packs, community: str, process: str = "consultation", *, on: date, known_at: datetime | None = None
) -> Frame:
    """The frame of the pack whose region holds the community."""
    return in_force(packs, packs.for_region(community), process, on=on, known_at=known_at)


def roles_of(packs: Packs, community: str, on: date) -> Roles:
    """The role that the pattern followed in a community on a day gives each kind of participant.

    Empty where no procedure is in force: no pattern gives roles then.
    """
    try:
        pack = packs.for_region(community)
    except DomainError:
        return {}
    key = packs.digest, pack, packs.turn(pack, SECTION, on)
    found = _ROLES.get(key)
    if found is None:
        if len(_ROLES) >= MOST_ROLES:
            _ROLES.clear()
        found = _ROLES[key] = _roles(packs, pack, on)
    return found


async def pinned(session: AsyncSession, packs: Packs, digests: Iterable[str]) -> dict[str, Procedure]:
    """The pinned procedures of these digests; a process reads each once, for a pinned version never changes."""
    wanted = {digest: (packs.digest, digest) for digest in digests}
    missing = [digest for digest, key in wanted.items() if key not in _PINNED]
    found = await storage.bodies(session, missing) if missing else {}
    made = {digest: policy.build(body, packs.documents) for digest, body in found.items()}
    known = {digest: _PINNED[key] for digest, key in wanted.items() if key in _PINNED}
    if len(_PINNED) + len(made) > MOST_PINNED:
        _PINNED.clear()
    _PINNED.update({wanted[digest]: procedure for digest, procedure in made.items()})
    return {**known, **made}


def rehearse(frame: Frame, steps: Iterable[Planned]) -> Rehearsal:
    """Walks the steps without recording anything, up to the first that is refused."""
    issue: Issue | None = None
    for planned in steps:
        made, now = stamp()
        act = Act(made, planned.step, planned.actor, planned.at, now, planned.outcome, planned.evidence or {})
        try:
            issue = _walk(issue, act, frame.procedure)
        except DomainError as refusal:
            return Rehearsal(issue.history if issue else (), refusal, _following(issue, frame.procedure))
    return Rehearsal(issue.history if issue else (), None, _following(issue, frame.procedure))


def _roles(packs: Packs, pack: str, on: date) -> Roles:
    try:
        pattern = in_force(packs, pack, on=on).procedure.pattern
    except DomainError:
        return {}
    return {kind: pattern.role_of(kind) for role in pattern.roles for kind in role.kinds} if pattern else {}


def _walk(issue: Issue | None, act: Act, procedure: Procedure) -> Issue:
    if issue is not None:
        return advance(issue, act, procedure)[0]
    channel = act.evidence.get("channel")
    raised = Issue(act.id, "", "", "", "", "", channel, act.actor, procedure.digest)
    return start(raised, act, procedure)[0]


def _following(issue: Issue | None, procedure: Procedure) -> tuple[Step, ...]:
    return allowed(issue, procedure) if issue else (procedure.step(procedure.opening),)


def _part(packs: Packs, pack: str, rule: str, on: date, known_at: datetime | None) -> dict[str, Any]:
    """A rule's version in force as JSON's types; the named error where the chain has none."""
    data, version = packs.raw(pack, SECTION, rule, on, known_at)
    start_on = version.start.isoformat()
    return {"pack": version.pack, "start": start_on, "cite": _cite(version), "label": _label(version), "data": data}


def _cite(version: Version) -> list[dict[str, str]]:
    return [{"document": one.document.id, "at": one.at, "quote": one.quote} for one in version.cite]


def _label(version: Version) -> dict[str, str]:
    return version.label.to_dict() if version.label else {"zh": version.rule, "en": version.rule}


def _published(name: str, procedure: Procedure) -> bool:
    if name == "deadline":
        return any(step.deadline for step in procedure.steps)
    if name == "screening_tests":
        return procedure.screening is None or procedure.screening.accept is not None
    return False
