"""Runs, payslips by month, contribution bases and tax deductions.

A payslip is one wide row: amounts in the scheme's line order, facts packed into words; both orders are kept with the
attempt that made it. Bases and deductions are step histories in two times: a row holds from `start` until the next
row of its key, a correction is a row with the same start and a later `recorded_at`.
"""

from collections.abc import Sequence

from alembic import op

from services.runtime.idempotency import idempotency_sql
from services.runtime.rls import append_only_sql, region_policy_sql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEY = 'text COLLATE "C"'

TABLES = f"""
CREATE SEQUENCE payroll.attempt_numbers AS integer;
CREATE TABLE payroll.pack_snapshots (
    digest text PRIMARY KEY,
    files bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE payroll.payroll_runs (
    id uuid PRIMARY KEY,
    region {KEY} NOT NULL,
    region_lo {KEY} NOT NULL,
    region_hi {KEY} NOT NULL,
    managed boolean NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    known_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'calculated', 'checked', 'approved', 'paid', 'closed')),
    attempt smallint NOT NULL DEFAULT 0,
    attempt_number integer,
    pack_digest text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    checked_by text,
    approved_by text,
    workers integer NOT NULL DEFAULT 0,
    faulted integer NOT NULL DEFAULT 0,
    gross_fen bigint NOT NULL DEFAULT 0,
    employee_fen bigint NOT NULL DEFAULT 0,
    tax_fen bigint NOT NULL DEFAULT 0,
    employer_fen bigint NOT NULL DEFAULT 0,
    line_totals jsonb NOT NULL DEFAULT '[]',
    checks jsonb NOT NULL DEFAULT '{{}}',
    UNIQUE (month, region, managed),
    CHECK (made_by <> checked_by),
    CHECK (made_by <> approved_by)
);
CREATE TABLE payroll.run_attempts (
    number integer PRIMARY KEY,
    run uuid NOT NULL REFERENCES payroll.payroll_runs (id),
    attempt smallint NOT NULL,
    region_lo {KEY} NOT NULL,
    region_hi {KEY} NOT NULL,
    month date NOT NULL,
    known_at timestamptz NOT NULL,
    pack_digest text NOT NULL REFERENCES payroll.pack_snapshots (digest),
    schemes jsonb NOT NULL,
    layout jsonb NOT NULL,
    output_digest text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    UNIQUE (run, attempt)
);
CREATE TABLE payroll.run_faults (
    attempt_number integer NOT NULL REFERENCES payroll.run_attempts (number),
    worker uuid NOT NULL,
    community {KEY} NOT NULL,
    code text NOT NULL,
    zh text NOT NULL,
    en text NOT NULL,
    details jsonb NOT NULL DEFAULT '{{}}',
    PRIMARY KEY (attempt_number, worker)
);
CREATE TABLE payroll.payslips (
    id uuid NOT NULL,
    worker uuid NOT NULL,
    month date NOT NULL,
    attempt_number integer NOT NULL,
    gross_fen integer NOT NULL,
    net_fen integer NOT NULL,
    employer_cost_fen integer NOT NULL,
    scheme smallint NOT NULL,
    community {KEY} NOT NULL,
    amounts integer[] NOT NULL,
    facts integer[] NOT NULL,
    PRIMARY KEY (id, month)
) PARTITION BY RANGE (month);
COMMENT ON COLUMN payroll.payslips.amounts IS 'fen, in the line order of the attempt''s scheme';
COMMENT ON COLUMN payroll.payslips.facts IS 'packed words, in the attempt''s layout';
CREATE TABLE payroll.contribution_bases (
    worker uuid NOT NULL,
    scheme text NOT NULL CHECK (scheme IN ('social_insurance', 'housing_fund')),
    start date NOT NULL CHECK (extract(day FROM start) = 1),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    community {KEY} NOT NULL,
    base_fen integer CHECK (base_fen >= 0),
    rate smallint CHECK (rate BETWEEN 500 AND 1200),
    PRIMARY KEY (worker, scheme, start, recorded_at),
    CHECK ((scheme = 'housing_fund' AND base_fen IS NOT NULL) = (rate IS NOT NULL))
);
COMMENT ON COLUMN payroll.contribution_bases.rate IS '1/10000';
CREATE TABLE payroll.tax_deductions (
    worker uuid NOT NULL,
    kind text NOT NULL,
    start date NOT NULL CHECK (extract(day FROM start) = 1),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    community {KEY} NOT NULL,
    amount_fen integer CHECK (amount_fen >= 0),
    PRIMARY KEY (worker, kind, start, recorded_at)
);
"""

OPEN_MONTH = """
CREATE FUNCTION payroll.open_month(day date) RETURNS void
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
    IF to_regclass('payroll.' || name) IS NOT NULL THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE payroll.%I PARTITION OF payroll.payslips FOR VALUES FROM (%L) TO (%L)',
                   name, first, (first + interval '1 month')::date);
    EXECUTE format('REVOKE ALL ON payroll.%I FROM gongzhi_payroll', name);
    EXECUTE format('ALTER TABLE payroll.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE payroll.%I FORCE ROW LEVEL SECURITY', name);
END $$
"""

OVERLAP = "region_lo < NULLIF(current_setting('app.hi', true), '') AND region_hi > current_setting('app.lo', true)"
REGIONS = ("run_faults", "payslips", "contribution_bases", "tax_deductions")
OVERLAPPING = ("payroll_runs", "run_attempts")
APPEND_ONLY = ("pack_snapshots", "run_attempts", *REGIONS)


def upgrade() -> None:
    tables = [statement for statement in TABLES.split(";\n") if statement.strip()]
    for statement in [*tables, *idempotency_sql("payroll"), OPEN_MONTH, *_rights()]:
        op.execute(statement)


def _rights() -> list[str]:
    """Row-level security of every table with a region, and what the service's role may not do."""
    statements = [
        "REVOKE ALL ON FUNCTION payroll.open_month(date) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION payroll.open_month(date) TO gongzhi_payroll",
        "REVOKE DELETE, TRUNCATE ON payroll.payroll_runs FROM gongzhi_payroll",
    ]
    for table in REGIONS:
        statements += region_policy_sql("payroll", table)
    for table in OVERLAPPING:
        # a run is seen from any region it touches: a worker's own slip needs the state of the run that made it
        statements += [
            f"ALTER TABLE payroll.{table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE payroll.{table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY region ON payroll.{table} USING ({OVERLAP}) WITH CHECK ({OVERLAP})",
        ]
    for table in APPEND_ONLY:
        statements += append_only_sql("payroll", table)
    return statements


def downgrade() -> None:
    op.execute("DROP FUNCTION payroll.open_month(date)")
    for table in ("tax_deductions", "contribution_bases", "payslips", "run_faults", "run_attempts", "payroll_runs",
                  "pack_snapshots", "idempotency_keys"):  # fmt: skip
        op.execute(f"DROP TABLE payroll.{table}")
    op.execute("DROP SEQUENCE payroll.attempt_numbers")
