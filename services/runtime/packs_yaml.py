"""Reading a pack's YAML with the line of everything, so that each problem is told by file, line, reason and remedy."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from services.kernel.errors import DomainError
from services.kernel.formula.rules import Source
from services.kernel.policy import Text

MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a pack; `zh` and `en` give the reason and the remedy."""

    file: str
    line: int
    zh: str
    en: str
    code: str = "pack.malformed"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.zh} / {self.en}"


class PackError(Exception):
    """Packs refused as a whole; `problems` lists everything that is wrong, in order of file and line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Problems:
    """The problems found so far."""

    found: list[Problem] = field(default_factory=list)

    def add(self, source: Source, zh: str, en: str, code: str = "pack.malformed") -> None:
        self.found.append(Problem(source.file, source.line, zh, en, code))

    def add_error(self, error: DomainError, source: Source) -> None:
        """A domain error, at its own place if it has one."""
        place = error.details.get("source")
        self.add(place if isinstance(place, Source) else source, error.zh, error.en, error.code)


# libyaml reads ten times as fast; the composer stays Python's, whose nodes carry the marks and can be refused
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(yaml.composer.Composer, _Parser):  # type: ignore[misc]
    """YAML without aliases: a pack is read by people, and a name that stands for a text elsewhere hides it."""

    def __init__(self, text: str) -> None:
        _Parser.__init__(self, text)
        yaml.composer.Composer.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


@dataclass(frozen=True, slots=True)
class Entry:
    """A node of a pack file: its source, and its text, list or mapping."""

    node: yaml.Node
    file: str
    problems: Problems

    @property
    def source(self) -> Source:
        return Source(self.file, self.node.start_mark.line + 1)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    def refuse(self, zh: str, en: str) -> None:
        """Record a problem here."""
        self.problems.add(self.source, zh, en)

    def text(self) -> str:
        """The scalar as written; "" with a problem for anything else."""
        if isinstance(self.node, yaml.ScalarNode):
            return str(self.node.value)
        self.refuse("这里应是一个值，不是列表或对照表", "a single value is needed here, not a list or a mapping")
        return ""

    def items(self) -> list["Entry"]:
        """The entries of a list; a single one stands for a list of itself."""
        if isinstance(self.node, yaml.SequenceNode):
            return [Entry(each, self.file, self.problems) for each in self.node.value]
        return [self]

    def mapping(self) -> dict[str, "Entry"]:
        """The entries of a mapping by key; {} with a problem for anything else, and a problem per repeated key."""
        if not isinstance(self.node, yaml.MappingNode):
            self.refuse("这里应是“键: 值”的对照表", "a mapping `key: value` is needed here")
            return {}
        found: dict[str, Entry] = {}
        for key, value in self.node.value:
            name = Entry(key, self.file, self.problems).text()
            if name in found:
                self.problems.add(Source(self.file, key.start_mark.line + 1), f"键 {name} 重复，请删去一处",
                                  f"the key {name} is repeated; take one out")  # fmt: skip
            found[name] = Entry(value, self.file, self.problems)
        return found

    def day(self) -> date | None:
        """The scalar as a day; None with a problem when it is none."""
        written = self.text()
        try:
            if len(written) == 10:
                return date.fromisoformat(written)
        except ValueError:
            pass
        self.refuse(f"不是日期：{written[:20]}；请写成 2026-10-31", f"not a day: {written[:20]}; write 2026-10-31")
        return None

    def flag(self) -> bool:
        """The scalar as true or false."""
        written = self.text()
        if written not in {"true", "false"}:
            self.refuse(f"应为 true 或 false：{written[:20]}", f"true or false is needed, not {written[:20]}")
        return written == "true"

    def words(self) -> Text:
        """Words in two languages: {zh, en}, or one text for both."""
        if self.is_scalar:
            return Text(self.text(), self.text())
        both = {key: entry.text() for key, entry in self.mapping().items()}
        if set(both) != {"zh", "en"}:
            self.refuse(
                "请写成 {zh: ..., en: ...}；含逗号的文字请加引号", "write {zh: ..., en: ...}; quote a text with a comma"
            )
        return Text(both.get("zh", ""), both.get("en", ""))

    def plain(self) -> Any:  # noqa: ANN401 - free data, whose shape the owning service checks
        """Free data in JSON's types; days as ISO text; repeated keys are problems here too."""
        if isinstance(self.node, yaml.MappingNode):
            return {key: entry.plain() for key, entry in self.mapping().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [entry.plain() for entry in self.items()]
        try:
            value = yaml.constructor.SafeConstructor().construct_document(self.node)
        except ValueError:  # looks like a day and is none
            self.day()
            return self.node.value
        return value.isoformat() if isinstance(value, date) else value


def read(path: Path, shown: str, problems: Problems) -> Entry | None:
    """The root of a pack file; None, with the problem and its line, when it is no YAML mapping."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise yaml.MarkedYAMLError(problem=f"larger than {MOST_BYTES} bytes")
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        problems.add(Source(shown, mark.line + 1 if mark else 1), f"不是有效的 YAML：{reason}；请检查缩进、冒号和引号",
                     f"not valid YAML: {reason}; check indents, colons and quotes")  # fmt: skip
        return None
    if root is None:
        problems.add(Source(shown, 1), "文件为空；请填写内容或删除文件", "the file is empty; fill it or delete it")
        return None
    return Entry(root, shown, problems)


def files(folder: Path) -> Iterator[Path]:
    """The YAML files of a pack's folder, by name."""
    return iter(sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"}))
