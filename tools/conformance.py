"""Conformance: every sentence of the five documents put to the running system, row by row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.conformance_asks import Asker, NotAnswered
from tools.conformance_paths import BadPath
from tools.conformance_rows import Row, load_rows

OUTCOMES = ("passed", "failed", "unbuilt", "unknown")
_WORDS = {
    "passed": "passed 通过",
    "failed": "FAILED 不符",
    "unbuilt": "not built yet 尚未建立",
    "unknown": "waiting for 待外部事实",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One row's outcome: passed, failed (with what was wrong), unbuilt (why) or unknown (which outside fact)."""

    row: Row
    outcome: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of every row asked for, by id."""

    results: tuple[Result, ...]

    def count(self, outcome: str) -> int:
        """How many rows ended with this outcome."""
        return sum(result.outcome == outcome for result in self.results)

    @property
    def ok(self) -> bool:
        """True when no row failed; `gongzhi conformance` exits non-zero otherwise."""
        return self.count("failed") == 0

    @property
    def summary(self) -> str:
        """The last line: `N passed, N failed, N unbuilt, N unknown`."""
        return ", ".join(f"{self.count(outcome)} {outcome}" for outcome in OUTCOMES)


def run(
    urls: Mapping[str, str],
    token_for: Callable[[str, str], str],
    packs_dir: Path,
    only: Sequence[str] = (),
    transport: httpx.BaseTransport | None = None,
) -> Report:
    """Ask every row (or only the ids given) of the services under `urls` and report.

    `urls` names staffing, payroll, consultation and gateway; `token_for(role, region)` makes a token. A row passes only
    when the system answered every one of its checks as expected. Raises RowsError for row files that cannot be read and
    ValueError for an id that no pack has.
    """
    rows = load_rows(packs_dir)
    missing = sorted(set(only) - {row.id for row in rows})
    if missing:
        raise ValueError(f"no such row: {', '.join(missing)} / 没有这一行")
    with Asker(urls=urls, token_for=token_for, transport=transport) as asker:
        return Report(tuple(_result(row, asker) for row in rows if not only or row.id in only))


def _result(row: Row, asker: Asker) -> Result:
    if row.status != "built":
        return Result(row, row.status)
    variables = asker.start_variables()
    for check in row.checks:
        try:
            problems = asker.wrong(check, variables)
        except (NotAnswered, BadPath) as error:
            problems = [str(error)]
        if problems:
            return Result(row, "failed", tuple(problems))
    return Result(row, "passed")


def render(report: Report) -> str:
    """The report as text: a line per row (more for a failed one), then the summary as the last line."""
    lines = [line for result in report.results for line in _lines(result)]
    return "\n".join([*lines, "", report.summary])


def _lines(result: Result) -> list[str]:
    row = result.row
    told = {"unbuilt": row.reason, "unknown": row.needs}.get(result.outcome, "")
    lines = [f"{row.id:6} {_WORDS[result.outcome]}{f': {told}' if told else ''} · {row.zh}"]
    if result.outcome == "passed":
        lines += [
            f"       {label}: {text}" for label, text in (("later 以后", row.later), ("waits 待", row.waits)) if text
        ]
    return lines + [f"       {problem}" for problem in result.problems]
