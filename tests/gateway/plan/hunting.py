"""Both paths asked the same: who asks, what is broken, and what must be equal."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any, Literal
from uuid import UUID

import httpx
import orjson
from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, parse, visit

from gateway.asked import Asked
from gateway.plan.upstreams import Upstreams
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.types.pages import parse_global_id
from services.runtime.client import Breaker
from services.runtime.settings import ServiceSettings
from services.runtime.tokens import sign
from tests.gateway.plan.arguments import CODES
from tests.gateway.plan.both import PATIENCE_S, Both
from tests.gateway.plan.documents import Case, Writer, filled, interface_of
from tests.gateway.plan.paths import fields_of
from tests.gateway.register import LONGWAN, SHIHUGUAN

Body = dict[str, Any]
Real = Mapping[str, Sequence[str]]
Fault = Literal["up", "away", "broken", "strange", "once", "open", "silent"]
USUAL = {"first": "2", "month": '"2026-09"'}
SILENCE_S = 2.0  # after which a service that says nothing counts as away
SWIFT_S = 2.0  # of this process's own time, services included, to answer a document that was never seen


class Faulty(httpx.AsyncBaseTransport):
    """The way to one service under a fault."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fault: Fault) -> None:
        self.inner = inner
        self.fault = fault
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.fault == "away" or (self.fault == "once" and self.calls == 1):
            raise httpx.ConnectError("nobody there")
        if self.fault == "broken":
            return httpx.Response(503, content=b"upstream connect error", request=request)
        if self.fault == "strange":
            return httpx.Response(200, content=b'{"items": 1, "answers": [7]}', request=request)
        if self.fault == "silent":
            await asyncio.sleep(2 * PATIENCE_S)
        return await self.inner.handle_async_request(request)


@dataclass
class Side:
    """The gateway's two ways to the services, one of which may be at fault."""

    services: Services
    upstreams: Upstreams
    faulty: Faulty | None = None

    def rest(self, *, broken: bool) -> None:
        """Forget all failures; or open the breakers of the service at fault."""
        if self.faulty is not None:
            self.faulty.calls = 0
        for name in ("staffing", "payroll", "consultation"):
            getattr(self.services, name)._breaker = Breaker(rest_s=60.0)
            self.upstreams.services[name].breaker = Breaker(rest_s=60.0)
            if broken:
                for _ in range(5):
                    getattr(self.services, name)._breaker.note(ok=False)
                    self.upstreams.services[name].breaker.note(ok=False)


@dataclass(frozen=True)
class Question:
    """One request of a hunt, with all that it takes to ask it again."""

    asked: Asked
    caller: str
    service: str
    fault: Fault
    seed: int

    def __str__(self) -> str:
        shown = orjson.dumps(dict(self.asked.variables), option=orjson.OPT_INDENT_2).decode()
        return (
            f"seed {self.seed}, caller {self.caller}, {self.service} {self.fault}, "
            f"operation {self.asked.operation_name}\n{self.asked.query}\n{shown}"
        )


class Difference(AssertionError):
    """The two paths did not answer alike, or one took too long."""


