"""The pages people open, in a real browser against real processes: they render, load nothing from elsewhere, answer."""

import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.browser.chromium import PHONE, Page
from tests.fixtures.serving import until
from tests.gateway.register import SHIHUGUAN, issue
from tests.system.conftest import Running

SWAGGER = ("gateway", "staffing", "payroll", "consultation")
NO_SCROLL = "document.documentElement.scrollWidth <= window.innerWidth"
QUERY = 'query Q { community(code: "%s") { name quota { posts } workers(first: 1) { edges { node { name } } } } }'
EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror')"
HEADERS = "document.querySelector('.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror')"
ANSWER = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()"


def at_home(page: Page, origin: str) -> None:
    """Nothing was asked of another origin, nothing failed, nobody complained."""
    assert page.requests
    own = (f"{origin}/", f"{origin.replace('http', 'ws', 1)}/", "data:", f"blob:{origin}/")
    strangers = [url for url in page.requests if not url.startswith(own)]
    assert strangers == []
    assert {url: status for url, status in page.answers.items() if status >= 400} == {}
    assert page.complaints == []


async def test_the_first_page_in_both_languages(page: Page, gateway: str, pictures: Path) -> None:
    await page.open(f"{gateway}/")
    text = await page.text()
    for word in ("共治", "GraphiQL", "Swagger UI", "ReDoc", "配备服务", "薪酬服务", "协商服务", "Staffing"):
        assert word in text
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    await page.photograph(pictures / "index.png")
    at_home(page, gateway)


@pytest.mark.parametrize("path", ["/", "/scalars", "/errors", "/redoc", "/docs", "/graphql"])
async def test_a_page_fits_a_phone(page: Page, gateway: str, pictures: Path, path: str) -> None:
    await page.size(*PHONE)
    await page.open(f"{gateway}{path}")
    await page.until("document.body.innerText.length > 200")
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    await page.photograph(pictures / f"phone{path.replace('/', '-')}.png")
    assert await page.evaluate(NO_SCROLL), await page.evaluate("document.documentElement.scrollWidth")
    at_home(page, gateway)


@pytest.mark.parametrize("name", SWAGGER)
async def test_swagger_ui_lists_the_operations(page: Page, running: Running, pictures: Path, name: str) -> None:
    origin = running.urls[name]
    await page.open(f"{origin}/docs")
    await page.until("document.querySelectorAll('.opblock').length > 1")
    await page.until("document.querySelector('.authorize')?.innerText.includes('授权')")
    await page.photograph(pictures / f"swagger-{name}.png")
    await page.click("document.querySelector('.opblock-summary')")
    await page.until("document.querySelector('.opblock.is-open .responses-table')")
    await page.photograph(pictures / f"swagger-{name}-open.png")
    at_home(page, origin)


async def test_redoc_lists_the_operations(page: Page, gateway: str, pictures: Path) -> None:
    await page.open(f"{gateway}/redoc")
    await page.until("document.body.innerText.includes('graphql') && document.querySelector('h2')")
    await page.photograph(pictures / "redoc.png")
    at_home(page, gateway)


async def test_scalars_are_explained(page: Page, gateway: str, pictures: Path) -> None:
    await page.open(f"{gateway}/scalars")
    assert "DivisionCode" in await page.text()
    await page.photograph(pictures / "scalars.png")
    at_home(page, gateway)


async def write(page: Page, editor: str, text: str) -> None:
    """Put a text into one of GraphiQL's editors in place of what it holds, by mouse and keyboard."""
    await page.click(editor)
    await page.until(f"{editor}.CodeMirror.hasFocus()")
    await page.press("a", 65, modifiers=2, command="selectAll")
    await page.type(text)
    await page.press("Escape", 27)  # the list of suggestions


