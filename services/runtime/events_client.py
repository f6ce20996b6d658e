"""How a process reads another's events: pages, and the stream with its places to resume from."""

import copy
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
from pydantic import ValidationError

from services.runtime.client import Params, ServiceClient, ServiceError
from services.runtime.events_schemas import EventOut, EventPageOut

STREAM = "text/event-stream"
MOST_BYTES = 1024 * 1024  # of one event
QUIET_S = 45.0  # three heartbeats


@dataclass(frozen=True)
class Followed:
    """What a stream says: an event, or only (a heartbeat) the place up to which there is none."""

    sequence: str
    event: EventOut | None = None


@dataclass(frozen=True)
class Message:
    """One message of an event stream (HTML, 9.2): its name, its last id so far, its data."""

    name: str
    id: str
    data: str


class Unreadable(Exception):
    """A stream that is not one, or an event of more than a megabyte."""


class Reader:
    """Cuts the bytes of an event stream into messages, those without data included."""

    def __init__(self) -> None:
        self._left = b""
        self._id = ""
        self._name = ""
        self._data: list[str] = []

    def read(self, chunk: bytes) -> list[Message]:
        """The messages that are complete with this chunk. Raises Unreadable."""
        lines = (self._left + chunk).split(b"\n")
        self._left = lines.pop()
        found = []
        for line in lines:
            text = line.decode("utf-8", "replace").removesuffix("\r")
            if text:
                self._field(text)
            else:
                found.append(Message(self._name, self._id, "\n".join(self._data)))
                self._name, self._data = "", []
        if len(self._left) + sum(map(len, self._data)) > MOST_BYTES:
            raise Unreadable("an event is larger than a megabyte")
        return found

    def _field(self, text: str) -> None:
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value
        elif name == "event":
            self._name = value


class EventsClient(ServiceClient):
    """A service's client that can read its events; streams want an instance of their own, with room for them."""

    async def events(self, params: Params | None = None) -> EventPageOut:
        """A page of committed events: `after`, `type`, `subject`, `region`, `limit`."""
        return EventPageOut.model_validate(await self.get("/v1/events", params))

    async def follow(self, params: Params | None = None) -> AsyncGenerator[Followed, None]:
        """Events as they are committed, from now or `after` a sequence, until the service ends the stream.

        ServiceError when it is refused, breaks off, cannot be read, or says nothing for 45 seconds.
        """
        view = copy.copy(self)
        view._headers = {**self._headers, "Accept": STREAM}
        reader = Reader()
        try:
            async with view.stream("/v1/events", params, QUIET_S) as chunks:
                async for chunk in chunks:
                    for message in reader.read(chunk):
                        if message.name in {"", "message"} and message.id:
                            yield Followed(message.id, _event(message.data))
        except (Unreadable, ValidationError, httpx.HTTPError) as error:
            raise self._bad_reply(200) from error


def _event(data: str) -> EventOut | None:
    return EventOut.model_validate_json(data) if data else None


def refused(error: ServiceError) -> bool:
    """Whether asking again as before would be refused again."""
    return 400 <= error.status < 500
