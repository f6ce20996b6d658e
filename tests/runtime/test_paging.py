"""Cursors say where a page ended, and nothing else is one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import Malformed
from services.runtime.paging import Page, Place, Slice, Window, decode_cursor, encode_cursor, page_of


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_cursor_comes_back(word: str, number: int) -> None:
    assert decode_cursor(encode_cursor(word, number), str, int) == (word, number)


def test_none_is_the_first_page() -> None:
    assert decode_cursor(None, str) is None


def raw(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "汉字",
        raw("{}"),
        raw("[1]"),
        raw('["a", "b"]'),
        raw("[true]"),
        raw('["\\u0000"]'),
        raw("5"),
        "A",
    ],
)
def test_anything_else_is_malformed(cursor: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_cursor(cursor, str)
    assert caught.value.code == "page.cursor"


def test_a_number_too_big_for_the_data_base_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode_cursor(raw(f"[{2**63}]"), int)


def test_a_page_and_its_next() -> None:
    assert page_of([1, 2, 3], 2, lambda n: (n,)) == ([1, 2], encode_cursor(2))
    assert page_of([1, 2], 2, lambda n: (n,)) == ([1, 2], None)
    assert page_of([], 2, lambda n: (n,)) == ([], None)
    assert Page[int](items=[1]).model_dump() == {"items": [1], "next": None}


def test_a_place_is_a_window_on_one_side_of_a_cursor() -> None:
    cursor = encode_cursor("b")
    assert Place().window(5, str) == Window(5)
    assert Place(after=cursor).window(5, str) == Window(5, ("b",), backward=False, cursor=cursor)
    assert Place(before=cursor).window(5, str) == Window(5, ("b",), backward=True, cursor=cursor)
    assert Place(last=True).window(5, str) == Window(5, backward=True)


@pytest.mark.parametrize("place", [Place(after="x", before="y"), Place(after="x", last=True)])
def test_a_place_on_both_sides_is_malformed(place: Place) -> None:
    with pytest.raises(Malformed) as caught:
        place.window(5, str)
    assert caught.value.code == "page.both"


@given(st.sets(st.integers(0, 30)), st.integers(0, 30), st.integers(1, 8), st.booleans(), st.booleans())
def test_a_slice_is_the_part_of_the_list_and_knows_its_neighbours(
    numbers: set[int], key: int, limit: int, backward: bool, keyed: bool
) -> None:
    whole = sorted(numbers)
    window = Window(limit, (key,) if keyed else None, backward)
    if backward:
        inside = [n for n in reversed(whole) if not keyed or n < key]
        expected = [n for n in whole if not keyed or n < key][-limit:]
    else:
        inside = [n for n in whole if not keyed or n > key]
        expected = inside[:limit]
    page = window.slice(inside[: limit + 1], beyond=len(inside) < len(whole), total=len(whole))
    assert (page.items, page.total) == (expected, len(whole))
    if expected:
        assert (page.earlier, page.later) == (expected[0] > whole[0], expected[-1] < whole[-1])
    assert page.of([str(n) for n in page.items]).items == [str(n) for n in expected]


def test_links_name_the_ends_of_a_page_where_there_is_more() -> None:
    middle = Slice([2, 3], earlier=True, later=True)
    assert middle.links(lambda n: (n,)) == {"next": encode_cursor(3), "previous": encode_cursor(2)}
    assert Slice([2, 3], earlier=False, later=False).links(lambda n: (n,)) == {"next": None, "previous": None}
    past: Slice[int] = Slice([], earlier=True, later=False, cursor="c")
    assert past.links(lambda n: (n,)) == {"next": None, "previous": "c"}
