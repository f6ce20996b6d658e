"""What may be read sparsely of the code book, town level and above; each column means what storage/divisions.py says.

The book is public: no row of it is hidden. Which part of it an area means is the caller's, so ranges are cut to theirs.
"""

from collections.abc import Sequence

from services.kernel.errors import Malformed
from services.runtime.selection import Ask, Column, Entity, Filter, Lookup, Order, Ranges
from services.staffing.domain.moments import Area
from services.staffing.storage.reads import IN_RANGE, authority_ranges, region_ranges, standing


def _own(ranges: Ranges) -> Ranges:
    """The part of an area that lies in the caller's regions."""

    async def cut(ask: Ask, named: str | None) -> Sequence[tuple[str, str]]:
        return Area(tuple(await ranges(ask, named))).cut(Area(ask.scope)).ranges

    return cut


def _level(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise Malformed("division.level_unreadable", "level 应为文本", "`level` is a text")
    return value


_BOOK = standing(IN_RANGE, "divisions")
_BY_CODE = (Order("code"),)

DIVISION = Entity(
    name="division",
    permissions=("staffing.read",),
    columns={name: f"c.{name}" for name in ("code", "name", "level", "unit_type", "start")},
    lookups={
        "region": Lookup(source=_BOOK, where="true", order=_BY_CODE, ranges=_own(region_ranges)),
        "authority": Lookup(source=_BOOK, where="true", order=_BY_CODE, ranges=_own(authority_ranges)),
    },
    fields={
        "code": Column("b.code"),
        "name": Column("b.name"),
        "level": Column("b.level"),
        "unitType": Column("b.unit_type"),
        "start": Column("b.start"),
    },
    filters={"level": Filter("c.level = :level::text", _level)},
)
