"""Sparse reads of payroll: what storage declares, money as it goes out, the scheme's words, and explanations."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import DomainError
from services.kernel.money import yuan
from services.payroll.domain.pay_schemes import Line, Scheme, parse_schemes
from services.payroll.domain.payslip_ids import month_of
from services.payroll.storage.payslips import not_found
from services.payroll.storage.reads import NEWEST, PAYSLIP, SCHEMES, limits
from services.payroll.usecases.payslips import ReadPayslip, Rederived, read_many, rederive
from services.runtime.packs import Packs
from services.runtime.problem import status_of
from services.runtime.reads_pool import ReadPool
from services.runtime.rls import Scope
from services.runtime.selection import Ask, Build, Compute, Computed, Field, Grouped, Lookup, Rows

MOST_ATTEMPTS = 4096
MOST_SCOPES = 4096

Outcome: TypeAlias = Rederived | DomainError
Turns: TypeAlias = AsyncGenerator[Mapping[str, object], None]
Json: TypeAlias = dict[str, Any]
Shown: TypeAlias = tuple["ShownScheme", ...]


class ShownScheme:
    """A scheme's words in the form they go out in."""

    __slots__ = ("_paid", "basis", "label", "name")

    def __init__(self, scheme: Scheme) -> None:
        self.name = scheme.name
        self.basis = scheme.basis
        self.label = scheme.label.to_dict()
        self._paid = f"[{','.join(_unpaid(line) for line in scheme.lines)}]"

    def paid(self, amounts: Sequence[int]) -> orjson.Fragment:
        """The lines with their amounts in fen, in the scheme's order."""
        return orjson.Fragment(self._paid % tuple(map(yuan, amounts)))


def _unpaid(line: Line) -> str:
    """A line's JSON with `%s` where its amount belongs: all payslips of a scheme differ in no more."""
    words = {"code": line.code, "kind": line.kind.value, "label": line.label.to_dict()}
    return orjson.dumps(words).decode().replace("%", "%%")[:-1] + ',"amount":"%s"}'


class Attempts:
    """The schemes of attempts met before, by data base; an attempt's schemes never change."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[ReadPool, dict[int, Shown]] = WeakKeyDictionary()

    async def of(self, ask: Ask, numbers: Iterable[int]) -> Mapping[int, Shown]:
        """The schemes of these attempts, in each attempt's own order."""
        known = self._known.setdefault(ask.state.read_pool, {})
        wanted = set(numbers)
        found = {number: known[number] for number in wanted if number in known}
        missing = wanted - found.keys()
        if missing:
            for number, schemes in await ask.fetch(SCHEMES, {"numbers": list(missing)}):
                found[number] = tuple(ShownScheme(one) for one in parse_schemes(orjson.loads(schemes)))
            if len(known) + len(missing) > MOST_ATTEMPTS:
                known.clear()
            known |= {number: found[number] for number in missing}
        return found


def _money(_ask: Ask, fen: int) -> str:
    return yuan(fen)


@lru_cache(maxsize=1024)
def _shown(first: date) -> str:
    return first.isoformat()[:7]


def _month(_ask: Ask, first: date) -> str:
    return _shown(first)


_WORDS: Mapping[str, Callable[[ShownScheme, Sequence[int]], object]] = {
    "scheme": lambda scheme, _amounts: scheme.name,
    "schemeLabel": lambda scheme, _amounts: scheme.label,
    "basis": lambda scheme, _amounts: scheme.basis,
    "lines": ShownScheme.paid,
}


def worded(attempts: Attempts) -> Build:
    """The fields that a payslip's scheme says, all of one read from one look at the attempts."""

    def build(names: tuple[str, ...], at: Mapping[str, int]) -> Compute:
        number_at, scheme_at = at["b.attempt_number"], at["b.scheme"]
        amounts_at = at.get("b.amounts", scheme_at)  # amounts are read for `lines` only
        says = [_WORDS[name] for name in names]

        async def compute(ask: Ask, records: Rows) -> Sequence[Sequence[object]]:
            shown = await attempts.of(ask, {record[number_at] for record in records})
            schemes = [shown[record[number_at]][record[scheme_at]] for record in records]
            return [
                [say(scheme, record[amounts_at]) for say in says]
                for scheme, record in zip(schemes, records, strict=True)
            ]

        return compute

    return build


