"""Workers and certificates by person also for reads as once known, which the partial indexes cannot serve."""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("CREATE INDEX workers_id ON staffing.workers (id)")
    op.execute("CREATE INDEX certificates_worker ON staffing.certificates (worker)")


def downgrade() -> None:
    op.execute("DROP INDEX staffing.certificates_worker")
    op.execute("DROP INDEX staffing.workers_id")
