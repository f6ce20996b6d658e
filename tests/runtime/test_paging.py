"""Cursors say where a page ended, and nothing else is one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import Malformed
from services.runtime.paging import Page, decode_cursor, encode_cursor, page_of


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
