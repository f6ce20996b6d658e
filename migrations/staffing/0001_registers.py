"""The registers of staffing: divisions, communities, measures, managements, workers and what they hold, in two times.

Big registers (divisions, communities, measures) are step histories: a row holds until the next row of its key, a
correction is a row with the same start and a later `recorded_at`. Small ones carry `valid` and `recorded` ranges, and
an exclusion constraint over a text range forbids overlaps of current knowledge without any extension.
"""

from collections.abc import Sequence

from alembic import op

from services.runtime.rls import region_policy_sql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEY = 'text COLLATE "C"'

TABLES = f"""
CREATE TABLE staffing.divisions (
    code {KEY} NOT NULL CHECK (code ~ '^[1-9][0-9]{{11}}$'),
    start date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    name text NOT NULL,
    level text NOT NULL CHECK (level IN ('province', 'city', 'county', 'town')),
    unit_type text NOT NULL,
    ended boolean NOT NULL DEFAULT false,
    source text NOT NULL DEFAULT '',
    PRIMARY KEY (code, start, recorded_at)
);

CREATE TABLE staffing.communities (
    code {KEY} NOT NULL,
    start date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('urban_community', 'converted_community', 'community', 'village')),
    unit_type text NOT NULL
        CHECK (unit_type IN ('residents_committee', 'residents_like', 'villagers_committee', 'villagers_like')),
    urban_rural smallint CHECK (urban_rural IN (111, 112, 121, 122, 123, 210, 220)),
    ended boolean NOT NULL DEFAULT false,
    provenance text NOT NULL,
    source text NOT NULL DEFAULT '',
    PRIMARY KEY (code, start, recorded_at)
);
CREATE INDEX communities_id ON staffing.communities (id);

CREATE TABLE staffing.community_measures (
    community {KEY} NOT NULL,
    start date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    resident_households integer CHECK (resident_households >= 0),
    registered_households integer CHECK (registered_households >= 0),
    resident_population integer CHECK (resident_population >= 0),
    urban_residents integer CHECK (urban_residents >= 0),
    premises_sqm integer CHECK (premises_sqm >= 0),
    ground_floor_sqm integer CHECK (ground_floor_sqm >= 0),
    provenance text NOT NULL,
    source text NOT NULL DEFAULT '',
    PRIMARY KEY (community, start, recorded_at)
);
COMMENT ON COLUMN staffing.community_measures.premises_sqm IS '1/100 square metre';
COMMENT ON COLUMN staffing.community_measures.ground_floor_sqm IS '1/100 square metre';

CREATE TABLE staffing.county_columns (
    county {KEY} PRIMARY KEY,
    valid_from date NOT NULL,
    packed bytea NOT NULL
);
COMMENT ON TABLE staffing.county_columns IS
    'Derived: the current knowledge of a county as packed columns, good for every day from valid_from on';
ALTER TABLE staffing.county_columns ALTER COLUMN packed SET STORAGE EXTERNAL;

CREATE TABLE staffing.managements (
    id uuid PRIMARY KEY,
    authority {KEY} NOT NULL,
    unit {KEY} NOT NULL,
    unit_end {KEY} NOT NULL,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    source text NOT NULL DEFAULT '',
    CONSTRAINT managements_one_authority EXCLUDE USING gist
        (staffing.textrange(unit, unit_end, '[)') WITH &&, valid WITH &&) WHERE (upper_inf(recorded))
);
CREATE INDEX managements_authority ON staffing.managements (authority);

CREATE TABLE staffing.workers (
    id uuid NOT NULL,
    number text NOT NULL,
    name text NOT NULL,
    sex text NOT NULL CHECK (sex IN ('female', 'male')),
    birth_on date NOT NULL,
    education text NOT NULL CHECK (education IN
        ('primary', 'junior_secondary', 'senior_secondary', 'college', 'bachelor', 'master', 'doctor')),
    category text NOT NULL CHECK (category IN
        ('full_time_community_worker', 'village_cadre', 'grid_member', 'public_welfare_post')),
    entry_route text NOT NULL CHECK (entry_route IN
        ('elected', 'openly_recruited', 'internal_transfer', 'selected_graduate')),
    community {KEY} NOT NULL,
    provenance text NOT NULL,
    source text NOT NULL DEFAULT '',
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CHECK (NOT isempty(recorded))
);
CREATE UNIQUE INDEX workers_current ON staffing.workers (id) WHERE upper_inf(recorded);
CREATE UNIQUE INDEX workers_number ON staffing.workers ((left(community, 6)), number) WHERE upper_inf(recorded);
CREATE INDEX workers_page ON staffing.workers (community, number, id);

CREATE TABLE staffing.employments (
    id uuid PRIMARY KEY,
    worker uuid NOT NULL,
    community {KEY} NOT NULL,
    urban boolean NOT NULL,
    in_state_establishment boolean NOT NULL,
    part_time boolean NOT NULL,
    subsidised boolean NOT NULL,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CONSTRAINT employments_one_at_a_time EXCLUDE USING gist
        (staffing.textrange(worker::text COLLATE "C", worker::text COLLATE "C", '[]') WITH &&, valid WITH &&)
        WHERE (upper_inf(recorded))
);
CREATE INDEX employments_worker ON staffing.employments (worker);
CREATE INDEX employments_community ON staffing.employments (community);

CREATE TABLE staffing.appointments (
    id uuid PRIMARY KEY,
    worker uuid NOT NULL,
    community {KEY} NOT NULL,
    post text NOT NULL CHECK (post IN ('secretary', 'director', 'deputy', 'member', 'staff')),
    full_time boolean NOT NULL,
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CONSTRAINT appointments_once EXCLUDE USING gist
        (staffing.textrange((worker::text || community || post) COLLATE "C",
                            (worker::text || community || post) COLLATE "C", '[]') WITH &&, valid WITH &&)
        WHERE (upper_inf(recorded))
);
CREATE INDEX appointments_worker ON staffing.appointments (worker);
CREATE INDEX appointments_community ON staffing.appointments (community, worker);

CREATE TABLE staffing.gradings (
    id uuid PRIMARY KEY,
    worker uuid NOT NULL,
    community {KEY} NOT NULL,
    tier text NOT NULL CHECK (tier IN ('both_posts', 'head', 'deputy', 'staff')),
    step smallint NOT NULL CHECK (step BETWEEN 1 AND 99),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CONSTRAINT gradings_one_at_a_time EXCLUDE USING gist
        (staffing.textrange(worker::text COLLATE "C", worker::text COLLATE "C", '[]') WITH &&, valid WITH &&)
        WHERE (upper_inf(recorded))
);
CREATE INDEX gradings_worker ON staffing.gradings (worker);
CREATE INDEX gradings_community ON staffing.gradings (community);

CREATE TABLE staffing.certificates (
    id uuid PRIMARY KEY,
    worker uuid NOT NULL,
    community {KEY} NOT NULL,
    level text NOT NULL CHECK (level IN ('junior', 'intermediate', 'senior')),
    issued_on date NOT NULL,
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL)
);
CREATE UNIQUE INDEX certificates_once ON staffing.certificates (worker, level) WHERE upper_inf(recorded);
CREATE INDEX certificates_community ON staffing.certificates (community);

CREATE TABLE staffing.memberships (
    id uuid PRIMARY KEY,
    worker uuid NOT NULL,
    community {KEY} NOT NULL,
    body text NOT NULL CHECK (body IN
        ('party_org', 'residents_committee', 'villagers_committee', 'supervision_committee')),
    role text NOT NULL CHECK (role IN ('secretary', 'deputy_secretary', 'director', 'deputy_director', 'member')),
    valid daterange NOT NULL CHECK (NOT isempty(valid)),
    recorded tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CONSTRAINT memberships_one_seat EXCLUDE USING gist
        (staffing.textrange((worker::text || community || body) COLLATE "C",
                            (worker::text || community || body) COLLATE "C", '[]') WITH &&, valid WITH &&)
        WHERE (upper_inf(recorded))
);
CREATE INDEX memberships_worker ON staffing.memberships (worker);
CREATE INDEX memberships_community ON staffing.memberships (community);
"""

REGIONS = {
    "communities": "code",
    "community_measures": "community",
    "county_columns": "county",
    "managements": "unit",
    "workers": "community",
    "employments": "community",
    "appointments": "community",
    "gradings": "community",
    "certificates": "community",
    "memberships": "community",
}


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table, column in REGIONS.items():
        for statement in region_policy_sql("staffing", table, column):
            op.execute(statement)


def downgrade() -> None:
    for table in [*reversed(REGIONS), "divisions"]:
        op.execute(f"DROP TABLE staffing.{table}")
