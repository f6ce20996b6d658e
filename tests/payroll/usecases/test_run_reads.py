"""Sparse reads of payroll runs: every field as the ordinary list answers it, pages both ways, who sees what."""

from typing import Any

import pytest

from services.payroll.client import PayrollClient
from services.payroll.schemas.payroll_runs import PayrollRunIn, PayrollRunOut
from services.payroll.usecases.run_reads import ENTITIES
from services.runtime.client import ServiceError
from tests.payroll.conftest import COMMUNITY, GUANDU, KUNMING, Payroll, Rosters, roster_of

RUN, _ = ENTITIES
FIELDS = list(RUN.fields)
STREET = "530111001000"
NATION = "000000000000"
MONTHS = ("2026-01", "2026-02", "2026-03")


async def read(client: PayrollClient, **one: Any) -> dict[str, Any]:
    reply = await client.post("/v1/reads", {"reads": [{"entity": "payroll_run", "fields": FIELDS, **one}]})
    answer: dict[str, Any] = reply["answers"][0]
    return answer


@pytest.fixture
async def runs(payroll: Payroll, rosters: Rosters) -> list[PayrollRunOut]:
    """Guandu's runs of three months, and one of a street of it; the latest first, as lists have them."""
    clerk = await payroll()
    bases = f"01900000-0000-7000-8000-000000000001,{COMMUNITY['guandu']},social_insurance,4500,,2026-01,\n"
    await clerk.import_rows("contribution_bases", f"worker,community,scheme,base,rate,start,end\n{bases}".encode())
    made = []
    for month in MONTHS:
        paid, unpaid = ({"worker": number, "community": COMMUNITY["guandu"]} for number in (1, 2))
        rosters.by_month[month] = roster_of(paid, unpaid)
        made.append(await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month=month), month))
    made.append(await clerk.run_payroll(PayrollRunIn(region=STREET, month="2026-03"), "street"))
    return sorted(made, key=lambda run: (run.month, str(run.id)), reverse=True)


def listed(run: PayrollRunOut) -> dict[str, Any]:
    """What the sparse read says of a run, from the ordinary one."""
    wire = run.model_dump(mode="json")
    camel = {"packDigest": "pack_digest", "knownAt": "known_at", "madeBy": "made_by", "madeAt": "made_at"}
    more = {"checkedBy": "checked_by", "approvedBy": "approved_by", "lineTotals": "line_totals"}
    totals = {f"totals.{name}": amount for name, amount in wire["totals"].items()}
    totals["totals.employerCost"] = totals.pop("totals.employer_cost")
    named = {name: wire[name] for name in ("id", "region", "managed", "month", "state", "attempt", "workers")}
    checks = [{"code": code, "payslips": count} for code, count in wire["checks"].items()]
    renamed = {name: wire[of] for name, of in {**camel, **more}.items()}
    return {**named, **totals, **renamed, "faulted": wire["faulted"], "checks": checks}


def instant(value: Any) -> Any:
    return value.replace("Z", "+00:00") if isinstance(value, str) else value