@dataclass
class Hunter:
    """Asks both paths and compares; counts how each question was answered and what of the schema was planned."""

    both: Both
    settings: GatewaySettings
    issuer: ServiceSettings
    real: Real = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    planned: Counter[str] = field(default_factory=Counter)
    sides: dict[tuple[str, Fault], Side] = field(default_factory=dict)

    callers: dict[str, str | None] = field(default_factory=dict)
    way: str = ""  # how the last question was answered
    silence: bool = False  # whether a service may say nothing for long, too

    def side(self, service: str, fault: Fault) -> Side:
        """The ways to the services with one of them at fault; made once."""
        if (service, fault) not in self.sides:
            ways: dict[str, httpx.AsyncBaseTransport] = {name: way.inner for name, way in self.both.ways.items()}
            faulty = ways[service] = Faulty(ways[service], fault)
            short = {"upstream_timeout_s": SILENCE_S, "client_timeout_s": SILENCE_S} if fault == "silent" else {}
            settings = self.settings.model_copy(update=short)
            made = Services.connect(settings, ways), Upstreams.connect(settings, ways)
            self.sides[service, fault] = Side(*made, faulty)
        side = self.sides[service, fault]
        side.rest(broken=fault == "open")
        return side

    async def answer(self, asked: Asked, bearer: str | None, side: Side, *, planned: bool) -> Body:
        """One path's answer. Raises Difference when it does not come."""
        both = replace(self.both, services=side.services)
        ways = side.upstreams.on_behalf(bearer, None) if planned else None
        endpoint = both.planning if planned else both.endpoint
        try:
            async with asyncio.timeout(2 * PATIENCE_S):
                body, _ = await endpoint.answer(asked, both.context(bearer, ways))
        except TimeoutError:
            raise Difference(f"no answer in {2 * PATIENCE_S} s, planned {planned}") from None
        return body

    async def ask(self, question: Question) -> Body:
        """Both paths' equal answer. Raises Difference."""
        fallen_back = self.both.planner.fallen_back
        fallen_back.clear()
        bearer = self.callers[question.caller]
        start = time.process_time()
        side = self.side(question.service, question.fault)
        planned = await self.answer(question.asked, bearer, side, planned=True)
        taken = time.process_time() - start
        (way,) = fallen_back or (["planned"] if "data" in planned else ["refused"])
        self.tally[way] += 1
        self.way = way
        if way == "defect" or taken > SWIFT_S:
            raise Difference(f"{way} after {taken:.1f} s")
        side = self.side(question.service, question.fault)
        executed = await self.answer(question.asked, bearer, side, planned=False)
        if way == "planned":
            self.note(question.asked)
            refusals = await self.refusals(bearer, question) if planned["data"] is None else ()
            compare(planned, executed, refusals)
        return executed

    async def refusals(self, bearer: str | None, question: Question) -> list[Any]:
        """How the executor refuses this caller, at this fault, an object of each kind."""
        found = []
        for kind in self.real:
            side = self.side(question.service, question.fault)
            asked = Asked(f'{{ node(id: "{self.real[kind][0]}") {{ id }} }}')
            body = await self.answer(asked, bearer, side, planned=False)
            found += [error["extensions"] for error in body.get("errors", ())]
        return found

    async def ask_all(self, questions: Sequence[Question]) -> None:
        """Each question alone, then those that were planned at the same time, one more caller among them.

        Raises Difference.
        """
        meant = []
        for question in questions:
            body = await self.ask(question)
            if self.way == "planned" and question.fault == "up" and body["data"] is not None:
                meant.append((question, body))
        if meant:
            question = replace(meant[0][0], caller=Random(questions[0].seed).choice(list(self.callers)))
            body = await self.ask(question)
            if self.way == "planned":
                meant.insert(1, (question, body))
            await self.ask_together(meant)

    async def ask_together(self, meant: Sequence[tuple[Question, Body]]) -> None:
        """The plans' answers when they are asked at the same time. Raises Difference from those they gave alone."""
        first = meant[0][0]
        side = self.side(first.service, first.fault)
        answers = [self.answer(one.asked, self.callers[one.caller], side, planned=True) for one, _ in meant]
        for found, (question, body) in zip(await asyncio.gather(*answers), meant, strict=True):
            refusals = await self.refusals(self.callers[question.caller], question) if found["data"] is None else ()
            compare(found, body, refusals)

    def note(self, asked: Asked) -> None:
        """Count what of the schema a planned document asks."""
        info = TypeInfo(self.both.schema.core)
        visit(parse(asked.query or ""), TypeInfoVisitor(info, Noting(info, self.planned)))

    async def scout(self) -> None:
        """Find ids and cursors that are there; and who may ask, which takes the id of a worker who is paid."""
        self.callers = {"administrator": self.token(("administrator", "000000000000"))}
        found: dict[str, dict[str, None]] = {}
        for text in scouting(self.both):
            asked = Question(Asked(text), "administrator", "staffing", "up", 0)
            gather(await self.ask(asked), found)
        self.real = {kind: list(values) for kind, values in found.items()}
        self.callers |= self.others()

    def others(self) -> dict[str, str | None]:
        """Callers of all kinds, by a name."""
        named = parse_global_id(self.real["Worker"][0])
        assert named is not None
        region, nation = "530111000000", "000000000000"
        past = sign(self.issuer, "past", {"grants": [{"role": "auditor", "region": region}]}, timedelta(hours=-1))
        return {
            "anonymous": None,
            "past": past,
            "nonsense": "not.a.token",
            "auditor": self.token(("auditor", region)),
            "foreign auditor": self.token(("auditor", "440000000000")),
            "worker": self.token(("worker", SHIHUGUAN), worker=named[1]),
            "worker without id": self.token(("worker", SHIHUGUAN)),
            "secretary": self.token(("community_secretary", SHIHUGUAN)),
            "resident": self.token(("resident", LONGWAN)),
            "payroll": self.token(("district_payroll", region)),
            "organisation": self.token(("organisation_office", nation)),
            "planner": self.token(("city_planner", "530100000000")),
            "two roles": self.token(("auditor", region), ("community_secretary", LONGWAN)),
            "worker and resident": self.token(("worker", SHIHUGUAN), ("resident", LONGWAN), worker=named[1]),
            "nobody": self.token(),
        }

    def token(self, *grants: tuple[str, str], worker: str | None = None) -> str:
        """A token with some roles, each over a region."""
        claims: dict[str, Any] = {"grants": [{"role": role, "region": region} for role, region in grants]}
        if worker is not None:
            claims["worker_id"] = str(UUID(worker))
        return sign(self.issuer, f"hunt {grants}", claims, timedelta(hours=12))

    def questions(self, case: Case, seed: int) -> list[Question]:
        """A case asked with each of its sets of variables, as somebody, with something broken now and then."""
        rng = Random(seed)
        caller = rng.choice(list(self.callers)) if rng.random() < 0.5 else "administrator"
        fault: Fault = rng.choice(["away", "broken", "strange", "once", "open"]) if rng.random() < 0.4 else "up"
        if self.silence and rng.random() < 0.01:
            fault = "silent"
        service = rng.choice(["staffing", "payroll", "consultation"])
        query = filled(case.query, self.real)
        return [
            Question(Asked(query, filled(one, self.real), case.operation), caller, service, fault, seed)
            for one in case.variables
        ]


