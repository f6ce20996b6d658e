"""Quotas with their explanation, headcounts, and the roll-up table."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Response

from services.kernel.errors import DomainError
from services.kernel.formula.rules import Version
from services.kernel.region import NATION
from services.runtime.auth import permit
from services.runtime.database import ReadOnly
from services.staffing.api.communities import CodePath
from services.staffing.api.moments import AreaDep, MomentDep, PacksDep
from services.staffing.domain.communities import SYNTHETIC
from services.staffing.domain.moments import Moment
from services.staffing.domain.quotas import Headcount
from services.staffing.schemas.quotas import (
    AlternativeOut,
    CitationOut,
    HeadcountListOut,
    HeadcountOut,
    MessageOut,
    QuotaListOut,
    QuotaOut,
    QuotaTableOut,
    RangeOut,
    ReasonOut,
)
from services.staffing.storage import communities, headcounts
from services.staffing.usecases.quota_tables import QuotaTable, tabulate
from services.staffing.usecases.quotas import MOST_OF_A_NAME, Alternative, Assessment, assess, assess_one, named_reading

Reading = Annotated[
    str | None,
    Query(
        description="按该解读计算 / under this named reading",
        examples=["A"],
        json_schema_extra={"maxLength": MOST_OF_A_NAME},
    ),
]


async def reading_of(reading: Reading = None) -> str | None:
    """The reading asked for, refused in the words of sparse reads when it can name none."""
    return None if reading is None else named_reading(reading)


ReadingDep = Annotated[str | None, Depends(reading_of)]
router = APIRouter(prefix="/v1", tags=["quotas"])
READ = [Depends(permit("staffing.read"))]
Codes = Annotated[list[str], Query(min_length=1, max_length=1000, description="区划代码 / division codes")]
TableLevel = Literal["province", "city", "county", "town"]


@router.get("/quotas", dependencies=READ, summary="多个社区的配备数 / quotas of many communities")
async def list_quotas(
    code: Codes, session: ReadOnly, packs: PacksDep, reading: ReadingDep, moment: MomentDep
) -> QuotaListOut:
    """Quota, headcount and vacancy per community in the order asked for; codes that cannot be seen are left out."""
    return QuotaListOut(items=[quota_out(a) for a in await assess(session, packs, code, moment, reading)])


@router.get("/communities/{code}/quota", dependencies=READ, summary="一个社区的配备数 / one community's quota")
async def get_quota(
    code: CodePath, session: ReadOnly, packs: PacksDep, reading: ReadingDep, moment: MomentDep
) -> QuotaOut:
    """The quota with the rule in force, every other reading of it, the sentences it rests on, and the vacancy."""
    return quota_out(await assess_one(session, packs, code, moment, reading))


@router.get("/headcounts", dependencies=READ, summary="在岗人数 / persons in post")
async def list_headcounts(code: Codes, session: ReadOnly, moment: MomentDep) -> HeadcountListOut:
    """Distinct persons and posts of each community; a person holding two posts is one person."""
    found = await communities.get_many(session, code, moment)
    counted = await headcounts.in_post(session, [c.code for c in found], moment)
    return HeadcountListOut(items=[headcount_out(c.code, moment, counted.get(c.code, Headcount())) for c in found])


@router.get(
    "/quota-table",
    dependencies=READ,
    response_model=QuotaTableOut,
    summary="配备汇总表 / quotas rolled up to a level, the whole nation in one call",
)
async def get_quota_table(
    session: ReadOnly,
    packs: PacksDep,
    moment: MomentDep,
    area: AreaDep,
    region: str = NATION,
    level: TableLevel = "county",
) -> Response:
    """Quotas of every community of the area, decided by the formula engine over columns, summed per division."""
    table = await tabulate(session, packs, area, level, moment)
    return Response(orjson.dumps(_table(table, region, moment)), media_type="application/json")


def quota_out(a: Assessment) -> QuotaOut:
    """The wire form of an assessment."""
    e, version = a.entitlement, a.version
    explanation = e.explanation
    return QuotaOut(
        code=a.community.code,
        on=a.moment.on,
        posts=e.posts,
        exact=e.exact,
        basis=e.basis,
        pack=version.pack if version else None,
        qualifier=version.qualifier if version else None,
        due=_due(version),
        synthetic=_synthetic(a),
        permitted=RangeOut(minimum=e.permitted[0], maximum=e.permitted[1]) if e.permitted else None,
        readings_used=explanation.readings_used if explanation else {},
        alternatives=[_alternative(other) for other in a.alternatives],
        passed_over=[reason_out(refusal) for _, refusal in e.passed_over],
        reason=reason_out(e.refusal) if e.refusal else None,
        explanation=explanation.to_dict() if explanation else None,
        citations=[CitationOut.model_validate(citation.to_dict()) for citation in e.citations],
        headcount=headcount_out(a.community.code, a.moment, a.headcount),
        vacancy=a.gap.vacancy if a.gap else None,
        over=a.gap.over if a.gap else None,
    )


def _synthetic(a: Assessment) -> bool:
    """Whether the figure rests on generated counts or on a generated sentence."""
    counted = a.community.measures.provenance == SYNTHETIC and a.entitlement.posts is not None
    return counted or any(citation.document.synthetic for citation in a.entitlement.citations)


def _due(version: Version | None) -> str | None:
    due = version.extra.get("due") if version else None
    return str(due) if due else None


def _alternative(other: Alternative) -> AlternativeOut:
    reason = reason_out(other.refusal) if other.refusal else None
    return AlternativeOut(
        reading=other.reading, in_use=other.in_use, posts=other.posts, exact=other.exact, reason=reason
    )


def reason_out(refusal: DomainError) -> ReasonOut:
    """A refusal as data."""
    return ReasonOut(code=refusal.code, message=MessageOut(zh=refusal.zh, en=refusal.en))


def headcount_out(code: str, moment: Moment, count: Headcount) -> HeadcountOut:
    """The wire form of a headcount."""
    return HeadcountOut(
        code=code,
        on=moment.on,
        persons=count.persons,
        full_time_persons=count.full_time_persons,
        posts=count.posts,
        full_time_posts=count.full_time_posts,
    )


def _table(table: QuotaTable, region: str, moment: Moment) -> dict[str, Any]:
    columns = {name: column.tolist() for name, column in table.rows.sums.items()}
    items = [
        _row(f"{code:012d}", table.names.get(f"{code:012d}", ""), dict(zip(columns, values, strict=True)), target)
        for code, target, *values in zip(
            table.rows.codes.tolist(), table.target_posts.tolist(), *columns.values(), strict=True
        )
    ]
    return {
        "region": region,
        "level": table.level,
        "on": moment.on.isoformat(),
        "items": items,
        "total": _row(region, "", dict(table.total), -1 if table.total_target is None else table.total_target),
        "readings_used": dict(table.readings),
        "packs": dict(table.bases),
        "synthetic": table.synthetic,
    }


def _row(code: str, name: str, sums: dict[str, int], target: int) -> dict[str, Any]:
    units = sums["communities"] + sums["villages"]
    return {
        "code": code,
        "name": name,
        **sums,
        "without_quota": units - sums["with_quota"],
        "resident_households": sums["resident_households"] or None,
        "urban_residents": sums["urban_residents"] or None,
        "target_posts": None if target < 0 else target,
    }
