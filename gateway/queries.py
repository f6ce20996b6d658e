"""The root fields: where a query may start."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Annotated

import strawberry

from gateway.context import Context
from gateway.costs import window
from gateway.errors import MEANING, Code, GatewayError
from gateway.graph import Community, ConsultationSession, Issue, Payslip, Worker
from gateway.queries_counted import CountedQueries
from gateway.queries_rules import RuleQueries
from gateway.scalars import Month
from gateway.types.arguments import After, AuthorityArea, Before, First, Info, KnownAt, Last, On, OnDay, RegionArea
from gateway.types.divisions import Division, DivisionLevel, division_cursor
from gateway.types.fields import resolved
from gateway.types.pages import Connection, Node, connection, counts, parse_global_id
from gateway.types.payroll_runs import PayrollRun
from services.kernel.region import DivisionCode
from services.payroll.schemas.payroll_runs import PayrollRunOut
from services.runtime.paging import encode_cursor
from services.staffing.schemas.communities import CommunityOut

EPOCH = date(1970, 1, 1)


async def read_community(context: Context, key: str) -> Community | None:
    """The community of a lineage; None when it cannot be seen."""
    found = await context.loaders.community_of_lineage.load(key)
    return Community.of(found) if found else None


async def read_worker(context: Context, key: str) -> Worker | None:
    """The worker of an id; None when it cannot be seen."""
    found = await context.loaders.worker.load(key)
    return Worker.of(found) if found else None


async def read_payslip(context: Context, key: str) -> Payslip | None:
    """The payslip of an id; None when it cannot be seen."""
    found = await context.loaders.payslip_of_id.load(key)
    return Payslip.of(found) if found else None


async def read_issue(context: Context, key: str) -> Issue | None:
    """The issue of an id; None when it cannot be seen."""
    found = await context.loaders.issue.load(key)
    return Issue.of(found) if found else None


async def read_payroll_run(context: Context, key: str) -> PayrollRun | None:
    """The payroll run of an id; None when it cannot be seen."""
    found = await context.loaders.payroll_run.load(key)
    return PayrollRun.of(found) if found else None


async def read_session(context: Context, key: str) -> ConsultationSession | None:
    """The session of an id; None when it cannot be seen."""
    found = await context.loaders.session.load(key)
    return ConsultationSession.of(found) if found else None


READERS: Mapping[str, Callable[[Context, str], Awaitable[Node | None]]] = {
    "Community": read_community,
    "Worker": read_worker,
    "Payslip": read_payslip,
    "Issue": read_issue,
    "PayrollRun": read_payroll_run,
    "ConsultationSession": read_session,
}


def not_found(code: str) -> GatewayError:
    """The refusal for a community that does not exist, or not for this caller: the same words for both."""
    zh, en = MEANING[Code.NOT_FOUND]
    return GatewayError(
        Code.NOT_FOUND,
        f"{zh}：社区 {code}。请核对12位区划代码和日期",
        f"{en}: community {code}. Check the 12-digit code and the day",
        argument="code",
        problem="community.not_found",
    )


MOST_NODES = 100


def too_many_ids() -> GatewayError:
    """The refusal of more ids than `nodes` reads at once."""
    return GatewayError(
        Code.BAD_USER_INPUT,
        f"ids 至多{MOST_NODES}个，请分批读取",
        f"at most {MOST_NODES} `ids`; read them in parts",
        argument="ids",
    )


def community_cursor(one: CommunityOut) -> str:
    """Where a community stands in a region: staffing orders them by code."""
    return encode_cursor(one.code)


def payroll_run_cursor(one: PayrollRunOut) -> str:
    """Where a run stands in a list: payroll orders them by month and id, the latest first."""
    return encode_cursor((date.fromisoformat(f"{one.month}-01") - EPOCH).days, str(one.id))


@strawberry.type(description="查询入口 Where a query may start")
class Query(CountedQueries, RuleQueries):
    """The root fields."""

    @resolved("按区划代码读取社区；不存在或不在令牌区域内时为空并给出 NOT_FOUND The community of a code")
    async def community(
        self,
        info: Info,
        code: Annotated[DivisionCode, strawberry.argument(description="12位区划代码 The division code of 12 digits")],
        on: On = None,
        known_at: KnownAt = None,
    ) -> Community | None:
        found = await info.context.loaders.community((on, known_at)).load(code)
        if found is None:
            raise not_found(code)
        return Community.of(found, (on, known_at))

    @resolved("某区域内的社区，按代码排列 The communities of a region, in the order of their codes")
    async def communities(  # noqa: PLR0913, PLR0917 - the arguments of the field
        self,
        info: Info,
        region: RegionArea = None,
        authority: AuthorityArea = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        on: On = None,
    ) -> Connection[Community] | None:
        area = {"region": region, "authority": authority}
        count = any(counts(field.selections) for field in info.selected_fields)
        page = await info.context.loaders.communities(area, window(first, after, last, before), on, count=count)
        return connection(page, community_cursor, lambda one: Community.of(one, (on, None)))

    @resolved("区划代码簿：乡级以上，按代码排列 The code book, town level and above, in the order of codes")
    async def divisions(  # noqa: PLR0913, PLR0917 - the arguments of the field
        self,
        info: Info,
        region: RegionArea = None,
        level: Annotated[
            DivisionLevel | None, strawberry.argument(description="只要某一层级的 Only those of this level")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        on: OnDay = None,
        known_at: KnownAt = None,
    ) -> Connection[Division] | None:
        part = {"region": region, "level": str(level.value) if level else None}
        count = any(counts(field.selections) for field in info.selected_fields)
        asked = window(first, after, last, before)
        page = await info.context.loaders.divisions(part, asked, (on, known_at), count=count)
        return connection(page, division_cursor, Division.of)

    @resolved("工资发放批次，最近的月份在前 Payroll runs, the latest month first")
    async def payroll_runs(  # noqa: PLR0913, PLR0917 - the arguments of the field
        self,
        info: Info,
        region: Annotated[
            DivisionCode | None,
            strawberry.argument(
                description="区域代码：其内各批次，默认令牌的全部区域 The region; by default all the token may see"
            ),
        ] = None,
        authority: Annotated[
            DivisionCode | None,
            strawberry.argument(description="管理机关代码：只要其自身的批次 The authority: exactly its own runs"),
        ] = None,
        month: Annotated[Month | None, strawberry.argument(description="只要某月的 Only those of this month")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PayrollRun] | None:
        asked = {"region": region, "authority": authority, "month": month}
        count = any(counts(field.selections) for field in info.selected_fields)
        page = await info.context.loaders.payroll_runs(asked, window(first, after, last, before), count=count)
        return connection(page, payroll_run_cursor, PayrollRun.of)

    @resolved("按全局标识读取任一对象；不存在时为空 Any object by its global id; null when there is none")
    async def node(
        self,
        info: Info,
        key: Annotated[strawberry.ID, strawberry.argument(name="id", description="全局标识 The global id")],
    ) -> Node | None:
        return await read_node(info.context, key)

    @resolved(
        "按全局标识读取多个对象，次序不变，不存在的为空 Several objects by id, in order, null where there is none"
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="全局标识，至多100个 Global ids, at most 100")
        ],
    ) -> list[Node | None]:
        if len(ids) > MOST_NODES:
            raise too_many_ids()
        loaded = [asyncio.ensure_future(read_node(info.context, one)) for one in ids]
        return list(await asyncio.gather(*loaded))


async def read_node(context: Context, text: str) -> Node | None:
    """The object of a global id; None when it cannot be seen, and for text that is no id of ours."""
    named = parse_global_id(text)
    read = READERS.get(named[0]) if named else None
    return await read(context, named[1]) if named and read else None
