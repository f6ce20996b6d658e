"""Imports of issues, sessions and events from CSV: the same state machine as the API, an error per bad row."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, TypeVar

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain.issues import Act, Event, Issue, Person, advance, standing
from services.consultation.domain.procedures import Procedure
from services.consultation.domain.sessions import Participant, Session
from services.consultation.storage import issues as issues_storage
from services.consultation.storage import procedures as pins
from services.consultation.storage import sessions as sessions_storage
from services.consultation.usecases import issues, procedures, sessions
from services.consultation.usecases.procedures import Frame
from services.consultation.usecases.recording import check_not_ahead, check_within, stamp
from services.consultation.usecases.sheets import EVENT_COLUMNS, EVIDENCE, ISSUE_COLUMNS, LISTS, SESSION_COLUMNS
from services.kernel.errors import DomainError, Malformed, NotFound
from services.kernel.policy import BEIJING
from services.runtime import outbox
from services.runtime.imports import Fault, ImportReport, Sheet, read_sheet
from services.runtime.packs import Packs
from services.runtime.rls import Scope

T = TypeVar("T")
Row = Mapping[str, str | None]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Order:
    """An import as asked for: the file, who sends it, over which regions, and how strict."""

    body: bytes
    recorded_by: str
    scope: Scope
    accept: str = "all"
    dry_run: bool = False


@dataclass
class Frames:
    """The frames of one import: each looked up once for the days between two changes of a pack's rules."""

    packs: Packs
    found: dict[tuple[str, str, int], Frame] = field(default_factory=dict)
    changes: dict[str, list[date]] = field(default_factory=dict)

    def of(self, community: str, process: str, on: date) -> Frame:
        """The frame in force for a community on a day."""
        pack = self.packs.for_region(community)
        if pack not in self.changes:
            self.changes[pack] = _changes(self.packs, pack)
        key = (pack, process, bisect_right(self.changes[pack], on))
        if key not in self.found:
            self.found[key] = procedures.in_force(self.packs, pack, process, on=on)
        return self.found[key]


def _changes(packs: Packs, pack: str) -> list[date]:
    """The days on which any rule of the pack begins or ends."""
    versions = [one for history in packs.histories(pack, procedures.SECTION).values() for one in history]
    return sorted({day for one in versions for day in (one.start, one.end) if day})


async def import_issues(session: AsyncSession, packs: Packs, order: Order) -> ImportReport:
    """Issues with their opening events; ImportRefused when a row is bad and `accept` is `all`."""
    sheet = read_sheet(order.body, ISSUE_COLUMNS)
    rows = _rows(sheet)
    keys = [_key(row, "number") for row in rows]
    taken = await issues_storage.numbers_taken(session, [key for key in keys if all(key)])
    frames = Frames(packs)

    def make(row: Row) -> tuple[Issue, Procedure, Mapping[str, Any]]:
        _once(_key(row, "number"), taken, issues.number_taken)
        raised = _raised(row, order.scope)
        frame = frames.of(raised.community, raised.process, procedures.day_of(raised.at))
        return issues.open_issue(frame, raised), frame.procedure, frame.body

    made = _each(sheet, rows, make)
    sheet.settle(order.accept, dry_run=order.dry_run)
    if not order.dry_run:
        await pins.pin(session, {procedure.digest: body for _, procedure, body in made})
        await issues_storage.add(session, [standing(issue, found) for issue, found, _ in made], order.recorded_by)
        for issue, found, _ in made:
            issues.announce(session, issue, issue.history[-1], found)
    return _done(session, "issues", sheet, order)


async def import_sessions(session: AsyncSession, _packs: Packs, order: Order) -> ImportReport:
    """Sessions; their items come with the events that name them."""
    sheet = read_sheet(order.body, SESSION_COLUMNS)
    rows = _rows(sheet)
    keys = [_key(row, "number") for row in rows]
    taken = set(await sessions_storage.find_by_number(session, [key for key in keys if all(key)]))

    def make(row: Row) -> Session:
        _once(_key(row, "number"), taken, sessions.number_taken)
        return sessions.make(_held(row, order.scope))

    made = _each(sheet, rows, make)
    sheet.settle(order.accept, dry_run=order.dry_run)
    if not order.dry_run:
        await sessions_storage.add(session, made, order.recorded_by)
    return _done(session, "sessions", sheet, order)


