"""Rows of the staffing schema as typed mappings; ranges are half-open, codes are compared byte by byte."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, MetaData, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class StaffingBase(DeclarativeBase):
    """Base of every row of the schema."""

    metadata = MetaData(schema="staffing")


CODE = Text(collation="C")


class DivisionRow(StaffingBase):
    """A division of town level or above from `start` on."""

    __tablename__ = "divisions"

    code: Mapped[str] = mapped_column(CODE, primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    unit_type: Mapped[str] = mapped_column(Text)
    ended: Mapped[bool] = mapped_column(server_default="false")
    source: Mapped[str] = mapped_column(Text, server_default="")


class CommunityRow(StaffingBase):
    """A grass-roots unit from `start` on; `ended` closes it."""

    __tablename__ = "communities"

    code: Mapped[str] = mapped_column(CODE, primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    unit_type: Mapped[str] = mapped_column(Text)
    urban_rural: Mapped[int | None] = mapped_column(SmallInteger)
    ended: Mapped[bool] = mapped_column(server_default="false")
    provenance: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, server_default="")


class CommunityMeasureRow(StaffingBase):
    """What is counted in a unit from `start` on; null = not stated here, the earlier figure holds."""

    __tablename__ = "community_measures"

    community: Mapped[str] = mapped_column(CODE, primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    resident_households: Mapped[int | None]
    registered_households: Mapped[int | None]
    resident_population: Mapped[int | None]
    urban_residents: Mapped[int | None]
    premises_sqm: Mapped[int | None] = mapped_column(comment="1/100 square metre")
    ground_floor_sqm: Mapped[int | None] = mapped_column(comment="1/100 square metre")
    provenance: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, server_default="")


class CountyColumnsRow(StaffingBase):
    """Derived: a county's communities and current measures as packed columns."""

    __tablename__ = "county_columns"
    __table_args__ = (
        {
            "comment": "Derived: the current knowledge of a county as packed columns, "
            "good for every day from valid_from on"
        },
    )

    county: Mapped[str] = mapped_column(CODE, primary_key=True)
    valid_from: Mapped[date]
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class ManagementRow(StaffingBase):
    """An authority runs a unit and everything below it."""

    __tablename__ = "managements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    authority: Mapped[str] = mapped_column(CODE)
    unit: Mapped[str] = mapped_column(CODE)
    unit_end: Mapped[str] = mapped_column(CODE)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    source: Mapped[str] = mapped_column(Text, server_default="")


class WorkerRow(StaffingBase):
    """A person as known during `recorded`."""

    __tablename__ = "workers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    sex: Mapped[str] = mapped_column(Text)
    birth_on: Mapped[date]
    education: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    entry_route: Mapped[str] = mapped_column(Text)
    community: Mapped[str] = mapped_column(CODE)
    provenance: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, server_default="")
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, primary_key=True)


class EmploymentRow(StaffingBase):
    """A stretch of service: valid from the day hired to the day left."""

    __tablename__ = "employments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    community: Mapped[str] = mapped_column(CODE)
    urban: Mapped[bool]
    in_state_establishment: Mapped[bool]
    part_time: Mapped[bool]
    subsidised: Mapped[bool]
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)


class AppointmentRow(StaffingBase):
    """A post held in a community."""

    __tablename__ = "appointments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    community: Mapped[str] = mapped_column(CODE)
    post: Mapped[str] = mapped_column(Text)
    full_time: Mapped[bool]
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)


class GradingRow(StaffingBase):
    """Tier and step of a worker."""

    __tablename__ = "gradings"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    community: Mapped[str] = mapped_column(CODE)
    tier: Mapped[str] = mapped_column(Text)
    step: Mapped[int] = mapped_column(SmallInteger)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)


class CertificateRow(StaffingBase):
    """A qualification of a worker."""

    __tablename__ = "certificates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    community: Mapped[str] = mapped_column(CODE)
    level: Mapped[str] = mapped_column(Text)
    issued_on: Mapped[date]
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)


class MembershipRow(StaffingBase):
    """A seat in a body of a community."""

    __tablename__ = "memberships"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    worker: Mapped[UUID]
    community: Mapped[str] = mapped_column(CODE)
    body: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