async def test_a_query_typed_into_graphiql_answers_with_data(
    page: Page, running: Running, gateway: str, pictures: Path
) -> None:
    await page.open(f"{gateway}/graphql")
    await page.until(EDITOR)
    await page.until("document.querySelector('.graphiql-doc-explorer-root-type, .graphiql-toolbar')")
    await page.until("document.querySelector('.graphiql-editor-tools')?.innerText.includes('请求头')")
    await page.photograph(pictures / "graphiql.png")
    await page.click(
        "[...document.querySelectorAll('.graphiql-editor-tools button')].find(b => /Headers/.test(b.innerText))"
    )
    await write(page, HEADERS, json.dumps({"Authorization": f"Bearer {running.token}"}))
    await write(page, EDITOR, QUERY % SHIHUGUAN)
    await page.until("localStorage.getItem('graphiql:operationName') === 'Q'")
    await page.press("Enter", 13, modifiers=2)
    answer = json.loads(await page.until(ANSWER))
    assert "errors" not in answer, answer
    assert answer["data"]["community"]["name"] == "世纪城社区"
    assert answer["data"]["community"]["workers"]["edges"][0]["node"]["name"]
    await page.photograph(pictures / "graphiql-answer.png")
    at_home(page, gateway)


async def listened_to(client: httpx.AsyncClient) -> bool:
    """Whether somebody follows a service's events."""
    return "gongzhi_event_subscribers 1.0" in (await client.get("/metrics")).text


async def test_a_subscription_in_graphiql_tells_what_happens(
    page: Page, running: Running, gateway: str, pictures: Path
) -> None:
    await page.open(f"{gateway}/graphql")
    await page.until(EDITOR)
    await page.click(
        "[...document.querySelectorAll('.graphiql-editor-tools button')].find(b => /Headers/.test(b.innerText))"
    )
    await write(page, HEADERS, json.dumps({"Authorization": f"Bearer {running.token}"}))
    await write(page, EDITOR, "subscription S { issueChanged { kind issue { title community { name } } } }")
    await page.until("localStorage.getItem('graphiql:operationName') === 'S'")
    await page.press("Enter", 13, modifiers=2)
    raised = issue(SHIHUGUAN, "浏览器里看见的议题", 6).model_dump(mode="json")
    headers = {"Authorization": f"Bearer {running.token}", "Idempotency-Key": uuid4().hex}
    async with httpx.AsyncClient(base_url=running.urls["consultation"], trust_env=False) as client:
        await until(lambda: listened_to(client), 20)
        assert (await client.post("/v1/issues", json=raised, headers=headers)).status_code == 201
    await page.until(f"{ANSWER}?.includes('浏览器里看见的议题')")
    answer = json.loads(await page.until(ANSWER))
    assert answer["data"]["issueChanged"]["kind"] == "OPENED"
    await page.photograph(pictures / "graphiql-subscription.png")
    at_home(page, gateway)


async def test_the_documentation_in_graphiql_speaks_both_languages(page: Page, gateway: str, pictures: Path) -> None:
    await page.open(f"{gateway}/graphql")
    await page.click("document.querySelector('.graphiql-sidebar button')")
    await page.until("document.querySelector('.graphiql-doc-explorer-content')")
    await page.click("document.querySelector('.graphiql-doc-explorer-content a.graphiql-doc-explorer-type-name')")
    await page.until("/社区/.test(document.querySelector('.graphiql-doc-explorer-content').innerText)")
    await page.photograph(pictures / "graphiql-docs.png")
    at_home(page, gateway)


async def test_a_second_visit_finds_the_same_tab_again(page: Page, gateway: str) -> None:
    await page.open(f"{gateway}/graphql")
    await page.evaluate("localStorage.clear()")
    for _ in range(3):
        await page.open(f"{gateway}/graphql")
        await page.until(f"{EDITOR}?.CodeMirror.getValue().includes('query Community')")
        await page.until("JSON.parse(localStorage.getItem('graphiql:tabState'))?.tabs.length === 1")


STRANGE = "http://localhost:9/strange.png"


async def test_the_watch_sees_strangers_and_broken_policies(page: Page, gateway: str) -> None:
    await page.open(f"{gateway}/")
    await page.evaluate(f"document.body.append(Object.assign(new Image(), {{src: {STRANGE!r}}}))")
    await page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'var x = 1'}))")
    await page.until("document.images.length === 1 && document.images[0].complete")
    assert any("policy" in complaint or "Content Security Policy" in complaint for complaint in page.complaints)
    assert await page.evaluate("typeof x") == "undefined"
    with pytest.raises(AssertionError):
        at_home(page, gateway)
