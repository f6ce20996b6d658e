"""Workers: the leading post, both posts, the highest certificate; kinds; areas."""

import pytest

from services.staffing.domain.communities import CommunityKind, kind_of_type
from services.staffing.domain.managements import Management, managed_area
from services.staffing.domain.moments import Area
from services.staffing.domain.workers import Certificate, highest_certificate, holds_both_posts, leading_post


@pytest.mark.parametrize(
    ("posts", "leading", "both"),
    [
        (["director", "secretary"], "secretary", True),
        (["deputy", "secretary"], "secretary", False),
        (["staff"], "staff", False),
        ([], None, False),
    ],
)
def test_posts(posts: list[str], leading: str | None, both: bool) -> None:
    assert leading_post(posts) == leading
    assert holds_both_posts(posts) is both


def test_the_highest_certificate_counts_alone() -> None:
    assert highest_certificate(["junior", "intermediate"]) is Certificate.INTERMEDIATE
    assert highest_certificate([]) is Certificate.NONE


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
