"""Issues and their events: rows to domain values and back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    RowMapping,
    Text,
    and_,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain.issues import Event, Issue, Person, Standing
from services.consultation.storage.tables import issue_events, issues
from services.kernel.errors import NotFound


def among(
    community: ColumnElement[str], other: ColumnElement[Any], keys: Sequence[tuple[str, Any]]
) -> ColumnElement[bool]:
    """Whether (community, other) of a row is among the keys: two arrays, so that one short statement takes them all."""
    wanted = (
        func.unnest(
            literal([one for one, _ in keys], ARRAY(Text)), literal([two for _, two in keys], ARRAY(other.type))
        )
        .table_valued(column("community", Text), column("other", other.type))
        .render_derived()
    )
    return tuple_(community, other).in_(select(wanted.c.community.collate("C"), wanted.c.other))


async def find(session: AsyncSession, issue: UUID, *, lock: bool = False) -> Issue:
    """The issue with all its events; with `lock`, nobody else takes a step until the transaction ends.

    NotFound `issue.not_found`, for an issue of another region as for one that does not exist.
    """
    query = select(issues).where(issues.c.id == issue)
    row = (await session.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    if row is None:
        raise not_found(str(issue))
    events = await session.execute(
        select(issue_events)
        .where(issue_events.c.community == row["community"], issue_events.c.issue == issue)
        .order_by(issue_events.c.sequence)
    )
    return _issue(row, tuple(_event(event) for event in events.mappings()))


async def find_many(session: AsyncSession, wanted: Sequence[UUID]) -> list[Issue]:
    """Issues with all their events, in the order asked for; those that `find` would not find are left out."""
    rows = {row["id"]: row for row in (await session.execute(select(issues).where(issues.c.id.in_(wanted)))).mappings()}
    own = tuple_(issue_events.c.community, issue_events.c.issue)
    events = await session.execute(
        select(issue_events)
        .where(own.in_([(row["community"], row["id"]) for row in rows.values()]))
        .order_by(issue_events.c.issue, issue_events.c.sequence)
    )
    history: dict[UUID, list[Event]] = {one: [] for one in rows}
    for event in events.mappings():
        history[event["issue"]].append(_event(event))
    return [_issue(rows[one], tuple(history[one])) for one in dict.fromkeys(wanted) if one in rows]


async def find_by_number(session: AsyncSession, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Issue]:
    """The issues of these (community, number) pairs with their events; pairs that do not exist are left out."""
    query = select(issues).where(among(issues.c.community, issues.c.number, keys))
    rows = (await session.execute(query)).mappings().all()
    history: dict[UUID, list[Event]] = {row["id"]: [] for row in rows}
    own = among(issue_events.c.community, issue_events.c.issue, [(row["community"], row["id"]) for row in rows])
    events = await session.execute(
        select(issue_events).where(own).order_by(issue_events.c.issue, issue_events.c.sequence)
    )
    for event in events.mappings():
        history[event["issue"]].append(_event(event))
    return {(row["community"], row["number"]): _issue(row, tuple(history[row["id"]])) for row in rows}


async def numbers_taken(session: AsyncSession, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (community, number) pairs that an issue has already."""
    query = select(issues.c.community, issues.c.number).where(among(issues.c.community, issues.c.number, keys))
    return {(row.community, row.number) for row in await session.execute(query)}


async def add(session: AsyncSession, standings: Sequence[Standing], recorded_by: str) -> None:
    """New issues with all their events."""
    if not standings:
        return
    await session.execute(insert(issues), [_row(standing) for standing in standings])
    events = [(standing.issue, event) for standing in standings for event in standing.issue.history]
    await add_events(session, events, recorded_by)


async def add_events(session: AsyncSession, events: Sequence[tuple[Issue, Event]], recorded_by: str) -> None:
    """Appends events, in the order given."""
    if events:
        await session.execute(insert(issue_events), [_event_row(issue, event, recorded_by) for issue, event in events])


async def move(session: AsyncSession, standings: Sequence[Standing]) -> None:
    """Sets each issue's standing to that of its last event."""
    if not standings:
        return
    key = and_(issues.c.community == bindparam("_community"), issues.c.id == bindparam("_id"))
    statement = update(issues).where(key).values({name: bindparam(f"_{name}") for name in _MOVING})
    rows = [{f"_{name}": value for name, value in _row(one).items()} for one in standings]
    wanted = {"_community", "_id", *(f"_{name}" for name in _MOVING)}
    connection = await session.connection()
    await connection.execute(statement, [{name: row[name] for name in wanted} for row in rows])


def not_found(issue: str) -> NotFound:
    """The same words for an issue that does not exist and for one of another region."""
    return NotFound(
        "issue.not_found",
        f"没有此议题：{issue}。请核对编号，或确认其在您的管辖范围内",
        f"there is no issue {issue}; check the id, or whether it lies in your region",
    )


_MOVING = ("state", "step", "tier", "final", "sequence", "updated_at", "merged_into")


def _issue(row: RowMapping, history: tuple[Event, ...]) -> Issue:
    return Issue(
        id=row["id"],
        number=row["number"],
        community=row["community"],
        process=row["process"],
        title=row["title"],
        text=row["text"],
        channel=row["channel"],
        proposer=Person(row["proposer_kind"], row["proposer_name"], row["proposer_anonymous"]),
        procedure=row["procedure"],
        campaign=row["campaign"],
        mechanism=row["mechanism"],
        history=history,
    )


def _event(row: RowMapping) -> Event:
    return Event(
        id=row["id"],
        sequence=row["sequence"],
        step=row["step"],
        outcome=row["outcome"],
        actor=Person(row["actor_kind"], row["actor_name"], row["actor_anonymous"]),
        at=row["at"],
        recorded_at=row["recorded_at"],
        from_state=row["from_state"],
        to_state=row["to_state"],
        tier=row["tier"],
        evidence=row["evidence"],
        mark=row["mark"],
        session=row["session"],
    )


def _row(standing: Standing) -> dict[str, Any]:
    issue = standing.issue
    return {
        "community": issue.community, "id": issue.id, "number": issue.number, "process": issue.process,
        "title": issue.title, "text": issue.text, "channel": issue.channel,
        "proposer_kind": issue.proposer.kind, "proposer_name": issue.proposer.name,
        "proposer_anonymous": issue.proposer.anonymous, "procedure": issue.procedure,
        "campaign": issue.campaign, "mechanism": issue.mechanism, "opened_at": standing.opened_at,
        "recorded_at": issue.history[0].recorded_at, "state": standing.state, "step": standing.step,
        "tier": standing.tier, "final": standing.final, "sequence": standing.sequence,
        "updated_at": standing.updated_at, "merged_into": standing.merged_into,
    }  # fmt: skip


def _event_row(issue: Issue, event: Event, recorded_by: str) -> Mapping[str, Any]:
    return {
        "community": issue.community, "issue": issue.id, "sequence": event.sequence, "id": event.id,
        "step": event.step, "outcome": event.outcome, "actor_kind": event.actor.kind,
        "actor_name": event.actor.name, "actor_anonymous": event.actor.anonymous, "at": event.at,
        "recorded_at": event.recorded_at, "recorded_by": recorded_by, "from_state": event.from_state,
        "to_state": event.to_state, "tier": event.tier, "evidence": dict(event.evidence), "mark": event.mark,
        "session": event.session,
    }  # fmt: skip
