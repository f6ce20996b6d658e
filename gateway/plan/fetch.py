"""The reads of a plan asked: one request for each service and level, as soon as what it depends on is there."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from gateway.errors import GatewayError
from gateway.plan.reads import BadAnswer, ColumnOf, Found, Read, Values
from gateway.services import refusal, unavailable
from gateway.ways import Ask, Way
from services.runtime.client import ServiceError
from services.runtime.log import log
from services.runtime.reads_shared import Unreadable

Marks: TypeAlias = tuple[tuple[int, bool], ...]  # the reads of one request, and which look beyond their cursors
MOST_HEADS = 32


@dataclass(frozen=True, slots=True)
class Group:
    """The reads that go in one request: of a service and a level, and the requests whose answers they wait for."""

    service: str
    level: int
    reads: tuple[Read, ...]
    within: frozenset[int]
    above: tuple[int, ...]
    heads: dict[Marks, bytes] = field(default_factory=dict)

    def head(self, marks: Marks) -> bytes:
        """The start of a request's text: all of its reads but for their values. The same bytes each time."""
        head = self.heads.get(marks)
        if head is None:
            if len(self.heads) >= MOST_HEADS:
                self.heads.clear()
            head = self.heads[marks] = orjson.dumps({"reads": self.forms(marks)})[:-1] + b',"values":'
        return head

    def forms(self, marks: Marks) -> list[dict[str, Any]]:
        """The reads on the wire without values."""
        places = {index: place for place, (index, _) in enumerate(marks)}
        forms = []
        for one in self.reads:
            if one.index in places:
                form, keys = one.form(beyond=marks[places[one.index]][1]), one.question.keys
                if isinstance(keys, ColumnOf) and keys.read in self.within:
                    form["under"], form["source"] = places[keys.read], keys.column
                forms.append(form)
        return forms


Groups: TypeAlias = Sequence[Group]


@dataclass(slots=True)
class Fetch:
    """The reads of one plan in one request: what was found, and the refusals of what failed.

    `end` is when the request's time is over, in the event loop's seconds.
    """

    reads: Sequence[Read]
    groups: Groups
    values: Values
    ways: Mapping[str, Way]
    end: float
    found: list[Found] = field(init=False)
    failed: dict[int, GatewayError] = field(default_factory=dict)
    asked: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.found = [{} for _ in self.reads]

    @property
    def clean(self) -> bool:
        """Whether the fast builder may answer: nothing failed, no compulsory row is missing, every id is ours."""
        if self.failed:
            return False
        for value in self.values:
            if isinstance(value, GatewayError):
                return False
        return all(not one.compulsory or None not in self.found[one.index].values() for one in self.reads)

    async def run(self) -> None:
        """Ask everything; requests of one level go out together. Raises Unplanned, TimeoutError.

        The last request, and what it alone waits for, need no task of their own.
        """
        if not self.groups:
            return
        *others, last = range(len(self.groups))
        try:
            for at in others:
                self.asked[at] = asyncio.ensure_future(self.group(self.groups[at]))
            await self.group(self.groups[last])
            for task in self.asked.values():
                await task
        finally:
            for task in self.asked.values():
                if not task.cancel() and not task.cancelled():
                    task.exception()  # told by whoever met it first

    async def group(self, group: Group) -> None:
        """One request, once the reads it takes its keys from are answered."""
        for one in group.above:
            await self.asked[one]
        sent = self.sent(group)
        if sent:
            await self.ask(group, sent)

    async def ask(self, group: Group, sent: Mapping[int, Sequence[Any] | None]) -> None:
        """One request and its answers. Raises Unplanned, TimeoutError."""
        try:
            reply = await self.ways[group.service].ask(self.request(group, sent), self.end)
        except ServiceError as error:
            self.fail(sent, refusal(error))
            return
        except Unreadable:
            self.lost(group, sent)
            return
        try:
            answers = dict(zip(sent, reply.answers, strict=True))
            for index in answers:
                self.take(self.reads[index], sent[index], answers, nulls=reply.nulls)
        except (KeyError, TypeError, ValueError):
            self.lost(group, sent)

    def sent(self, group: Group) -> dict[int, Sequence[Any] | None]:
        """The reads of a request, each with its keys, or None when another read of the request gives them.

        A read without keys is left out, and what stands under it.
        """
        sent: dict[int, Sequence[Any] | None] = {}
        for one in group.reads:
            window = one.question.window
            refused = None if window is None else self.values[window]
            if isinstance(refused, GatewayError):
                self.failed[one.index] = refused
            elif one.parent in group.within:
                if one.parent in sent:
                    sent[one.index] = None
            elif keys := self.keys(one):
                sent[one.index] = keys
        return sent

    def keys(self, one: Read) -> list[Any]:
        """The keys of a read that stands under no other of its request. Raises Unplanned."""
        keys = one.question.keys
        if isinstance(keys, ColumnOf):
            return self.reads[keys.read].column_of(keys.column, self.found[keys.read])
        return one.keys(self.values)

    def request(self, group: Group, sent: Mapping[int, Sequence[Any] | None]) -> Ask:
        """The reads as they go out. Raises Unplanned."""
        marks, values, asked, above = [], [], [], []
        places = {index: place for place, index in enumerate(sent)}
        for index, keys in sent.items():
            one = self.reads[index]
            values.append(one.given(self.values))
            asked.append(keys if one.question.by is not None else None)
            above.append(None if keys is not None or one.parent is None else places[one.parent])
            marks.append((index, one.beyond(self.values)))
        return Ask(group.head(tuple(marks)), values, asked, above)

    def take(
        self, one: Read, given: Sequence[Any] | None, answers: Mapping[int, Mapping[str, Any]], *, nulls: bool
    ) -> None:
        """Keep one answer by key, or its refusal; what stands under a failed read has no answer."""
        service, answer, keys = one.question.service, answers[one.index], one.question.keys
        if given is None and isinstance(keys, ColumnOf):
            if keys.read in self.failed:
                self.failed[one.index] = self.failed[keys.read]
                return
            given = self.reads[keys.read].aligned(keys.column, answers[keys.read])
        if "error" in answer:
            self.failed[one.index] = refusal(told(service, answer["error"]))
            return
        try:
            self.found[one.index] = one.answer(answer, given or (), nulls=nulls)
        except BadAnswer:
            log.error("upstream.unreadable", service=service, entity=one.question.entity)
            self.failed[one.index] = unavailable(service)

    def lost(self, group: Group, sent: Iterable[int]) -> None:
        """A reply that cannot be read is an absence."""
        log.error("upstream.unreadable", service=group.service)
        self.fail(sent, unavailable(group.service))

    def fail(self, sent: Iterable[int], refused: GatewayError) -> None:
        """Every read of a request is refused."""
        for index in sent:
            self.failed[index] = refused


def groups(reads: Sequence[Read]) -> Groups:
    """The requests of a plan, each after those it waits for."""
    keys = sorted({(one.level, one.question.service) for one in reads})
    place = {key: at for at, key in enumerate(keys)}
    made = []
    for at, (level, service) in enumerate(keys):
        mine = tuple(one for one in reads if (one.level, one.question.service) == (level, service))
        parents = [reads[one.parent] for one in mine if one.parent is not None]
        above = {place[one.level, one.question.service] for one in parents} - {at}
        made.append(Group(service, level, mine, frozenset(one.index for one in mine), tuple(sorted(above))))
    return made


def told(service: str, error: Mapping[str, Any]) -> ServiceError:
    """A read's refusal as the service told it."""
    return ServiceError(service, int(error["status"]), str(error["code"]), str(error["zh"]), str(error["en"]))
