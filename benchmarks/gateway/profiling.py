"""A factory around another one: the process runs under cProfile and writes its figures when it is told to stop."""

import cProfile
import importlib
import os
import pstats
import time
from io import StringIO
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STARTED = "/benchmark/profile"


class Profiled:
    """An application whose event loop is profiled from the first request for `STARTED` to the end.

    In seconds of the thread's CPU, so that a busy machine does not blame whoever was interrupted.
    """

    def __init__(self, app: ASGIApp, out: Path) -> None:
        self._app = app
        self._out = out
        self._profile = cProfile.Profile(time.thread_time)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not for the profiler."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._at_end(send))
        elif scope.get("path") == STARTED:
            self._profile.enable()
            headers = [(b"content-length", b"2"), (b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})
        else:
            await self._app(scope, receive, send)

    def _at_end(self, send: Send) -> Send:
        async def passing(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                self._profile.disable()
                self._profile.dump_stats(self._out)
            await send(message)

        return passing


def main() -> ASGIApp:
    """The factory uvicorn calls: BENCHMARK_FACTORY names the real one, BENCHMARK_PROFILE the file."""
    module, _, name = os.environ["BENCHMARK_FACTORY"].partition(":")
    return Profiled(getattr(importlib.import_module(module), name)(), Path(os.environ["BENCHMARK_PROFILE"]))


def summary(path: Path, lines: int = 40) -> str:
    """The functions that took the most time of their own, and those with the most below them."""
    out = StringIO()
    stats = pstats.Stats(str(path), stream=out)
    stats.sort_stats("tottime").print_stats(lines)
    stats.sort_stats("cumtime").print_stats(lines)
    return out.getvalue()
