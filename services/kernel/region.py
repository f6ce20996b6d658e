"""Twelve-digit division codes: reading, level, parent, and the range that holds a subtree."""

import re
from typing import Literal, NewType

from services.kernel.errors import Malformed

DivisionCode = NewType("DivisionCode", str)
Level = Literal["nation", "province", "city", "county", "town", "village"]
Kind = Literal["residents_committee", "villagers_committee", "residents_like", "villagers_like"]

NATION = DivisionCode("000000000000")
LEVELS: tuple[Level, ...] = ("nation", "province", "city", "county", "town", "village")

_CODE = re.compile(r"[1-9]\d{11}", re.ASCII)
_ENDS = (0, 2, 4, 6, 9, 12)  # significant digits of each level


def parse(text: str) -> DivisionCode:
    """The code itself, or the nation's twelve zeros; anything else: Malformed `region.unreadable`."""
    code = text.strip()
    if code != NATION and _CODE.fullmatch(code) is None:
        raise Malformed(
            "region.unreadable",
            f"区划代码应为12位数字且不以0开头：{code[:20]}。请核对统计用区划代码",
            f"a division code is 12 digits, the first not 0: {code[:20]}; check the statistical division code",
            text=code[:20],
        )
    return DivisionCode(code)


def _significant(code: str) -> int:
    return next(end for end in _ENDS if not code[end:].strip("0"))


def level(code: str) -> Level:
    """nation, province, city, county, town or village, by the trailing zeros."""
    return LEVELS[_ENDS.index(_significant(code))]


def parent(code: str) -> DivisionCode | None:
    """The division one level up; None for the nation."""
    index = _ENDS.index(_significant(code))
    return DivisionCode(code[: _ENDS[index - 1]].ljust(12, "0")) if index else None


def subtree(code: str) -> tuple[str, str]:
    """Text bounds (lo, hi): c is in the subtree when lo <= c < hi, in byte order.

    The bounds of the nation are ("0", ":"), ":" being the character after "9".
    """
    end = _significant(code)
    if end == 0:
        return "0", ":"
    return code, code[: end - 1] + chr(ord(code[end - 1]) + 1)


def contains(region: str, code: str) -> bool:
    """Whether `code` lies in `region`; a division contains itself."""
    lo, hi = subtree(region)
    return lo <= code < hi


def kind_of(code: str) -> Kind:
    """The unit behind a village-level code, by its last three digits.

    000-199 residents' committees, 200-399 villagers' committees, 400-499 residents-like, 500-599 villagers-like
    areas (统计用区划代码编制规则). Others: Malformed `region.no_unit`.
    """
    kinds: tuple[Kind, ...] = (
        "residents_committee", "residents_committee", "villagers_committee", "villagers_committee",
        "residents_like", "villagers_like",
    )  # fmt: skip
    if level(code) != "village" or code[9] > "5":
        raise Malformed(
            "region.no_unit",
            f"{code} 不是村级代码，请给出末三位为001至599的代码",
            f"{code} is no village-level code; give one that ends in 001 to 599",
            text=code,
        )
    return kinds[int(code[9])]
