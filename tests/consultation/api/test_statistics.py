from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.consultation.client import ConsultationClient
from services.consultation.schemas.statistics import ConsultationStatisticsOut, StatisticsIn
from services.runtime.client import ServiceError
from tests.consultation.api.test_issues import GUANDU, raised, step_in
from tests.consultation.api.test_sessions import item, session_in
from tests.consultation.conftest import ClientOf

OTHER = "530111002001"
NEITHER = "530111003001"
REGION = "530111000000"
END = date(2022, 3, 31)


async def walk(client: ConsultationClient, issue: UUID, upto: int) -> None:
    steps = [
        step_in("decide", "resident", 7, "agreed", result="同意"),
        step_in("publish", "residents_committee", 8, place="公告栏"),
        step_in("implement", "residents_committee", 9, result="已安装"),
        step_in("feed_back", "residents_committee", 10, reply="已告知"),
        step_in("evaluate", "resident", 11, satisfaction="satisfied"),
        step_in("close", "community_worker", 12),
    ]
    for number, step in enumerate(steps[:upto]):
        await client.take_step(issue, step, f"{issue}-{number}")


@pytest.fixture
async def known(client: ConsultationClient) -> ConsultationClient:
    """Two sessions in two communities, three items: one closed, one decided, one only discussed; one issue untaken."""
    first = [await raised(client, community=GUANDU, mechanism="consultation") for _ in range(2)]
    third = await raised(client, community=OTHER, channel="hotline")
    await raised(client, community=OTHER)
    held = [item(one.id) for one in first]
    await client.record_session(session_in(items=held), "s1")
    await client.record_session(session_in(community=OTHER, tier="street", items=[item(third.id)]), "s2")
    await walk(client, first[0].id, 6)
    await walk(client, first[1].id, 1)
    return client


async def figures(client: ConsultationClient, **more: Any) -> ConsultationStatisticsOut:
    return await client.statistics(StatisticsIn.model_validate({"region": REGION, "end": END, **more}))


async def test_everything_is_counted_from_events(known: ConsultationClient) -> None:
    found = await figures(known)
    assert (found.sessions, found.items, found.items_implemented, found.items_open) == (2, 3, 1, 2)
    assert found.loop.model_dump() == {
        "raised": 4, "adopted": 2, "published": 1, "implemented": 1, "fed_back": 1, "closed": 1, "median_days": "11",
    }  # fmt: skip
    assert {one.code: (one.sessions, one.items) for one in found.tiers} == {"community": (1, 2), "street": (1, 1)}
    assert {one.code: (one.issues, one.items) for one in found.channels} == {"qr": (3, 2), "hotline": (1, 1)}
    assert {one.code: one.issues for one in found.mechanisms} == {"consultation": 2}
    assert (found.sessions_per_unit, found.coverage.denominator) == ("1.00", "units_with_records")


async def test_each_rate_has_both_numbers_its_reading_and_its_sentence(known: ConsultationClient) -> None:
    found = await figures(known)
    rate = found.rates["implementation_rate"]
    assert (rate.numerator, rate.denominator, rate.percent, rate.pack) == (1, 3, "33.3", "national")
    rate = found.rates["consultation_rate"]
    assert (rate.reading, rate.percent, rate.reached) == ("R1", "100", True)
    assert rate.citations[0].quote == "目前全市城乡社区协商率达90%以上"
    other = (await figures(known, readings={"consultation_rate": "R2"})).rates["consultation_rate"]
    assert (other.reading, other.numerator, other.denominator, other.reached) == ("R2", 2, 4, False)
    assert other.explanation is not None


async def test_coverage_lists_the_units_without_a_session(known: ConsultationClient) -> None:
    found = await figures(known, units=[GUANDU, OTHER, NEITHER])
    assert (found.coverage.units, found.coverage.units_with_session) == (3, 2)
    assert (found.coverage.denominator, found.coverage.without_session) == ("passed", [NEITHER])
    assert found.sessions_per_unit == "0.67"
    assert (await figures(known, units=[GUANDU])).sessions == 1


async def test_nothing_counted_divides_nothing(client: ConsultationClient) -> None:
    found = await figures(client)
    assert (found.sessions_per_unit, found.loop.median_days) == (None, None)
    rate = found.rates["consultation_rate"]
    assert (rate.percent, rate.reached, rate.denominator, rate.explanation) == (None, None, 0, None)


async def test_a_figure_of_the_past_is_what_was_known_then(known: ConsultationClient) -> None:
    assert (await figures(known, known_at=datetime(2022, 5, 1, tzinfo=UTC))).sessions == 0
    assert (await figures(known, end="2022-03-08")).items_implemented == 0
    assert (await figures(known, start="2022-03-06")).sessions == 0


async def test_over_get_and_from_another_region(client_of: ClientOf, known: ConsultationClient) -> None:
    query = {"region": REGION, "to": "2022-03-31", "unit": [GUANDU], "reading": ["consultation_rate:R2"]}
    found = await known.get("/v1/statistics/consultation", query)
    assert (found["sessions"], found["rates"]["consultation_rate"]["reading"]) == (1, "R2")
    assert (await known.get("/v1/statistics/consultation", {"region": REGION}))["items"] == 3
    assert (await figures(client_of("auditor", "330303000000"))).sessions == 0


async def test_the_list_behind_the_open_figure(known: ConsultationClient) -> None:
    page = await known.open_items(REGION, END, missing="implemented", in_session=True)
    assert [(one.state, one.missing[0]) for one in page.items] == [("decided", "publish"), ("deliberated", "decide")]
    first = page.items[0]
    assert (first.days_open, first.days_in_state, first.last_step, first.reason) == (30, 24, "decide", "同意")
    assert first.next_actors == ["community_worker", "party_org", "residents_committee", "villagers_committee"]
    assert len((await known.open_items(REGION, END, missing="fed_back")).items) == 3
    one = await known.open_items(REGION, END, limit=1)
    query = {"region": REGION, "to": END.isoformat(), "limit": 5, "after": one.next}
    rest = await known.get("/v1/statistics/consultation/open-items", query)
    assert (len(one.items), len(rest["items"])) == (1, 2)


async def test_a_period_that_ends_before_it_starts(client: ConsultationClient) -> None:
    with pytest.raises(ServiceError) as refused:
        await figures(client, start="2022-05-01")
    assert (refused.value.status, refused.value.code) == (422, "statistics.period")


async def test_a_cursor_that_was_not_ours(client: ConsultationClient) -> None:
    for after in ("nonsense", "WyJ4IiwieSJd"):
        with pytest.raises(ServiceError) as refused:
            await client.issues(limit=5, after=after)
        assert refused.value.code == "page.cursor"
