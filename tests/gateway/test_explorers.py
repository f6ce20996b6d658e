import base64
import hashlib
import html
import json
import re
from pathlib import Path

import httpx
import pytest

from gateway.console.vendor import PACKAGES, REMOTE_LOADS, SOURCE_MAPS, cleaned, integrity
from gateway.endpoint import STATUS
from gateway.errors import MEANING, REMEDY, Code
from gateway.explorers import CONSOLE

ASSETS = CONSOLE / "assets"
LOCK = json.loads((ASSETS / "assets.lock.json").read_text(encoding="utf-8"))
REMOTE = re.compile(r"""(?:src|href)=["'](?:https?:)?//(?!127\.0\.0\.1)|@import|url\(["']?(?:https?:)?//""")
HTML = {"accept": "text/html"}


@pytest.mark.parametrize("package", LOCK)
def test_every_vendored_file_is_what_the_lock_says(package: str) -> None:
    for name, expected in LOCK[package]["files"].items():
        assert integrity((ASSETS / name).read_bytes()) == expected


def test_the_lock_names_every_file_and_every_package() -> None:
    locked = {name for package in LOCK.values() for name in package["files"]}
    ours = {"assets.lock.json", "words.js"}
    assert {path.name for path in ASSETS.iterdir()} - ours == locked
    assert {package.name: package.version for package in PACKAGES} == {
        name: package["version"] for name, package in LOCK.items()
    }


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.*s")), ids=lambda path: path.name)
def test_no_vendored_file_asks_for_maps_or_loads_from_elsewhere(path: Path) -> None:
    content = path.read_bytes()
    assert SOURCE_MAPS.search(content) is None
    assert [remote for remote, _ in REMOTE_LOADS if remote in content] == []


def test_cleaning_takes_out_maps_and_remote_addresses() -> None:
    assert cleaned(b"a\n//# sourceMappingURL=a.min.js.map") == b"a\n"
    assert cleaned(b"b\n/*# sourceMappingURL=b.css.map*/") == b"b\n"
    assert cleaned(b'"https://cdn.redoc.ly/redoc/logo-mini.svg"') == b'"data:,"'


def test_an_integrity_sum_is_what_browsers_compute() -> None:
    assert integrity(b"x") == "sha512-" + base64.b64encode(hashlib.sha512(b"x").digest()).decode()


@pytest.mark.parametrize("path", ["/", "/graphql", "/redoc", "/scalars", "/errors", "/docs"])
async def test_a_page_loads_only_from_here_and_every_part_is_there(lonely: httpx.AsyncClient, path: str) -> None:
    page = await lonely.get(path, headers=HTML)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert REMOTE.search(page.text) is None
    parts = re.findall(r'(?:src|href)="(/_[^"]+)"', page.text)
    assert parts
    for part in parts:
        assert (await lonely.get(part)).status_code == 200


@pytest.mark.parametrize("path", ["/graphql", "/redoc"])
async def test_every_vendored_part_of_a_page_carries_its_sum(lonely: httpx.AsyncClient, path: str) -> None:
    page = (await lonely.get(path, headers=HTML)).text
    sums = {name: value for package in LOCK.values() for name, value in package["files"].items()}
    used = dict(re.findall(r'(?:src|href)="/_assets/([^"]+)" integrity="([^"]+)"', page))
    assert used
    assert used == {name: sums[name] for name in used}
    assert page.count("/_assets/") - page.count("/_assets/words.js") == len(used)


async def test_no_page_runs_script_of_its_own_text(lonely: httpx.AsyncClient) -> None:
    for path in ("/", "/graphql", "/redoc", "/scalars", "/errors"):
        page = (await lonely.get(path, headers=HTML)).text
        assert re.search(r"<script(?![^>]*\ssrc=)", page) is None


async def test_the_first_page_lists_explorers_and_services_in_both_languages(lonely: httpx.AsyncClient) -> None:
    page = (await lonely.get("/")).text
    for word in (
        "GraphiQL",
        "/schema.graphql",
        "/errors",
        "Swagger UI",
        "ReDoc",
        "配备服务 Staffing",
        "薪酬服务 Payroll",
        "协商服务 Consultation",
    ):
        assert word in page


async def test_the_schema_and_its_scalars_can_be_read(lonely: httpx.AsyncClient) -> None:
    assert "type Community implements Node" in (await lonely.get("/schema.graphql")).text
    scalars = (await lonely.get("/scalars")).text
    for name in ("Yuan", "DivisionCode", "Month", "Date", "DateTime", "Word"):
        assert f'id="{name}"' in scalars


@pytest.mark.parametrize("name", ["index.html", "vendor.py", "nothing.js", "..%2fapp.py"])
async def test_only_the_console_s_own_files_are_served(lonely: httpx.AsyncClient, name: str) -> None:
    assert (await lonely.get(f"/_console/{name}")).status_code == 404


async def test_a_browser_with_a_query_gets_its_answer(lonely: httpx.AsyncClient) -> None:
    headers = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    answer = await lonely.get("/graphql", params={"query": "{ __typename }"}, headers=headers)
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_every_error_code_is_published_with_its_status_and_remedy(lonely: httpx.AsyncClient) -> None:
    page = (await lonely.get("/errors")).text
    for code in Code:
        assert f'<dt id="{code}">{code} · {STATUS.get(code, 400)}</dt>' in page
        assert all(words in page for words in (*MEANING[code], *map(html.escape, REMEDY[code])))