class Noting(Visitor):
    """Counts fields and arguments by their coordinates."""

    def __init__(self, info: TypeInfo, counts: Counter[str]) -> None:
        super().__init__()
        self.info = info
        self.counts = counts

    def enter_field(self, node: FieldNode, *_: object) -> None:
        kind = self.info.get_parent_type()
        if kind is not None:
            at = f"{kind.name}.{node.name.value}"
            self.counts.update([at, *(f"{at}({one.name.value}:)" for one in node.arguments or ())])


def scouting(both: Both) -> list[str]:
    """Documents that ask for the ids and cursors of everything that can be reached without one."""
    schema = both.schema.core
    query = schema.query_type
    assert query is not None
    paths = Writer(schema, query).paths
    nodes = [one.name for one in schema.get_possible_types(interface_of(schema)) if fields_of(one)]
    texts = []
    for kind in sorted(paths.distance):
        if kind in nodes or kind == "PageInfo":
            texts += [text for way in range(6) for text in wanting(both, paths.way(kind, Random(way)), kind)]
    return list(dict.fromkeys(texts))


def wanting(both: Both, way: Sequence[tuple[str, str, str]], kind: str) -> list[str]:
    """A way down as documents, one for each code when it begins with one; none when it needs an id."""
    found = ["__typename id" if kind != "PageInfo" else "start: startCursor end: endCursor"]
    for on, name, _ in reversed(way):
        arguments = fields_of(both.schema.core.type_map[on])[name].args
        if "id" in arguments or "ids" in arguments:
            return []
        usual = [f"{one}: {USUAL[one]}" for one in arguments if one in USUAL]
        given = [[*usual, f'code: "{code}"'] for code in CODES] if "code" in arguments else [usual]
        texts = [f"({', '.join(one)})" if one else "" for one in given]
        found = [f"{name}{one} {{ {text} }}" for text in found for one in texts]
    return [f"{{ {text} }}" for text in found]


