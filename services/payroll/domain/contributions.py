"""Declared contribution bases: a worker's own base for social insurance and for the housing fund."""

from dataclasses import dataclass
from enum import StrEnum

from services.kernel.period import Month

RATE_SCALE = 10_000
LOWEST_RATE, HIGHEST_RATE = 500, 1200


class BaseKind(StrEnum):
    """What a base is declared for."""

    SOCIAL_INSURANCE = "social_insurance"
    HOUSING_FUND = "housing_fund"


@dataclass(frozen=True, slots=True)
class BaseStep:
    """From the month `start` on, a base in fen a month (None: the declaration ends); the fund has a rate in 1/10000."""

    kind: BaseKind
    start: Month
    base_fen: int | None
    rate: int | None = None
