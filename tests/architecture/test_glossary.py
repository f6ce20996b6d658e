"""One term, one identifier: the public nouns are in the glossary."""

import re

from graphql import GraphQLEnumType, GraphQLObjectType

from gateway.schema import build
from tools.snapshots import ROOT

GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
IDENTIFIERS = set(re.findall(r"`([a-z_0-9=]+)`", GLOSSARY))
FRAMES = ("Connection", "Edge")
PROTOCOL = {"Query", "Mutation", "Subscription", "PageInfo"}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_every_type_of_the_schema_is_a_term_of_the_glossary() -> None:
    types = build().core.type_map.values()
    nouns = {
        snake(kind.name)
        for kind in types
        if isinstance(kind, GraphQLObjectType | GraphQLEnumType)
        and not kind.name.startswith("__")
        and not kind.name.endswith(FRAMES)
        and kind.name not in PROTOCOL
    }
    assert nouns - IDENTIFIERS == set()


def test_rows_have_both_languages_and_an_identifier() -> None:
    rows = [line for line in GLOSSARY.splitlines() if line.startswith("|") and not line.startswith(("|---", "| 中文"))]
    assert len(rows) > 90
    assert [row for row in rows if row.count("|") != 4 or not all(cell.strip() for cell in row.split("|")[1:4])] == []
