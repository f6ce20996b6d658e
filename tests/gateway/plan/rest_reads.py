"""Sparse reads answered from the ordinary REST routes: slow, obvious, and independent of the services' own."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.consultation.client import ConsultationClient
from services.payroll.client import PayrollClient
from services.runtime.client import ServiceClient, ServiceError
from services.runtime.paging import encode_cursor
from services.staffing.client import Moment, StaffingClient

Read = Mapping[str, Any]
Object = dict[str, Any]
Answer = dict[str, Any]
CLIENTS: Mapping[str, type[ServiceClient]] = {
    "staffing": StaffingClient,
    "payroll": PayrollClient,
    "consultation": ConsultationClient,
}


def camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(part.title() for part in more)


def shown(value: Any) -> Any:
    """A dumped model as GraphQL writes it."""
    if isinstance(value, dict):
        return {camel(name): shown(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shown(one) for one in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def picked(one: Object, name: str) -> Any:
    found: Any = one
    for part in name.split("."):
        found = found[part]
    return found


def rows(found: Mapping[str, Object], keys: Sequence[str | None], read: Read) -> Answer:
    return {"rows": [[picked(found[key], name) for name in read["fields"]] if key in found else None for key in keys]}


def page(items: Sequence[Object], links: Any, read: Read) -> Answer:
    backward = "last" in read
    earlier, later = links.previous is not None, links.next is not None
    return {
        "rows": [[picked(one, name) for name in read["fields"]] for one in items],
        "more": earlier if backward else later,
        **({"beyond": later if backward else earlier} if read.get("beyond") else {}),
        "total": links.total if read.get("count") else None,
        "start": items[0]["cursor"] if items else None,
        "end": items[-1]["cursor"] if items else None,
    }


def place(read: Read) -> dict[str, Any]:
    return {"before": read.get("before"), "last": "true"} if "last" in read else {"after": read.get("after")}


def size(read: Read) -> int:
    found: int = read["last"] if "last" in read else read["first"]
    return found


def moment_of(read: Read) -> Moment:
    on, known_at = read.get("on"), read.get("knownAt")
    return date.fromisoformat(on) if on else None, datetime.fromisoformat(known_at) if known_at else None


class RestReads(httpx.AsyncBaseTransport):
    """A way to a service that answers reads itself and lets everything else pass."""

    def __init__(self, service: str, inner: httpx.AsyncBaseTransport) -> None:
        self.service = service
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/reads":
            return await self.inner.handle_async_request(request)
        _, _, token = request.headers.get("authorization", "").partition(" ")
        client = CLIENTS[self.service]("http://service", transport=self.inner, timeout_s=30).on_behalf(token)
        reads = orjson.loads(await request.aread())["reads"]
        answers: list[Answer] = []
        for read in reads:
            answers.append(await self.answer(client, read, reads, answers))
        return httpx.Response(200, content=orjson.dumps({"answers": answers}))

    async def answer(self, client: Any, read: Read, reads: Sequence[Read], answers: Sequence[Answer]) -> Answer:
        keys = read.get("keys")
        if "under" in read:
            above = answers[read["under"]]
            if "error" in above:
                return above
            at = reads[read["under"]]["fields"].index(read["source"])
            found = above["rows"] if "rows" in above else [row for one in above["pages"] if one for row in one["rows"]]
            keys = [None if row is None else row[at] for row in found]
        wanted = list(dict.fromkeys(key for key in keys or () if key is not None))
        if keys is not None and not wanted:
            return (
                {"rows": [None] * len(keys)} if not {"first", "last"} & read.keys() else {"pages": [None] * len(keys)}
            )
        try:
            answer: Answer = await getattr(self, read["entity"])(client, read, keys, wanted)
        except ServiceError as error:
            return {"error": {"status": error.status, "code": error.code, "zh": error.zh, "en": error.en}}
        return answer

    async def community(
        self, client: StaffingClient, read: Read, keys: Sequence[str | None] | None, wanted: list[str]
    ) -> Answer:
        moment = moment_of(read)
        if keys is None:
            area = {name: read[name] for name in ("region", "authority") if name in read}
            found = await client.communities(
                moment=moment, limit=size(read), count=read.get("count"), **place(read), **area
            )
        elif read["by"] == "id":
            found = await client.communities(ids=wanted, moment=moment)
        else:
            found = await client.communities(codes=wanted, moment=moment)
        objects = [shown(one.model_dump()) for one in found.items]
        for one in objects:
            one["cursor"] = encode_cursor(one["code"])
            one["measures"]["synthetic"] = one["measures"]["provenance"] == "synthetic"
            one["synthetic"] = one["measures"]["synthetic"] or one["provenance"] == "synthetic"
            one["residentHouseholds"] = one["measures"]["residentHouseholds"]
            one["registeredHouseholds"] = one["measures"]["registeredHouseholds"]
        if any(name.startswith(("quota", "headcount")) for name in read["fields"]) and objects:
            await self.assess(client, read, objects)
        if keys is None:
            return {"pages": [page(objects, found, read)]}
        return rows({one[read["by"]]: one for one in objects}, keys, read)

    async def assess(self, client: StaffingClient, read: Read, objects: Sequence[Object]) -> None:
        reading = read.get("args", {}).get("reading")
        codes = [one["code"] for one in objects]
        found = await client.quotas(codes, moment=moment_of(read), reading=reading)
        for one, out in zip(objects, found.items, strict=True):
            quota = shown(out.model_dump())
            quota["readingsUsed"] = [{"rule": rule, "reading": reading} for rule, reading in out.readings_used.items()]
            quota["rulesSynthetic"] = quota["synthetic"]
            one["quota"], one["headcounts"] = quota, quota["headcount"]
            one["headcount"] = quota["headcount"]["persons"]

    async def worker(self, client: StaffingClient, read: Read, keys: Sequence[str | None], wanted: list[str]) -> Answer:
        moment = moment_of(read)
        if read["by"] == "id":
            items = (await client.workers(ids=wanted, moment=moment)).items
            return rows({one.id: self.worker_of(one) for one in items}, keys, read)
        batch = await client.workers_of(wanted, per_community=size(read), moment=moment, **place(read))
        pages = {
            one.community: page([self.worker_of(item) for item in one.items], one, read) for one in batch.communities
        }
        return {"pages": [pages.get(key) for key in keys]}

    @staticmethod
    def worker_of(out: Any) -> Object:
        one: Object = shown(out.model_dump())
        one["cursor"] = encode_cursor(out.number)
        one["synthetic"] = out.provenance == "synthetic"
        one["communityCode"] = out.community
        for held in one["appointments"]:
            held["communityCode"] = held["community"]
        return one

    async def payslip(self, client: PayrollClient, read: Read, keys: Sequence[str | None], wanted: list[str]) -> Answer:
        month = read.get("args", {}).get("month")
        if read["by"] == "worker":
            found = await client.payslips(wanted, month=month, latest=month is None)
            return rows({str(one.worker): shown(one.model_dump()) for one in found}, keys, read)
        objects = {}
        for key in wanted:
            try:
                one = shown((await client.payslip(key)).model_dump())
                if {"matches", "explanations"} & set(read["fields"]):
                    explained = await client.payslip_explanation(key)
                    one["matches"] = explained.matches
                    one["explanations"] = {line.code: shown(line.explanation) for line in explained.lines}
                objects[key] = one
            except ServiceError as error:
                if error.status != 404:
                    raise
        return rows(objects, keys, read)

    async def issue(
        self, client: ConsultationClient, read: Read, keys: Sequence[str | None], wanted: list[str]
    ) -> Answer:
        if read["by"] == "community":
            state = read.get("where", {}).get("state")
            found = await client.issues_of(
                wanted, per_community=size(read), states=[state] if state else [], **place(read)
            )
            pages = {one.community: page([self.issue_of(item) for item in one.items], one, read) for one in found}
            return {"pages": [pages.get(key) for key in keys]}
        if {"stepsDone", "nextSteps"} & set(read["fields"]):
            details = [await client.issue(UUID(key)) for key in wanted]
        else:
            details = (await client.issues(ids=[UUID(key) for key in wanted], limit=len(wanted))).items
        return rows({str(one.id): self.issue_of(one) for one in details}, keys, read)

    @staticmethod
    def issue_of(out: Any) -> Object:
        one: Object = shown(out.model_dump())
        one["cursor"] = encode_cursor(out.opened_at.isoformat(), str(out.id))
        one["communityCode"] = out.community
        for step in one.get("stepsDone", ()):
            step["actorKind"] = step["actor"]["kind"]
        return one
