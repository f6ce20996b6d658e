"""Events have a region, closed like every table that has one, and positions in the order of commits."""

from collections.abc import Sequence

from alembic import op

from services.runtime.outbox import outbox_turns_sql, outbox_turns_undo_sql
from services.runtime.rls import region_policy_sql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CLOSED = region_policy_sql("consultation", "outbox", "region")
OPENED = (
    "DROP POLICY region ON consultation.outbox",
    "ALTER TABLE consultation.outbox NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE consultation.outbox DISABLE ROW LEVEL SECURITY",
)


def upgrade() -> None:
    for statement in (*outbox_turns_sql("consultation"), *CLOSED):
        op.execute(statement)


def downgrade() -> None:
    for statement in (*OPENED, *outbox_turns_undo_sql("consultation")):
        op.execute(statement)
