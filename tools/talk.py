"""One caller speaking JSON to the running services: for the demo's loader and the self-checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from tools.children import StartError

JSON: TypeAlias = dict[str, Any]
TIMEOUT = httpx.Timeout(30.0, read=600.0, write=600.0)


class Refused(StartError):
    """A service did not do what it was asked; the text is its own answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Talk:
    """The services' base URLs, a token, and the client that carries the requests."""

    urls: Mapping[str, str]
    token: str
    client: httpx.Client

    def get(self, service: str, path: str, **query: str) -> JSON:
        """The JSON object of a GET; Refused with the service's words otherwise."""
        return _checked(self.client.get(self._url(service, path), params=query, headers=self._headers()))

    def post(self, service: str, path: str, body: object, key: str) -> JSON:
        """The JSON object of a POST with an idempotency key; Refused otherwise."""
        headers = {**self._headers(), "Idempotency-Key": key}
        return _checked(self.client.post(self._url(service, path), json=body, headers=headers))

    def stream(self, service: str, path: str, **query: str) -> bytes:
        """The whole body of a GET that is not JSON; Refused otherwise."""
        reply = self.client.get(self._url(service, path), params=query, headers=self._headers())
        _check(reply)
        return reply.content

    def _url(self, service: str, path: str) -> str:
        return f"{self.urls[service]}{path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def _check(reply: httpx.Response) -> None:
    if reply.is_error:
        request = f"{reply.request.method} {reply.request.url.path}"
        raise Refused(f"{request}: {reply.status_code} {reply.text[:2000]}", reply.status_code)


def _checked(reply: httpx.Response) -> JSON:
    _check(reply)
    body: JSON = reply.json()
    return body
