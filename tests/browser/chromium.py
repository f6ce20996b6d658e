"""A real Chromium driven over its debugging pipe: opens pages, types, clicks, photographs, tells what went wrong."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

FLAGS = (
    "--headless",
    "--no-sandbox",  # root has no other way
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--lang=zh-CN",
    "--remote-debugging-pipe",
)
DESKTOP = (1280, 800)
PHONE = (390, 844)


class Protocol:
    """One connection in Chromium's own protocol: numbered calls and their answers, and events in between."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.last = 0
        self.waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.pages: dict[str, Page] = {}

    async def call(self, method: str, session: str | None = None, /, **params: Any) -> dict[str, Any]:
        """The result of a call. AssertionError when the browser refuses it or is silent for 20 s."""
        self.last += 1
        message: dict[str, Any] = {"id": self.last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        answer = self.waiting[self.last] = asyncio.get_running_loop().create_future()
        self.writer.write(json.dumps(message).encode() + b"\0")
        await self.writer.drain()
        async with asyncio.timeout(20):
            told = await answer
        assert "error" not in told, (method, told["error"])
        result: dict[str, Any] = told["result"]
        return result

    async def listen(self) -> None:
        """Hand out answers and events until the browser is gone."""
        while True:
            try:
                told = json.loads((await self.reader.readuntil(b"\0"))[:-1])
            except asyncio.IncompleteReadError:
                return
            if "id" in told:
                self.waiting.pop(told["id"]).set_result(told)
            elif (page := self.pages.get(told.get("sessionId", ""))) is not None:
                page.hear(told["method"], told["params"])


def complaint_of(method: str, params: dict[str, Any]) -> str | None:
    """What an event complains of: a failed load, an exception, an error on the console, a broken content policy."""
    match method:
        case "Network.loadingFailed" if not params.get("canceled"):
            return f"not loaded: {params.get('errorText')} {params.get('blockedReason', '')}"
        case "Runtime.exceptionThrown":
            thrown = params["exceptionDetails"]
            return f"exception: {thrown.get('exception', {}).get('description', thrown['text'])}"
        case "Runtime.consoleAPICalled" if params["type"] in {"error", "assert"}:
            return f"console: {' '.join(str(one.get('value', one.get('description'))) for one in params['args'])}"
        case "Log.entryAdded" if params["entry"]["level"] == "error":
            return f"log: {params['entry']['text']} {params['entry'].get('url', '')}"
        case "Audits.issueAdded" if params["issue"]["code"] == "ContentSecurityPolicyIssue":
            return f"policy: {json.dumps(params['issue']['details'])}"
    return None


@dataclass
class Page:
    """One tab, all it asked of the network and all it complained of."""

    protocol: Protocol
    session: str
    target: str
    requests: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def hear(self, method: str, params: dict[str, Any]) -> None:
        """Note one event."""
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Network.responseReceived":
                self.answers[params["response"]["url"]] = params["response"]["status"]
            case _ if (complaint := complaint_of(method, params)) is not None:
                self.complaints.append(complaint)

    async def call(self, method: str, /, **params: Any) -> dict[str, Any]:
        return await self.protocol.call(method, self.session, **params)

    async def open(self, url: str) -> None:
        """Go to an address; what earlier pages said is forgotten."""
        self.requests.clear()
        self.answers.clear()
        self.complaints.clear()
        told = await self.call("Page.navigate", url=url)
        assert not told.get("errorText"), (url, told)
        await self.until("document.readyState === 'complete'")

    async def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        told = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, (script, told["exceptionDetails"])
        return told["result"].get("value")

    async def until(self, script: str, seconds: float = 30) -> Any:
        """Wait until an expression is true, or an element is there; its value, true for an element."""
        value = None
        for _ in range(int(seconds * 10)):
            value = await self.evaluate(f"(found => found instanceof Node ? true : found)({script})")
            if value:
                return value
            await asyncio.sleep(0.1)
        raise AssertionError(f"{script} stayed {value!r}; {self.complaints}; {(await self.text())[:2000]}")

    async def text(self) -> str:
        """What a reader sees of the page as text."""
        return str(await self.evaluate("document.body ? document.body.innerText : ''"))

    async def click(self, script: str) -> None:
        """Click with the mouse in the middle of the element that an expression names, once it is there."""
        await self.until(f"Boolean({script})")
        corner = f"(() => {{const e = {script}; e.scrollIntoView({{block: 'center'}}); return e.getBoundingClientRect()"
        box = await self.evaluate(f"{corner}.toJSON()}})()")
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    async def type(self, text: str) -> None:
        """Enter a text where the cursor is."""
        await self.call("Input.insertText", text=text)

    async def press(self, key: str, code: int, modifiers: int = 0, command: str | None = None) -> None:
        """Press a key: its name and code, 2 for Control held down, and the editing command it stands for."""
        more = {"commands": [command]} if command else {}
        stroke = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        await self.call("Input.dispatchKeyEvent", type="rawKeyDown", **stroke, **more)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **stroke)

    async def size(self, width: int, height: int) -> None:
        """Take the size of a screen; a narrow one is a phone's."""
        phone = width < 600
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )

    async def photograph(self, path: Path) -> None:
        """Write what is seen to a PNG file."""
        picture = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(picture["data"]))

    async def close(self) -> None:
        """Close the tab; what it still says goes unheard."""
        del self.protocol.pages[self.session]
        await self.protocol.call("Target.closeTarget", targetId=self.target)

    @classmethod
    async def made(cls, protocol: Protocol) -> Self:
        """A new empty tab that tells everything."""
        target = (await protocol.call("Target.createTarget", url="about:blank"))["targetId"]
        told = await protocol.call("Target.attachToTarget", targetId=target, flatten=True)
        page = cls(protocol, told["sessionId"], target)
        protocol.pages[page.session] = page
        for domain in ("Network", "Runtime", "Page", "Log", "Audits"):
            await page.call(f"{domain}.enable")
        await page.size(*DESKTOP)
        return page


@asynccontextmanager
async def chromium(program: str, folder: Path) -> AsyncIterator[Protocol]:
    """A running browser with an empty profile in `folder`; it ends with the block."""
    to_browser, ours_out = os.pipe()
    ours_in, from_browser = os.pipe()

    def as_three_and_four() -> None:
        kept = os.dup(to_browser), os.dup(from_browser)  # neither may lie on 3 or 4 while those are written
        os.dup2(kept[0], 3)
        os.dup2(kept[1], 4)

    with (folder / "chromium.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank",
            preexec_fn=as_three_and_four, close_fds=False, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    os.close(to_browser)
    os.close(from_browser)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**28)
    incoming, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_in, "rb"))
    outgoing, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(ours_out, "wb"))
    protocol = Protocol(reader, asyncio.StreamWriter(outgoing, flow, None, loop))
    listening = asyncio.create_task(protocol.listen())
    try:
        yield protocol
        await protocol.call("Browser.close")
        async with asyncio.timeout(10):
            await process.wait()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, 9)
            await process.wait()
        listening.cancel()
        incoming.close()
        outgoing.close()
