"""Money as whole fen: yuan in and out, named roundings, splits that lose nothing."""

import re
from collections.abc import Sequence
from decimal import Decimal

from services.kernel.errors import Malformed

_YUAN = re.compile(r"([+-]?)(\d{1,13})(?:\.(\d{1,2}))?")


def fen(amount: str | int | Decimal) -> int:
    """Yuan as text, whole number or Decimal -> fen.

    At most two decimals and 13 digits of yuan, else Malformed `money.unreadable`.
    """
    text = format(amount, "f") if isinstance(amount, Decimal) else str(amount).strip()
    if isinstance(amount, Decimal) and "." in text:
        text = text.rstrip("0").rstrip(".")
    match = _YUAN.fullmatch(text)
    if match is None or not text.isascii():
        raise Malformed(
            "money.unreadable",
            f"无法读作金额：{text[:40]}。请写成元，最多两位小数，例如 5213.40",
            f"not an amount: {text[:40]}; write yuan with at most two decimals, for example 5213.40",
            text=text[:40],
        )
    sign, whole, part = match.groups()
    value = int(whole) * 100 + int((part or "").ljust(2, "0"))
    return -value if sign == "-" else value


def yuan(amount_fen: int) -> str:
    """Fen -> yuan with two decimals: 521340 -> "5213.40"."""
    if amount_fen < 0:
        return f"-{-amount_fen // 100}.{-amount_fen % 100:02d}"
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"


def floor(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded towards minus infinity; denominator positive."""
    return numerator // denominator


def ceil(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded towards plus infinity; denominator positive."""
    return -(-numerator // denominator)


def truncate(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded towards zero; denominator positive."""
    return floor(numerator, denominator) if numerator >= 0 else ceil(numerator, denominator)


def half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest whole, halves away from zero (四舍五入); denominator positive."""
    nearest = (abs(numerator) + denominator // 2) // denominator
    return nearest if numerator >= 0 else -nearest


def half_even(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest whole, halves to the even one (四舍六入五成双); denominator positive."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """`total` shared by weights, whole units only; the parts sum to the total.

    What rounding leaves over goes one unit each to the largest remainders, the earlier first.
    Negative weights or no weight at all: Malformed `money.unsplittable`.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise Malformed(
            "money.unsplittable",
            "分摊权重必须非负且不全为零，请检查各项权重",
            "weights must be non-negative and not all zero; check the weights",
        )
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts
