"""What payroll itself holds on the workers of a block: bases, deductions, tax withheld earlier in the year."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.kernel.period import Month
from services.payroll.domain.contributions import BaseKind
from services.payroll.domain.payslip_ids import octets_of, texts_of
from services.payroll.domain.policy import OWN_FACTS
from services.payroll.domain.taxes import TAX_STATE, cumulated, employment_column, state_after
from services.payroll.storage import contributions, payroll_runs, taxes
from services.payroll.storage.payroll_runs import Attempt, Connection
from services.payroll.usecases.rosters import Columns, RosterBlock

DECLARED: Final[Mapping[BaseKind, tuple[str, str]]] = {
    BaseKind.SOCIAL_INSURANCE: ("base_declared", "declared_base"),
    BaseKind.HOUSING_FUND: ("fund_base_declared", "declared_fund_base"),
}


@dataclass
class OwnFacts:
    """Completes roster blocks of one month with payroll's own facts, as known at an instant."""

    connection: Connection
    month: Month
    known_at: datetime
    _earlier: dict[Month, list[tuple[int, int]]] = field(default_factory=dict)
    _attempts: dict[int, Attempt] = field(default_factory=dict)

    async def complete(self, block: RosterBlock) -> Columns:
        """The block's roster facts and every own fact, as stored columns."""
        workers = texts_of(block.workers)
        place = {worker: index for index, worker in enumerate(octets_of(block.workers.tobytes()))}
        employed, hired_this_year = employment_column(block.columns["hired_on"], self.month)
        columns = block.columns | blank(len(workers))
        columns |= {
            "month_number": np.full(len(workers), self.month.month),
            "employed_months": employed,
            "hired_this_year": hired_this_year,
        }
        await self._add_bases(columns, workers, place)
        await self._add_deductions(columns, workers, place)
        await self._add_tax_state(columns, block, place)
        return columns

    async def _add_bases(self, columns: Columns, workers: list[str], place: Mapping[bytes, int]) -> None:
        for found in await contributions.in_force(self.connection, workers, self.month, self.known_at):
            rows = _rows(found.workers, place)
            flag, name = DECLARED[found.kind]
            columns[flag][rows] = True
            columns[name][rows], columns[f"{name}?"][rows] = found.base_fen, False
            if found.kind is BaseKind.HOUSING_FUND:
                columns["fund_member"][rows] = True
                columns["fund_rate"][rows], columns["fund_rate?"][rows] = found.rates, False

    async def _add_deductions(self, columns: Columns, workers: list[str], place: Mapping[bytes, int]) -> None:
        found = await taxes.steps(self.connection, workers, self.month, self.known_at)
        for worker, history in found.items():
            at = place[worker]
            for name, stored in cumulated(history, self.month, int(columns["employed_months"][at])).items():
                columns[name][at] = stored

    async def _add_tax_state(self, columns: Columns, block: RosterBlock, place: Mapping[bytes, int]) -> None:
        """Go back month by month in the year until every worker's latest earlier payslip is found."""
        open_rows = np.ones(len(block), dtype=np.bool_)
        for number in range(self.month.month - 1, 0, -1):
            month = Month(self.month.year, number)
            attempts = await self._attempts_of(month)
            if not attempts or not open_rows.any():
                continue
            for slips in await taxes.earlier(self.connection, block.workers[open_rows], month, attempts):
                attempt = self._attempts[slips.attempt_number]
                state = state_after(attempt.schemes[slips.scheme], attempt.layout, slips.amounts, slips.facts)
                rows = _rows(slips.workers, place)
                for name in TAX_STATE:
                    columns[name][rows] = state[name]
                open_rows[rows] = False

    async def _attempts_of(self, month: Month) -> list[tuple[int, int]]:
        if month not in self._earlier:
            self._earlier[month] = await taxes.calculated(self.connection, month)
            numbers = [number for _, number in self._earlier[month]]
            self._attempts |= await payroll_runs.attempts_of(self.connection, numbers)
        return self._earlier[month]


def _rows(workers: list[bytes], place: Mapping[bytes, int]) -> NDArray[np.int64]:
    return np.array([place[worker] for worker in workers], dtype=np.int64)


def blank(rows: int) -> dict[str, NDArray[Any]]:
    """Own facts of workers of whom nothing is declared: flags false, amounts 0, bases and fund rate absent."""
    blank: dict[str, NDArray[Any]] = {}
    for fact in OWN_FACTS:
        blank[fact.name] = np.zeros(rows, dtype=np.bool_ if fact.kind == "flag" else np.int64)
    for name in ("declared_base", "declared_fund_base", "fund_rate"):
        blank[f"{name}?"] = np.ones(rows, dtype=np.bool_)
    return blank
