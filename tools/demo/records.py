"""Consultation records for the imports: issues, sessions and the steps of an issue, one dataclass per import."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

TOPICS = ("电动车充电桩", "楼道照明", "停车位划线", "垃圾分类投放点", "健身器材", "老年食堂", "排水沟清淤", "门禁更换")


@dataclass(frozen=True, slots=True)
class Issue:
    """A topic raised in a community; `number` is unique within the community."""

    number: str
    community: str
    title: str
    text: str
    channel: str
    proposer_kind: str
    opened_at: str
    actor: str = ""
    process: str = "consultation"
    campaign: str = ""
    mechanism: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A consultation activity; `participants` is `kind:count` joined by semicolons."""

    number: str
    community: str
    title: str
    held_at: str
    participants: str
    tier: str = "community"
    minutes: str = "示例纪要 demo minutes"


@dataclass(frozen=True, slots=True)
class Event:
    """One step of an issue with its evidence; `session` makes the issue an item of that session."""

    community: str
    issue: str
    step: str
    actor: str
    at: str
    outcome: str = ""
    session: str = ""
    reason: str = ""
    committees: str = ""
    place: str = ""
    meeting_on: str = ""
    form: str = ""
    chair: str = ""
    means: str = ""
    result: str = ""
    reply: str = ""
    satisfaction: str = ""
    department: str = ""
    accept_codes: str = ""
    reject_codes: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """Everything generated for one system."""

    issues: tuple[Issue, ...]
    sessions: tuple[Session, ...]
    issue_events: tuple[Event, ...]


class Step(NamedTuple):
    """A step of a walk: code, actor kind, what it says; `held` marks the step taken in the session."""

    code: str
    actor: str
    evidence: dict[str, str]
    held: bool = False


def instant(day: date, hour: int = 9) -> str:
    """The day at the hour, Beijing time."""
    return f"{day.isoformat()}T{hour:02d}:00:00+08:00"


class Book:
    """Collects records; issues and sessions are numbered within their community."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._issues: list[Issue] = []
        self._sessions: list[Session] = []
        self._events: list[Event] = []

    def raise_issue(self, rng: Random, community: str, day: date, **words: str) -> Issue:
        """A topic opened on `day`; title and text say that it is a demo record."""
        topic = rng.choice(TOPICS)
        number = f"{self._stem}{len(self._issues) + 1:05d}"
        issue = Issue(
            number=number,
            community=community,
            title=f"示例议题：{topic}({number})",
            text=f"演示用合成记录：居民提出{topic}问题。Synthetic demo record.",
            channel=words.pop("channel", rng.choice(("home_visit", "hotline", "wechat", "qr"))),
            proposer_kind="resident",
            opened_at=instant(day),
            **words,
        )
        self._issues.append(issue)
        return issue

    def hold(self, community: str, day: date, participants: str) -> Session:
        """A session held at two in the afternoon of `day`."""
        number = f"{self._stem}S{len(self._sessions) + 1:05d}"
        session = Session(number, community, f"示例协商会({number})", instant(day, 14), participants)
        self._sessions.append(session)
        return session

    def walk(self, issue: Issue, steps: list[Step], days: list[date], session: Session) -> None:
        """Record the steps on the given days, the held one in the session at its time."""
        for step, day in zip(steps, days, strict=True):
            at = session.held_at if step.held else instant(day, 10)
            number = session.number if step.held else ""
            self._events.append(
                Event(issue.community, issue.number, step.code, step.actor, at, session=number, **step.evidence)
            )

    def records(self) -> Records:
        """What was collected so far."""
        return Records(tuple(self._issues), tuple(self._sessions), tuple(self._events))


def pace(rng: Random, steps: list[Step], held_on: date, last: date | None = None) -> list[date]:
    """A day per step: those before the session lead up to it, those after it follow, none after `last`."""
    at = next(position for position, step in enumerate(steps) if step.held)
    days = [held_on] * len(steps)
    for position in range(at - 1, -1, -1):
        days[position] = days[position + 1] - timedelta(days=rng.randint(1, 3))
    for position in range(at + 1, len(steps)):
        day = days[position - 1] + timedelta(days=rng.randint(1, 12))
        days[position] = day if last is None else min(day, last)
    return days
