"""Workers over HTTP: what holds on a day, pages per community, and nobody of another region."""

from datetime import date

import pytest

from services.runtime.client import ServiceError
from services.staffing.client import StaffingClient
from tests.staffing.conftest import ClientOf

SHIHUGUAN, CUIZHU = "530111001011", "320402001001"
ON = (date(2026, 6, 1), None)


async def test_a_worker_with_what_holds_on_the_day(filled: StaffingClient) -> None:
    page = await filled.workers(moment=ON, region="530111000000")
    assert [worker.number for worker in page.items] == ["GD-0001", "GD-0002", "GD-0003"]
    head = page.items[0]
    assert (head.post, head.holds_both_posts, head.tier, head.step) == ("secretary", True, "both_posts", 9)
    assert (head.certificate, head.age, head.hired_on) == ("intermediate", 40, date(2017, 11, 22))
    assert not hasattr(head, "birth_on")
    assert page.items[1].hired_on == date(2024, 9, 1)


async def test_who_has_left_is_not_listed_but_can_be_asked_for(filled: StaffingClient) -> None:
    absent = await filled.workers(moment=(date(2024, 6, 1), None), region="530111000000")
    assert [worker.number for worker in absent.items] == ["GD-0001", "GD-0003"]
    everyone = await filled.workers(moment=ON, region="530111000000")
    gone = await filled.worker(everyone.items[1].id, moment=(date(2024, 6, 1), None))
    assert (gone.number, gone.left_on, gone.post) == ("GD-0002", date(2024, 3, 1), None)


async def test_pages_follow_each_other(filled: StaffingClient) -> None:
    first = await filled.workers(moment=ON, limit=3)
    assert len(first.items) == 3
    second = await filled.workers(moment=ON, limit=3, after=first.next)
    assert (len(second.items), second.next) == (1, None)
    assert {w.id for w in first.items}.isdisjoint(w.id for w in second.items)


async def test_pages_go_back_as_they_came(filled: StaffingClient) -> None:
    every = (await filled.workers(moment=ON)).items
    end = await filled.workers(moment=ON, limit=3, last="true")
    assert ([w.id for w in end.items], end.next) == ([w.id for w in every[1:]], None)
    start = await filled.workers(moment=ON, limit=3, before=end.previous)
    assert ([w.id for w in start.items], start.previous) == ([every[0].id], None)
    assert [w.id for w in (await filled.workers(moment=ON, after=start.next)).items] == [w.id for w in every[1:]]


async def test_pages_of_many_communities_go_back(filled: StaffingClient) -> None:
    here, there = (await filled.workers_of([SHIHUGUAN, CUIZHU], per_community=2, moment=ON, last=True)).communities
    assert [worker.number for worker in here.items] == ["GD-0002", "GD-0003"]
    assert (here.next, here.total, there.previous, there.total) == (None, 3, None, 1)
    (first,) = (await filled.workers_of([SHIHUGUAN], moment=ON, before=here.previous)).communities
    assert ([worker.number for worker in first.items], first.previous) == (["GD-0001"], None)
    (none,) = (await filled.workers_of([SHIHUGUAN], moment=ON, before=first.next)).communities
    assert (none.items, none.next, none.previous, none.total) == ([], first.next, None, 3)


async def test_a_page_has_one_direction(filled: StaffingClient) -> None:
    with pytest.raises(ServiceError) as refused:
        await filled.workers_of([SHIHUGUAN], moment=ON, after="WyJ4Il0", last=True)
    assert (refused.value.status, refused.value.code) == (422, "page.both")


async def test_the_first_workers_of_many_communities_in_one_call(filled: StaffingClient) -> None:
    batch = await filled.workers_of([SHIHUGUAN, CUIZHU, "530111004011"], per_community=2, moment=ON)
    assert [(c.community, len(c.items), c.total) for c in batch.communities] == [
        (SHIHUGUAN, 2, 3),
        (CUIZHU, 1, 1),
        ("530111004011", 0, 0),
    ]
    rest = await filled.workers_of([SHIHUGUAN], per_community=2, after=batch.communities[0].next, moment=ON)
    assert [worker.number for worker in rest.communities[0].items] == ["GD-0003"]
    assert rest.communities[0].next is None


async def test_by_ids_in_the_order_asked_for(filled: StaffingClient) -> None:
    ids = [worker.id for worker in (await filled.workers(moment=ON)).items]
    found = await filled.workers(ids=list(reversed(ids)), moment=ON)
    assert [worker.id for worker in found.items] == list(reversed(ids))


async def test_another_region_sees_nobody(filled: StaffingClient, client_of: ClientOf) -> None:
    ids = [worker.id for worker in (await filled.workers(moment=ON, region="530111000000")).items]
    outside = client_of("city_planner", "320400000000")
    assert (await outside.workers(ids=ids, moment=ON)).items == []
    with pytest.raises(ServiceError) as hidden:
        await outside.worker(ids[0], moment=ON)
    with pytest.raises(ServiceError) as missing:
        await outside.worker("00000000-0000-7000-8000-000000000000", moment=ON)
    assert (hidden.value.status, hidden.value.code) == (missing.value.status, missing.value.code)


async def test_those_of_some_communities(filled: StaffingClient) -> None:
    page = await filled.workers(communities=[CUIZHU, "530111004011"], moment=ON)
    assert [worker.number for worker in page.items] == ["CZ-0001"]
