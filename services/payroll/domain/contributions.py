"""Declared contribution bases: a worker's own base for social insurance and for the housing fund."""

from dataclasses import dataclass
from enum import StrEnum

from services.kernel.errors import Malformed
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


def checked_base(step: BaseStep) -> BaseStep:
    """The step itself; a fund rate outside 5 % to 12 %, or a rate on social insurance: Malformed `base.rate`."""
    if step.base_fen is None:
        return step
    wants_rate = step.kind is BaseKind.HOUSING_FUND
    if wants_rate == (step.rate is not None) and (step.rate is None or LOWEST_RATE <= step.rate <= HIGHEST_RATE):
        return step
    raise Malformed(
        "base.rate",
        "公积金须填缴存比例0.05至0.12，社会保险不填比例",
        "a housing fund row needs a rate from 0.05 to 0.12; a social insurance row has none",
        kind=step.kind.value,
    )
