"""Real processes, a real browser. Collected only on demand: `make test-browser` sets GONGZHI_BROWSER."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.chromium import Page, Protocol, chromium
from tests.system.conftest import Running, running  # noqa: F401  the fixture: gateway and services as processes
from tools import browser as browsers

collect_ignore_glob = [] if os.environ.get("GONGZHI_BROWSER") else ["test_*.py"]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the screenshots: GONGZHI_SCREENSHOTS, else a temporary one."""
    given = os.environ.get("GONGZHI_SCREENSHOTS")
    if given is None:
        return tmp_path_factory.mktemp("screenshots")
    Path(given).mkdir(parents=True, exist_ok=True)
    return Path(given)


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Protocol]:
    """Chromium with an empty profile."""
    program = browsers.chromium()
    assert program is not None, "no Chromium found; `make test-browser` installs it / 未找到 Chromium"
    async with chromium(program, tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
async def page(browser: Protocol) -> AsyncIterator[Page]:
    """A new tab, closed after the test."""
    made = await Page.made(browser)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def gateway(running: Running) -> str:  # noqa: F811  the fixture by its name
    """The gateway's address."""
    return running.urls["gateway"]
