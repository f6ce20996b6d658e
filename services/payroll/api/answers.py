"""Domain values as payroll's wire forms, and refusals of other services in our own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.kernel.errors import Conflict, DomainError, Forbidden, Malformed, NotFound
from services.kernel.money import yuan
from services.kernel.policy import Text
from services.payroll.domain.pay_schemes import Scheme
from services.payroll.domain.payroll_runs import LineTotal, PayrollRun
from services.payroll.domain.payslips import Payslip
from services.payroll.schemas.payroll_runs import LineTotalOut, PayrollRunOut, RunFaultOut, RunTotalsOut
from services.payroll.schemas.payslips import CheckOut, ExplainedLineOut, PayLineOut, PayslipOut, TextOut
from services.payroll.storage.payroll_runs import Fault
from services.payroll.usecases.payslips import ReadPayslip
from services.runtime.client import ServiceError
from services.runtime.problem import Unavailable

_KINDS: dict[int, type[DomainError]] = {403: Forbidden, 404: NotFound, 409: Conflict, 422: Malformed}


@contextmanager
def staffing_refusals() -> Iterator[None]:
    """What staffing refuses is refused as the same kind; staffing away is Unavailable `staffing.unavailable`."""
    try:
        yield
    except ServiceError as error:
        kind = _KINDS.get(error.status)
        if kind is not None:
            raise kind(error.code, error.zh, error.en, service=error.service) from error
        raise Unavailable(
            "staffing.unavailable",
            "配备服务暂时无法访问，名册取不到，请稍后重试。",
            "The staffing service is away, so there is no roster; try again in a moment.",
            retry_after=2,
        ) from error


def text_out(text: Text) -> TextOut:
    """Words in both languages."""
    return TextOut(zh=text.zh, en=text.en)


def payslip_out(read: ReadPayslip) -> PayslipOut:
    """The wire form of a stored payslip."""
    stored, scheme = read.stored, read.scheme
    return PayslipOut(
        id=stored.id,
        worker=stored.worker,
        community=stored.community,
        month=str(stored.month),
        run=read.run.id,
        state=read.run.state.value,
        scheme=scheme.name,
        scheme_label=text_out(scheme.label),
        basis=scheme.basis,
        gross=yuan(stored.gross_fen),
        net=yuan(stored.net_fen),
        employer_cost=yuan(stored.employer_cost_fen),
        lines=[
            PayLineOut(code=line.code, kind=line.kind.value, label=text_out(line.label), amount=yuan(fen))
            for line, fen in zip(scheme.lines, stored.amounts, strict=True)
        ],
    )


def explained_lines(payslip: Payslip) -> list[ExplainedLineOut]:
    """The lines of a payslip with their reasons."""
    return [
        ExplainedLineOut(
            code=paid.line.code,
            kind=paid.line.kind.value,
            label=text_out(paid.line.label),
            amount=yuan(paid.amount_fen),
            explanation=paid.explanation.to_dict(),
        )
        for paid in payslip.lines
    ]


def checks_out(payslip: Payslip) -> list[CheckOut]:
    """The conditions a scheme watches."""
    return [CheckOut(code=check.code, label=text_out(check.label), holds=holds) for check, holds in payslip.checks]


def fault_out(fault: Fault) -> RunFaultOut:
    """The wire form of a fault."""
    return RunFaultOut(
        worker=fault.worker,
        community=fault.community,
        code=fault.code,
        message=TextOut(zh=fault.zh, en=fault.en),
        details=dict(fault.details),
    )


def run_out(run: PayrollRun, schemes: tuple[Scheme, ...], faults: list[Fault]) -> PayrollRunOut:
    """The wire form of a run; line labels come from the schemes of its attempt."""
    totals = run.totals
    labels = {(scheme.name, line.code): line.label for scheme in schemes for line in scheme.lines}
    return PayrollRunOut(
        id=run.id,
        region=run.region,
        managed=run.managed,
        month=str(run.month),
        state=run.state.value,
        attempt=run.attempt,
        workers=run.workers,
        faulted=run.faulted,
        totals=RunTotalsOut(
            gross=yuan(totals.gross_fen),
            employee=yuan(totals.employee_fen),
            tax=yuan(totals.tax_fen),
            net=yuan(totals.net_fen),
            employer=yuan(totals.employer_fen),
            employer_cost=yuan(totals.employer_cost_fen),
        ),
        line_totals=[_total_out(total, labels[total.scheme, total.code]) for total in run.line_totals],
        checks=dict(run.checks),
        faults=[fault_out(fault) for fault in faults],
        pack_digest=run.pack_digest,
        known_at=run.known_at,
        made_by=run.made_by,
        made_at=run.made_at,
        checked_by=run.checked_by,
        approved_by=run.approved_by,
    )


def _total_out(total: LineTotal, label: Text) -> LineTotalOut:
    return LineTotalOut.model_validate(
        {
            "scheme": total.scheme,
            "code": total.code,
            "kind": total.kind,
            "label": label.to_dict(),
            "amount": yuan(total.amount_fen),
            "workers": total.workers,
        }
    )