def gather(value: Any, found: dict[str, dict[str, None]]) -> None:
    """Keep ids by their type, and cursors, out of an answer."""
    if isinstance(value, list):
        for one in value:
            gather(one, found)
    elif isinstance(value, dict):
        if "id" in value:
            found.setdefault(value["__typename"], {})[value["id"]] = None
        for name in ("start", "end"):
            if isinstance(value.get(name), str):
                found.setdefault("cursor", {})[value[name]] = None
        for one in value.values():
            gather(one, found)


def compare(planned: Body, executed: Body, refusals: Sequence[Any] = ()) -> None:
    """Raise Difference unless two answers are equal; errors in any order, the plan's by their places in the data.

    Where `nodes`, which may not be null, was refused, there is no data. What is told besides is left to chance by the
    specification, and so is for which of the ids it is told; `refusals` are those of the kinds of ids.
    """
    told, meant = planned.get("errors", []), executed.get("errors", [])
    if planned.get("data") is None and executed.get("data") is None and told:
        others = {shown(error["path"]): error for error in meant}
        same = [(error, others.get(shown(error["path"]), error)) for error in told]
        if all(one == other or (len(one["path"]) == 1 and one["extensions"] in refusals) for one, other in same):
            return
        raise different(planned, executed)
    if {**planned, "errors": sorted(map(shown, told))} != {**executed, "errors": sorted(map(shown, meant))}:
        raise different(planned, executed)
    if shown(planned["data"]) != shown(executed["data"]):
        raise Difference(f"the order of fields\n{shown(planned['data'])}\n{shown(executed['data'])}")
    places = [place(planned["data"], error["path"]) for error in told]
    if places != sorted(places):
        raise Difference(f"the order of errors {[error['path'] for error in told]}")


def place(data: Any, path: Sequence[str | int]) -> list[int]:
    """Where a path leads in an answer, as numbers that are in the order of the document."""
    found = []
    for key in path:
        found.append(list(data).index(key) if isinstance(data, dict) else int(key))
        data = data[key] if data is not None else None
    return found


def shown(value: Any) -> str:
    """A part of an answer as text, its order kept."""
    return orjson.dumps(value).decode()


def different(planned: Body, executed: Body) -> Difference:
    """What differs, in a few lines."""
    found = unequal(placed(planned), placed(executed))
    lines = [f"{at}\n  plan     {one}\n  executor {other}" for at, one, other in found]
    return Difference("\n".join(lines[:12]))


def placed(body: Body) -> Body:
    """An answer with its errors by their paths."""
    return {**body, "errors": {".".join(map(str, error["path"])): error for error in body.get("errors", ())}}


def unequal(one: Any, other: Any, at: str = "") -> list[tuple[str, Any, Any]]:
    """The places in which two answers differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = list(dict.fromkeys([*one, *other]))
        return [found for key in keys for found in unequal(one.get(key), other.get(key), f"{at}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [found for key in range(len(one)) for found in unequal(one[key], other[key], f"{at}.{key}")]
    return [] if one == other else [(at, str(one)[:400], str(other)[:400])]
