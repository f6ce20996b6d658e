"""Events that were kept long enough may go, by one function and no other way."""

from collections.abc import Sequence

from alembic import op

from services.runtime.outbox import outbox_purge_sql, outbox_purge_undo_sql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for statement in outbox_purge_sql("payroll"):
        op.execute(statement)


def downgrade() -> None:
    for statement in outbox_purge_undo_sql("payroll"):
        op.execute(statement)
