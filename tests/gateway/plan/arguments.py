"""Values for every argument and variable: usual ones, edges, and wrong ones, which only variables may carry."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    is_non_null_type,
    is_required_input_field,
)

from gateway.types.pages import global_id
from services.runtime.paging import encode_cursor
from tests.gateway.plan.scene import ALONE, EARLIER, ENDED, MOVED, NEW
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, MONTH, NOWHERE, SHIHUGUAN, VILLAGE, WENYI

CODES = [SHIHUGUAN, SHIHUGUAN, WENYI, CUIZHU, HONGMEI, VILLAGE, LONGWAN, NOWHERE, ENDED, MOVED, ALONE, NEW]
REGIONS = [
    "530111000000",
    "530100000000",
    "530000000000",
    "320400000000",
    "330303001000",
    "440000000000",
    "000000000000",
]
AREAS = [*REGIONS, "530111001000", SHIHUGUAN, NOWHERE]
NO_UUID = "01890000-0000-7000-8000-000000000000"
REAL = 12  # places of `@kind:n`, which stand for what is found in the scene

INTS = [1, 1, 2, 2, 3, 5, 20, 100]
INSTANT = "2026-03-02T01:00:00+00:00"
NO_CURSORS = ("?", "", "W10", "ZZZZ", "\x00")
PARTS: list[tuple[str | int, ...]] = [
    ("GD-2",),
    (SHIHUGUAN,),
    (INSTANT, NO_UUID),
    ("",),
    ("a", "b", "c"),
    ("5301\x00",),
]
PARTS += [(20666, "x"), (-(2**62), NO_UUID), (2**63, NO_UUID), (INSTANT, "nobody")]
PARTS += [(at, NO_UUID) for at in ("now", "2026-99-99", "2026-03-02T09:00:00", "20260302T090000+08", INSTANT[:13])]
PARTS += [("9999-12-31T23:59:59-12:00", NO_UUID)]
FORGED = [*NO_CURSORS, *(encode_cursor(*parts) for parts in PARTS)]
TEXTS: Mapping[str, Sequence[str]] = {
    "after": [*(f"@cursor:{at}" for at in range(REAL)), *FORGED],
    "before": [*(f"@cursor:{at}" for at in range(REAL)), *FORGED],
    "reading": ["A", "B", "floor", "inclusive", "nonsense", ""],
    "region": AREAS,
    "authority": AREAS,
}
"""Texts by the argument's name."""

SCALARS: Mapping[str, Sequence[Any]] = {
    "DivisionCode": CODES,
    "Date": ["2026-06-01", "2022-07-01", "2022-06-30", "2015-01-01", "2016-01-01", "2024-01-01", "2027-02-01"],
    "DateTime": ["2026-10-01T00:00:00+08:00", "2021-01-01T00:00:00Z", "2200-01-01T00:00:00.5-03:30"],
    "Month": [MONTH, EARLIER, "2026-10", "2019-02"],
    "Word": ["open", "raised", "collected", "screened", "closed", "nonsense"],
    "Yuan": ["0.00", "5213.40", "-1.5", "7"],
    "String": ["", "a", "停车", '\u2028"\\', "%_", "0"],
    "Int": INTS,
    "Float": [0.5, -1.0, 3.0],
    "Boolean": [True, False],
    "ID": [],
}
"""Usual values by scalar, as JSON gives them."""

EDGES: Mapping[str, Sequence[Any]] = {
    "Date": ["0001-01-01", "9999-12-31", "2024-02-29"],
    "DateTime": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-22"],
    "Month": ["0001-01", "9999-12"],
    "Int": [0, -1, 101, 2147483647],
    "String": ["x" * 300, "\x00"],
}
WRONG: Sequence[Any] = [
    None,
    12,
    2.0,
    -7.5,
    True,
    "",
    "no",
    [],
    ["a"],
    [None],
    {},
    {"a": 1},
    "2026-02-30",
    "11111111111x",
]


def ids(kinds: Sequence[str]) -> list[str]:
    """Global ids of what is there, of what is not, of other kinds, and text that is none."""
    real = [f"@{kind}:{at}" for kind in kinds for at in range(REAL)]
    nowhere = [global_id(kind, NO_UUID) for kind in (*kinds, "Nothing", "")]
    return [*real, *nowhere, "no-id", "", "7", global_id("Worker", "x"), global_id("Worker", NO_UUID.upper())]


class Arguments:
    """Draws values of input types."""

    def __init__(self, rng: Random, kinds: Sequence[str]) -> None:
        self.rng = rng
        self.ids = ids(kinds)

    def of(self, name: str, kind: GraphQLInputType) -> Any:
        """A value that fits the type, as JSON gives it; never null at the top."""
        kind = loose(kind)
        if isinstance(kind, GraphQLList):
            most = 101 if self.rng.random() < 0.01 else 5
            return [self.of(name, kind.of_type) for _ in range(self.rng.choice([0, 1, 2, 3, most]))]
        if isinstance(kind, GraphQLEnumType):
            return Bare(self.rng.choice(list(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                one: self.of(one, of.type)
                for one, of in kind.fields.items()
                if is_required_input_field(of) or self.rng.random() < 0.5
            }
        return self.scalar(name, str(kind))

    def scalar(self, name: str, kind: str) -> Any:
        """A value of a scalar; a scalar that is unknown here is a gap of this module."""
        usual = self.ids if kind == "ID" else TEXTS.get(name, SCALARS[kind])
        edges = EDGES.get(kind, ()) if name not in {"first", "last"} else ()
        chosen = self.rng.choice(edges) if edges and self.rng.random() < 0.08 else self.rng.choice(usual)
        return Bare(chosen) if kind == "Word" and self.rng.random() < 0.5 else chosen

    def given(self, name: str, kind: GraphQLInputType) -> Any:
        """What a request gives for a variable of a type: mostly what fits, now and then null or nonsense."""
        luck = self.rng.random()
        if luck < 0.06:
            return self.rng.choice(WRONG)
        if luck < 0.12 and not is_non_null_type(kind):
            return None
        return plain(self.of(name, kind))


class Bare(str):
    """Text that a document has without quotes."""

    __slots__ = ()


def plain(value: Any) -> Any:
    """A value as a request's variables have it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return str(value) if isinstance(value, Bare) else value


def written(value: Any) -> str:
    """A value as a document has it."""
    if isinstance(value, list):
        return f"[{', '.join(written(one) for one in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {written(one)}" for name, one in value.items()) + "}"
    return str(value) if isinstance(value, Bare) else orjson.dumps(value).decode()


def loose(kind: GraphQLInputType) -> GraphQLInputType:
    """The type without its outermost `!`."""
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind
