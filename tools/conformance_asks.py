"""Asking the running system: one HTTP request per check, with the values saved from earlier answers put in."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import httpx

from tools.conformance_paths import ABSENT, holds, look
from tools.conformance_rows import Check

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SPREAD = re.compile(r"\$\{\*(\w+)\}")
_TIMEOUT = httpx.Timeout(60.0, connect=3.0)


class NotAnswered(Exception):
    """The system could not be asked at all: which service, and why."""


@dataclass(slots=True)
class Asker:
    """Asks services under their base URLs with a token of the role and region each check names."""

    urls: Mapping[str, str]
    token_for: Callable[[str, str], str]
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    transport: httpx.BaseTransport | None = None
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _client: httpx.Client | None = None

    def __enter__(self) -> Self:
        self._client = httpx.Client(timeout=_TIMEOUT, transport=self.transport, trust_env=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def start_variables(self) -> dict[str, object]:
        """What every row may put into its asks: the run's own mark, the day and the instant of asking."""
        now = datetime.now(UTC)
        return {"run": self.run, "today": now.date().isoformat(), "now": now.isoformat()}

    def wrong(self, check: Check, variables: dict[str, object]) -> list[str]:
        """What the answer to one check got wrong, in words; empty when everything expected stands there.

        Saves the values the check names into `variables` for the row's later checks.
        """
        answer = self._ask(check, variables)
        expected = {str(fill(path, variables)): fill(value, variables) for path, value in check.expect.items()}
        found = {path: _find(answer, path) for path in (*expected, *check.save.values())}
        variables |= {name: found[path] for name, path in check.save.items() if found[path] is not ABSENT}
        return [
            f"{check.method} {answer['path']}: {path} is {_short(found[path])}, not {_short(wanted)}{_said(answer)}"
            for path, wanted in expected.items()
            if not holds(found[path], wanted)
        ]

    def _ask(self, check: Check, variables: Mapping[str, object]) -> dict[str, object]:
        if check.service not in self.urls:
            raise NotAnswered(f"no address of the service {check.service} / 没有服务 {check.service} 的地址")
        path = str(fill(check.path, variables))
        try:
            response = self._send(check, self.urls[check.service].rstrip("/") + path, variables)
        except httpx.HTTPError as error:
            raise NotAnswered(f"{check.service} did not answer {path}: {error!r} / 服务没有应答") from error
        return {
            "path": path,
            "status": response.status_code,
            "headers": {key.lower(): value for key, value in response.headers.items()},
            "body": _json(response),
        }

    def _send(self, check: Check, url: str, variables: Mapping[str, object]) -> httpx.Response:
        if self._client is None:
            raise RuntimeError("use the asker in a with statement")
        headers = {"authorization": f"Bearer {self._token(check.role, check.region)}", "accept": "application/json"}
        if check.method == "POST":
            headers["idempotency-key"] = secrets.token_hex(16)
        headers |= {key.lower(): str(fill(value, variables)) for key, value in check.headers.items()}
        body = fill(check.body, variables)
        query = _query(fill(dict(check.query), variables))
        if isinstance(body, str):
            return self._client.request(check.method, url, params=query, headers=headers, content=body.encode())
        return self._client.request(check.method, url, params=query, headers=headers, json=body)

    def _token(self, role: str, region: str) -> str:
        if (role, region) not in self._tokens:
            self._tokens[role, region] = self.token_for(role, region)
        return self._tokens[role, region]


def fill(value: object, variables: Mapping[str, object]) -> object:
    """The value with every `${name}` replaced: a text that is only a variable becomes the saved value itself.

    In a list, `${*name}` stands for the elements of a saved list.
    """
    if isinstance(value, str):
        whole = _VARIABLE.fullmatch(value)
        if whole:
            return variables.get(whole[1], value)
        return _VARIABLE.sub(lambda match: str(variables.get(match[1], match[0])), value)
    if isinstance(value, Mapping):
        return {key: fill(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [filled for one in value for filled in _spread(one, variables)]
    return value


def _spread(value: object, variables: Mapping[str, object]) -> list[object]:
    """A list's element, filled; several for a `${*name}` of a saved list."""
    whole = _SPREAD.fullmatch(value) if isinstance(value, str) else None
    saved = variables.get(whole[1]) if whole else None
    return saved if isinstance(saved, list) else [fill(value, variables)]


def _query(query: object) -> httpx.QueryParams:
    """Query parameters; a list is the same name repeated."""
    pairs = query.items() if isinstance(query, Mapping) else ()
    return httpx.QueryParams(
        [(key, str(one)) for key, value in pairs for one in (value if isinstance(value, list) else [value])]
    )


def _json(response: httpx.Response) -> object:
    try:
        body: object = response.json()
    except ValueError:
        return response.text
    return body


def _find(answer: Mapping[str, object], path: str) -> object:
    """`status`, `headers.x` and `body...` of the answer itself; any other path goes into the body."""
    head = re.split(r"[.\[]", path, maxsplit=1)[0]
    return look(answer, path) if head in {"status", "headers", "body"} else look(answer["body"], path)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:157] + "..."


def _said(answer: Mapping[str, object]) -> str:
    """What a refusal said, so that a failed row can be understood without asking again."""
    status = answer["status"]
    code = look(answer["body"], "code")
    if not isinstance(status, int) or status < 400:
        return ""
    return f" (answered {status}{'' if code is ABSENT else f' {code}'})"
