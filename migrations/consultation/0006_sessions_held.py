"""Sessions of a community in the order of their lists."""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("CREATE INDEX sessions_held ON consultation.sessions (community, held_at, id)")


def downgrade() -> None:
    op.execute("DROP INDEX consultation.sessions_held")
