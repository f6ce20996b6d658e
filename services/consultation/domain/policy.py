"""The shape of consultation's part of a policy pack: read into a procedure, or refused with every problem named."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from services.consultation.domain.evidence import FIELDS
from services.consultation.domain.guards import GUARDS
from services.consultation.domain.procedures import (
    BEFORE,
    MARKS,
    Deadline,
    Pattern,
    Procedure,
    Role,
    Screening,
    Step,
    Test,
)
from services.kernel.errors import Malformed
from services.kernel.policy import Citation, Document, Text

Body = Mapping[str, Any]
Documents = Mapping[str, Document]

PARTS = ("channels", "participants", "screening_rule", "screening_tests")  # what a frame holds beside its procedure
STEP_KEYS = {
    "code", "stage", "name", "from", "to", "outcomes", "actors", "needs", "guards", "requires", "optional", "side",
    "back", "session", "mark", "tier", "deadline", "basis", "cite",
}  # fmt: skip


def digest(body: Body) -> str:
    """The SHA-256 of a frame's canonical JSON: the name of this very version."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def build(body: Body, documents: Documents) -> Procedure:
    """The procedure a frame describes.

    A frame is {pack, city_pack, procedure, channels?, participants?, screening_rule?, screening_tests?}, each part
    {pack, start, cite, label, data} in JSON's types. A bad shape: Malformed `procedure.malformed`, every problem named.
    """
    problems = list(_problems(body["procedure"]["data"]))
    if problems:
        raise Malformed(
            "procedure.malformed",
            f"协商程序的数据有误：{'；'.join(problems)}。请改正政策包",
            f"the procedure's data is wrong: {'; '.join(problems)}; mend the pack",
            problems=problems,
        )
    part, data = body["procedure"], body["procedure"]["data"]
    return Procedure(
        code=data["code"],
        name=_text(part["label"]),
        pack=part["pack"],
        city_pack=body["city_pack"],
        start=date.fromisoformat(part["start"]),
        digest=digest(body),
        opening=data["opening"],
        decision=data["decision"],
        publication=data["publication"],
        steps=tuple(_step(step, documents) for step in data["steps"]),
        states={code: _text(name) for code, name in data["states"].items()},
        final=frozenset(data["final"]),
        channels=named(body, "channels"),
        pattern=_pattern(body.get("participants"), documents),
        screening=_screening(body, documents),
        citations=_citations(part["cite"], documents),
    )


def named(body: Body, rule: str) -> dict[str, Text]:
    """The codes of a list rule (channels, campaigns, mechanisms) with their words; empty when there is no such rule."""
    part = body.get(rule)
    return {row["code"]: _text(row["name"]) for row in part["data"][rule]} if part else {}


def _step(row: Body, documents: Documents) -> Step:
    deadline = row.get("deadline")
    return Step(
        code=row["code"],
        name=_text(row["name"]),
        sources=frozenset(row.get("from", ())),
        outcomes=_outcomes(row),
        actors=frozenset(row["actors"]),
        needs=tuple(row.get("needs", ())),
        guards=tuple(row.get("guards", ())),
        requires=tuple(row.get("requires", ())),
        stage=row.get("stage"),
        optional=row.get("optional", False),
        side=row.get("side", False),
        back=row.get("back", False),
        session=row.get("session", False),
        marks=_marks(row),
        tier=row.get("tier"),
        deadline=Deadline(deadline["after"], deadline["at_least_days"]) if deadline else None,
        basis=row.get("basis", "document"),
        citations=_citations(row.get("cite"), documents),
    )


def _outcomes(row: Body) -> dict[str, str]:
    return dict(row["outcomes"]) if "outcomes" in row else {"": row["to"]}


def _marks(row: Body) -> dict[str, str]:
    mark = row.get("mark", {})
    return dict(mark) if isinstance(mark, Mapping) else {"": mark}


def _text(words: Mapping[str, str]) -> Text:
    return Text(words["zh"], words["en"])


def _citations(cite: Body | Sequence[Body] | None, documents: Documents) -> tuple[Citation, ...]:
    rows: Sequence[Body] = [cite] if isinstance(cite, Mapping) else cite or ()
    return tuple(
        Citation(
            documents.get(row["document"], Document(row["document"], row["document"])),
            row.get("at", ""),
            row.get("quote", ""),
        )
        for row in rows
    )


def _pattern(part: Body | None, documents: Documents) -> Pattern | None:
    if part is None:
        return None
    roles = tuple(
        Role(row["role"], _text(row["name"]), frozenset(row["kinds"]), row["required"]) for row in part["data"]["roles"]
    )
    return Pattern(part["data"]["pattern"], roles, _citations(part["cite"], documents))


