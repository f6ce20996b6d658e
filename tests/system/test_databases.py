"""The data base loses a connection, all of them, or its life: refusals in time, and nobody has to be started again."""

import asyncio
import os
import signal
import time

import asyncpg
import pytest

from tests.fixtures.serving import until
from tests.gateway.register import SHIHUGUAN
from tests.system.conftest import GATEWAYS, SERVICES, Running, bar
from tests.system.test_faults import PAGE
from tests.system.test_join import codes

pytestmark = pytest.mark.xdist_group("system")
PAY = {"code": SHIHUGUAN}
AT_ONCE = 1.0
REST = {"staffing": "/v1/communities", "payroll": "/v1/payroll-runs", "consultation": "/v1/issues"}


async def backends(system: Running, service: str) -> list[int]:
    """The data base's own processes for a service."""
    connection = await asyncpg.connect(system.env["GONGZHI_DATABASE_URL"])
    try:
        found = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = $1", f"gongzhi-{service}"
        )
        return [row["pid"] for row in found]
    finally:
        await connection.close()


async def end_backends(system: Running, service: str) -> int:
    """End every connection of a service, as an administrator may; how many there were."""
    connection = await asyncpg.connect(system.env["GONGZHI_DATABASE_URL"])
    try:
        ended = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", f"gongzhi-{service}"
        )
        return len(ended)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_ended_connections_are_noticed_by_nobody(system: Running, service: str) -> None:
    """F-06: the request that meets a dead connection is tried again on a new one."""
    for name in GATEWAYS:
        await system.ask(PAGE, PAY, name)
    assert await end_backends(system, service) > 0
    for name in GATEWAYS:
        for _ in range(3):
            body, _ = await system.ask(PAGE, PAY, name)
            assert codes(body) == set()


async def test_a_killed_connection_is_missed_for_a_moment(system: Running) -> None:
    """F-06 with SIGKILL, after which PostgreSQL restarts all its own processes; no service is."""
    processes = {name: process.pid for name, process in system.processes.items()}
    victims = await backends(system, "payroll")
    os.kill(victims[0], signal.SIGKILL)
    deadline = time.monotonic() + bar(5)
    for name in GATEWAYS:
        while True:
            body, seconds = await system.ask(PAGE, PAY, name)
            assert codes(body) <= {"UPSTREAM_UNAVAILABLE"}
            assert seconds < bar(AT_ONCE)
            if not codes(body):
                break
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
    for name in GATEWAYS:
        for _ in range(5):
            body, _ = await system.ask(PAGE, PAY, name)
            assert codes(body) == set()
    assert {name: process.pid for name, process in system.processes.items()} == processes


async def check_refused(system: Running) -> None:
    """Without a data base every question is refused in time, by services and by gateways."""
    headers = {"authorization": f"Bearer {system.token}"}
    for service, path in REST.items():
        started = time.perf_counter()
        answer = await system.client.get(f"{system.urls[service]}{path}", headers=headers)
        assert time.perf_counter() - started < bar(AT_ONCE)
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["code"] == "database.unavailable"
        assert (await system.client.get(f"{system.urls[service]}/livez")).status_code == 200
        assert (await system.client.get(f"{system.urls[service]}/readyz")).status_code == 503
    for name in GATEWAYS:
        body, seconds = await system.ask(PAGE, PAY, name)
        assert codes(body) == {"UPSTREAM_UNAVAILABLE"}
        assert body["data"] == {"community": None}
        assert seconds < bar(AT_ONCE)


async def test_a_killed_server_is_refused_in_time_and_found_again(system: Running) -> None:
    """F-05: kill -9 of the postmaster while it is being asked; services and gateways stay as they are."""
    processes = {name: process.pid for name, process in system.processes.items()}
    asked = [asyncio.ensure_future(system.ask(PAGE, PAY, name)) for name in GATEWAYS for _ in range(4)]
    await asyncio.sleep(0.02)
    server = system.postgres.pid
    assert server is not None
    os.kill(server, signal.SIGKILL)
    for body, seconds in await asyncio.gather(*asked):
        assert codes(body) <= {"UPSTREAM_UNAVAILABLE"}
        assert seconds < bar(3)
    await until(lambda: system.postgres.pid is None)
    await check_refused(system)
    system.postgres.start()
    await asyncio.gather(*(system.whole(name, 5) for name in GATEWAYS))
    for name in GATEWAYS:
        for _ in range(5):
            body, _ = await system.ask(PAGE, PAY, name)
            assert codes(body) == set()
    assert {name: process.pid for name, process in system.processes.items()} == processes
