"""Where in an answer to look, and whether what stands there is what was expected."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

_SEGMENT = re.compile(r"\[(?P<inner>[^\]]*)\]|(?P<name>[^.\[\]]+)")


class _Absent:
    """Nothing stands at a path; shown as words, equal only to itself."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


class BadPath(ValueError):
    """A path that cannot be read: the row is wrong, not the system."""


def look(value: object, path: str) -> object:
    """What stands at `path` in a JSON value, or ABSENT.

    `a.b` goes into objects (and over every element of a list), `[0]` picks one element, `[*]` all of them,
    `[kind=village]` the elements whose `kind` is that text; on a list `count` is its length, `sum` its exact decimal
    sum, `distinct` how many different values it holds, `flat` the elements of its lists. The empty path is the whole
    value.
    """
    for match in _segments(path):
        value = _inner(value, match["inner"]) if match["inner"] is not None else _name(value, match["name"])
    return value


def _segments(path: str) -> list[re.Match[str]]:
    """The path's segments; BadPath when some of its text belongs to none."""
    found = list(_SEGMENT.finditer(path))
    if _SEGMENT.sub("", path).strip("."):
        raise BadPath(f"unreadable path {path!r}")
    return found


def _inner(value: object, inner: str) -> object:
    if not isinstance(value, list):
        return ABSENT
    if inner == "*":
        return value
    if inner.lstrip("-").isdigit():
        index = int(inner)
        return value[index] if -len(value) <= index < len(value) else ABSENT
    key, equals, wanted = inner.partition("=")
    if not equals:
        raise BadPath(f"unreadable selection [{inner}]: write [0], [*] or [key=value]")
    return [one for one in value if same(look(one, key), wanted)]


def _name(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        return value.get(name, ABSENT)
    if isinstance(value, list):
        return _of_list(value, name)
    return ABSENT


def _of_list(value: list[object], name: str) -> object:
    if name == "count":
        return len(value)
    if name == "flat":
        return [each for one in value if isinstance(one, list) for each in one]
    if name == "distinct":
        return len({repr(one) for one in value})
    if name == "sum":
        numbers = [number(one) for one in value]
        return (
            ABSENT
            if any(one is None for one in numbers)
            else sum((one for one in numbers if one is not None), Decimal())
        )
    return [look(one, name) for one in value]


def number(value: object) -> Decimal | None:
    """The exact decimal a JSON number or a decimal text stands for; None for anything else, booleans included."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def same(found: object, wanted: object) -> bool:
    """Equal as numbers when both are numbers (13 is '13.00'), as words otherwise; true is also the text 'true'."""
    left, right = number(found), number(wanted)
    if left is not None and right is not None:
        return left == right
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(same(found.get(key, ABSENT), one) for key, one in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(same, found, wanted))
    return _words(found) == _words(wanted)


def _words(value: object) -> object:
    """Booleans and null as their JSON words, everything else as text; ABSENT equals nothing but itself."""
    if value is ABSENT:
        return ABSENT
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def holds(found: object, expected: object) -> bool:
    """Whether what was found is what was expected: a plain value, or an object of operators that must all hold."""
    if isinstance(expected, Mapping) and expected and set(expected) <= set(_OPERATORS):
        return all(_OPERATORS[str(operator)](found, wanted) for operator, wanted in expected.items())
    return same(found, expected)


def _ordered(found: object, wanted: object) -> int | None:
    """-1, 0 or 1 as found is below, at or above wanted; None when they cannot be ordered."""
    left, right = number(found), number(wanted)
    if left is None or right is None:
        return None
    return (left > right) - (left < right)


def _contains(found: object, wanted: object) -> bool:
    if isinstance(found, str):
        return str(wanted) in found
    if isinstance(found, Mapping):
        return str(wanted) in found
    wants = wanted if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]
    return isinstance(found, list) and all(any(same(one, want) for one in found) for want in wants)


_OPERATORS: dict[str, Callable[[object, object], bool]] = {
    "==": same,
    "!=": lambda found, wanted: found is not ABSENT and not same(found, wanted),
    ">": lambda found, wanted: _ordered(found, wanted) == 1,
    ">=": lambda found, wanted: _ordered(found, wanted) in {0, 1},
    "<": lambda found, wanted: _ordered(found, wanted) == -1,
    "<=": lambda found, wanted: _ordered(found, wanted) in {0, -1},
    "contains": _contains,
    "matches": lambda found, wanted: isinstance(found, str) and re.search(str(wanted), found) is not None,
    "lacks": lambda found, wanted: found is not ABSENT and re.search(str(wanted), repr(found)) is None,
    "count": lambda found, wanted: isinstance(found, list | dict) and len(found) == wanted,
    "present": lambda found, wanted: (found is not ABSENT and found is not None) == wanted,
}
