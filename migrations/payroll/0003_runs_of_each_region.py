"""Runs and attempts are seen from the regions a caller has, not from what lies between them."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("payroll_runs", "run_attempts")
OVERLAP = "region_lo < NULLIF(current_setting('app.hi', true), '') AND region_hi > current_setting('app.lo', true)"
EACH = (
    f"{OVERLAP} AND (current_setting('app.scopes', true) = '' OR payroll.textrange(region_lo, region_hi) && "
    "(SELECT NULLIF(current_setting('app.scopes', true), '')::payroll.textmultirange))"
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER POLICY region ON payroll.{table} USING ({EACH}) WITH CHECK ({EACH})")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER POLICY region ON payroll.{table} USING ({OVERLAP}) WITH CHECK ({OVERLAP})")
