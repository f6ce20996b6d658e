"""A procedure as data: ordered steps between named states, who takes them, with what, on whose authority."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.kernel.policy import Citation, Text

Tier = Literal["community", "street"]

MARKS = ("adopted", "published", "implemented", "fed_back", "closed")  # what statistics count, whatever a city calls it
BEFORE = "@before"  # the state an issue was in before it was taken to the street


@dataclass(frozen=True, slots=True)
class Deadline:
    """Calendar days that must lie between an earlier step and this one; the last of them is enough."""

    after: str
    at_least_days: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `outcomes` maps each outcome to the state it leads to; a step without a choice has the outcome ""."""

    code: str
    name: Text
    sources: frozenset[str]
    outcomes: Mapping[str, str]
    actors: frozenset[str]
    needs: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    stage: int | None = None
    optional: bool = False
    side: bool = False
    back: bool = False
    session: bool = False
    marks: Mapping[str, str] = field(default_factory=dict)
    tier: Tier | None = None
    deadline: Deadline | None = None
    basis: str = "document"
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role in a session and the kinds of participants that fill it."""

    role: str
    name: Text
    kinds: frozenset[str]
    required: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """Who takes part: 3+X and its like."""

    pattern: str
    roles: tuple[Role, ...]
    citations: tuple[Citation, ...] = ()

    def role_of(self, kind: str) -> str | None:
        """The role a kind of participant has; None for a kind the pattern does not name."""
        return next((role.role for role in self.roles if kind in role.kinds), None)


@dataclass(frozen=True, slots=True)
class Test:
    """One ground of screening, and where to turn when it sends a topic away."""

    code: str
    name: Text
    redirect: Text | None = None


@dataclass(frozen=True, slots=True)
class Screening:
    """The screening rule; `accept` and `reject` are None when no document publishes their wording."""

    name: Text
    decided_by: str
    accept: tuple[Test, ...] | None
    reject: tuple[Test, ...] | None
    unpublished: Text | None = None
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """A version of a procedure, as pinned on an issue by its digest."""

    code: str
    name: Text
    pack: str
    city_pack: str
    start: date
    digest: str
    opening: str
    decision: str
    publication: str
    steps: tuple[Step, ...]
    states: Mapping[str, Text]
    final: frozenset[str]
    channels: Mapping[str, Text] = field(default_factory=dict)
    pattern: Pattern | None = None
    screening: Screening | None = None
    citations: tuple[Citation, ...] = ()

    def find(self, code: str) -> Step | None:
        """The step of that code; None when the procedure has none."""
        return next((step for step in self.steps if step.code == code), None)

    def step(self, code: str) -> Step:
        """The step of that code, which must exist (a recorded event names it)."""
        return next(step for step in self.steps if step.code == code)

    def after(self, state: str) -> tuple[Step, ...]:
        """The steps that may follow in a state, in the procedure's order."""
        return tuple(step for step in self.steps if state in step.sources)

    def session_step(self) -> Step | None:
        """The step that is held in a session; None when the procedure has none."""
        return next((step for step in self.steps if step.session), None)

    def path(self, state: str, target: Step) -> tuple[Step, ...] | None:
        """The shortest chain of ordinary steps from a state to where `target` may be taken; None when there is none.

        Side steps and steps back are no part of a path: nobody is told to withdraw in order to go on.
        """
        frontier: list[tuple[str, tuple[Step, ...]]] = [(state, ())]
        seen = {state}
        for here, chain in frontier:
            if here in target.sources:
                return chain
            for step in self.after(here):
                if step.side or step.back:
                    continue
                for reached in step.outcomes.values():
                    if reached not in seen:
                        seen.add(reached)
                        frontier.append((reached, (*chain, step)))
        return None

    def to_come(self, state: str) -> tuple[Step, ...]:
        """The ordinary steps still ahead on the shortest way to a final state, optional ones left out."""
        ends = [step for step in self.steps if not step.side and self.final.intersection(step.outcomes.values())]
        chains = [(*chain, end) for end in ends if (chain := self.path(state, end)) is not None]
        shortest = min(chains, key=len, default=())
        return tuple(step for step in shortest if not step.optional)
