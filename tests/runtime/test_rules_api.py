"""Ask of any rule over HTTP."""

from typing import Any

import httpx
import pytest

from services.kernel.formula.vocabulary import Fact, Vocabulary
from services.runtime.packs import load
from services.runtime.rules_api import rules_router
from services.runtime.server import create_base
from services.runtime.settings import ServiceSettings
from tests.conftest import ServiceApp, TokenMaker
from tests.runtime.test_packs import CITY, DISTRICT, FACTS, NATION, SUPPLEMENT, write

MONEY = Vocabulary((
    Fact("base", unit="yuan", scale=100, high=10**8),
    Fact("hired_on", kind="day"),
    Fact("urban", kind="flag"),
))  # fmt: skip
PAYROLL = """
    fund:
      - start: 2020-03-01
        cite: {document: city-1, at: art. 9, quote: five per cent}
        label: {zh: 公积金, en: fund}
        unit: {employer: yuan}
        when: urban
        employer: round_fen(base * 5%)
        early: hired_on < day(2018, 1, 1)
    tax:
      - start: 2020-03-01
        cite: {document: city-1}
        bands: {by: base, rows: [{up_to: 100, rate: 3%}, {rate: 10%}]}
    """


@pytest.fixture(scope="session")
async def client(
    tmp_path_factory: pytest.TempPathFactory, settings: ServiceSettings, service_app: ServiceApp, token: TokenMaker
) -> httpx.AsyncClient:
    root = tmp_path_factory.mktemp("rules")
    write(root / "policies" / "nation", NATION)
    write(root / "policies" / "city", CITY | {"payroll": PAYROLL})
    write(root / "policies" / "district", DISTRICT)
    write(root / "more" / "city", SUPPLEMENT)
    sections = {"staffing": FACTS, "payroll": MONEY}
    app = create_base(settings, title="t", description="d", schema=None, routers=[rules_router(sections)])
    app.state.packs = load(root / "policies", [root / "more"], sections)
    return await service_app(app, token("resident", "990101000000"))


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **query: str) -> dict[str, Any]:
    reply = await client.get(f"/v1/packs{path}", params=query)
    assert reply.status_code == status, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def ask(client: httpx.AsyncClient, rule: str, status: int = 200, pack: str = "district", **body: Any) -> Any:
    reply = await client.post(f"/v1/packs/{pack}/rules/{rule}/evaluation", json={"on": "2021-06-01", **body})
    assert reply.status_code == status, reply.text
    return reply.json()


async def test_packs_and_documents(client: httpx.AsyncClient) -> None:
    listed = await get(client, "")
    assert [each["name"] for each in listed["items"]] == ["city", "district", "nation"]
    assert listed["items"][1]["chain"] == ["district", "city", "nation"]
    assert len(listed["digest"]) == 64
    documents = await get(client, "/city/documents")
    assert [each["id"] for each in documents["items"]] == ["city-1", "city-draft"]
    assert (await get(client, "/city/documents/added"))["synthetic"] is True
    assert (await get(client, "/city/documents/none", 404))["code"] == "document.not_found"
    assert (await get(client, "/none/documents", 404))["code"] == "pack.not_found"


async def test_the_rules_of_a_day(client: httpx.AsyncClient) -> None:
    lines = {each["rule"]: each for each in (await get(client, "/district/rules", on="2021-06-01"))["items"]}
    assert lines["norm"]["pack"] == "city"
    assert lines["norm"]["outputs"] == ["posts"]
    assert lines["fund"]["label"] == {"zh": "公积金", "en": "fund"}
    assert lines["planned"]["in_force"] is False
    assert lines["planned"]["absence"]["code"] == "rule.not_yet_in_force"
    only = await get(client, "/district/rules", section="payroll", on="2021-06-01", known_at="2020-01-01T00:00:00Z")
    assert {each["absence"]["code"] for each in only["items"]} == {"rule.not_yet_known"}
    assert (await get(client, "/district/rules", 422, section="nothing"))["code"] == "section.unknown"


async def test_a_rule_with_its_versions(client: httpx.AsyncClient) -> None:
    found = await get(client, "/district/rules/norm", on="2021-06-20")
    first = found["versions"][0]
    assert (first["in_force"], first["known"], first["outputs"]) == (
        True,
        "2021-06-15",
        {"posts": "ceil(households / 200)"},
    )
    assert first["cite"][0]["title"] == "Measures"
    assert first["raw"]["posts"] == "ceil(households / 200)"
    assert [each["start"] for each in found["versions"]] == ["2021-01-01", "2025-01-01", "2020-03-01", "2010-01-01"]
    assert [fact["name"] for fact in found["facts"]] == ["households"]
    before = await get(client, "/district/rules/norm", on="2021-06-20", known_at="2021-06-14")
    assert before["versions"][0]["outputs"] == {"posts": "ceil(households / 250)"}
    down = await get(client, "/district/rules/rounded", on="2021-06-20", reading="down")
    assert down["versions"][0]["reading"] == "down"
    assert down["versions"][0]["readings"]["up"]["note"] == {"zh": "进一", "en": "up"}
    ladder = await get(client, "/city/rules/ladder", on="2021-06-20")
    assert ladder["versions"][0]["outputs"] == {"amount": "table by tier, step"}
    tax = await get(client, "/city/rules/tax", section="payroll", on="2021-06-20")
    assert tax["versions"][0]["outputs"] == {"rate": "bands by base"}
    fund = await get(client, "/city/rules/fund", on="2021-06-20")
    assert fund["versions"][0]["outputs"]["applies"] == "urban"
    early = await get(client, "/city/rules/later", on="2020-01-01")
    assert (early["in_force"], early["absence"]["code"], early["facts"]) == (False, "rule.start_unknown", [])
    assert (await get(client, "/city/rules/nothing", 404))["code"] == "rule.absent"
    assert (await get(client, "/city/rules/norm", 422, on="2021-02-30"))["code"]


async def test_a_rule_gives_values_with_reasons(client: httpx.AsyncClient) -> None:
    found = await ask(client, "norm", facts={"households": 1000})
    assert found["outputs"]["posts"]["value"] == "5"
    explained = found["outputs"]["posts"]["explanation"]
    assert explained["formula"] == "ceil(households / 200)"
    assert explained["inputs"][0]["value"] == "1000"
    assert found["citations"][0]["document"] == "city-1"
    chosen = await ask(client, "rounded", facts={"households": "300"}, readings={"rounded": "down"}, section="staffing")
    assert chosen["outputs"]["posts"]["value"] == "1"
    assert chosen["readings_used"] == {"rounded": "down"}
    drafted = await ask(client, "norm", on="2025-06-01", include_drafts=True, facts={"households": 1000})
    assert drafted["outputs"]["posts"]["value"] == "10"
    assert (await ask(client, "steps"))["outputs"] == {}


async def test_json_numbers_are_in_the_unit_of_the_fact(client: httpx.AsyncClient) -> None:
    for written in (5213, 5213.5, "5213.50"):
        found = await ask(client, "fund", facts={"base": written, "urban": True}, outputs=["employer"])
        assert found["outputs"]["employer"]["value"] == ("260.65" if written == 5213 else "260.68")
        assert found["outputs"]["employer"]["unit"] == "yuan"


async def test_outputs_that_fail_say_why(client: httpx.AsyncClient) -> None:
    found = await ask(client, "fund", facts={"base": 100, "urban": True})
    assert found["outputs"]["employer"]["value"] == "5.00"
    assert found["outputs"]["early"]["absence"]["code"] == "fact.missing"
    assert (await ask(client, "fund", 422, facts={"urban": True}, outputs=["early"]))["code"] == "fact.missing"
    assert (await ask(client, "norm", 422))["code"] == "fact.missing"
    assert (await ask(client, "norm", 422, facts={"horses": 1}))["code"] == "fact.unknown"
    assert (await ask(client, "norm", 422, facts={"households": True}))["code"] == "fact.unreadable"
    missing = await ask(client, "ladder", 409, facts={"tier": "staff", "step": 3}, pack="city")
    assert missing["code"] == "table.cell_missing"
    assert missing["citations"][0]["document"] == "city-1"
    unsupplemented = await ask(client, "unpublished", 404, pack="city", supplements=False)
    assert unsupplemented["code"] == "rule.absent"
    assert (await ask(client, "norm", 422, surprise=1))["code"]


async def test_the_day_is_today_unless_given(client: httpx.AsyncClient) -> None:
    reply = await client.post("/v1/packs/nation/rules/norm/evaluation", json={"facts": {"households": 1000}})
    assert reply.json()["outputs"]["posts"]["value"] == "4"


async def test_a_token_is_needed(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/packs", headers={"Authorization": ""})
    assert reply.status_code == 401
