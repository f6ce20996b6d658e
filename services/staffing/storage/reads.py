"""What may be read sparsely of communities and workers; each column means what the noun's own file in storage says."""
# ruff: noqa: S608 -- the statements are put together from this module's own names

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import orjson

from services.kernel.errors import Malformed
from services.kernel.period import completed_years
from services.kernel.region import parse, subtree
from services.runtime.reads_form import text_of
from services.runtime.rls import Scope, merge
from services.runtime.selection import (
    Ask,
    Column,
    Computed,
    Entity,
    Field,
    Given,
    Join,
    Lookup,
    Order,
    known_by,
    recorded_by,
)
from services.staffing.domain.communities import MEASURES
from services.staffing.domain.managements import Management, managed_area
from services.staffing.domain.moments import Area
from services.staffing.domain.workers import CERTIFICATES, POSTS
from services.staffing.storage.headcounts import COUNTED

SYNTHETIC = "synthetic"
AREAS = frozenset({"premises_sqm", "ground_floor_sqm"})


def camel(name: str) -> str:
    """`resident_households` as the wire writes it: `residentHouseholds`."""
    first, *more = name.split("_")
    return first + "".join(part.title() for part in more)


def _array(values: Sequence[str]) -> str:
    return f"ARRAY[{', '.join(repr(value) for value in values)}]"


def _best(values: Sequence[str], column: str, pick: str) -> str:
    """The first (min) or last (max) of a fixed order that a group holds; null for an empty group."""
    return f"({_array(values)})[{pick}(array_position({_array(values)}, {column}))]"


def standing(where: str, table: str = "communities") -> Callable[[Given], str]:
    """Units standing on the day: the last step of each, unless it ended the unit (as `communities.standing`)."""
    return lambda given: (
        f"(SELECT * FROM (SELECT DISTINCT ON (s.code) s.* FROM staffing.{table} s "
        f"WHERE {where} AND s.start <= :on::date AND {recorded_by('s.recorded_at', given)} "
        f"ORDER BY s.code {'DESC' if 'backward' in given else 'ASC'}, s.start DESC, s.recorded_at DESC) s "
        "WHERE NOT s.ended) c"
    )


async def region_ranges(ask: Ask, region: str | None) -> Sequence[tuple[str, str]]:
    """The range of codes below a division; those that the caller may see without one."""
    return _within(ask, ask.scope if region is None else (subtree(parse(region)),))


async def authority_ranges(ask: Ask, authority: str | None) -> Sequence[tuple[str, str]]:
    """The ranges of codes that an authority runs on the day."""
    code = parse(authority or "")
    known = known_by("m.recorded", frozenset({"known_at"} if ask.known_at else ()))
    rows = await ask.fetch(
        "SELECT m.authority, m.unit, lower(m.valid), upper(m.valid), m.source FROM staffing.managements m "
        f"WHERE m.authority = :authority::text AND m.valid @> :on::date AND {known} ORDER BY m.unit",
        {"authority": code, "on": ask.on, "known_at": ask.known_at},
    )
    return _within(ask, managed_area(code, [Management(*row) for row in rows]).ranges)


def _within(ask: Ask, ranges: Scope) -> Scope:
    """The part of disjoint ranges that lies in those of the argument `communities`, if it is given."""
    communities: Scope | None = ask.args.get("communities")  # type: ignore[assignment]
    return ranges if communities is None else Area(communities).cut(Area(ranges)).ranges


def subtrees(value: object) -> Scope:
    """The disjoint ranges of a list of division codes. Malformed `read.value`, `region.unreadable`."""
    if not isinstance(value, list):
        raise Malformed("read.value", "须为区划代码的列表", "must be a list of division codes")
    return merge([subtree(parse(text_of(code) or "")) for code in value])


def _stated(name: str) -> str:
    """The latest figure stated, as `measures.in_force` folds them; provenance and source are always stated."""
    stated = f" FILTER (WHERE m.{name} IS NOT NULL)" if name in MEASURES else ""
    return f"(array_agg(m.{name} ORDER BY m.start DESC, m.recorded_at DESC){stated})[1]"


