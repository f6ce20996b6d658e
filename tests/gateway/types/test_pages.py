import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Code, GatewayError
from gateway.types.pages import PageOf, connection, global_id, parse_global_id


@given(st.sampled_from(["Community", "Worker"]), st.uuids().map(str))
def test_a_global_id_is_opaque_and_comes_back(kind: str, key: str) -> None:
    made = global_id(kind, key)
    assert made.replace("-", "").replace("_", "").isalnum()
    assert parse_global_id(made) == (kind, key)


@pytest.mark.parametrize(
    "text", ["", "x", "530111001001", "!!!!", "汉字", global_id("Worker", "1"), global_id("Worker", "")]
)
def test_text_that_is_no_id_of_ours_is_refused(text: str) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_global_id(text)
    assert refused.value.code is Code.BAD_USER_INPUT


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
