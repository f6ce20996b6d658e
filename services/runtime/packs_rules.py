"""The rule files of a pack: versions in time with citations, formulas, tables, bands and readings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any, get_args

from services.kernel.formula.rules import Band, Bands, Body, Cell, Formula, Table, Version
from services.kernel.period import Period
from services.kernel.policy import Citation, Document, Status
from services.runtime.packs_yaml import Entry

QUALIFIERS = {
    "about", "at_least", "at_most", "nearly", "more_than", "less_than", "basically", "generally", "first", "strive",
}  # fmt: skip
HEAD = {
    "start", "start_by", "end", "known", "cite", "qualifier", "status", "note", "label", "unit", "readings", "reading",
    "absent", "inherit",
}  # fmt: skip
BODY = {"when", "table", "bands", "data"}
EXTRA = {
    "basis", "period", "standing", "due", "unpublished", "inferred", "inferred_outputs", "qualifiers", "scope", "payer",
    "extra",
}  # fmt: skip

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where rules are read from, and the documents they may cite."""

    pack: str
    section: str
    documents: Mapping[str, Document]
    supplement: bool = False


def read_rules(root: Entry, shelf: Shelf) -> dict[str, tuple[Version, ...]]:
    """The rules of one file by name, their versions as written; problems are recorded at their lines."""
    rules = {}
    for name, entry in root.mapping().items():
        if not _NAME.fullmatch(name):
            entry.refuse(
                f"规则名 {name} 应为小写英文、数字和下划线", f"the rule name {name} must be lower-case ASCII, digits, _"
            )
        read = [_version(name, each, shelf) for each in entry.items()]
        versions = tuple(version for version in read if version is not None)
        _check_overlaps(versions, entry)
        rules[name] = versions
    return rules


def _check_overlaps(versions: Sequence[Version], entry: Entry) -> None:
    for first, second in combinations(versions, 2):
        same = first.known == second.known and (first.status == "draft") == (second.status == "draft")
        if same and Period(first.start, first.end).overlaps(Period(second.start, second.end)):
            entry.problems.add(
                second.source,
                f"规则 {first.rule} 与 {first.source} 的版本生效期重叠；请给前一版本写 end，或写明各自的 known",
                f"rule {first.rule} overlaps its version at {first.source}; end the earlier, or state `known` of each",
            )


def _version(name: str, entry: Entry, shelf: Shelf) -> Version | None:
    keys = entry.mapping()
    if not keys:
        return None
    cite = tuple(each for each in (_citation(one, shelf) for one in _cites(keys, entry)) if each)
    start, end, known = _times(keys, entry, cite)
    if start is None or known is None:
        return None
    readings = {key: _reading(each) for key, each in keys["readings"].mapping().items()} if "readings" in keys else {}
    version = Version(
        rule=name, pack=shelf.pack, section=shelf.section, start=start, end=end, known=known, cite=cite,
        body=_body({key: each for key, each in keys.items() if key not in HEAD | EXTRA}),
        source=entry.source,
        at_latest="start_by" in keys,
        status=_status(keys, cite),
        qualifier=_choice(keys, "qualifier", QUALIFIERS),
        note=keys["note"].words() if "note" in keys else None,
        label=keys["label"].words() if "label" in keys else None,
        units=_units(keys),
        readings=readings,
        reading=keys["reading"].text() if "reading" in keys else None,
        absent=keys["absent"].words() if "absent" in keys else None,
        inherit=keys["inherit"].flag() if "inherit" in keys else True,
        supplement=shelf.supplement,
        extra={key: keys[key].plain() for key in EXTRA & keys.keys()},
        raw={key: each.plain() for key, each in keys.items() if key != "cite"},
    )  # fmt: skip
    _check_whole(version, entry)
    return version


def _check_whole(version: Version, entry: Entry) -> None:
    """A version says something, and its reading is one of its readings."""
    if version.readings and version.reading not in version.readings:
        known = ", ".join(version.readings)
        entry.refuse(f"规则 {version.rule} 有多种读法，请用 reading 指明其一：{known}",
                     f"rule {version.rule} has readings; say which is in use by `reading`: {known}")  # fmt: skip
    if version.reading and not version.readings:
        entry.refuse(
            f"规则 {version.rule} 没有 readings，却写了 reading", f"rule {version.rule} has no readings; drop `reading`"
        )
    body = version.spoken
    if not (body.names or body.data is not None or version.absent):
        entry.refuse(f"规则 {version.rule} 没有内容；请写公式、table、bands、data，或以 absent 注明未公布",
                     f"rule {version.rule} says nothing; give a formula, table, bands, data, or `absent`")  # fmt: skip


def _cites(keys: Mapping[str, Entry], entry: Entry) -> list[Entry]:
    if "cite" in keys:
        return keys["cite"].items()
    entry.refuse("缺少 cite：每条规则都要注明依据", "cite is missing: every rule rests on a document; add it")
    return []


def _citation(entry: Entry, shelf: Shelf) -> Citation | None:
    keys = entry.mapping()
    for key in keys.keys() - {"document", "at", "quote"}:
        keys[key].refuse(
            f"cite 里不能有 {key}；可用 document、at、quote；含逗号的引文请加引号",
            f"cite has no {key}; use document, at, quote; a quote with a comma needs quotation marks",
        )
    if "document" not in keys:
        entry.refuse("cite 缺少 document", "cite has no document; name one of documents.yaml")
        return None
    identifier = keys["document"].text()
    document = shelf.documents.get(identifier)
    if document is None:
        keys["document"].refuse(f"引用了未登记的文件 {identifier}；请先写入 documents.yaml",
                                f"the document {identifier} is unknown; enter it in documents.yaml first")  # fmt: skip
        return None
    return Citation(document, *(keys[key].text() if key in keys else "" for key in ("at", "quote")))