_BY_CODE = (Order("code"),)
IN_RANGE = "s.code >= k.lo AND s.code < k.hi"
_UNITS = standing(IN_RANGE)
_COMMUNITY_LOOKUPS = {
    "code": Lookup(
        source="staffing.communities c",
        where=lambda given: f"c.code = k.key AND c.start <= :on::date AND {recorded_by('c.recorded_at', given)}",
        pick="c.start DESC, c.recorded_at DESC",
        kept="NOT b.ended",
    ),
    "id": Lookup(
        source=standing("s.code IN (SELECT o.code FROM staffing.communities o WHERE o.id = k.key)"),
        where="c.id = k.key",
        key="uuid",
        pick="c.code DESC",
    ),
    "region": Lookup(source=_UNITS, where="true", order=_BY_CODE, ranges=region_ranges),
    "authority": Lookup(source=_UNITS, where="true", order=_BY_CODE, ranges=authority_ranges),
}
_COMMUNITY_JOINS = {
    "m": Join(
        columns={name: _stated(name) for name in (*MEASURES, "provenance", "source")},
        sql=lambda given: (
            "SELECT {columns} FROM staffing.community_measures m "
            f"WHERE m.community = b.code AND m.start <= :on::date AND {recorded_by('m.recorded_at', given)}"
        ),
    ),
    "e": Join(
        columns={"ending": "min(n.start)"},
        sql=lambda given: (
            "SELECT {columns} FROM staffing.communities n "
            f"WHERE n.code = b.code AND n.start > :on::date AND {recorded_by('n.recorded_at', given)}"
        ),
    ),
    "h": Join(
        columns={
            "persons": "count(DISTINCT a.worker)",
            "full_time_persons": "count(DISTINCT a.worker) FILTER (WHERE a.full_time)",
            "posts": "count(*)",
            "full_time_posts": "count(*) FILTER (WHERE a.full_time)",
        },
        sql=lambda given: (
            "SELECT {columns} FROM staffing.appointments a JOIN staffing.workers w ON w.id = a.worker "
            f"WHERE a.community = b.code AND a.valid @> :on::date AND {known_by('a.recorded', given)} "
            f"AND {known_by('w.recorded', given)} AND w.category IN ({', '.join(repr(one) for one in COUNTED)})"
        ),
    ),
}


def _square_metres(_ask: Ask, hundredths: int | None) -> str | None:
    return None if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02d}"


def _measure(name: str) -> Field:
    return Computed((f"m.{name}",), _square_metres) if name in AREAS else Column(f"m.{name}")


_COMMUNITY_FIELDS: Mapping[str, Field] = {
    "id": Column("b.id::text"),
    **{camel(name): Column(f"b.{name}") for name in ("code", "name", "kind", "unit_type", "urban_rural")},
    "valid.start": Column("b.start"),
    "valid.end": Column("e.ending"),
    "provenance": Column("b.provenance"),
    "source": Column("b.source"),
    "synthetic": Column(f"(b.provenance = '{SYNTHETIC}' OR m.provenance IS NOT DISTINCT FROM '{SYNTHETIC}')"),
    **{f"measures.{camel(name)}": _measure(name) for name in (*MEASURES, "provenance", "source")},
    "measures.synthetic": Column(f"(m.provenance IS NOT DISTINCT FROM '{SYNTHETIC}')"),
    "residentHouseholds": Column("m.resident_households"),
    "registeredHouseholds": Column("m.registered_households"),
    "headcount": Column("h.persons"),
    **{
        f"headcounts.{camel(name)}": Column(f"h.{name}")
        for name in ("persons", "full_time_persons", "posts", "full_time_posts")
    },
}

COMMUNITY = Entity(
    name="community",
    permissions=("staffing.read",),
    columns={
        name: f"c.{name}"
        for name in (
            "id", "code", "name", "kind", "unit_type", "urban_rural", "start", "ended", "provenance", "source",
        )
    },
    lookups=_COMMUNITY_LOOKUPS,
    joins=_COMMUNITY_JOINS,
    fields=_COMMUNITY_FIELDS,
)  # fmt: skip


def _in_service(given: Given) -> str:
    return f"{known_by('w.recorded', given)} AND {known_by('s.recorded', given)}"


def _served_in_range(given: Given) -> str:
    return f"w.community >= k.lo AND w.community < k.hi AND s.valid @> :on::date AND {_in_service(given)}"


