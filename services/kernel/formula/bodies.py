"""From what a version says to checked outputs: formulas, tables, bands and the guard, each error with its line."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from services.kernel.errors import Malformed, RuleViolation
from services.kernel.formula import arithmetic
from services.kernel.formula.checker import Scope, check, choose, expect, unknown_symbol
from services.kernel.formula.lookups import Key, Lookup, Step, cells, last_in_band
from services.kernel.formula.nodes import Constant
from services.kernel.formula.rules import Bands, Cell, Formula, Source, Table, Version
from services.kernel.formula.syntax import refusal
from services.kernel.formula.tree import Node, Shape

MOST_CELLS = 10_000
MOST_SPAN = 100_000
NAMED_SPAN = 200  # keys of at most so many values are all named, printed or not


def located(error: Malformed, version: Version, source: Source) -> Malformed:
    """The error with the rule and the line it stands on; the innermost place stays."""
    if "source" in error.details:
        return error
    placed = Malformed(error.code, error.zh, error.en, citations=error.citations)
    placed.details.update({**error.details, "rule": version.rule, "source": source})
    return placed


def checked(formula: Formula, version: Version, scope: Scope) -> Node:
    """The checked tree of a formula of a version."""
    try:
        return check(formula.text, scope)
    except Malformed as error:
        raise located(error, version, formula.source) from None


def build(version: Version, output: str, scope: Scope) -> tuple[Node, str]:
    """An output's checked tree and its formula as text, unit and guard applied."""
    body = version.spoken
    if output == "applies" and body.when:
        return _guard(body.when, version, scope), body.when.text
    node, text, source = _plain(version, output, scope)
    try:
        node = _declared(node, version, output)
        if body.when:
            node = _guarded(node, scope)
    except Malformed as error:
        raise located(error, version, source) from None
    return node, text


def _guard(formula: Formula, version: Version, scope: Scope) -> Node:
    node = checked(formula, version, scope)
    try:
        return expect(node, "flag")
    except Malformed as error:
        raise located(error, version, formula.source) from None


def _plain(version: Version, output: str, scope: Scope) -> tuple[Node, str, Source]:
    body = version.spoken
    if output in body.outputs:
        formula = body.outputs[output]
        return checked(formula, version, scope), formula.text, formula.source
    if body.table and output == "amount":
        by = ", ".join(formula.text for formula in body.table.by)
        return _table(body.table, version, scope), f"table by {by}", body.table.source
    if body.bands and output in body.bands.rows[0].figures:
        return _bands(body.bands, output, version, scope), f"bands by {body.bands.by.text}", body.bands.source
    error = refusal("formula.unknown_output", f"规则 {version.rule} 没有输出 {output}；有：{'、'.join(body.names)}",
                    f"rule {version.rule} has no output {output}; it has: {', '.join(body.names)}")  # fmt: skip
    raise error


def _declared(node: Node, version: Version, output: str) -> Node:
    """The node under the unit declared for it; among several outputs a count may keep its own."""
    shape, unit = node.shape, version.unit_of(output)
    if unit is None or shape.kind != "number":
        return node
    if shape.unit and shape.unit != unit:
        shared = output not in version.units and len(version.spoken.names) > 1
        if shared and not {shape.unit, unit} & {"", *arithmetic.STRONG}:
            return node
        raise arithmetic.unit_mismatch(shape.unit, unit or "无单位/bare")
    if unit == "yuan" and 100 % shape.denominator:
        raise refusal(
            "formula.unrounded_money",
            "金额未取整到分；请写 round_fen(...)、round_yuan(...) 等，或去掉 unit: yuan（中间结果）",
            "money is not rounded to the fen; write round_fen(...), or leave `unit: yuan` out of an intermediate step",
        )
    return arithmetic.with_unit(node, unit)


def _guarded(node: Node, scope: Scope) -> Node:
    if node.shape.kind not in {"number", "flag"}:
        raise refusal("formula.guarded_kind", "有 when 的规则只能输出数或是否",
                      "a rule under `when` gives numbers and flags only")  # fmt: skip
    applies = scope.name("applies")
    nothing = arithmetic.number(Fraction(0)) if node.shape.kind == "number" else arithmetic.flag(False)
    return choose(applies, node, nothing) if applies else node


