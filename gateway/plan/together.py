"""Requests that travel together: what is asked at the same moment, alike but for callers and keys.

Under load most of a small query's cost is its own way to a service and back. A moment is two turns of the event loop,
which is no time at all for a process with nothing to do: nobody waits for company, and who is alone then goes alone.
A page by region has no keys and always goes alone; so does what asks for many rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from gateway.ways import Ask, Reply
from services.runtime.client import ServiceError
from services.runtime.reads_shared import Answer, Unreadable, joined, parted

MOST_CALLERS = 32  # of a request; a service takes 64
MOST_ROWS = 512  # of a request with company, as far as its pages tell before it is answered
TURNS = 2  # of the event loop: the second lets in what came over the network while the first was worked on
SAME_TIME = 0.1  # seconds between the ends of requests that may travel together

Send: TypeAlias = Callable[[bytes, float], Awaitable[bytes]]
Member: TypeAlias = tuple[Ask, "asyncio.Future[Reply | None]"]


@dataclass(slots=True)
class Party:
    """Requests of one moment that ask the same of other keys, by caller; those of one caller are one."""

    ask: Ask
    end: float
    rows: int = 0
    callers: dict[str, list[Member]] = field(default_factory=dict)

    def takes(self, caller: str, rows: int, end: float) -> bool:
        """Whether one more request may come along."""
        return (
            self.rows + rows <= MOST_ROWS
            and abs(self.end - end) <= SAME_TIME
            and (caller in self.callers or len(self.callers) < MOST_CALLERS)
        )

    def join(self, caller: str, ask: Ask, rows: int) -> "asyncio.Future[Reply | None]":
        """One more; its own reply, or None when it has to ask alone."""
        self.rows += rows
        mine: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self.callers.setdefault(caller, []).append((ask, mine))
        return mine

    @property
    def alone(self) -> bool:
        """Whether nobody came along."""
        return len(self.callers) == 1 and len(next(iter(self.callers.values()))) == 1

    def body(self) -> bytes:
        """The text of one request for all of them, sent in the name of the first caller."""
        values: list[dict[str, Any]] = []
        for members in self.callers.values():
            values += self.ask.given(joined([ask.keys for ask, _ in members]))
        _, *others = self.callers
        told = b',"callers":' + orjson.dumps(others) if others else b""
        return self.ask.head + orjson.dumps(values) + told + b"}"

    def tell(self, reply: Reply) -> None:
        """Each its part; None to all of a caller when a refusal may be meant for one of them. Raises Unreadable."""
        count = len(self.ask.keys)
        if len(reply.answers) != count * len(self.callers):
            raise Unreadable
        parts: list[tuple[Member, Reply | None]] = []
        for at, members in enumerate(self.callers.values()):
            answers = reply.answers[at * count : (at + 1) * count]
            if len(members) == 1:
                parts.append((members[0], Reply(answers, reply.nulls)))
            elif any("error" in answer for answer in answers):
                parts += [(member, None) for member in members]
            else:
                parts += zip(members, shared(members, answers, nulls=reply.nulls), strict=True)
        for (_, waiting), one in parts:
            if not waiting.done():
                waiting.set_result(one)

    def fail(self, error: Exception | None) -> None:
        """What befell the request befell all in it; without an error whoever has no reply yet asks alone."""
        for members in self.callers.values():
            for _, waiting in members:
                if waiting.done():
                    continue
                if error is None:
                    waiting.set_result(None)
                else:
                    waiting.set_exception(error)


class Together:
    """The requests on their way out to one service."""

    def __init__(self) -> None:
        self.asks = 0
        self._leaving: dict[tuple[bytes, bytes], Party] = {}

    async def ask(self, caller: str, ask: Ask, end: float, send: Send) -> Reply:
        """The reply to a request, in company or alone. Raises Unreadable and what `send` raises.

        `caller` is a token, empty without one; `send` asks in the caller's name.
        """
        self.asks += 1
        rows = ask.rows
        if not caller or rows > MOST_ROWS or not ask.keyed:
            return reply_of(await send(ask.body(ask.keys), end))
        key = ask.head, orjson.dumps(ask.values)
        party = self._leaving.get(key)
        if party is not None and party.takes(caller, rows, end):
            reply = await party.join(caller, ask, rows)
        else:
            party = self._leaving[key] = Party(ask, end)
            mine = party.join(caller, ask, rows)
            reply = await mine if await self._led(key, party, send) else None
        return reply_of(await send(ask.body(ask.keys), end)) if reply is None else reply

    async def _led(self, key: tuple[bytes, bytes], party: Party, send: Send) -> bool:
        """Asks for all when the moment is over; False when there is nobody but the first."""
        try:
            try:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
            finally:  # whatever happens, nobody joins any more
                if self._leaving.get(key) is party:
                    del self._leaving[key]
            if party.alone:
                return False
            party.tell(reply_of(await send(party.body(), party.end)))
        except Exception as error:  # noqa: BLE001 - each of them is told, the first one among them
            refused = isinstance(error, ServiceError) and 400 <= error.status < 500  # perhaps for one of them alone
            party.fail(None if refused else error)
        except BaseException:  # the first one's client has gone: that is nothing to the others
            party.fail(None)
            raise
        return True


def reply_of(text: bytes) -> Reply:
    """A service's reply. Raises Unreadable."""
    try:
        answers = orjson.loads(text)["answers"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Unreadable from None
    if not isinstance(answers, list) or not all(isinstance(one, dict) for one in answers):
        raise Unreadable
    return Reply(answers, b"null" in text)


def shared(members: Sequence[Member], answers: Sequence[Answer], *, nulls: bool) -> list[Reply]:
    """Each one's part of what was asked for them as one. Raises Unreadable."""
    parts = parted([ask.keys for ask, _ in members], members[0][0].above, answers)
    return [Reply(part, nulls) for part in parts]
