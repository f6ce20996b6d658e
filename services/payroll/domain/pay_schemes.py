"""Pay schemes: ordered lines of named rules, chosen by a condition; data of a pack, checked here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.kernel.errors import RuleViolation
from services.kernel.policy import Text


class LineKind(StrEnum):
    """What a line does: earnings add to gross, employee lines and tax are taken from it, employer lines come on top."""

    EARNING = "earning"
    EMPLOYEE = "employee"
    TAX = "tax"
    EMPLOYER = "employer"
    MEMO = "memo"


@dataclass(frozen=True, slots=True)
class RuleOutput:
    """One output of a rule, written `pension.employee`; `income_tax` alone is its `amount`."""

    rule: str
    output: str = "amount"

    def __str__(self) -> str:
        return f"{self.rule}.{self.output}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a payslip; lines of one `group` belong together on the printed slip."""

    code: str
    kind: LineKind
    label: Text
    amount: RuleOutput
    group: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A condition worth telling the payroll clerk when it holds."""

    code: str
    label: Text
    holds: RuleOutput


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way of paying: lines in order, what its figures contain (`basis`), and when it applies."""

    name: str
    label: Text
    basis: str
    when: RuleOutput | None
    lines: tuple[Line, ...]
    checks: tuple[Check, ...] = ()

    def positions(self, *kinds: LineKind) -> tuple[int, ...]:
        """Where the lines of these kinds stand."""
        return tuple(index for index, line in enumerate(self.lines) if line.kind in kinds)

    def to_json(self) -> dict[str, Any]:
        """The scheme in the form packs write it; kept with a run."""
        return {
            "scheme": self.name,
            "label": self.label.to_dict(),
            "basis": self.basis,
            **({"when": str(self.when)} if self.when else {}),
            "lines": [
                {"code": line.code, "kind": line.kind.value, "label": line.label.to_dict(),
                 "amount": str(line.amount), "group": line.group}
                for line in self.lines
            ],
            "checks": [
                {"code": check.code, "label": check.label.to_dict(), "holds": str(check.holds)}
                for check in self.checks
            ],
        }  # fmt: skip


def parse_schemes(data: object) -> tuple[Scheme, ...]:
    """The body of a `pay_schemes` rule -> schemes in the order they are tried.

    A missing or unknown part, a code used twice, or a scheme without an earning: RuleViolation `pay_scheme.malformed`,
    telling scheme and part.
    """
    if not isinstance(data, list) or not data:
        raise _malformed("data", "a list of schemes")
    schemes = tuple(_scheme(entry) for entry in data)
    _unique("schemes", [scheme.name for scheme in schemes])
    return schemes


def _scheme(entry: object) -> Scheme:
    body = _mapping(entry, "scheme")
    name = _text(body, "scheme", "scheme")
    lines = tuple(_line(line, name) for line in _list(body, "lines", name))
    checks = tuple(_check(check, name) for check in _list(body, "checks", name, optional=True))
    _unique(name, [*(line.code for line in lines), *(check.code for check in checks)])
    if not any(line.kind is LineKind.EARNING for line in lines):
        raise _malformed(name, "at least one line of kind earning")
    when = body.get("when")
    return Scheme(name, _label(body, name), _text(body, "basis", name), _rule(when) if when else None, lines, checks)


def _line(entry: object, place: str) -> Line:
    body = _mapping(entry, place)
    code = _text(body, "code", place)
    place = f"{place}.{code}"
    kind = _text(body, "kind", place)
    if kind not in set(LineKind):
        raise _malformed(place, f"kind one of {', '.join(LineKind)}")
    return Line(code, LineKind(kind), _label(body, place), _rule(_text(body, "amount", place)), body.get("group", ""))


def _check(entry: object, place: str) -> Check:
    body = _mapping(entry, place)
    code = _text(body, "code", place)
    return Check(code, _label(body, f"{place}.{code}"), _rule(_text(body, "holds", f"{place}.{code}")))


def _rule(text: str) -> RuleOutput:
    rule, _, output = text.partition(".")
    return RuleOutput(rule, output or "amount")


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _malformed(place, "a mapping")
    return value


def _list(body: Mapping[str, Any], key: str, place: str, *, optional: bool = False) -> list[Any]:
    value = body.get(key, [] if optional else None)
    if not isinstance(value, list) or (not value and not optional):
        raise _malformed(place, f"a list under {key}")
    return value


def _text(body: Mapping[str, Any], key: str, place: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise _malformed(place, f"a text under {key}")
    return value


def _label(body: Mapping[str, Any], place: str) -> Text:
    label = _mapping(body.get("label"), f"{place}.label")
    return Text(_text(label, "zh", f"{place}.label"), _text(label, "en", f"{place}.label"))


def _unique(place: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _malformed(place, f"each code once; twice: {', '.join(twice)}")


def _malformed(place: str, wanted: str) -> RuleViolation:
    return RuleViolation(
        "pay_scheme.malformed",
        f"薪酬方案写法不对（{place}）：需要 {wanted}。请改正政策包",
        f"the pay scheme is badly written at {place}: wanted {wanted}; correct the policy pack",
        place=place,
        wanted=wanted,
    )