def _constants(entries: Sequence[Formula | Cell], version: Version, scope: Scope) -> tuple[Shape, list[int]]:
    """Figures over one denominator: their shape and numerators."""
    nodes = []
    for entry in entries:
        node = checked(Formula(entry.text, entry.source), version, scope)
        if not isinstance(node, Constant) or node.shape.kind != "number":
            error = refusal("formula.not_a_figure", f"表格里只能写数字：{entry.text}",
                            f"tables hold figures only: {entry.text}")  # fmt: skip
            raise located(error, version, entry.source)
        nodes.append(node)
    denominator = math.lcm(*(node.shape.denominator for node in nodes))
    numerators = [node.value * (denominator // node.shape.denominator) for node in nodes]
    low, high = min(numerators, default=0), max(numerators, default=0)
    return arithmetic.fit(Shape("number", "", denominator, low, high)), numerators


def _table(table: Table, version: Version, scope: Scope) -> Node:
    keys = tuple(_key(formula, place, table, version, scope) for place, formula in enumerate(table.by))
    if math.prod(len(key.texts) + 1 for key in keys) > MOST_CELLS:
        error = refusal(
            "table.too_large", f"表格超过{MOST_CELLS}格，请拆开", f"more than {MOST_CELLS} cells; split the table"
        )
        raise located(error, version, table.source)
    shape, numerators = _constants(list(table.cells.values()), version, scope)
    printed = dict(zip(table.cells, numerators, strict=True))
    places = cells(keys)
    figures = np.array([printed.get(cell, 0) for cell in places], dtype=np.int64)
    missing = {index: _missing(cell, table, version) for index, cell in enumerate(places) if cell not in printed}
    cited = {index: table.cells[cell].citations for index, cell in enumerate(places) if cell in printed}
    return Lookup(shape, keys, figures, missing, cited)


def _key(formula: Formula, place: int, table: Table, version: Version, scope: Scope) -> Key:
    node = checked(formula, version, scope)
    printed = {cell[place]: source.source for cell, source in table.cells.items()}
    maker: Callable[[Node, dict[str, Source]], tuple[dict[int, str], int]]
    maker = _numbers if node.shape.kind == "number" else _symbols
    try:
        values, least = maker(node, printed)
    except Malformed as error:
        raise located(error, version, table.source) from None
    texts = tuple(values.values())
    places = np.full(max(values, default=least) - least + 1, len(texts), dtype=np.int64)
    places[[value - least for value in values]] = np.arange(len(texts))
    return Key(node, texts, least, places)


def _symbols(node: Node, printed: dict[str, Source]) -> tuple[dict[int, str], int]:
    """The values of a key of symbols or a flag: every one is named, printed or not."""
    names = {"symbol": node.shape.symbols, "flag": ("false", "true")}.get(node.shape.kind)
    if names is None:
        raise refusal("formula.wrong_kind", "日期不能作表格的键", "a day cannot be the key of a table")
    for text, source in printed.items():
        if text not in names:
            error = unknown_symbol(text, names)
            raise Malformed(error.code, error.zh, error.en, source=source)
    return dict(enumerate(names)), 0


def _numbers(node: Node, printed: dict[str, Source]) -> tuple[dict[int, str], int]:
    """The values of a whole-number key: those printed, and all where the fact's bounds are narrow."""
    shape = node.shape
    for text, source in printed.items():
        if not text.removeprefix("-").isdecimal():
            raise Malformed(
                "table.bad_key", f"表格的键应为整数：{text}", f"the key must be a whole number: {text}", source=source
            )
    values = sorted(int(text) for text in printed)
    if shape.high - shape.low < NAMED_SPAN:
        values = sorted({*values, *range(shape.low, shape.high + 1)})
    if shape.denominator != 1 or (values and values[-1] - values[0] > MOST_SPAN):
        raise refusal("table.bad_key", "表格的键应为整数，跨度不超过十万；区间用 bands",
                      "the key must be a whole number spanning at most 100,000; use bands for ranges")  # fmt: skip
    return {value: str(value) for value in values}, values[0] if values else 0


def _missing(cell: tuple[str, ...], table: Table, version: Version) -> RuleViolation:
    named = {formula.text: text or "other" for formula, text in zip(table.by, cell, strict=True)}
    words = ", ".join(f"{key}={text}" for key, text in named.items())
    return RuleViolation(
        "table.cell_missing",
        f"规则 {version.rule}（{version.pack}）没有公布 {words} 的数值；请主管部门以补充文件录入，并注明依据",
        f"rule {version.rule} ({version.pack}) prints no figure for {words}; enter it as a cited supplement",
        citations=version.cite,
        rule=version.rule,
        pack=version.pack,
        cell=named,
    )


def _bands(bands: Bands, output: str, version: Version, scope: Scope) -> Node:
    by = checked(bands.by, version, scope)
    shape, figures = _constants([row.figures[output] for row in bands.rows], version, scope)
    limited = [(row.limit, row.inclusive) for row in bands.rows if row.limit is not None]
    limits_shape, limits = _constants([limit for limit, _ in limited], version, scope)
    try:
        by = expect(by, "number")
        denominator = by.shape.denominator
        ends = [
            last_in_band(Fraction(limit, limits_shape.denominator), denominator, inclusive=inclusive)
            for limit, (_, inclusive) in zip(limits, limited, strict=True)
        ]
        if any(first >= second for first, second in pairwise(ends)):
            raise refusal("bands.not_ascending", "各档上限应由小到大", "the limits of the bands must ascend")
        for end in ends:
            arithmetic.fit(Shape("number", low=end, high=end))
    except Malformed as error:
        raise located(error, version, bands.source) from None
    open_ended = len(limited) < len(bands.rows)
    beyond = None if open_ended else _beyond(bands, version)
    values = np.array(figures if open_ended else [*figures, 0], dtype=np.int64)
    return Step(shape, by, np.array(ends, dtype=np.int64), values, beyond)


def _beyond(bands: Bands, version: Version) -> RuleViolation:
    last = bands.rows[-1].limit
    words = f"{bands.by.text} > {last.text if last else ''}"
    return RuleViolation(
        "table.cell_missing",
        f"规则 {version.rule}（{version.pack}）没有规定 {words} 时的数值；请核对事实，或以补充文件录入",
        f"rule {version.rule} ({version.pack}) gives no figure for {words}; check the fact or enter a supplement",
        citations=version.cite,
        rule=version.rule,
        pack=version.pack,
        cell={bands.by.text: f"> {last.text if last else ''}"},
    )
