"""Runs by their present attempt, and the attempts of a month: what a payslip needs to be known as the present one."""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("CREATE UNIQUE INDEX payroll_runs_attempt_number ON payroll.payroll_runs (attempt_number)")
    op.execute("CREATE INDEX payroll_runs_month_attempt ON payroll.payroll_runs (month, attempt)")


def downgrade() -> None:
    op.execute("DROP INDEX payroll.payroll_runs_month_attempt")
    op.execute("DROP INDEX payroll.payroll_runs_attempt_number")