def _times(
    keys: Mapping[str, Entry], entry: Entry, cite: Sequence[Citation]
) -> tuple[date | None, date | None, date | None]:
    given = [key for key in ("start", "start_by") if key in keys]
    if len(given) != 1:
        entry.refuse("请写 start（生效首日）或 start_by（至迟生效日），二者取一",
                     "give either start (first day in force) or start_by (in force at the latest)")  # fmt: skip
    start = keys[given[0]].day() if given else None
    end = keys["end"].day() if "end" in keys else None
    if start and end and end <= start:
        keys["end"].refuse(
            f"end 应晚于 {start}（end 当日不再有效）", f"end must come after {start}; the rule no longer holds on `end`"
        )
        end = start + timedelta(days=1)
    if "known" in keys:
        return start, end, keys["known"].day()
    known = cite[0].document.known_on if cite else date.min
    if known is None:
        entry.refuse(
            "缺少 known，且所引文件没有日期；请写明何时获知",
            "known is missing, and the document has no day; add it",
        )
    return start, end, known


def _status(keys: Mapping[str, Entry], cite: Sequence[Citation]) -> Status:
    stated = _choice(keys, "status", set(get_args(Status)))
    return stated or (cite[0].document.status if cite else "in_force")  # type: ignore[return-value]


def _choice(keys: Mapping[str, Entry], key: str, allowed: set[str]) -> str | None:
    if key not in keys:
        return None
    value = keys[key].text()
    if value not in allowed:
        known = ", ".join(sorted(allowed))
        keys[key].refuse(f"{key} 不能是 {value}；可用：{known}", f"{key} cannot be {value}; use one of: {known}")
    return value


def _units(keys: Mapping[str, Entry]) -> dict[str, str]:
    if "unit" not in keys:
        return {}
    entry = keys["unit"]
    return {key: each.text() for key, each in entry.mapping().items()} if entry.is_mapping else {"*": entry.text()}


def _reading(entry: Entry) -> Body:
    """A reading: its own outputs, or one formula for `amount`."""
    if entry.is_scalar:
        return Body({"amount": Formula(entry.text(), entry.source)})
    keys = entry.mapping()
    note = keys["note"].words() if "note" in keys else None
    return _body({key: each for key, each in keys.items() if key not in {"note", "label"}}, note)


def _body(keys: Mapping[str, Entry], note: Any = None) -> Body:  # noqa: ANN401
    outputs = {key: Formula(each.text(), each.source) for key, each in keys.items() if _is_output(key, each)}
    return Body(
        outputs=outputs,
        when=Formula(keys["when"].text(), keys["when"].source) if "when" in keys else None,
        table=_table(keys["table"]) if "table" in keys else None,
        bands=_bands(keys["bands"]) if "bands" in keys else None,
        data=keys["data"].plain() if "data" in keys else None,
        note=note,
    )


def _is_output(key: str, entry: Entry) -> bool:
    if key in BODY:
        return False
    if entry.is_scalar and _NAME.fullmatch(key) and key != "applies":
        return True
    entry.refuse(f"未知键 {key}；公式应为一行文字，其他内容写进 data 或 extra",
                 f"unknown key {key}; a formula is one line of text, all else goes under data or extra")  # fmt: skip
    return False


def _table(entry: Entry) -> Table:
    keys = entry.mapping()
    if "by" not in keys:
        entry.refuse("table 缺少 by（按什么查表）", "the table has no `by`: say what it is keyed by")
    by = tuple(Formula(each.text(), each.source) for each in keys["by"].items()) if "by" in keys else ()
    rows = {key: each for key, each in keys.items() if key != "by"}
    return Table(by, dict(_cells(rows, (), len(by))), entry.source)


def _cells(rows: Mapping[str, Entry], path: tuple[str, ...], depth: int) -> list[tuple[tuple[str, ...], Cell]]:
    found: list[tuple[tuple[str, ...], Cell]] = []
    for key, entry in rows.items():
        here = (*path, key)
        if len(here) < depth:
            found += _cells(entry.mapping(), here, depth)
        else:
            found.append((here, Cell(entry.text(), entry.source)))
    return found


def _bands(entry: Entry) -> Bands | None:
    keys = entry.mapping()
    if set(keys) != {"by", "rows"} or not keys["rows"].items():
        entry.refuse("bands 要写 by 和 rows", "bands need `by` and `rows`, and nothing else")
        return None
    rows = [_band(each, last=place == len(keys["rows"].items()) - 1) for place, each in enumerate(keys["rows"].items())]
    for row, each in zip(rows, keys["rows"].items(), strict=True):
        if set(row.figures) != set(rows[0].figures) or not row.figures:
            each.refuse("各档的项目应相同且不为空", "every band must give the same figures, at least one")
            return None
    return Bands(Formula(keys["by"].text(), keys["by"].source), tuple(rows), entry.source)


def _band(entry: Entry, *, last: bool) -> Band:
    keys = entry.mapping()
    limits = [key for key in ("up_to", "below") if key in keys]
    if len(limits) > 1 or not (limits or last):
        entry.refuse("除最后一档外，每档写 up_to（含）或 below（不含）之一",
                     "each band but the last has up_to (limit in) or below (limit out)")  # fmt: skip
    figures = {key: Formula(each.text(), each.source) for key, each in keys.items() if key not in {"up_to", "below"}}
    limit = Formula(keys[limits[0]].text(), keys[limits[0]].source) if limits else None
    return Band(limit, "below" not in keys, figures)
