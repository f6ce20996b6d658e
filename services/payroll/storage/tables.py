"""Rows of the payroll schema as typed mappings; money in fen, months as their first day."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class PayrollBase(DeclarativeBase):
    """Base of every row of the schema."""

    metadata = MetaData(schema="payroll")


metadata = PayrollBase.metadata
CODE = Text(collation="C")
INSTANT = DateTime(timezone=True)


class PackSnapshotRow(PayrollBase):
    """The files of a set of policy packs, compressed, by digest: old payslips are explained from them."""

    __tablename__ = "pack_snapshots"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    files: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(INSTANT, server_default=func.now())


class PayrollRunRow(PayrollBase):
    """A month's run of a region, in its present state."""

    __tablename__ = "payroll_runs"
    __table_args__ = (
        UniqueConstraint("month", "region", "managed"),
        Index("payroll_runs_attempt_number", "attempt_number", unique=True),
        Index("payroll_runs_month_attempt", "month", "attempt"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(CODE)
    region_lo: Mapped[str] = mapped_column(CODE)
    region_hi: Mapped[str] = mapped_column(CODE)
    managed: Mapped[bool]
    month: Mapped[date]
    known_at: Mapped[datetime] = mapped_column(INSTANT)
    state: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    attempt_number: Mapped[int | None]
    pack_digest: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(INSTANT)
    checked_by: Mapped[str | None] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    workers: Mapped[int] = mapped_column(server_default="0")
    faulted: Mapped[int] = mapped_column(server_default="0")
    gross_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    employee_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tax_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    employer_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    line_totals: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    checks: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class RunAttemptRow(PayrollBase):
    """One calculation of a run: the rules, schemes and fact layout its payslips were made with."""

    __tablename__ = "run_attempts"
    __table_args__ = (UniqueConstraint("run", "attempt"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run: Mapped[UUID] = mapped_column(ForeignKey("payroll.payroll_runs.id"))
    attempt: Mapped[int] = mapped_column(SmallInteger)
    region_lo: Mapped[str] = mapped_column(CODE)
    region_hi: Mapped[str] = mapped_column(CODE)
    month: Mapped[date]
    known_at: Mapped[datetime] = mapped_column(INSTANT)
    pack_digest: Mapped[str] = mapped_column(Text, ForeignKey("payroll.pack_snapshots.digest"))
    schemes: Mapped[list[Any]] = mapped_column(JSONB)
    layout: Mapped[list[Any]] = mapped_column(JSONB)
    output_digest: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(INSTANT)


class RunFaultRow(PayrollBase):
    """A worker an attempt could not pay, and why."""

    __tablename__ = "run_faults"

    attempt_number: Mapped[int] = mapped_column(ForeignKey("payroll.run_attempts.number"), primary_key=True)
    worker: Mapped[UUID] = mapped_column(primary_key=True)
    community: Mapped[str] = mapped_column(CODE)
    code: Mapped[str] = mapped_column(Text)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class PayslipRow(PayrollBase):
    """One worker's pay of one month; partitioned by month, never changed."""

    __tablename__ = "payslips"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    month: Mapped[date] = mapped_column(primary_key=True)
    attempt_number: Mapped[int]
    gross_fen: Mapped[int]
    net_fen: Mapped[int]
    employer_cost_fen: Mapped[int]
    scheme: Mapped[int] = mapped_column(SmallInteger)
    community: Mapped[str] = mapped_column(CODE)
    amounts: Mapped[list[int]] = mapped_column(ARRAY(Integer), comment="fen, in the line order of the attempt's scheme")
    facts: Mapped[list[int]] = mapped_column(ARRAY(Integer), comment="packed words, in the attempt's layout")


class ContributionBaseRow(PayrollBase):
    """A declared base from the month `start` on (null: the declaration ends); rate in 1/10000."""

    __tablename__ = "contribution_bases"

    worker: Mapped[UUID] = mapped_column(primary_key=True)
    scheme: Mapped[str] = mapped_column(Text, primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(INSTANT, primary_key=True, server_default=func.now())
    community: Mapped[str] = mapped_column(CODE)
    base_fen: Mapped[int | None]
    rate: Mapped[int | None] = mapped_column(SmallInteger, comment="1/10000")


class TaxDeductionRow(PayrollBase):
    """A declared deduction from the month `start` on (null: the declaration ends)."""

    __tablename__ = "tax_deductions"

    worker: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(INSTANT, primary_key=True, server_default=func.now())
    community: Mapped[str] = mapped_column(CODE)
    amount_fen: Mapped[int | None]
