"""Communities: the grass-roots units, their kinds, and the kind a code-book type stands for."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class CommunityKind(StrEnum):
    """What a grass-roots unit is; urban and converted communities together with plain ones are the communities."""

    URBAN = "urban_community"
    CONVERTED = "converted_community"
    COMMUNITY = "community"
    VILLAGE = "village"


SYNTHETIC = "synthetic"  # the provenance of generated rows

KINDS: tuple[str, ...] = tuple(kind.value for kind in CommunityKind)

UNIT_TYPES: tuple[str, ...] = ("residents_committee", "residents_like", "villagers_committee", "villagers_like")

URBAN_RURAL: tuple[int, ...] = (111, 112, 121, 122, 123, 210, 220)


@dataclass(frozen=True, slots=True)
class Measures:
    """What is counted in a community on a day; None where nothing was ever stated. Areas are in 1/100 sqm."""

    resident_households: int | None = None
    registered_households: int | None = None
    resident_population: int | None = None
    urban_residents: int | None = None
    premises_sqm: int | None = None
    ground_floor_sqm: int | None = None
    provenance: str | None = None
    source: str | None = None


MEASURES: tuple[str, ...] = (
    "resident_households",
    "registered_households",
    "resident_population",
    "urban_residents",
    "premises_sqm",
    "ground_floor_sqm",
)


@dataclass(frozen=True, slots=True)
class Community:
    """One unit as it stands on a day: `id` is the lineage (a converted village keeps it), `code` the division code."""

    id: UUID
    code: str
    name: str
    kind: CommunityKind
    unit_type: str
    urban_rural: int | None
    start: date
    end: date | None
    provenance: str
    source: str
    measures: Measures = Measures()

    @property
    def is_village(self) -> bool:
        """True for a village: norms of community workers do not speak of it."""
        return self.kind is CommunityKind.VILLAGE


def kind_of_type(unit_type: str) -> CommunityKind:
    """The kind a code-book type stands for; whether urban or converted cannot be read from it: `community`."""
    return CommunityKind.VILLAGE if unit_type.startswith("villagers") else CommunityKind.COMMUNITY
