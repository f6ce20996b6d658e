"""Workers: who they are, how they came, the posts they hold, their pay grade and their certificates."""

from enum import StrEnum


class Post(StrEnum):
    """The post a person holds in a community; secretary and director held by one person are `both posts` (一肩挑)."""

    SECRETARY = "secretary"
    DIRECTOR = "director"
    DEPUTY = "deputy"
    MEMBER = "member"
    STAFF = "staff"


class Certificate(StrEnum):
    """Level of the social-worker qualification, lowest first."""

    NONE = "none"
    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    SENIOR = "senior"


POSTS: tuple[str, ...] = tuple(post.value for post in Post)
CERTIFICATES: tuple[str, ...] = tuple(level.value for level in Certificate)
SEXES: tuple[str, ...] = ("female", "male")
EDUCATIONS: tuple[str, ...] = (
    "primary",
    "junior_secondary",
    "senior_secondary",
    "college",
    "bachelor",
    "master",
    "doctor",
)
CATEGORIES: tuple[str, ...] = (
    "full_time_community_worker",
    "village_cadre",
    "grid_member",
    "public_welfare_post",
)
ENTRY_ROUTES: tuple[str, ...] = ("elected", "openly_recruited", "internal_transfer", "selected_graduate")
TIERS: tuple[str, ...] = ("both_posts", "head", "deputy", "staff")
COLLEGE_OR_ABOVE: frozenset[str] = frozenset({"college", "bachelor", "master", "doctor"})


def leading_post(posts: list[str]) -> str | None:
    """The highest of several posts in the order secretary, director, deputy, member, staff; None for none."""
    return min(posts, key=POSTS.index, default=None)
