"""Calculation of one given case."""

from typing import cast

from fastapi import APIRouter, Depends, Request

from services.kernel.money import fen, yuan
from services.kernel.period import Month
from services.payroll.api.answers import checks_out, explained_lines, text_out
from services.payroll.schemas.pay_calculations import PayCalculationIn, PayCalculationOut
from services.payroll.usecases.pay_calculations import Case, calculate
from services.payroll.usecases.rules import Shelf
from services.runtime.auth import permit
from services.runtime.packs import Packs

router = APIRouter(prefix="/v1", tags=["pay-calculations"])


def packs_of(request: Request) -> Packs:
    """The process's policy packs."""
    return cast("Packs", request.app.state.packs)


def shelf_of(request: Request) -> Shelf:
    """The policy packs with the folders they were read from."""
    settings = request.app.state.settings
    return Shelf(packs_of(request), (settings.packs_dir, *settings.supplements))


@router.post(
    "/pay-calculations",
    dependencies=[Depends(permit("policy.read"))],
    summary="试算一人一月的工资 / the payslip of one given case",
)
async def calculate_pay(body: PayCalculationIn, request: Request) -> PayCalculationOut:
    """Lines with explanations for the facts given; nothing is stored, no worker is named."""
    packs = packs_of(request)
    case = Case(
        region=body.region,
        month=Month.parse(body.month),
        facts=body.facts,
        known_at=body.known_at,
        scheme=body.scheme,
        given_fen=None if body.gross is None else fen(body.gross),
        readings=body.readings,
        include_drafts=body.include_drafts,
    )
    rules, payslip = calculate(packs, case)
    return PayCalculationOut(
        pack=rules.pack,
        pack_digest=packs.digest,
        month=str(case.month),
        scheme=payslip.scheme.name,
        scheme_label=text_out(payslip.scheme.label),
        basis=payslip.scheme.basis,
        gross=yuan(payslip.gross_fen),
        net=yuan(payslip.net_fen),
        employer_cost=yuan(payslip.employer_cost_fen),
        lines=explained_lines(payslip),
        checks=checks_out(payslip),
    )