async def import_events(session: AsyncSession, packs: Packs, order: Order) -> ImportReport:
    """Steps of issues that exist, in the order of the file, each checked like a step of the API."""
    sheet = read_sheet(order.body, EVENT_COLUMNS)
    rows = _rows(sheet)
    walk = Walk(
        issues=await issues_storage.find_by_number(session, _keys(rows, "issue", "merged_into")),
        sessions=await sessions_storage.find_by_number(session, _keys(rows, "session")),
        scope=order.scope,
    )
    pinned = await procedures.pinned(session, packs, {issue.procedure for issue in walk.issues.values()})
    walk.procedures.update(pinned)
    made = _each(sheet, rows, walk.take)
    sheet.settle(order.accept, dry_run=order.dry_run)
    if not order.dry_run:
        await issues_storage.add_events(session, made, order.recorded_by)
        moved = {issue.id: walk.issues[issue.community, issue.number] for issue, _ in made}
        await issues_storage.move(session, [standing(one, pinned[one.procedure]) for one in moved.values()])
        for issue, event in made:
            issues.announce(session, issue, event, pinned[issue.procedure])
    return _done(session, "issue_events", sheet, order)


@dataclass
class Walk:
    """The issues of one import as they move, row by row."""

    issues: dict[Key, Issue]
    sessions: dict[Key, Session]
    scope: Scope
    procedures: dict[str, Procedure] = field(default_factory=dict)

    def take(self, row: Row) -> tuple[Issue, Event]:
        """One row's step; refusals as of the API."""
        key = _key(row, "issue")
        issue = self.issues.get(key)
        if issue is None or not check_within(self.scope, key[0]):
            raise issues_storage.not_found(key[1])
        made, now = stamp()
        at = _instant(row, "at")
        check_not_ahead(at, now)
        actor = Person(row["actor"] or "", row["actor_name"])
        evidence, held = self._evidence(row, issue)
        act = Act(made, row["step"] or "", actor, at, now, row["outcome"] or "", evidence, held.id if held else None)
        moved, event = advance(issue, act, self.procedures[issue.procedure])
        self.issues[key] = moved
        return moved, event

    def _evidence(self, row: Row, issue: Issue) -> tuple[dict[str, Any], Session | None]:
        given: dict[str, Any] = {name: value for name in EVIDENCE if (value := row[name]) is not None}
        for name in LISTS:
            if name in given:
                given[name] = _split(given[name])
        if "participants" in given:
            given["participants"] = [{"kind": one.kind, "count": one.count} for one in _participants(row)]
        if "merged_into" in given:
            given["merged_into"] = str(self._target(issue, given["merged_into"]).id)
        held = self._session(row)
        return (issues.with_participants(given, held), held) if held else (given, None)

    def _target(self, issue: Issue, number: str) -> Issue:
        target = self.issues.get((issue.community, number))
        if target is None or target.id == issue.id:
            raise issues.merge_refused(number)
        return target

    def _session(self, row: Row) -> Session | None:
        number = row["session"]
        if number is None:
            return None
        held = self.sessions.get(_key(row, "session"))
        if held is None:
            raise sessions_storage.not_found(number)
        return held


def _rows(sheet: Sheet) -> list[Row]:
    """The rows as dictionaries; every column of the kind is there, None where empty."""
    names = sheet.table.column_names
    columns = [sheet.text(name).to_pylist() for name in names]
    absent = {column: None for column in _ALL if column not in names}
    return [{**absent, **dict(zip(names, cells, strict=True))} for cells in zip(*columns, strict=True)]


_ALL = tuple({column.name for columns in (ISSUE_COLUMNS, SESSION_COLUMNS, EVENT_COLUMNS) for column in columns})


def _each(sheet: Sheet, rows: Sequence[Row], make: Callable[[Row], T]) -> list[T]:
    """What each good row makes; a refusal becomes the row's error."""
    made = []
    for place, row in enumerate(rows):
        if not sheet.good[place]:
            continue
        try:
            made.append(make(row))
        except DomainError as refusal:
            bad = np.zeros(len(rows), dtype=bool)
            bad[place] = True
            sheet.fault(_column_of(refusal, sheet), bad, _fault(refusal))
    return made


