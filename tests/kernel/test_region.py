"""Division codes: levels, parents, ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import region
from services.kernel.errors import Malformed

CODES = st.from_regex(r"\A[1-9][0-9]{11}\Z")


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("000000000000", "nation", None),
        ("530000000000", "province", "000000000000"),
        ("530100000000", "city", "530000000000"),
        ("530111000000", "county", "530100000000"),
        ("530111001000", "town", "530111000000"),
        ("530111001011", "village", "530111001000"),
    ],
)
def test_levels_and_parents(code: str, level: str, parent: str | None) -> None:
    assert region.level(code) == level
    assert region.parent(code) == parent
    assert region.parse(f" {code} ") == code


@pytest.mark.parametrize("text", ["", "53011100101", "030111001011", "5301110010111", "53011100101x", "５30111001011"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        region.parse(text)
    assert caught.value.code == "region.unreadable"


def test_the_range_of_the_nation_holds_every_code() -> None:
    assert region.subtree(region.NATION) == ("0", ":")


def test_the_range_after_nine_ends_at_a_colon() -> None:
    assert region.subtree("530109000000") == ("530109000000", "53010:")


@given(CODES, CODES)
def test_a_range_holds_exactly_the_codes_with_its_prefix(code: str, other: str) -> None:
    for place in (2, 4, 6, 9, 12):
        division = code[:place].ljust(12, "0")
        significant = {"province": 2, "city": 4, "county": 6, "town": 9, "village": 12}[region.level(division)]
        assert region.contains(division, other) == other.startswith(division[:significant])
        assert region.contains(division, code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("530111001001", "residents_committee"),
        ("530111001199", "residents_committee"),
        ("530111001200", "villagers_committee"),
        ("530111001498", "residents_like"),
        ("530111001598", "villagers_like"),
    ],
)
def test_the_last_three_digits_tell_the_unit(code: str, kind: str) -> None:
    assert region.kind_of(code) == kind


@pytest.mark.parametrize("code", ["530111001000", "530111001600"])
def test_no_unit_behind_other_codes(code: str) -> None:
    with pytest.raises(Malformed) as caught:
        region.kind_of(code)
    assert caught.value.code == "region.no_unit"
