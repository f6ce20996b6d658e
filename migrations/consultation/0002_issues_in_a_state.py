"""Issues of a community in one state, or not final, in the order of their lists: however many others there are."""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("CREATE INDEX issues_open ON consultation.issues (community, opened_at, id) WHERE NOT final")
    op.execute("CREATE INDEX issues_state ON consultation.issues (community, state, opened_at, id)")


def downgrade() -> None:
    op.execute("DROP INDEX consultation.issues_state")
    op.execute("DROP INDEX consultation.issues_open")
