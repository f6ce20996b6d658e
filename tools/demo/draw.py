"""Seeded draws that reach an exact total: flags, whole numbers with a given sum, birthdays of a given age."""

from datetime import date, timedelta
from random import Random


def flags(rng: Random, count: int, true: int) -> list[bool]:
    """`count` booleans, exactly `true` of them True, in random order. ValueError if true > count."""
    if not 0 <= true <= count:
        raise ValueError(f"{true} of {count} cannot be true")
    drawn = [True] * true + [False] * (count - true)
    rng.shuffle(drawn)
    return drawn


def summing(rng: Random, count: int, total: int, low: int, high: int) -> list[int]:
    """`count` whole numbers in [low, high] whose sum is exactly `total`. ValueError if no such list exists."""
    if not low * count <= total <= high * count:
        raise ValueError(f"{count} numbers in {low}..{high} cannot sum to {total}")
    drawn = [rng.randint(low, high) for _ in range(count)]
    left = total - sum(drawn)
    while left:
        step = 1 if left > 0 else -1
        at = rng.randrange(count)
        if low <= drawn[at] + step <= high:
            drawn[at] += step
            left -= step
    return drawn


def day_between(rng: Random, first: date, last: date) -> date:
    """A day from `first` to `last`, both in."""
    return first + timedelta(days=rng.randint(0, (last - first).days))


def birthday(rng: Random, age: int, on: date) -> date:
    """A birthday such that the person is `age` completed years old on `on` (the birthday itself counts)."""
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    had_it = (month, day) <= (on.month, on.day)
    return date(on.year - age - (0 if had_it else 1), month, day)


def anniversary(day: date, years: int) -> date:
    """The same day `years` later; 29 February becomes the 28th."""
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)
