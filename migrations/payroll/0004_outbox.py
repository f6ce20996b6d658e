"""Events of payroll runs, closed by region, with positions in the order of commits."""

from collections.abc import Sequence

from alembic import op

from services.runtime.outbox import outbox_sql, outbox_turns_sql
from services.runtime.rls import region_policy_sql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for statement in (*outbox_sql("payroll"), *outbox_turns_sql("payroll")):
        op.execute(statement)
    for statement in region_policy_sql("payroll", "outbox", "region"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE payroll.outbox")
    op.execute("DROP FUNCTION payroll.take_turn")
