"""A system to ask: the one that runs, or one started for the time of the asking."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from services.runtime.settings import ROOT
from tools.dev import Options

RUN: tuple[str, ...] = (sys.executable, "-m", "tools.cli", "run")


class NotStarted(Exception):
    """No system runs and none could be started; the text is what the start said."""


def answers(options: Options) -> bool:
    """True when all four processes of these ports are alive."""
    try:
        with httpx.Client(timeout=2.0, trust_env=False) as client:
            return all(client.get(f"{url}/livez").status_code == httpx.codes.OK for url in options.urls.values())
    except httpx.HTTPError:
        return False


@contextmanager
def running(options: Options) -> Iterator[None]:
    """While inside, a system answers on the ports; NotStarted with the reason when none can be started."""
    if answers(options):
        yield
        return
    process = subprocess.Popen(
        RUN,
        cwd=ROOT,
        env={**os.environ, "PORT_BASE": str(options.port_base), "GONGZHI_HOME": str(options.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _wait_ready(process)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _wait_ready(process: subprocess.Popen[str]) -> None:
    lines: list[str] = []
    for line in process.stdout or ():
        if line.startswith("ready"):
            return
        lines.append(line)
    raise NotStarted("".join(lines[-20:]))
