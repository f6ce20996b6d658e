"""The rules in force on one day for one pack: ask for a value, its explanation, or a column."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date

from services.kernel.errors import DomainError, Malformed, NotFound
from services.kernel.formula import bodies
from services.kernel.formula.checker import unknown_name
from services.kernel.formula.explanation import Explanation, Value
from services.kernel.formula.nodes import Absent, Constant, FactRef, OutputRef
from services.kernel.formula.rules import Version
from services.kernel.formula.syntax import refusal
from services.kernel.formula.tree import Block, Case, Column, Node, Output, Run, Shape
from services.kernel.formula.vocabulary import Fact, FactValue, Vocabulary

FactValues = Mapping[str, FactValue]
Path = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Program:
    """Outputs to compute together over a block; what they share is computed once."""

    outputs: tuple[Output, ...]

    def run(self, block: Block, size: int | None = None) -> list[Column]:
        """One column per output. Columns of the block are as stored (see `Fact`), of one length, which `size` gives
        where the block is empty; `name?` marks rows whose fact is missing. Faults are per row; nothing is raised.
        """
        sizes = {len(column) for column in block.values()} | ({size} if size is not None else set())
        if len(sizes) != 1:
            raise ValueError(f"the columns of a block have one length, not {sorted(sizes)}")
        run = Run(block, sizes.pop())
        return [run.finish(output) for output in self.outputs]


@dataclass(frozen=True, eq=False)
class Ruleset:
    """The rules of a pack's section in force on a day, readings chosen; outputs are checked when first asked for.

    `versions` are the rules by name, `absences` the named error of each rule that exists but not on this day.
    """

    pack: str
    section: str
    on: date
    vocabulary: Vocabulary
    versions: Mapping[str, Version]
    absences: Mapping[str, DomainError] = field(default_factory=dict)
    _outputs: dict[tuple[str, str], Output] = field(default_factory=dict, repr=False)

    def names(self) -> tuple[str, ...]:
        """The rules in force, in alphabetical order."""
        return tuple(sorted(self.versions))

    def has(self, name: str) -> bool:
        """Whether a rule of that name is in force."""
        return name in self.versions

    def version(self, name: str) -> Version:
        """The rule's version in force; else the named error (`rule.absent`, `rule.start_unknown`, ...)."""
        if name in self.versions:
            return self.versions[name]
        raise self.absences.get(name) or rule_absent(name, self.pack, self._near(name))

    def outputs(self, name: str) -> tuple[str, ...]:
        """The names of a rule's outputs."""
        return self.version(name).spoken.names

    def value(self, name: str, facts: FactValues, output: str | None = None) -> Value:
        """The exact value for one case: a Fraction, flag, symbol or day.

        `output` None is the rule's main one (`amount`, or its only one). Raises the named fault of the case.
        """
        compiled = self.output(name, output)
        return compiled.node.shape.write(Case(facts).output(compiled))

    def explain(self, name: str, facts: FactValues, output: str | None = None) -> Explanation:
        """The value for one case with the rules, sentences and inputs it came from."""
        return self.explain_many([(name, output)], facts)[0]

    def explain_many(self, wanted: Sequence[tuple[str, str | None]], facts: FactValues) -> list[Explanation]:
        """Several outputs of one case, what they share computed once."""
        case = Case(facts, traced=True)
        found = [case.explain(self.output(name, output)) for name, output in wanted]
        return [explanation for explanation in found if explanation is not None]

    def column(self, name: str, block: Block, output: str | None = None, size: int | None = None) -> Column:
        """The output over a block of columns."""
        return self.compile([(name, output)]).run(block, size)[0]

    def compile(self, wanted: Sequence[tuple[str, str | None]]) -> Program:
        """A program for several outputs."""
        return Program(tuple(self.output(name, output) for name, output in wanted))

    def facts_used(self, name: str, output: str | None = None) -> tuple[Fact, ...]:
        """The facts an output may ask for, on any side of its conditions."""
        return tuple(dict.fromkeys(_facts(self.output(name, output).node)))

    def require_whole_fen(self, name: str, output: str | None = None) -> None:
        """Malformed `formula.unrounded_money` unless the output is always a whole number of fen."""
        compiled = self.output(name, output)
        if compiled.node.shape.kind != "number" or 100 % compiled.node.shape.denominator:
            error = refusal("formula.unrounded_money", f"{name}.{compiled.name} 不是整分金额；请用 round_fen 等取整",
                            f"{name}.{compiled.name} is no whole fen; round it with round_fen(...)")  # fmt: skip
            raise bodies.located(error, compiled.version, compiled.version.source)

    def output(self, name: str, output: str | None = None, path: Path = ()) -> Output:
        """A rule's output, checked; Malformed `formula.*` with the line where it is wrong.

        `path` are the outputs being checked around this one; meeting one of them again is a cycle.
        """
        version = self.version(name)
        wanted = output or main_output(version)
        key = name, wanted
        if key not in self._outputs:
            self._outputs[key] = self._build(version, wanted, path)
        return self._outputs[key]

    def _build(self, version: Version, output: str, path: Path) -> Output:
        key = version.rule, output
        if key in path:
            around = " -> ".join(f"{rule}.{name}" for rule, name in [*path[path.index(key) :], key])
            error = refusal("formula.cycle", f"规则循环引用：{around}；请去掉一处引用",
                            f"the rules refer to each other in a circle: {around}; take one reference out")  # fmt: skip
            raise bodies.located(error, version, version.source)
        node, text = bodies.build(version, output, _Scope(self, version, (*path, key)))
        return Output(version.rule, output, node, version, text)

    def _near(self, name: str) -> list[str]:
        known = [*self.versions, *self.absences, *(fact.name for fact in self.vocabulary)]
        return difflib.get_close_matches(name, known, n=3)