_BY_COMMUNITY = (Order("community"), Order("number"))
_SERVICE = "staffing.workers w JOIN staffing.employments s ON s.worker = w.id"
_WORKER_LOOKUPS = {
    "id": Lookup(
        source=_SERVICE,
        where=lambda given: f"w.id = k.key AND lower(s.valid) <= :on::date AND {_in_service(given)}",
        key="uuid",
        pick="lower(s.valid) DESC",
    ),
    "community": Lookup(
        source=_SERVICE,
        where=lambda given: f"w.community = k.key AND s.valid @> :on::date AND {_in_service(given)}",
        order=(Order("number"),),
    ),
    "region": Lookup(source=_SERVICE, where=_served_in_range, order=_BY_COMMUNITY, ranges=region_ranges),
    "authority": Lookup(source=_SERVICE, where=_served_in_range, order=_BY_COMMUNITY, ranges=authority_ranges),
}


def _held(community: str, full_time: str) -> str:
    """The posts held on the day, the members of each being named as the reader names them."""
    return (
        f"json_agg(json_build_object('{community}', a.community, 'post', a.post, '{full_time}', a.full_time, "
        "'start', COALESCE(lower(a.valid), :on::date), 'end', upper(a.valid)) ORDER BY a.community, a.post)::text"
    )


_WORKER_JOINS = {
    "a": Join(
        columns={
            "post": _best(POSTS, "a.post", "min"),
            "both": "COALESCE(bool_or(a.post = 'secretary') AND bool_or(a.post = 'director'), false)",
            "held": _held("communityCode", "fullTime"),
            "listed": _held("community", "full_time"),
        },
        sql=lambda given: (
            "SELECT {columns} FROM staffing.appointments a "
            f"WHERE a.worker = b.id AND a.valid @> :on::date AND {known_by('a.recorded', given)}"
        ),
    ),
    "g": Join(
        columns={"tier": "g.tier", "step": "g.step"},
        sql=lambda given: (
            "SELECT {columns} FROM staffing.gradings g "
            f"WHERE g.worker = b.id AND g.valid @> :on::date AND {known_by('g.recorded', given)} LIMIT 1"
        ),
    ),
    "q": Join(
        columns={"level": f"COALESCE({_best(CERTIFICATES, 'q.level', 'max')}, '{CERTIFICATES[0]}')"},
        sql=lambda given: (
            "SELECT {columns} FROM staffing.certificates q "
            f"WHERE q.worker = b.id AND q.issued_on <= :on::date AND {known_by('q.recorded', given)}"
        ),
    ),
}


def _posts(_ask: Ask, held: str | None) -> orjson.Fragment:
    return orjson.Fragment(held or "[]")


_PERSON = ("id", "number", "name", "sex", "education", "category", "entry_route", "provenance", "source")
_SERVED = ("urban", "in_state_establishment", "part_time", "subsidised")
_WORKER_FIELDS: Mapping[str, Field] = {
    "id": Column("b.id::text"),
    **{camel(name): Column(f"b.{name}") for name in (*_PERSON[1:], *_SERVED)},
    "communityCode": Column("b.community"),
    "age": Computed(("b.birth_on",), lambda ask, birth_on: completed_years(birth_on, ask.on)),
    "hiredOn": Column("b.hired_on"),
    "leftOn": Column("b.left_on"),
    "synthetic": Column(f"(b.provenance = '{SYNTHETIC}')"),
    "post": Column("a.post"),
    "holdsBothPosts": Column("a.both"),
    "appointments": Computed(("a.held",), _posts),
    "tier": Column("g.tier"),
    "step": Column("g.step"),
    "certificate": Column("q.level"),
}

WORKER = Entity(
    name="worker",
    permissions=("staffing.read",),
    columns={
        **{name: f"w.{name}" for name in (*_PERSON, "birth_on", "community")},
        **{name: f"s.{name}" for name in _SERVED},
        "hired_on": "lower(s.valid)",
        "left_on": "upper(s.valid)",
    },
    lookups=_WORKER_LOOKUPS,
    joins=_WORKER_JOINS,
    fields=_WORKER_FIELDS,
    args={"communities": subtrees},
)
LISTED_WORKER = replace(WORKER, fields={**_WORKER_FIELDS, "appointments": Computed(("a.listed",), _posts)})
"""A worker as REST lists one: the members of a post have REST's names."""
