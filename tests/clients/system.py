"""Gateway and services as processes of the product's own runner, and the key set of an identity provider."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from joserfc.jwk import KeySet

from services.runtime.tokens import dev_key
from tests.system.conftest import free_ports
from tools import children
from tools.children import Child
from tools.dev import FACTORIES


@dataclass(frozen=True)
class Processes:
    """What answers: the address of each process by its name, its environment, a token for all, their logs."""

    urls: Mapping[str, str]
    env: Mapping[str, str]
    token: str
    folder: Path


@contextmanager
def processes(names: tuple[str, ...], given: Processes) -> Iterator[Processes]:
    """Processes with `given.env` that find each other, and what `given.urls` names besides; ended with the block."""
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    urls = {**given.urls, **{name: f"http://127.0.0.1:{port}" for name, port in ports.items()}}
    env = {**given.env, **{f"GONGZHI_{name.upper()}_URL": url for name, url in urls.items() if name != "gateway"}}
    started = [
        Child(name, FACTORIES[name], port, {**env, "GONGZHI_PORT": str(port)}, given.folder / f"{name}.log")
        for name, port in ports.items()
    ]
    try:
        for child in started:
            child.start()
        children.wait_ready(started)
        yield Processes(urls, env, given.token, given.folder)
    finally:
        children.stop([child for child in started if child.process is not None])


@contextmanager
def identity_provider(key_file: Path) -> Iterator[str]:
    """The address of a key set with the public part of the development issuer's key, as production reads one."""
    keys = json.dumps(KeySet([dev_key(key_file)]).as_dict(private=False)).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/keys"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
