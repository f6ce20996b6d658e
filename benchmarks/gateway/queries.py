"""The four questions in the product's schema, their variables, and the bars they are held to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.gateway.data import PAGE, PROVINCE, SEED, Place
from services.runtime.paging import encode_cursor

VARIED = 400  # different variables of each question; they are sent round and round
WIDE_PAGES, WIDE_PAGE = 5, 100

CARD = """query Card($code: DivisionCode!) {
  community(code: $code) {
    code name headcount
    quota { posts }
    workers(first: 12) { nodes { number name post latestPayslip { month net } } }
    issues(first: 5, state: open) { nodes { number title state openedAt } }
  }
}"""
DASHBOARD = """query Dashboard($street: DivisionCode!) {
  communities(region: $street, first: 20) {
    nodes {
      code name
      workers(first: 10) { nodes { number name post hiredOn latestPayslip { month net } } }
      issues(first: 5, state: open) { nodes { number title state openedAt } }
    }
  }
}"""
_ROW = "nodes { code name kind unitType residentHouseholds registeredHouseholds }"
_PAGES = "p{n}: communities(region: $region, first: {first}, after: $a{n}) {{ {row} }}"
WIDE = "\n".join([
    f"query Wide($region: DivisionCode!, {', '.join(f'$a{n}: String' for n in range(WIDE_PAGES))}) {{",
    *(f"  {_PAGES.format(n=n, first=WIDE_PAGE, row=_ROW)}" for n in range(WIDE_PAGES)),
    "}",
])  # fmt: skip
TINY = "query Tiny($code: DivisionCode!) { community(code: $code) { code name kind } }"


@dataclass(frozen=True, slots=True)
class Bar:
    """CPU a request over the floor's: what must hold and what is aimed at."""

    must: float
    aim: float


@dataclass(frozen=True, slots=True)
class Question:
    """A document, the variables it is asked with, and what the floor is asked in their place."""

    name: str
    document: str
    variables: Sequence[Mapping[str, Any]]
    floor: Sequence[Mapping[str, Any]]
    bar: Bar


ORDINARY_SHARE = 1 / 8  # of the ordinary executor's CPU on the dashboard: the most the compiled path may take


def questions(units: Sequence[Place]) -> list[Question]:
    """Q1 to Q4 over the loaded communities, in an order drawn by the seed."""
    rng = Random(f"{SEED}-questions")
    codes = [unit.code for unit in units]
    one = [{"code": code} for code in rng.sample(codes, min(VARIED, len(codes)))]
    held = Counter(code[:9] for code in codes)
    street = [{"street": f"{prefix}000"} for prefix, count in held.items() if count >= PAGE]
    rng.shuffle(street)
    last = len(codes) - WIDE_PAGES * WIDE_PAGE - 1
    firsts = [rng.randrange(max(1, last)) for _ in range(VARIED // 4)]
    after = [[codes[min(first + n * WIDE_PAGE, len(codes) - 1)] for n in range(WIDE_PAGES)] for first in firsts]
    wide = [{"region": PROVINCE, **{f"a{n}": encode_cursor(code) for n, code in enumerate(each)}} for each in after]
    return [
        Question("Q1", CARD, one, one, Bar(5.5, 4)),
        Question("Q2", DASHBOARD, street, street, Bar(2.8, 2)),
        Question("Q3", WIDE, wide, [{"region": PROVINCE, "after": each} for each in after], Bar(2.2, 1.5)),
        Question("Q4", TINY, one, one, Bar(3.2, 1.7)),
    ]
