"""Requests that travel together: what one caller asks in one turn of the event loop, alike but for its keys.

Under load most of a small query's cost is its own way to a service and back. Nobody waits for company: who is alone
when the turn ends goes alone. A page by region has no keys and always goes alone; so does what asks for many rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import orjson

MOST_ROWS = 512  # of a request with company, as far as its pages tell before it is answered
SAME_TIME = 0.1  # seconds between the ends of requests that may travel together

Answer: TypeAlias = dict[str, Any]
Send: TypeAlias = Callable[[bytes, float], Awaitable[bytes]]
Key: TypeAlias = tuple[str, bytes, bytes]


class Unreadable(Exception):
    """A reply that does not fit its request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answers of a request, one per read, and whether the whole text had any null."""

    answers: list[Answer]
    nulls: bool


@dataclass(slots=True)
class Ask:
    """A request: the same start each time, a value per read, and the keys of the reads that stand under no other."""

    head: bytes
    values: list[dict[str, Any]]
    keys: list[Sequence[Any] | None]
    above: list[int | None]  # the place of the read that a read stands under

    def body(self, keys: Sequence[Sequence[Any] | None]) -> bytes:
        """The request's text, for these keys."""
        given = [value if one is None else {**value, "keys": one} for value, one in zip(self.values, keys, strict=True)]
        return self.head + orjson.dumps(given) + b"}"

    @property
    def keyed(self) -> bool:
        """Whether every read has keys."""
        return all(keys is not None or above is not None for keys, above in zip(self.keys, self.above, strict=True))

    @property
    def rows(self) -> int:
        """How many rows it may bring at most."""
        found: list[int] = []
        for value, keys, above in zip(self.values, self.keys, self.above, strict=True):
            size: int = value.get("first") or value.get("last") or 1
            found.append(size * (found[above] if keys is None and above is not None else len(keys or ())))
        return sum(found)


class Way(Protocol):
    """The way to the sparse reads of one service under one caller's token."""

    def ask(self, ask: Ask, end: float) -> Awaitable[Reply]:
        """The reply of POST /v1/reads.

        Raises ServiceError, Unreadable, and TimeoutError at the `end` of the request's time.
        """


@dataclass(slots=True)
class Party:
    """One request and those that came in its turn."""

    first: Ask
    end: float
    rows: int
    others: list[tuple[Ask, asyncio.Future[Reply | None]]] = field(default_factory=list)

    def takes(self, rows: int, end: float) -> bool:
        """Whether one more request may come along."""
        return self.rows + rows <= MOST_ROWS and abs(self.end - end) <= SAME_TIME

    def join(self, ask: Ask, rows: int) -> asyncio.Future[Reply | None]:
        """One more; its own reply, or None when it has to ask alone."""
        self.rows += rows
        mine: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self.others.append((ask, mine))
        return mine

    def body(self) -> bytes:
        """The text of one request for all of them."""
        asks = [self.first, *[ask for ask, _ in self.others]]
        together = zip(*[ask.keys for ask in asks], strict=True)
        return self.first.body([None if one[0] is None else [key for keys in one for key in keys] for one in together])

    def told(self, reply: Reply) -> Reply | None:
        """The first one's part; the others get theirs. None, for all, when a refusal may be meant for one alone."""
        if any("error" in answer for answer in reply.answers):
            self.leave()
            return None
        if len(reply.answers) != len(self.first.keys):
            raise Unreadable
        taken = [0] * len(reply.answers)
        mine = part(self.first, reply, taken)
        parts = [part(ask, reply, taken) for ask, _ in self.others]
        if taken != [len(listed(answer)[1]) for answer in reply.answers]:
            raise Unreadable
        for (_, waiting), one in zip(self.others, parts, strict=True):
            if not waiting.done():
                waiting.set_result(one)
        return mine

    def leave(self) -> None:
        """Whoever has no reply yet asks alone."""
        for _, waiting in self.others:
            if not waiting.done():
                waiting.set_result(None)

    def fail(self, error: Exception) -> None:
        """What befell the request befell all in it."""
        for _, waiting in self.others:
            if not waiting.done():
                waiting.set_exception(error)


class Together:
    """The requests on their way out to one service."""

    def __init__(self) -> None:
        self._leaving: dict[Key, Party] = {}

    async def ask(self, caller: str, ask: Ask, end: float, send: Send) -> Reply:
        """The reply to a request, in company or alone. Raises Unreadable and what `send` raises."""
        rows = ask.rows
        if rows > MOST_ROWS or not all(
            keys or above is not None for keys, above in zip(ask.keys, ask.above, strict=True)
        ):
            return reply_of(await send(ask.body(ask.keys), end))
        key = caller, ask.head, orjson.dumps(ask.values)
        party = self._leaving.get(key)
        if party is not None and party.takes(rows, end):
            reply = await party.join(ask, rows)
        else:
            party = self._leaving[key] = Party(ask, end, rows)
            reply = await self._led(key, party, send)
        return reply_of(await send(ask.body(ask.keys), end)) if reply is None else reply

    async def _led(self, key: Key, party: Party, send: Send) -> Reply | None:
        """The first one's reply, asked for when all tasks of this turn have had theirs; None to ask alone."""
        try:
            await asyncio.sleep(0)
            if self._leaving.get(key) is party:
                del self._leaving[key]
            if not party.others:
                return None
            return party.told(reply_of(await send(party.body(), party.end)))
        except Exception as error:
            party.fail(error)
            raise
        except BaseException:  # the first one's client has gone: that is nothing to the others
            party.leave()
            raise


def reply_of(text: bytes) -> Reply:
    """A service's reply. Raises Unreadable."""
    try:
        answers = orjson.loads(text)["answers"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Unreadable from None
    if not isinstance(answers, list) or not all(isinstance(one, dict) for one in answers):
        raise Unreadable
    return Reply(answers, b"null" in text)


def listed(answer: Answer) -> tuple[str, list[Any]]:
    """What an answer holds, one per key: rows or pages. Raises Unreadable."""
    for name in ("rows", "pages"):
        found = answer.get(name)
        if isinstance(found, list):
            return name, found
    raise Unreadable


def part(ask: Ask, reply: Reply, taken: list[int]) -> Reply:
    """One request's part of a reply for several; `taken` is how many of each read's answers went before."""
    mine: list[Answer] = []
    for at, (keys, above) in enumerate(zip(ask.keys, ask.above, strict=True)):
        name, found = listed(reply.answers[at])
        count = len(keys) if keys is not None else 0 if above is None else rows_in(mine[above])
        mine.append({name: found[taken[at] : taken[at] + count]})
        taken[at] += count
    return Reply(mine, reply.nulls)


def rows_in(answer: Answer) -> int:
    """How many keys an answer gives to what stands under it. Raises Unreadable."""
    name, found = listed(answer)
    if name == "rows":
        return len(found)
    try:
        return sum(len(page["rows"]) for page in found if page is not None)
    except (KeyError, TypeError):
        raise Unreadable from None