def main_output(version: Version) -> str:
    """`amount`, or the rule's only output besides `applies`; of several, Malformed `rule.output_unclear`."""
    names = version.spoken.names
    own = [name for name in names if name != "applies"]
    if "amount" in own or not own:
        return "amount"
    if len(own) == 1:
        return own[0]
    raise Malformed(
        "rule.output_unclear",
        f"规则 {version.rule} 有多个输出，请写明：{'、'.join(names)}",
        f"rule {version.rule} has several outputs; name one of: {', '.join(names)}",
        rule=version.rule,
    )


def rule_absent(name: str, pack: str, near: Sequence[str] = ()) -> NotFound:
    """There is no rule of that name for the pack at all."""
    zh, en = (f"；是否指 {'、'.join(near)}？", f"; did you mean {', '.join(near)}?") if near else ("", "")
    return NotFound(
        "rule.absent",
        f"{pack} 没有名为 {name} 的规则{zh or '；请核对名称或在政策包中补充'}",
        f"{pack} has no rule named {name}{en or '; check the name, or add the rule to the pack'}",
        rule=name,
        pack=pack,
    )


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names mean inside one version: facts, then the version's own outputs, then rules."""

    ruleset: Ruleset
    version: Version
    path: Path

    def name(self, name: str) -> Node | None:
        fact, own = self.ruleset.vocabulary.fact(name), name in self.version.spoken.names
        if fact and own:
            raise refusal("formula.ambiguous_name", f"{name} 既是事实又是本规则的输出；请给输出改名",
                          f"{name} is both a fact and an output of this rule; rename the output")  # fmt: skip
        if fact:
            return _fact(fact)
        if own:
            return self._reference(self.version.rule, name)
        if self.ruleset.has(name):
            return self._reference(name, None)
        absence = self.ruleset.absences.get(name)
        return Absent(Shape("number"), absence) if absence else None

    def member(self, rule: str, output: str) -> Node:
        if self.ruleset.has(rule):
            return self._reference(rule, output)
        absence = self.ruleset.absences.get(rule)
        if absence:
            return Absent(Shape("number"), absence)
        raise unknown_name(rule, self.suggestions(rule))

    def has_symbol(self, name: str) -> bool:
        return self.ruleset.vocabulary.has_symbol(name)

    def suggestions(self, name: str) -> list[str]:
        known = [*self.ruleset.versions, *(fact.name for fact in self.ruleset.vocabulary), *self.version.spoken.names]
        return difflib.get_close_matches(name, known, n=3)

    def _reference(self, rule: str, output: str | None) -> Node:
        compiled = self.ruleset.output(rule, output, self.path)
        node = compiled.node
        if isinstance(node, Constant):
            return Constant(node.shape, node.value, (compiled,))
        return OutputRef(node.shape, compiled)


def _fact(fact: Fact) -> Node:
    low, high = fact.bounds
    unit = fact.unit if fact.kind == "number" else ""
    scale = fact.scale if fact.kind == "number" else 1
    return FactRef(Shape(fact.kind, unit, scale, low, high, fact.symbols), fact)


def _facts(part: object) -> Iterator[Fact]:
    """Every fact beneath a part of a checked tree."""
    if isinstance(part, FactRef):
        yield part.fact
    elif isinstance(part, OutputRef):
        yield from _facts(part.output.node)
    elif isinstance(part, tuple):
        for each in part:
            yield from _facts(each)
    elif is_dataclass(part) and not isinstance(part, Shape | Output):
        for each in fields(part):
            yield from _facts(getattr(part, each.name))
