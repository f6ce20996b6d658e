"""Rounds of one question against one stack: CPU of every process, requests a second, and the time each took."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from benchmarks.gateway.client import packed, request
from benchmarks.gateway.cpu import Meter, resident_mib
from benchmarks.gateway.queries import Question
from benchmarks.gateway.stack import FLOOR, GATEWAY, ORDINARY, STACKS, Stack

CONCURRENCY = 16
DOORS = {"product": GATEWAY, "ordinary": ORDINARY, "floor": FLOOR}
DATABASE = "postgresql"
WARM_UP_S = 0.4
LEAST = 48  # requests of a round, however slow the stack
CLIENT_TIMEOUT_S = 120.0
MOST_S = 150.0  # no round begins later, so that all of it stays under four minutes
UNSEEN = 3000  # documents that differ, more than a round sends


class Unequal(Exception):
    """Two stacks answer one question differently, or one refuses it."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round: CPU seconds of 1,000 requests by process, requests a second, milliseconds, bytes, answers refused."""

    cpu: dict[str, float]
    rate: float
    p50_ms: float
    p99_ms: float
    bytes: float
    refused: int

    @property
    def total(self) -> float:
        """CPU seconds of 1,000 requests over all processes."""
        return sum(self.cpu.values())


@dataclass(slots=True)
class Series:
    """The rounds of one question against one stack."""

    rounds: list[Round] = field(default_factory=list)

    def median(self, name: str) -> float:
        """The median of one figure over the rounds."""
        return float(statistics.median(getattr(one, name) for one in self.rounds))

    def part(self, process: str) -> float:
        """The median CPU seconds of 1,000 requests of one process."""
        return statistics.median(one.cpu.get(process, 0.0) for one in self.rounds)


@dataclass(frozen=True, slots=True)
class Bench:
    """The running stacks and the tokens of the callers whose requests take turns."""

    stack: Stack
    tokens: Sequence[str]

    def requests(self, question: Question, name: str) -> list[bytes]:
        """The requests of a question as the stack's door takes them."""
        if name == FLOOR:
            return [request(f"/{question.name}", orjson.dumps(one), {}) for one in question.floor]
        bodies = [orjson.dumps({"query": question.document, "variables": one}) for one in question.variables]
        return [self._sent(body, at) for at, body in enumerate(bodies)]

    def _sent(self, body: bytes, at: int) -> bytes:
        token = self.tokens[at % len(self.tokens)]
        return request("/graphql", body, {"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def unseen(self, question: Question) -> list[bytes]:
        """Requests to the product whose documents all differ in text, so that each is met for the first time."""
        given = question.variables
        bodies = (
            orjson.dumps({"query": f"{question.document}\n# {number}", "variables": given[number % len(given)]})
            for number in range(UNSEEN)
        )
        return [self._sent(body, at) for at, body in enumerate(bodies)]

    def check_equal(self, question: Question, samples: int) -> None:
        """The same data from every stack for the first variables. Unequal with both answers otherwise."""
        with httpx.Client(timeout=CLIENT_TIMEOUT_S, trust_env=False) as client:
            for at in range(min(samples, len(question.variables))):
                answers = {name: self._ask(client, question, name, at) for name in STACKS}
                for name, answer in answers.items():
                    if answer != answers["floor"]:
                        raise Unequal(f"{question.name}, {name} against floor: {difference(answer, answers['floor'])}")

    def _ask(self, client: httpx.Client, question: Question, name: str, at: int) -> object:
        url = self.stack.servers[DOORS[name]].url
        if name == FLOOR:
            reply = client.post(f"{url}/{question.name}", json=dict(question.floor[at]))
        else:
            body = {"query": question.document, "variables": dict(question.variables[at])}
            reply = client.post(f"{url}/graphql", json=body, headers={"Authorization": f"Bearer {self.tokens[0]}"})
        content = reply.json()
        if reply.status_code != 200 or content.get("errors") or not content.get("data"):
            raise Unequal(f"{question.name}, {name}: {reply.status_code} {reply.text[:1500]}")
        return content["data"]

    def round(self, question: Question, name: str, seconds: float) -> Round:
        """One measured round after a short warm-up."""
        port = self.stack.servers[DOORS[name]].port
        requests = packed(self.requests(question, name))
        drive(port, WARM_UP_S, CONCURRENCY, requests)
        return self.driven(name, seconds, requests)

    def driven(self, name: str, seconds: float, requests: bytes) -> Round:
        """The figures of a stack while its door gets these requests."""
        port = self.stack.servers[DOORS[name]].port
        roots = {process: self.stack.servers[process].pid for process in STACKS[name]}
        meter = Meter({**roots, DATABASE: self.stack.database_pid})
        meter.start()
        outcome = drive(port, seconds, LEAST, requests)
        used = meter.seconds()
        laps = sorted(outcome["laps_ms"])
        count = len(laps)
        return Round(
            cpu={process: cpu * 1000 / count for process, cpu in used.items()},
            rate=count / outcome["seconds"],
            p50_ms=laps[count // 2],
            p99_ms=laps[min(count - 1, count * 99 // 100)],
            bytes=outcome["bytes"] / count,
            refused=outcome["refused"],
        )

    def memory(self, name: str) -> float:
        """Resident MiB of a stack's own processes, the data base apart."""
        return resident_mib(self.stack.servers[process].pid for process in STACKS[name])


def drive(port: int, seconds: float, least: int, requests: bytes) -> dict[str, Any]:
    """What the load client, in a process of its own, reports."""
    command = [
        sys.executable, "-m", "benchmarks.gateway.client", str(port), str(CONCURRENCY), str(seconds), str(least)
    ]  # fmt: skip
    done = subprocess.run(command, input=requests, capture_output=True, check=True, timeout=CLIENT_TIMEOUT_S)  # noqa: S603
    outcome: dict[str, Any] = orjson.loads(done.stdout)
    return outcome


def difference(one: object, other: object, path: str = "data") -> str:
    """Where two JSON values part, with both sides."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *other]:
            if one.get(name) != other.get(name):
                return difference(one.get(name), other.get(name), f"{path}.{name}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                return difference(left, right, f"{path}[{at}]")
    return f"{path}: {str(one)[:300]!r} and {str(other)[:300]!r}"


def measure(bench: Bench, asked: Sequence[Question], rounds: int, seconds: float) -> dict[tuple[str, str], Series]:
    """Interleaved rounds: in each, every question is put to every stack in turn; none begins after `MOST_S`."""
    found: dict[tuple[str, str], Series] = {}
    start = time.monotonic()
    for _ in range(rounds):
        if time.monotonic() - start > MOST_S:
            break
        for question in asked:
            for name in STACKS:
                one = bench.round(question, name, seconds)
                found.setdefault((question.name, name), Series()).rounds.append(one)
    return found
