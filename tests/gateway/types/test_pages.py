import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.slices import PageOf
from gateway.types.pages import connection, global_id, parse_global_id

GOOD = global_id("Worker", "01a201b8-7963-7000-8000-55836669ae43")


@given(st.sampled_from(["Community", "Worker"]), st.uuids().map(str))
def test_a_global_id_is_opaque_and_comes_back(kind: str, key: str) -> None:
    made = global_id(kind, key)
    assert made.replace("-", "").replace("_", "").isalnum()
    assert parse_global_id(made) == (kind, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "530111001001",
        "!!!!",
        "汉字",
        global_id("Worker", "1"),
        global_id("Worker", ""),
        "*" + GOOD,
        GOOD + "=",
    ],
)
def test_text_that_is_no_id_of_ours_names_nothing(text: str) -> None:
    assert parse_global_id(text) is None


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = parse_global_id(text)
    assert found is None or global_id(*found) == text


def test_a_page_knows_where_it_stands() -> None:
    page = connection(PageOf([1, 2], earlier=False, later=True, total=7), lambda n: f"c{n}", lambda n: "xab"[n])
    assert [(edge.cursor, edge.node) for edge in page.edges] == [("c1", "a"), ("c2", "b")]
    assert page.nodes() == ["a", "b"]
    info = page.page_info
    assert (info.start_cursor, info.end_cursor) == ("c1", "c2")
    assert (info.has_next_page, info.has_previous_page) == (True, False)
    assert page.total_count() == 7


def test_an_empty_page_has_no_cursors() -> None:
    info = connection(PageOf[int]([], earlier=True, later=False, total=0), str, str).page_info
    assert (info.start_cursor, info.end_cursor, info.has_next_page, info.has_previous_page) == (
        None,
        None,
        False,
        True,
    )
