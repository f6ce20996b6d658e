"""A tiny real HTTP service for the runner to ask: it answers by path, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Service:
    """Answers in `answers` by 'METHOD /path'; every request lands in `asked`."""

    url: str
    answers: dict[str, tuple[int, Any]]
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    answers: dict[str, tuple[int, Any]] = {}
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            asked.append({"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body})
            path = self.path.partition("?")[0]
            status, answer = answers.get(f"{self.command} {path}", (404, {"code": "route.not_found"}))
            content = answer.encode() if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the name http.server looks for

        def log_message(self, *args: object) -> None:
            """Quiet: the test reads `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Service(f"http://127.0.0.1:{server.server_address[1]}", answers, asked)
    server.shutdown()
    thread.join()
    server.server_close()
