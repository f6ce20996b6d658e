"""The schema against the one last released: `python -m tools.schema_diff` lists changes, refuses unannounced ones.

Something may go only if the released schema had it deprecated, with a day of removal that has come. `--release` makes
the present schema the released one, when a version is published.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
)
from graphql.utilities import find_breaking_changes, find_schema_changes
from graphql.utilities.find_schema_changes import BreakingChange

from gateway.deprecations import Leaving, leavings, parts
from gateway.schema import printed

RELEASED = Path(__file__).parents[1] / "docs" / "api" / "gateway.released.graphql"
REMOVED = re.compile(r"(?:Field |Enum value |Argument )?(\S+) was removed\.")


def users(schema: GraphQLSchema, name: str) -> list[str]:
    """The coordinates whose type is the named one, lists and non-null ones of it too."""
    kinds = GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
    return [
        coordinate
        for kind in schema.type_map.values()
        if isinstance(kind, kinds)
        for coordinate, one in parts(kind)
        if get_named_type(one.type).name == name
    ]


class Judge:
    """Judges the removals between two schemas on a day."""

    def __init__(self, released: GraphQLSchema, now: GraphQLSchema, today: date) -> None:
        self.released = released
        self.now = now
        self.today = today
        self.announced: Mapping[str, Leaving] = leavings(released)

    def refusals(self) -> Iterator[str]:
        """Each breaking change that was not announced, and why it may not be."""
        for change in find_breaking_changes(self.released, self.now):
            reason = self.reason(change)
            if reason is not None:
                yield f"{change.description} {reason}"

    def reason(self, change: BreakingChange) -> str | None:
        """Why a change may not be; None for one that was announced in time."""
        form = REMOVED.fullmatch(change.description)
        if form is None:
            return "这会使现有查询失效 / this breaks documents that are in use"
        if form[1] in self.released.type_map:
            return self.type_reason(form[1])
        return self.part_reason(form[1])

    def part_reason(self, coordinate: str) -> str | None:
        """Why a field, argument or value may not go yet."""
        if (one := self.announced.get(coordinate)) is None:
            return "未曾弃用，请先弃用并发布 / it was not deprecated; deprecate it and release that first"
        if one.removal > self.today:
            return f"移除日期 {one.removal} 未到 / it was promised until {one.removal}"
        return None

    def type_reason(self, name: str) -> str | None:
        """Why a type may not go yet: all that led to it must be going, or belong to a type that is gone as well."""
        staying = [
            coordinate
            for coordinate in users(self.released, name)
            if coordinate.partition(".")[0] in self.now.type_map and self.part_reason(coordinate) is not None
        ]
        led = bool(users(self.released, name))
        if led and not staying:
            return None
        return f"仍可由此取得 / it could be reached by: {', '.join(staying) or name}"


def summary(released: GraphQLSchema, now: GraphQLSchema) -> Iterator[str]:
    """Every change but those of descriptions, a line each."""
    for change in find_schema_changes(released, now):
        if change.type.name != "DESCRIPTION_CHANGED":
            yield f"- {change.type.name.lower().replace('_', ' ')}: {change.description}"


def main(arguments: list[str], today: date, released: Path = RELEASED) -> int:
    """0 when the schema may be published; 1 with the refused changes on standard error."""
    text = printed()
    if arguments == ["--release"]:
        released.write_text(text, encoding="utf-8")
        print(f"已发布 / released: {released.name}")
        return 0
    before, now = build_schema(released.read_text(encoding="utf-8")), build_schema(text)
    print("\n".join(summary(before, now)) or "没有变化 / no change")
    refused = list(Judge(before, now, today).refusals())
    for line in refused:
        print(f"拒绝 / refused: {line}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], datetime.now(UTC).date()))