def _column_of(refusal: DomainError, sheet: Sheet) -> str:
    named = str(refusal.details.get("column", refusal.details.get("field", "")))
    fallback = "step" if "step" in sheet.table.column_names else "number"
    return named if named in sheet.table.column_names else fallback


def _fault(refusal: DomainError) -> Fault:
    remedy = ("请按提示改正此行后重新导入", "mend this row as told and import it again")
    return Fault(refusal.code, refusal.zh, refusal.en, *remedy)


def _once(key: Key, taken: set[Key], refuse: Callable[[str], DomainError]) -> None:
    if key in taken:
        raise refuse(key[1])
    taken.add(key)


def _key(row: Row, number: str) -> Key:
    return row["community"] or "", row[number] or ""


def _keys(rows: Sequence[Row], *numbers: str) -> list[Key]:
    keys = {_key(row, number) for row in rows for number in numbers}
    return [key for key in keys if all(key)]


def _raised(row: Row, scope: Scope) -> issues.Raised:
    process = row["process"] or "consultation"
    if process not in procedures.RULES:
        raise _unreadable("process", process, " | ".join(procedures.RULES))
    anonymous = (row["anonymous"] or "false").lower() in {"true", "1", "yes", "是"}
    return issues.Raised(
        community=_community(row, scope),
        title=row["title"] or "",
        text=row["text"] or "",
        channel=row["channel"],
        proposer=Person(row["proposer_kind"] or "", row["proposer_name"], anonymous),
        at=_instant(row, "opened_at"),
        actor=row["actor"],
        process=process,
        campaign=row["campaign"],
        mechanism=row["mechanism"],
        number=row["number"],
    )


def _held(row: Row, scope: Scope) -> sessions.Held:
    tier = row["tier"] or "community"
    if tier not in {"community", "street"}:
        raise _unreadable("tier", tier, "community | street")
    return sessions.Held(
        community=_community(row, scope),
        title=row["title"] or "",
        held_at=_instant(row, "held_at"),
        tier="street" if tier == "street" else "community",
        participants=tuple(_participants(row)),
        minutes=row["minutes"] or "",
        number=row["number"],
    )


def _community(row: Row, scope: Scope) -> str:
    code = row["community"] or ""
    if len(code) != 12 or not code.isdigit() or not check_within(scope, code):
        raise NotFound(
            "community.not_found",
            f"没有此社区：{code[:20]}。请核对区划代码，或确认其在您的管辖范围内",
            f"there is no community {code[:20]}; check the code, or whether it lies in your region",
            column="community",
        )
    return code


def _instant(row: Row, column: str) -> datetime:
    """An instant with its offset, or a plain day, which is its first moment in Beijing."""
    value = row[column] or ""
    try:
        if len(value) == 10:
            return datetime.combine(date.fromisoformat(value), time.min, BEIJING)
        at = datetime.fromisoformat(value)
    except ValueError:
        raise _unreadable(column, value, "2022-03-01 | 2022-03-01T09:00:00+08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=BEIJING)


def _participants(row: Row) -> list[Participant]:
    found = []
    for entry in _split(row["participants"] or ""):
        kind, _, number = entry.partition(":")
        if not kind or not (number or "1").isdecimal() or int(number or "1") < 1:
            raise _unreadable("participants", entry, "party_org:1;residents_committee:3;resident:20")
        found.append(Participant(kind, int(number or "1")))
    return found


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]


def _unreadable(column: str, value: str, form: str) -> Malformed:
    return Malformed(
        "cell.unreadable",
        f"“{value[:40]}”无法读取，应为：{form}",
        f"{value[:40]!r} cannot be read; write: {form}",
        column=column,
    )


def _done(session: AsyncSession, kind: str, sheet: Sheet, order: Order) -> ImportReport:
    report = sheet.report(kind, dry_run=order.dry_run)
    if not order.dry_run:
        data = {"kind": kind, "accepted": report.accepted, "rejected": report.rejected, "digest": report.digest}
        outbox.append(session, "consultation.imported", kind, data)
    return report