async def test_every_field_is_what_the_ordinary_read_answers(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    assert any(run.line_totals for run in runs)
    for run in runs:
        (row,) = (await read(clerk, by="id", keys=[str(run.id)]))["rows"]
        found = dict(zip(FIELDS, row, strict=True))
        assert {name: instant(value) for name, value in listed(run).items()} == found


async def test_pages_are_those_of_the_ordinary_list(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    ids = [str(run.id) for run in runs]
    at = FIELDS.index("id")
    for size in (1, 2, 4, 5):
        for last in (False, True):
            seen: list[str] = []
            cursor = None
            for _ in range(6):
                side, asked = ("before", "last") if last else ("after", "first")
                rest = await clerk.payroll_runs(limit=size, last=last or None, count=True, **{side: cursor})
                answer = await read(clerk, region=None, **{asked: size, side: cursor}, count=True, beyond=True)
                (page,) = answer["pages"]
                assert [row[at] for row in page["rows"]] == [str(one.id) for one in rest.items]
                assert page["total"] == rest.total == 4
                assert page["beyond"] == (cursor is not None and bool(rest.next if last else rest.previous))
                assert page["more"] == bool(rest.previous if last else rest.next)
                seen = [*[row[at] for row in page["rows"]], *seen] if last else [*seen, *[r[at] for r in page["rows"]]]
                cursor = rest.previous if last else rest.next
                assert not cursor or cursor == (page["start"] if last else page["end"])
                if not cursor:
                    break
            assert seen == ids


async def test_areas_and_months_narrow_a_list(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll(region=NATION)
    for area, of, month, many in (
        ("region", GUANDU, None, 4),
        ("region", STREET, None, 1),
        ("region", KUNMING, "2026-03", 2),
        ("authority", GUANDU, None, 3),
        ("authority", KUNMING, None, 0),
        ("region", NATION, None, 4),
        ("authority", NATION, None, 0),
        ("region", None, "2025-12", 0),
    ):
        (page,) = (await read(clerk, **{area: of}, first=9, where={"month": month}))["pages"]
        rest = await clerk.payroll_runs(**{area: of}, month=month)
        assert len(page["rows"]) == len(rest.items) == many
    with pytest.raises(ServiceError) as refused:
        await clerk.payroll_runs(region=GUANDU, authority=GUANDU)
    assert (refused.value.status, refused.value.code) == (422, "query.both")


async def test_a_run_is_seen_by_those_who_see_all_of_its_region(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    ids = [str(run.id) for run in runs]
    street = next(str(run.id) for run in runs if run.region == STREET)
    for region, visible in ((GUANDU, set(ids)), (STREET, {street}), ("211300000000", set())):
        clerk = await payroll(region=region)
        rows = (await read(clerk, by="id", keys=ids))["rows"]
        assert {row[FIELDS.index("id")] for row in rows if row} == visible
        found = [str(one.id) for one in (await clerk.payroll_runs(ids=ids[::-1])).items]
        assert found == [one for one in ids[::-1] if one in visible]
        assert (await clerk.payroll_runs(count=True)).total == len(visible)


async def test_a_cursor_may_name_any_day(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    for cursor, many in (("Wzk5OTk5OTk5OTk5LCJ4Il0", 4), ("Wy05OTk5OTk5OTk5OSwieCJd", 0)):  # [±99999999999, "x"]
        (page,) = (await read(clerk, region=None, first=9, after=cursor))["pages"]
        assert len(page["rows"]) == len((await clerk.payroll_runs(after=cursor)).items) == many


async def test_a_run_where_no_scheme_is_in_force_has_no_lines(payroll: Payroll, rosters: Rosters) -> None:
    elsewhere = await payroll(region="440103000000")
    rosters.by_month["2026-03"] = roster_of()
    run = await elsewhere.run_payroll(PayrollRunIn(region="440103000000", month="2026-03"), "elsewhere")
    (row,) = (await read(elsewhere, by="id", keys=[str(run.id)]))["rows"]
    assert row[FIELDS.index("lineTotals")] == run.line_totals == []


async def test_faults_of_runs_are_those_of_the_ordinary_list(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    ids = [str(run.id) for run in runs]
    faults = {str(run.id): [str(one.worker) for one in (await clerk.payroll_run(run.id)).faults] for run in runs}
    assert sum(map(len, faults.values())) > 3
    for size, last in ((1, False), (1, True), (9, False)):
        cursors: dict[str, str | None] = {"a": None}
        for _ in range(3):
            (cursor,) = cursors.values()
            side, asked = ("before", "last") if last else ("after", "first")
            rest = {
                str(one.run): one
                for one in await clerk.faults_of_runs(ids, per_run=size, last=last or None, **{side: cursor})
            }
            fields = ["worker", "communityCode", "code", "message"]
            body = {"entity": "run_fault", "by": "run", "keys": ids, "fields": fields, asked: size, side: cursor}
            reply = await clerk.post("/v1/reads", {"reads": [{**body, "count": True, "beyond": True}]})
            for run, page in zip(ids, reply["answers"][0]["pages"], strict=True):
                items = [
                    [str(one.worker), one.community, one.code, one.message.model_dump()] for one in rest[run].items
                ]
                assert page["rows"] == items
                assert page["total"] == rest[run].total == len(faults[run])
                assert page["more"] == bool(rest[run].previous if last else rest[run].next)
                assert cursor is None or page["beyond"] == bool(rest[run].next if last else rest[run].previous)
                if size == 9 and cursor is None:
                    assert [row[0] for row in page["rows"]] == faults[run]
            cursors = {"a": next((one.previous if last else one.next for one in rest.values() if one.items), None)}
    stranger = await payroll(region="211300000000")
    assert await stranger.faults_of_runs(ids) == []
