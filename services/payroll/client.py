"""Payroll from outside: one method per endpoint."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.payroll.schemas.pay_calculations import PayCalculationIn, PayCalculationOut
from services.payroll.schemas.payroll_runs import (
    FaultBatchOut,
    FaultsOfOut,
    PayrollRunIn,
    PayrollRunOut,
    PayrollRunPageOut,
)
from services.payroll.schemas.payslips import PayslipExplanationOut, PayslipExplanationsOut, PayslipOut, PayslipPageOut
from services.runtime.client import Params
from services.runtime.events_client import EventsClient
from services.runtime.rules_client import RulesClient


class PayrollClient(EventsClient, RulesClient):
    """Runs, payslips, calculations and imports of the payroll service."""

    service = "payroll"

    async def payslips(
        self, workers: Sequence[UUID | str], *, month: str | None = None, latest: bool = False
    ) -> list[PayslipOut]:
        """Payslips of at most 1,000 workers: of one month, or each worker's latest; those without one are left out."""
        params = {"worker": [str(worker) for worker in workers], "month": month, "latest": latest or None}
        return PayslipPageOut.model_validate(await self.get("/v1/payslips", params)).items

    async def payslips_of_run(
        self, run: UUID | str, *, after: str | None = None, limit: int | None = None
    ) -> PayslipPageOut:
        """A page of the payslips of a run, by community and worker."""
        params = {"run": str(run), "after": after, "limit": limit}
        return PayslipPageOut.model_validate(await self.get("/v1/payslips", params))

    async def payslip(self, payslip: UUID | str) -> PayslipOut:
        """One payslip; ServiceError 404 for one that is not there or not for this caller."""
        return PayslipOut.model_validate(await self.get(f"/v1/payslips/{payslip}"))

    async def payslip_explanation(self, payslip: UUID | str) -> PayslipExplanationOut:
        """The lines of a payslip derived again from its facts and rules."""
        return PayslipExplanationOut.model_validate(await self.get(f"/v1/payslips/{payslip}/explanation"))

    async def payslips_by_id(self, payslips: Sequence[UUID | str]) -> list[PayslipOut]:
        """Payslips of at most 1,000 ids, in that order; those not there or not for this caller are left out."""
        params = {"id": [str(one) for one in payslips]}
        return PayslipPageOut.model_validate(await self.get("/v1/payslips", params)).items

    async def payslip_explanations(self, payslips: Sequence[UUID | str]) -> PayslipExplanationsOut:
        """The explanations of at most 1,000 payslips; those not there or not for this caller are left out."""
        reply = await self.get("/v1/payslip-explanations", {"id": [str(one) for one in payslips]})
        return PayslipExplanationsOut.model_validate(reply)

    async def calculate_pay(self, case: PayCalculationIn) -> PayCalculationOut:
        """The payslip of one given case; nothing is stored."""
        return PayCalculationOut.model_validate(await self.post("/v1/pay-calculations", case.model_dump(mode="json")))

    async def run_payroll(self, order: PayrollRunIn, idempotency_key: str) -> PayrollRunOut:
        """Calculate a month's run, new or again."""
        reply = await self.post("/v1/payroll-runs", order.model_dump(mode="json"), idempotency_key=idempotency_key)
        return PayrollRunOut.model_validate(reply)

    async def payroll_run(self, run: UUID | str) -> PayrollRunOut:
        """One run with totals and faults."""
        return PayrollRunOut.model_validate(await self.get(f"/v1/payroll-runs/{run}"))

    async def payroll_runs(
        self, *, ids: Sequence[UUID | str] | None = None, **page: str | int | bool | None
    ) -> PayrollRunPageOut:
        """By ids, else of `region=`, `authority=`, `month=`, latest first: `limit=`, `after=`, `before=`, `last=`."""
        params: Params = {"id": None if ids is None else [str(one) for one in ids], **page}
        return PayrollRunPageOut.model_validate(await self.get("/v1/payroll-runs", params))

    async def faults_of_runs(
        self, runs: Sequence[UUID | str], *, per_run: int = 100, **place: str | bool | None
    ) -> list[FaultsOfOut]:
        """A page of the faults of each run, in one call: the first, or as `after=`, `before=`, `last=` say."""
        params: Params = {"run": [str(one) for one in runs], "per_run": per_run, **place}
        return FaultBatchOut.model_validate(await self.get("/v1/payroll-runs/faults", params)).runs

    async def step_run(self, run: UUID | str, step: str, idempotency_key: str) -> PayrollRunOut:
        """Take a run on: `check`, `return`, `approval`, `payment` or `closing`."""
        reply = await self.post(f"/v1/payroll-runs/{run}/{step}", {}, idempotency_key=idempotency_key)
        return PayrollRunOut.model_validate(reply)

    async def import_rows(
        self, kind: str, content: bytes, *, dry_run: bool = False, accept: str = "all"
    ) -> Mapping[str, Any]:
        """Import CSV rows of `contribution_bases` or `tax_deductions`; the report, or ServiceError 422."""
        report: Mapping[str, Any] = await self.post(
            f"/v1/imports/{kind}",
            params={"dry_run": dry_run, "accept": accept},
            content=content,
            content_type="text/csv",
        )
        return report
