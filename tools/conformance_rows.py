"""The rows of policies/*/conformance.yaml: read, checked, and refused with file and row when one is malformed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

STATUSES = ("built", "unbuilt", "unknown")
_ROW_KEYS = {"sentence", "answer", "status", "reason", "needs", "waits", "later", "checks"}
_CHECK_KEYS = {"ask", "rule", "graphql", "as", "expect", "save"}
_SECTIONS = {
    "staffing": "staffing",
    "admission": "staffing",
    "figures": "staffing",
    "payroll": "payroll",
    "consultation": "consultation",
}


class _Loader(yaml.SafeLoader):
    """YAML in which only true and false are booleans, so that `on:` is a name; days stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


class RowsError(ValueError):
    """The row files cannot be used: every problem, one per line."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the running system and what its answer must say."""

    service: str
    method: str
    path: str
    query: Mapping[str, object]
    body: object
    headers: Mapping[str, str]
    role: str
    region: str
    expect: Mapping[str, object]
    save: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the acceptance list: the sentence, where it stands, and its checks."""

    id: str
    pack: str
    zh: str
    en: str
    answer: str
    status: str
    reason: str = ""
    needs: str = ""
    waits: str = ""
    later: str = ""
    checks: tuple[Check, ...] = field(default=())


def load_rows(packs_dir: Path) -> tuple[Row, ...]:
    """Every row of every pack, by id; RowsError lists all problems (unknown keys, double ids, built without checks)."""
    rows: dict[str, Row] = {}
    problems: list[str] = []
    for file in sorted(packs_dir.glob("*/conformance.yaml")):
        region = _region(file.parent / "documents.yaml")
        for identifier, body in _mapping(_read(file)).items():
            found = _problems(body)
            if identifier in rows:
                found.append("the id stands twice: keep one")
            problems += [f"{file.parent.name}/{file.name}: {identifier}: {one}" for one in found]
            if not found:
                rows[str(identifier)] = _row(str(identifier), file.parent.name, region, _mapping(body))
    if not rows and not problems:
        problems.append(f"no rows under {packs_dir}: is this the folder of the policy packs?")
    if problems:
        raise RowsError("\n".join(problems))
    return tuple(rows[identifier] for identifier in sorted(rows))


def _region(documents: Path) -> str:
    """The pack's own region, asked in by default; the nation's code where the pack says nothing."""
    if not documents.exists():
        return "000000000000"
    return str(_mapping(_read(documents)).get("region", "000000000000"))


def _read(file: Path) -> object:
    """The file's YAML; RowsError with file and line where it is none."""
    try:
        found: object = yaml.load(file.read_text("utf-8"), _Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        raise RowsError(f"{file.parent.name}/{file.name}: {error}") from error
    return found


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _problems(body: object) -> list[str]:
    """What is wrong with one row; empty when it can be used."""
    row = _mapping(body)
    found = [f"unknown key {key!r}: use {', '.join(sorted(_ROW_KEYS))}" for key in row if key not in _ROW_KEYS]
    status = row.get("status")
    if status not in STATUSES:
        found.append(f"status {status!r}: use built, unbuilt or unknown")
    found += [f"status {status} needs {key}" for want, key in _WANTED if want == status and not row.get(key)]
    found += [f"sentence.{key} is missing" for key in ("zh", "en") if not _mapping(row.get("sentence")).get(key)]
    return found + [one for check in _list(row.get("checks")) for one in _check_problems(_mapping(check))]


_WANTED = (("built", "checks"), ("unbuilt", "reason"), ("unknown", "needs"))


def _check_problems(check: Mapping[str, object]) -> list[str]:
    found = [f"unknown key {key!r} in a check" for key in check if key not in _CHECK_KEYS]
    asked = [key for key in ("ask", "rule", "graphql") if key in check]
    if len(asked) != 1:
        found.append("a check asks exactly one of ask, rule, graphql")
    if not _mapping(check.get("expect")):
        found.append("a check expects something of the answer")
    if "rule" in asked and _mapping(check["rule"]).get("section") not in _SECTIONS:
        found.append(f"rule.section: use one of {', '.join(_SECTIONS)}")
    if "ask" in asked and not {"service", "path"} <= set(_mapping(check["ask"])):
        found.append("ask needs service and path")
    return found


def _row(identifier: str, pack: str, region: str, body: Mapping[str, object]) -> Row:
    sentence = _mapping(body.get("sentence"))
    texts = {key: str(body.get(key, "")) for key in ("answer", "status", "reason", "needs", "waits", "later")}
    checks = tuple(_check(_mapping(check), pack, region) for check in _list(body.get("checks")))
    return Row(id=identifier, pack=pack, zh=str(sentence["zh"]), en=str(sentence["en"]), checks=checks, **texts)


def _check(check: Mapping[str, object], pack: str, region: str) -> Check:
    asker = _mapping(check.get("as"))
    expect = dict(_mapping(check["expect"]))
    if "rule" in check:
        ask = _rule_ask(_mapping(check["rule"]), pack)
        if expect.get("status", 200) == 200:
            expect = {"citations.count": {">=": 1}} | expect
    elif "graphql" in check:
        ask = {"service": "gateway", "method": "POST", "path": "/graphql", "body": dict(_mapping(check["graphql"]))}
    else:
        ask = _mapping(check["ask"])
    return Check(
        service=str(ask["service"]),
        method=str(ask.get("method", "GET")),
        path=str(ask["path"]),
        query=_mapping(ask.get("query")),
        body=ask.get("body"),
        headers={str(key): str(value) for key, value in _mapping(ask.get("headers")).items()},
        role=str(asker.get("role", "auditor")),
        region=str(asker.get("region", region)),
        expect={"status": 200} | expect if "status" not in expect else expect,
        save={str(key): str(path) for key, path in _mapping(check.get("save")).items()},
    )


def _rule_ask(rule: Mapping[str, object], pack: str) -> Mapping[str, object]:
    """The evaluation of one rule, asked of the service that reads the rule's section."""
    section = str(rule["section"])
    body = {key: value for key, value in rule.items() if key not in {"pack", "name", "version"}}
    return {
        "service": _SECTIONS[section],
        "method": "POST",
        "path": f"/v1/packs/{rule.get('pack', pack)}/rules/{rule['name']}/evaluation",
        "body": body,
    }
