"""Workers: who they are, how they came, the posts they hold, their pay grade and their certificates."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


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


@dataclass(frozen=True, slots=True)
class Appointment:
    """One post in one community; the end is exclusive and None while it lasts."""

    community: str
    post: Post
    full_time: bool
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker as known at an instant, with what holds on one day."""

    id: UUID
    number: str
    name: str
    sex: str
    birth_on: date
    education: str
    category: str
    entry_route: str
    community: str
    hired_on: date
    left_on: date | None
    urban: bool
    in_state_establishment: bool
    part_time: bool
    subsidised: bool
    provenance: str
    source: str
    appointments: tuple[Appointment, ...] = ()
    tier: str | None = None
    step: int | None = None
    certificate: Certificate = Certificate.NONE


def leading_post(posts: list[str]) -> str | None:
    """The highest of several posts in the order secretary, director, deputy, member, staff; None for none."""
    return min(posts, key=POSTS.index, default=None)


def holds_both_posts(posts: list[str]) -> bool:
    """True when one person is secretary and director at once (一肩挑)."""
    return Post.SECRETARY.value in posts and Post.DIRECTOR.value in posts


def highest_certificate(levels: list[str]) -> Certificate:
    """The highest level held; `none` for an empty list (highest only, never added: 就高不叠加)."""
    return Certificate(max(levels, key=CERTIFICATES.index, default=Certificate.NONE.value))
