"""A month is opened beside its readers: the table of its payslips is made apart, then attached.

Made as a partition at once, it kept every payslip from being read until the month's first run had ended.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AT_ONCE = """
    EXECUTE format('CREATE TABLE payroll.%I PARTITION OF payroll.payslips FOR VALUES FROM (%L) TO (%L)',
                   name, first, (first + interval '1 month')::date);"""
APART = """
    EXECUTE format('CREATE TABLE payroll.%I (LIKE payroll.payslips INCLUDING ALL)', name);"""
ATTACHED = """
    EXECUTE format('ALTER TABLE payroll.payslips ATTACH PARTITION payroll.%I FOR VALUES FROM (%L) TO (%L)',
                   name, first, (first + interval '1 month')::date);"""


def open_month(made: str, attached: str = "") -> str:
    """The statement that defines how a month is opened; `made` and `attached` stand before and after its rights."""
    return f"""
CREATE OR REPLACE FUNCTION payroll.open_month(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    name text := 'payslips_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('payroll.' || name) IS NOT NULL THEN RETURN; END IF;
    IF first NOT BETWEEN DATE '2018-01-01' AND DATE '2099-12-01' THEN
        RAISE EXCEPTION 'no payslips for %', first;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('payroll.open_month'));
    IF to_regclass('payroll.' || name) IS NOT NULL THEN RETURN; END IF;{made}
    EXECUTE format('REVOKE ALL ON payroll.%I FROM gongzhi_payroll', name);
    EXECUTE format('ALTER TABLE payroll.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE payroll.%I FORCE ROW LEVEL SECURITY', name);{attached}
END $$
"""


def upgrade() -> None:
    op.execute(open_month(APART, ATTACHED))


def downgrade() -> None:
    op.execute(open_month(AT_ONCE))
