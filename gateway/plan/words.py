"""What answers are made of beyond columns: the functions that expressions of the bindings may call."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.costs import Window
from gateway.plan.slots import Unplanned
from gateway.types.pages import global_id

Wire = Mapping[str, Any]


def zh_of(text: Mapping[str, str] | None) -> str:
    """The Chinese of a service's `{zh, en}`; where it is missing, the English."""
    return (text.get("zh") or text.get("en", "")) if text else ""


def en_of(text: Mapping[str, str] | None) -> str:
    """The English of a service's `{zh, en}`; where it is missing, the Chinese."""
    return (text.get("en") or text.get("zh", "")) if text else ""


def in_language(text: Mapping[str, str] | None, language: str) -> str:
    """A service's text in one language."""
    return zh_of(text) if language == "zh" else en_of(text)


def label(wire: Wire, language: str) -> str:
    """The label of a node of an explanation; its name where it has none."""
    return in_language(wire.get("label"), language) or wire.get("name") or ""


def as_text(value: object) -> str | None:
    """An exact value as text."""
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def steps(wire: Wire, level: int = 0) -> list[tuple[int, Wire]]:
    """The nodes of an explanation in pre-order, each with its depth."""
    found = [(level, wire)]
    for one in wire.get("inputs") or ():
        found += steps(one, level + 1)
    return found


def rests_on_synthetic(wire: Wire) -> bool:
    """Whether anything in an explanation rests on a synthetic sentence."""
    return any(one.get("synthetic") for _, node in steps(wire) for one in node.get("citations") or ())


def later(page: Wire, asked: Window) -> bool:
    """Whether items follow a page."""
    more: bool = page["more"] if not asked.backward else asked.cursor is not None and page["beyond"]
    return more


def earlier(page: Wire, asked: Window) -> bool:
    """Whether items come before a page."""
    more: bool = page["more"] if asked.backward else asked.cursor is not None and page["beyond"]
    return more


def whole(page: Wire) -> Sequence[Any]:
    """The rows of a page that is a whole list. Raises Unplanned for a longer list: the executor reads it in parts."""
    if page["more"]:
        raise Unplanned("rows")
    rows: Sequence[Any] = page["rows"]
    return rows


class EnumNames(dict[str | None, str | None]):
    """The names that GraphQL gives to values out of closed sets, each made once."""

    def __missing__(self, value: str) -> str:
        made = self[value] = value.upper()
        return made


def community_id(key: str) -> str:
    """The global id of a community."""
    return global_id("Community", key)


def worker_id(key: str) -> str:
    """The global id of a worker."""
    return global_id("Worker", key)


def payslip_id(key: str) -> str:
    """The global id of a payslip."""
    return global_id("Payslip", key)


def issue_id(key: str) -> str:
    """The global id of an issue."""
    return global_id("Issue", key)


def payroll_run_id(key: str) -> str:
    """The global id of a payroll run."""
    return global_id("PayrollRun", key)


def session_id(key: str) -> str:
    """The global id of a consultation session."""
    return global_id("ConsultationSession", key)


WORDS = (
    zh_of,
    en_of,
    in_language,
    label,
    as_text,
    steps,
    rests_on_synthetic,
    later,
    earlier,
    whole,
    community_id,
    worker_id,
    payslip_id,
    issue_id,
    payroll_run_id,
    session_id,
)
VOCABULARY: Mapping[str, object] = {
    "NAMES": EnumNames({None: None}),
    **{word.__name__: word for word in WORDS},
}
"""The names an expression may use."""
