"""Sparse reads of consultation: what storage declares, and what only the pinned procedure can say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.consultation.domain import policy
from services.consultation.domain.issues import Event, Issue, Person, allowed
from services.consultation.domain.procedures import Procedure
from services.consultation.storage.reads import HISTORY, ISSUE, PINNED
from services.consultation.usecases.procedures import day_of
from services.kernel.policy import Citation
from services.runtime.auth import Caller
from services.runtime.selection import Ask, Build, Compute, Computed, Field, Grouped, Record, Rows

MOST_PINNED = 512
_NOBODY = UUID(int=0)
Json = Mapping[str, Any]


class Pins:
    """Pinned procedures met before, with the words of each ready to go out; a digest's body never changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Pinned] = {}

    async def of(self, ask: Ask, digests: Iterable[str]) -> Mapping[str, "Pinned"]:
        """The pinned procedures of these digests, cited from the documents of the process's packs."""
        packs = ask.state.packs
        wanted = set(digests)
        missing = [digest for digest in wanted if (packs.digest, digest) not in self._known]
        found = {digest: self._known[packs.digest, digest] for digest in wanted.difference(missing)}
        if missing:
            for digest, body in await ask.fetch(PINNED, {"digests": missing}):
                found[digest] = Pinned(policy.build(orjson.loads(body), packs.documents))
                while len(self._known) >= MOST_PINNED:
                    self._known.pop(next(iter(self._known)))
                self._known[packs.digest, digest] = found[digest]
        return found


class Pinned:
    """A procedure and its words in the form they go out in."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.states = {code: name.to_dict() for code, name in procedure.states.items()}
        self.steps = {step.code: step.name.to_dict() for step in procedure.steps}
        self.citations = {step.code: [cited(one) for one in step.citations] for step in procedure.steps}
        self.reference = {
            "code": procedure.code,
            "name": procedure.name.to_dict(),
            "pack": procedure.pack,
            "start": procedure.start,
            "digest": procedure.digest,
        }


def cited(citation: Citation) -> Json:
    """A citation as GraphQL names its members."""
    wire = citation.to_dict()
    return {"docNo": wire.pop("doc_no"), **wire}


def person(caller: Caller, community: str, who: Person) -> Json:
    """Who proposed or acted: the name only for a caller who writes this community's record, the kind for everyone."""
    name = who.name if caller.may("consultation.write", community) else None
    return {"kind": who.kind, "name": name, "anonymous": who.anonymous}


def proposer(ask: Ask, community: str, kind: str, name: str | None, anonymous: bool) -> Json:
    """The proposer of an issue, as the caller may see it."""
    return person(ask.caller, community, Person(kind, name, anonymous))


def days_open(ask: Ask, final: bool, opened_at: datetime) -> int | None:
    """Whole days since it was opened, by the day asked; None when no step follows."""
    return None if final else (ask.on - day_of(opened_at)).days


def steps_done(pinned: Pinned, history: Sequence[Sequence[Any]]) -> list[Json]:
    """The steps that happened, in order; no names of persons."""
    return [
        {
            "sequence": sequence, "step": step, "name": pinned.steps[step], "outcome": outcome or None,
            "actorKind": actor_kind, "at": at, "fromState": from_state, "toState": to_state,
            "citations": pinned.citations[step],
        }
        for sequence, step, outcome, actor_kind, at, from_state, to_state, _tier in zip(*history, strict=True)
    ]  # fmt: skip


def next_steps(pinned: Pinned, history: Sequence[Sequence[Any]]) -> list[Json]:
    """The steps that may be taken now, as the procedure says."""
    return [
        {
            "step": step.code,
            "name": pinned.steps[step.code],
            "actors": sorted(step.actors),
            "needs": step.needs,
            "outcomes": [outcome for outcome in step.outcomes if outcome],
            "side": step.side,
            "citations": pinned.citations[step.code],
        }
        for step in allowed(_walked(pinned.procedure, history), pinned.procedure)
    ]


def _walked(procedure: Procedure, history: Sequence[Sequence[Any]]) -> Issue:
    """An issue that has no more than the walk which decides about the steps that follow."""
    nobody = Person("")
    events = tuple(
        Event(_NOBODY, sequence, step, outcome, Person(actor), at, at, from_state, to_state, tier, {})
        for sequence, step, outcome, actor, at, from_state, to_state, tier in zip(*history, strict=True)
    )
    return Issue(_NOBODY, "", "", "", "", "", None, nobody, procedure.digest, history=events)


Say = Callable[["Pinned", Sequence[Any]], object]
_SAYS: Mapping[str, tuple[tuple[str, ...], Say]] = {
    "stateName": (("b.state",), lambda pinned, values: pinned.states[values[0]]),
    "stepName": (("b.step",), lambda pinned, values: pinned.steps[values[0]]),
    "procedure": ((), lambda pinned, _values: pinned.reference),
    "stepsDone": (HISTORY, steps_done),
    "nextSteps": (HISTORY, next_steps),
}
"""What each field needs beside the pinned procedure, and what it says of it."""


def saying(pins: Pins) -> Build:
    """The fields that the pinned procedure says, all of one read from one look at the procedures."""

    def build(names: tuple[str, ...], at: Mapping[str, int]) -> Compute:
        pinned_at = at["b.procedure"]
        parts = [(_SAYS[name][1], [at[need] for need in _SAYS[name][0]]) for name in names]

        def row(pinned: Pinned, record: Record) -> list[object]:
            return [say(pinned, [record[place] for place in places]) for say, places in parts]

        async def compute(ask: Ask, records: Rows) -> Sequence[Sequence[object]]:
            pinned = await pins.of(ask, {record[pinned_at] for record in records})
            return [row(pinned[record[pinned_at]], record) for record in records]

        return compute

    return build


def _fields() -> Mapping[str, Field]:
    build = saying(Pins())
    named = {name: Grouped(("b.procedure", *needs), build) for name, (needs, _) in _SAYS.items()}
    return {
        **ISSUE.fields,
        "daysOpen": Computed(("b.final", "b.opened_at"), days_open),
        "proposer": Computed(("b.community", "b.proposer_kind", "b.proposer_name", "b.proposer_anonymous"), proposer),
        **named,
    }


ISSUES = replace(ISSUE, fields=_fields())
ENTITIES = (ISSUES,)