def explained(names: tuple[str, ...], at: Mapping[str, int]) -> Compute:
    """The fields that only a payslip derived again can tell; errors as of `rederive`.

    With `refused` among them a payslip that cannot be derived has its reason there and null elsewhere.
    """
    id_at = at["b.id"]
    says = [_PROVEN[name] for name in names]

    async def compute(ask: Ask, records: Rows) -> Sequence[Sequence[object]]:
        rows = []
        for again in await _derived(ask, [record[id_at] for record in records]):
            if isinstance(again, DomainError) and "refused" not in names:
                raise again
            rows.append([say(again) for say in says])
        return rows

    return compute


async def _derived(ask: Ask, identifiers: Sequence[UUID]) -> list[Outcome]:
    async with ask.state.database.transaction(ask.scope, read_only=True) as session:
        slips = {slip.stored.id: slip for slip in await read_many(session, identifiers)}
        return [await _outcome(session, ask.state.packs, slips.get(one)) for one in identifiers]


async def _outcome(session: AsyncSession, packs: Packs, slip: ReadPayslip | None) -> Outcome:
    try:
        if slip is None:  # superseded between two statements
            raise not_found()
        return await rederive(session, packs, slip)
    except DomainError as error:
        return error


def _matches(again: Outcome) -> bool | None:
    return None if isinstance(again, DomainError) else again.matches


def _refused(again: Outcome) -> Json | None:
    if isinstance(again, DomainError):
        return {"status": status_of(again), "code": again.code, "zh": again.zh, "en": again.en}
    return None


def _explanations(again: Outcome) -> Json | None:
    if isinstance(again, DomainError):
        return None
    return {paid.line.code: _named(paid.explanation.to_dict()) for paid in again.payslip.lines}


def _named(tree: Json) -> Json:
    """An explanation with its citations as GraphQL names their members."""
    citations = [{**one, "docNo": one["doc_no"]} for one in tree["citations"]]
    return {**tree, "citations": citations, "inputs": [_named(one) for one in tree["inputs"]]}


_PROVEN: Mapping[str, Callable[[Outcome], object]] = {
    "matches": _matches,
    "explanations": _explanations,
    "refused": _refused,
}


class Newest:
    """The newest month with a run, as last seen, by data base and regions: where a latest payslip is looked for first.

    A month remembered is only a guess: the statement finds nothing under it once a newer one has a run.
    """

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[ReadPool, dict[Scope, date]] = WeakKeyDictionary()

    async def stages(self, ask: Ask, _keys: Sequence[str]) -> Turns:
        """The month asked; else the newest, then all older ones. A worker's own view is one look: see `limits`."""
        if "month" in ask.args or limits(ask.caller):
            yield {}
            return
        seen = self._seen.setdefault(ask.state.read_pool, {})
        guess = seen.get(ask.scope)
        if guess is not None:
            yield {"newest": guess}
        months = await ask.fetch(NEWEST, {})
        if not months:
            return
        newest: date = months[0][0]
        if newest != guess:
            if len(seen) >= MOST_SCOPES:
                seen.clear()
            seen[ask.scope] = newest
            yield {"newest": newest}
        yield {"older": newest}


async def in_their_month(_ask: Ask, keys: Sequence[str]) -> Turns:
    """The one month of all these payslips, when they have one: then no other is opened."""
    try:
        months = {month_of(UUID(key)) for key in keys}
    except ValueError:  # no identifiers: the data base says which
        months = set()
    (month,) = months if len(months) == 1 else (None,)
    yield {} if month is None else {"own_month": month.first}


def _fields() -> Mapping[str, Field]:
    build = worded(Attempts())
    words = {
        name: Grouped(("b.attempt_number", "b.scheme", *(["b.amounts"] if name == "lines" else [])), build)
        for name in _WORDS
    }
    return {
        **PAYSLIP.fields,
        "month": Computed(("b.month",), _month),
        "gross": Computed(("b.gross_fen",), _money),
        "net": Computed(("b.net_fen",), _money),
        "employerCost": Computed(("b.employer_cost_fen",), _money),
        **words,
        **{name: Grouped(("b.id",), explained) for name in _PROVEN},
    }


def _lookups() -> Mapping[str, Lookup]:
    stages = {"worker": Newest().stages, "id": in_their_month}
    return {name: replace(lookup, stages=stages[name]) for name, lookup in PAYSLIP.lookups.items()}


PAYSLIPS = replace(PAYSLIP, fields=_fields(), lookups=_lookups())
ENTITIES = (PAYSLIPS,)
