"""Statistics over HTTP: figures of a region and a period, and the lists behind them."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.api import answers
from services.consultation.api.access import Desk, DeskDep
from services.consultation.domain.procedures import Procedure
from services.consultation.domain.statistics import Loop, Tally, mean
from services.consultation.schemas.parts import RateOut
from services.consultation.schemas.statistics import (
    ConsultationStatisticsOut,
    CountOut,
    CoverageOut,
    LoopOut,
    OpenItemOut,
    StatisticsIn,
)
from services.consultation.storage.reads import latest_first
from services.consultation.storage.statistics import Lacking, Wanted
from services.consultation.usecases import statistics as usecases
from services.consultation.usecases.procedures import day_of
from services.kernel.errors import Malformed
from services.runtime.auth import permit
from services.runtime.database import ReadOnly
from services.runtime.paging import MOST_IDS, After, Limit, Page, page_of
from services.runtime.reads_form import cursor_key

router = APIRouter(prefix="/v1", tags=["statistics"])

Region = Annotated[str, Query(pattern=r"^\d{12}$", description="区划代码 / division code", examples=["530111000000"])]
Units = Annotated[
    list[str] | None,
    Query(
        max_length=MOST_IDS,
        description="只统计这些村社，并以其为覆盖率分母 / count these units only; they are the denominator of coverage",
    ),
]
Mark = Literal["adopted", "published", "implemented", "fed_back", "closed"]


def asked_of(
    region: Region,
    end: Annotated[date | None, Query(alias="to", description="截至日（含） / last day, in")] = None,
    start: Annotated[date | None, Query(alias="from", description="起始日（含） / first day, in")] = None,
    known_at: AwareDatetime | None = None,
    unit: Units = None,
    reading: Annotated[
        list[str] | None, Query(max_length=20, description="rule:reading, e.g. consultation_rate:R2")
    ] = None,
) -> usecases.Asked:
    """What is counted."""
    pairs = [one.partition(":") for one in reading or ()]
    readings = {rule: name for rule, _, name in pairs}
    return usecases.Asked(region, end or date.max, start, known_at, unit or (), readings)


AskedDep = Annotated[usecases.Asked, Depends(asked_of)]


@router.get("/statistics/consultation", dependencies=[Depends(permit("consultation.read"))])
async def consultation_statistics(session: ReadOnly, desk: DeskDep, asked: AskedDep) -> ConsultationStatisticsOut:
    """Sessions, items, implemented, coverage, closed loop, each rate with both its numbers. 协商统计。"""
    return await _answer(session, desk, asked)


@router.post("/statistics/consultation", dependencies=[Depends(permit("consultation.read"))])
async def consultation_statistics_of_units(
    body: StatisticsIn, session: ReadOnly, desk: DeskDep
) -> ConsultationStatisticsOut:
    """The same with a long list of units; nothing is created. 协商统计（单位名单较长时）。"""
    asked = usecases.Asked(body.region, body.end, body.start, body.known_at, body.units, body.readings)
    return await _answer(session, desk, asked)


def paging_of(limit: Limit = 100, after: After = None) -> tuple[int, str | None]:
    """Which page is asked for."""
    return limit, after


@router.get("/statistics/consultation/open-items", dependencies=[Depends(permit("consultation.read"))])
async def open_items(
    session: ReadOnly,
    desk: DeskDep,
    asked: AskedDep,
    paging: Annotated[tuple[int, str | None], Depends(paging_of)],
    missing: Mark = "closed",
    in_session: Annotated[bool, Query(description="只列已进入协商活动的事项 / only items of a session")] = False,
) -> Page[OpenItemOut]:
    """Issues that lack publication, implementation, feedback or closing on a day, with days open. 未办结清单。"""
    asked, (limit, cursor) = _by_today(asked, desk), paging
    wanted = Wanted(missing, limit + 1, in_session, _position(cursor))
    rows = await usecases.open_items(session, desk.packs, asked, wanted)
    items, following = page_of(rows, limit, lambda row: (row[0].opened_at.isoformat(), str(row[0].id)))
    return Page(items=[_item(row, procedure, asked.end) for row, procedure in items], next=following)


def _position(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The instant and identifier inside a cursor; Malformed `page.cursor`."""
    if cursor is None:
        return None
    opened_at, issue = cursor_key(cursor, latest_first("opened_at"))
    return datetime.fromisoformat(str(opened_at)), UUID(str(issue))


def _by_today(asked: usecases.Asked, desk: Desk) -> usecases.Asked:
    if asked.start and asked.end < asked.start:
        raise Malformed("statistics.period", "截至日早于起始日，请核对", "the last day is before the first: check them")
    return replace(asked, end=min(asked.end, desk.today))


async def _answer(session: AsyncSession, desk: Desk, asked: usecases.Asked) -> ConsultationStatisticsOut:
    asked = _by_today(asked, desk)
    found = await usecases.count(session, desk.packs, asked)
    counts, covered = found.counts, found.coverage
    return ConsultationStatisticsOut(
        region=asked.region,
        pack=found.pack,
        start=asked.start,
        end=asked.end,
        known_at=asked.known_at,
        sessions=counts.sessions,
        items=counts.items,
        items_implemented=counts.items_implemented,
        items_open=counts.items - counts.items_implemented,
        sessions_per_unit=mean(counts.sessions, covered.units),
        coverage=CoverageOut.model_validate(asdict(covered)),
        loop=_loop(counts.loop),
        rates={rule: _rate(rate) for rule, rate in found.rates.items()},
        tiers=_tallies(counts.tallies["tier"]),
        channels=_tallies(counts.tallies["channel"]),
        campaigns=_tallies(counts.tallies["campaign"]),
        mechanisms=_tallies(counts.tallies["mechanism"]),
    )


def _loop(loop: Loop) -> LoopOut:
    days = f"{loop.median_days:f}" if loop.median_days is not None else None
    return LoopOut.model_validate({**asdict(loop), "median_days": days})


def _rate(rate: usecases.Rate) -> RateOut:
    return RateOut(
        rule=rate.rule,
        pack=rate.pack,
        numerator=rate.numerator,
        denominator=rate.denominator,
        percent=rate.percent,
        reached=rate.reached,
        reading=rate.reading,
        explanation=dict(rate.explanation) if rate.explanation else None,
        citations=answers.citations(rate.citations),
    )


def _tallies(tallies: Sequence[Tally]) -> list[CountOut]:
    return [CountOut.model_validate(asdict(one)) for one in tallies]


def _item(row: Lacking, procedure: Procedure, on: date) -> OpenItemOut:
    return OpenItemOut(
        id=row.id,
        number=row.number,
        community=row.community,
        title=row.title,
        state=row.state,
        state_name=answers.text(procedure.states[row.state]),
        tier=row.tier,
        opened_at=row.opened_at,
        days_open=(on - day_of(row.opened_at)).days,
        days_in_state=(on - day_of(row.state_since)).days,
        last_step=row.step,
        reason=row.reason,
        missing=[step.code for step in procedure.to_come(row.state)],
        next_actors=sorted({actor for step in procedure.after(row.state) if not step.side for actor in step.actors}),
    )
