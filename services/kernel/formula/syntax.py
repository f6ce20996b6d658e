"""Reading a formula: Python's own parser with a short list of what is allowed; `5%` is a number."""

import ast
import re
from dataclasses import dataclass
from fractions import Fraction

from services.kernel.errors import Malformed

MOST_CHARACTERS = 2000
MOST_DEPTH = 40

_PERCENT = re.compile(r"(?<![\w.])(\d[\d_]*(?:\.\d+)?)%")
_NUMBER = re.compile(r"\d+(?:_\d+)*(?:\.\d+)?%?")
_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Attribute,
    ast.Constant, ast.Tuple, ast.Load, ast.And, ast.Or, ast.Not, ast.UAdd, ast.USub, ast.Add, ast.Sub, ast.Mult,
    ast.Div, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed:
    """A formula as a tree, and its numbers exactly, by the column they start at."""

    tree: ast.expr
    numbers: dict[int, Fraction]


def refusal(code: str, zh: str, en: str, column: int | None = None) -> Malformed:
    """A formula refused, with the column (from 1) where the trouble is."""
    if column is None:
        return Malformed(code, zh, en)
    return Malformed(code, f"第{column}列：{zh}", f"column {column}: {en}", column=column)


def parse(text: str) -> Parsed:
    """Text -> tree of allowed nodes; anything else is Malformed `formula.*` with its column, reason and remedy.

    Spans of white space count as one space, those around the formula as none.
    """
    line = " ".join(text.split())
    if len(line) > MOST_CHARACTERS:
        raise refusal("formula.too_long", f"公式超过{MOST_CHARACTERS}字，请拆成几条规则",
                      f"the formula is longer than {MOST_CHARACTERS} characters; split it into rules")  # fmt: skip
    if not (line.isascii() and line.isprintable()):
        column = (
            next(index for index, character in enumerate(line) if not (character.isascii() and character.isprintable()))
            + 1
        )
        raise refusal("formula.syntax", "公式里只能用英文名称和半角符号；说明文字请写进 note 或 label",
                      "formulas use ASCII names and signs; put words under note or label", column)  # fmt: skip
    tree = _tree(line)
    _check_nodes(tree, depth=0)
    return Parsed(
        tree, {node.col_offset: _number(node, line) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    )


def _tree(line: str) -> ast.expr:
    """The tree; a percent sign after a number becomes `j`, as wide, which Python reads as one number."""
    try:
        return ast.parse(_PERCENT.sub(r"\1j", line), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as error:
        reason, column = getattr(error, "msg", "too deep"), getattr(error, "offset", None)
        raise refusal("formula.syntax", "公式写法不对，请检查括号和运算符",
                      f"not a formula ({reason}); check brackets and operators", column or 1) from None  # fmt: skip


def _too_deep() -> Malformed:
    return refusal("formula.too_deep", f"公式嵌套超过{MOST_DEPTH}层，请拆成几条规则",
                   f"the formula nests deeper than {MOST_DEPTH}; split it into rules")  # fmt: skip


def _check_nodes(node: ast.AST, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise _too_deep()
    if not isinstance(node, _ALLOWED):
        column = node.col_offset + 1 if isinstance(node, ast.expr) else None
        name = type(node).__name__
        raise refusal("formula.not_allowed", f"公式里不能写 {name}；可用：四则、比较、and or not、if else、函数",
                      f"{name} is not in the language; use + - * /, comparisons, and or not, if else, functions",
                      column)  # fmt: skip
    for child in ast.iter_child_nodes(node):
        _check_nodes(child, depth + 1)


def _number(node: ast.Constant, line: str) -> Fraction:
    written = line[node.col_offset : node.end_col_offset]
    if _NUMBER.fullmatch(written) is None:
        raise refusal("formula.bad_number", f"不是数字：{written[:20]}；请写成 250、0.5 或 5%",
                      f"not a number: {written[:20]}; write 250, 0.5 or 5%", node.col_offset + 1)  # fmt: skip
    return Fraction(written[:-1]) / 100 if written.endswith("%") else Fraction(written)
