"""Conditions of time and place shared by every read: in force, known, inside an area."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from services.staffing.domain.moments import Area, Moment


def known(recorded: InstrumentedAttribute[Any], moment: Moment) -> ColumnElement[bool]:
    """The row belongs to what was known: the open ones now, else those recorded around the instant."""
    if moment.known_at is None:
        return func.upper_inf(recorded)
    return recorded.contains(moment.known_at)


def recorded_by(recorded_at: InstrumentedAttribute[Any], moment: Moment) -> list[ColumnElement[bool]]:
    """A step history's rows recorded by the instant; all of them now."""
    return [] if moment.known_at is None else [recorded_at <= moment.known_at]


def within(code: InstrumentedAttribute[Any], area: Area) -> ColumnElement[bool]:
    """The code lies in one of the area's ranges; nothing lies in an empty area."""
    return or_(false(), *(and_(code >= lo, code < hi) for lo, hi in area.ranges))
