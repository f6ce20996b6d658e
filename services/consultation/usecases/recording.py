"""The instant of recording: every record's id is made now, and its own milliseconds are that instant."""

from datetime import UTC, datetime
from uuid import UUID

from services.kernel.errors import RuleViolation
from services.kernel.identity import made_at_ms
from services.runtime.ids import new_id


def stamp() -> tuple[UUID, datetime]:
    """A new id and the instant inside it."""
    made = new_id()
    return made, datetime.fromtimestamp(made_at_ms(made) / 1000, UTC)


def check_not_ahead(at: datetime, recorded_at: datetime) -> None:
    """What has not happened yet is not recorded: RuleViolation `issue.in_future`."""
    if at > recorded_at:
        raise RuleViolation(
            "issue.in_future",
            f"时间{at.isoformat()}尚未到来，不能登记。请核对时间",
            f"{at.isoformat()} has not come yet and cannot be recorded: check the time",
            at=at.isoformat(),
        )


def check_within(scope: tuple[tuple[str, str], ...], community: str) -> bool:
    """Whether a community lies in the regions of a permission."""
    return any(lo <= community < hi for lo, hi in scope)