def _screening(body: Body, documents: Documents) -> Screening | None:
    rule, tests = body.get("screening_rule"), body.get("screening_tests")
    if rule is None:
        return None
    data = rule["data"]
    return Screening(
        name=_text(data["name"]),
        decided_by=data["decided_by"],
        accept=_tests(tests, "accept"),
        reject=_tests(tests, "reject"),
        unpublished=None if tests else _text(data["unpublished"]) if "unpublished" in data else None,
        citations=_citations(rule["cite"], documents) + (_citations(tests["cite"], documents) if tests else ()),
    )


def _tests(part: Body | None, side: str) -> tuple[Test, ...] | None:
    if part is None:
        return None
    return tuple(
        Test(row["code"], _text(row["name"]), _text(row["redirect"]) if "redirect" in row else None)
        for row in part["data"][side]
    )


def _problems(data: Body) -> Iterator[str]:
    missing = {"code", "steps", "states", "final", "opening", "decision", "publication"} - set(data)
    if missing:
        yield f"missing {', '.join(sorted(missing))}"
        return
    codes = [step.get("code") for step in data["steps"]]
    if len(set(codes)) != len(codes):
        yield "two steps have one code"
    for name in ("opening", "decision", "publication"):
        if data[name] not in codes:
            yield f"{name}: no step {data[name]}"
    steps = [f"step {step.get('code')}: {each}" for step in data["steps"] for each in _step_problems(step, data, codes)]
    yield from steps or _shape_problems(data)  # the graph is walked only when its steps can be read


def _step_problems(step: Body, data: Body, codes: Sequence[object]) -> Iterator[str]:
    needed = {"code", "name", "actors"} - set(step)
    if needed or not step.get("actors"):
        yield f"missing {', '.join(sorted(needed or {'actors'}))}"
    if ("to" in step) == ("outcomes" in step):
        yield "exactly one of to and outcomes"
    if not step.get("cite") and step.get("basis") != "practice":
        yield "neither cited nor marked basis: practice"
    reached = _outcomes(step).values() if "to" in step or "outcomes" in step else ()
    strangers = {*step.get("from", ()), *reached} - set(data["states"]) - {BEFORE}
    yield from _listed("states", strangers)
    yield from _listed("keys", set(step) - STEP_KEYS)
    yield from _listed("guards", set(step.get("guards", ())) - set(GUARDS))
    yield from _listed("evidence", set(step.get("needs", ())) - set(FIELDS))
    yield from _listed("marks", set(_marks(step).values()) - set(MARKS))
    yield from _listed("marked outcomes", set(_marks(step)) - set(step.get("outcomes", {"": ""})))
    after = [step["deadline"]["after"]] if "deadline" in step else []
    yield from _listed("steps", {*step.get("requires", ()), *after} - set(codes))


def _listed(what: str, strangers: set[Any]) -> Iterator[str]:
    if strangers:
        yield f"unknown {what}: {', '.join(sorted(map(str, strangers)))}"


def _shape_problems(data: Body) -> Iterator[str]:
    """The graph: opened once, everything reachable, no dead end, no way back but by steps marked so."""
    openings = [step["code"] for step in data["steps"] if not step.get("from")]
    if openings != [data["opening"]]:
        yield f"exactly the opening step has no `from`, not {', '.join(map(str, openings))}"
    reached = {state for step in data["steps"] for state in _outcomes(step).values()}
    left = {state for step in data["steps"] for state in step.get("from", ())}
    yield from (f"state {state} is never reached" for state in sorted(set(data["states"]) - reached))
    yield from (f"state {state} is a dead end" for state in sorted(set(data["states"]) - left - set(data["final"])))
    yield from (f"final state {state} is left again" for state in sorted(left & set(data["final"])))
    if _circular(data["steps"]):
        yield "the steps lead in a circle: mark the step back with `back: true`"
    for step in data["steps"]:
        if step.get("code") == "implement" and not {data["decision"], data["publication"]} <= set(
            step.get("requires", ())
        ):
            yield "step implement: requires the decision and the publication"


def _circular(steps: Sequence[Body]) -> bool:
    """Whether the ordinary steps (neither side nor back) contain a circle: strip states without successors."""
    edges = {
        (state, to)
        for step in steps
        if not step.get("side") and not step.get("back")
        for state in step.get("from", ())
        for to in _outcomes(step).values()
    }
    while edges:
        remaining = {(state, to) for state, to in edges if any(other == to for other, _ in edges)}
        if remaining == edges:
            return True
        edges = remaining
    return False
