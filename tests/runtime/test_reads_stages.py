"""A key is looked for in stages: in the next one only while it has no row."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from services.runtime.reads import reads_router
from services.runtime.selection import Ask, Column, Entity, Lookup
from services.runtime.server import create_base
from tests.conftest import ServiceApp, SettingsOf, TokenMaker

WORDS = "(VALUES ('a', 3), ('a', 2), ('b', 2), ('c', 1)) w(name, era)"


async def test_later_stages_are_asked_for_what_is_still_missing(
    service_app: ServiceApp, settings_of: SettingsOf, staffing_url: str, token: TokenMaker
) -> None:
    asked: list[Sequence[str]] = []
    eras: list[int] = []

    async def stages(_ask: Ask, keys: Sequence[str]) -> AsyncGenerator[Mapping[str, object], None]:
        asked.append(keys)
        for era in (3, 2):
            eras.append(era)
            yield {"era": era}
        eras.append(0)
        yield {}

    word = Entity(
        name="word",
        permissions=("staffing.read",),
        columns={"name": "w.name", "era": "w.era"},
        lookups={
            "name": Lookup(
                source=WORDS,
                where=lambda given: f"w.name = k.key{' AND w.era = :era::int' if 'era' in given else ''}",
                stages=stages,
            )
        },
        fields={"name": Column("b.name"), "era": Column("b.era")},
    )
    settings = settings_of(staffing_url)
    app = create_base(settings, title="t", description="d", schema="staffing", routers=[reads_router([word])])
    client = await service_app(app, token("auditor", "000000000000"))

    async def read(*keys: str) -> list[Any]:
        asked.clear()
        eras.clear()
        body = {"reads": [{"entity": "word", "by": "name", "keys": keys, "fields": ["era", "name"]}]}
        (answer,) = (await client.post("/v1/reads", json=body)).json()["answers"]
        return answer["rows"]

    assert await read("a", "a") == [[3, "a"], [3, "a"]]
    assert (asked, eras) == ([["a"]], [3])
    assert await read("b", "a") == [[2, "b"], [3, "a"]]
    assert eras == [3, 2]
    assert await read("c", "x", "a", "b") == [[1, "c"], None, [3, "a"], [2, "b"]]
    assert eras == [3, 2, 0]
    assert await read() == []
    assert asked == []
