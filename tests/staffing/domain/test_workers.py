"""Workers: the leading post; kinds; areas."""

import pytest

from services.staffing.domain.communities import CommunityKind, kind_of_type
from services.staffing.domain.managements import Management, managed_area
from services.staffing.domain.moments import Area
from services.staffing.domain.workers import leading_post


@pytest.mark.parametrize(
    ("posts", "leading"),
    [
        (["director", "secretary"], "secretary"),
        (["deputy", "secretary"], "secretary"),
        (["staff"], "staff"),
        ([], None),
    ],
)
def test_the_leading_post(posts: list[str], leading: str | None) -> None:
    assert leading_post(posts) == leading


def test_kinds_of_code_book_types() -> None:
    assert kind_of_type("villagers_like") is CommunityKind.VILLAGE
    assert kind_of_type("residents_like") is CommunityKind.COMMUNITY


def test_an_authority_without_relations_runs_its_subtree() -> None:
    area = managed_area("530111000000", [])
    assert area.holds("530111001011")
    assert not area.holds("530112001011")
    managed = managed_area(
        "1", [Management("1", "530111004000", None, None, ""), Management("1", "530111001000", None, None, "")]
    )  # type: ignore[arg-type]
    assert managed.holds("530111004011")
    assert not managed.holds("530111002001")
    assert not Area(()).holds("530111002001")
    assert managed.cut(Area((("530111002000", "530111004012"),))) == Area((("530111004000", "530111004012"),))
    assert managed.cut(Area(())) == Area(())
