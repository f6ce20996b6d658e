"""Issues of any wide range in the order of their lists, the range itself being looked up in the index."""

from collections.abc import Sequence

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("CREATE INDEX issues_latest ON consultation.issues (opened_at, id, community)")


def downgrade() -> None:
    op.execute("DROP INDEX consultation.issues_latest")
