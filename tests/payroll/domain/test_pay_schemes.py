"""Schemes as data: what is read, and what is refused with its place."""

from typing import Any

import pytest

from services.kernel.errors import RuleViolation
from services.payroll.domain.pay_schemes import LineKind, RuleOutput, parse_schemes

LABEL = {"zh": "甲", "en": "a"}
LINE = {"code": "base", "kind": "earning", "amount": "base_paid", "label": LABEL}
CHECK = {"code": "high", "holds": "range.above", "label": LABEL}
SCHEME = {"scheme": "one", "label": LABEL, "basis": "cash", "when": "who.holds", "lines": [LINE], "checks": [CHECK]}


def test_a_scheme_is_read_and_written_the_same() -> None:
    (scheme,) = parse_schemes([SCHEME])
    assert (scheme.name, scheme.basis, scheme.when) == ("one", "cash", RuleOutput("who", "holds"))
    assert scheme.lines[0].amount == RuleOutput("base_paid", "amount")
    assert (scheme.positions(LineKind.EARNING), scheme.positions(LineKind.TAX)) == ((0,), ())
    assert parse_schemes([scheme.to_json()]) == (scheme,)
    (plain,) = parse_schemes([{key: SCHEME[key] for key in ("scheme", "label", "basis", "lines")}])
    assert parse_schemes([plain.to_json()]) == (plain,)


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in SCHEME.items() if name != key}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (None, "data"),
        ([], "data"),
        (["x"], "scheme"),
        ([without("scheme")], "scheme"),
        ([without("basis")], "one"),
        ([without("label")], "one.label"),
        ([without("lines")], "one"),
        ([{**SCHEME, "lines": []}], "one"),
        ([{**SCHEME, "lines": [{**LINE, "kind": "gift"}]}], "one.base"),
        ([{**SCHEME, "lines": [{**LINE, "amount": ""}]}], "one.base"),
        ([{**SCHEME, "lines": [{**LINE, "kind": "tax"}]}], "one"),
        ([{**SCHEME, "lines": [LINE, LINE]}], "one"),
        ([{**SCHEME, "checks": [{"code": "x", "label": LABEL}]}], "one.x"),
        ([{**SCHEME, "checks": "x"}], "one"),
        ([SCHEME, SCHEME], "schemes"),
    ],
)
def test_a_bad_scheme_is_refused_with_its_place(data: object, place: str) -> None:
    with pytest.raises(RuleViolation) as refused:
        parse_schemes(data)
    assert (refused.value.code, refused.value.details["place"]) == ("pay_scheme.malformed", place)
