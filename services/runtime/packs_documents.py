"""documents.yaml of a pack: its region, its name, and the documents its rules cite."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from services.kernel import region
from services.kernel.errors import Malformed
from services.kernel.policy import Document, Status, Text
from services.runtime.packs_yaml import Entry

KINDS = {
    "reply", "notice", "measures", "law", "news", "opinions", "function_letter", "conference", "supplement",
    "announcement", "statistics",
}  # fmt: skip
TEXTS = {"title", "issuer", "doc_no", "kind", "status", "source", "evidence", "note"}
DAYS = {"issued", "published", "known"}
FLAGS = {"seen", "synthetic"}


@dataclass(frozen=True, slots=True)
class Header:
    """What documents.yaml says: the pack's region and name, its documents."""

    region: str
    title: Text
    documents: Mapping[str, Document]


def read_header(root: Entry, name: str, *, supplement: bool) -> Header:
    """The header of a pack; problems are recorded at their lines. A supplement needs no region and name."""
    keys = root.mapping()
    for key in keys.keys() - {"region", "name", "documents", "note"}:
        keys[key].refuse(f"未知键 {key}；可用 region、name、documents",
                         f"unknown key {key}; use region, name, documents")  # fmt: skip
    if not supplement:
        for key in ("region", "name"):
            if key not in keys:
                root.refuse(f"缺少 {key}", f"{key} is missing; add it")
    code = _region(keys["region"]) if "region" in keys else ""
    title = keys["name"].words() if "name" in keys else Text(name, name)
    entries = keys["documents"].mapping() if "documents" in keys else {}
    return Header(code, title, {identifier: _document(identifier, entry) for identifier, entry in entries.items()})


def _region(entry: Entry) -> str:
    try:
        return region.parse(entry.text())
    except Malformed as error:
        entry.refuse(error.zh, error.en)
        return ""


def _document(identifier: str, entry: Entry) -> Document:
    keys = entry.mapping()
    for key in keys.keys() - TEXTS - DAYS - FLAGS - {"supersedes"}:
        keys[key].refuse(
            f"未知键 {key}；请更正，说明写进 note", f"unknown key {key}; correct it, or put words under note"
        )
    texts = {key: keys[key].text() for key in TEXTS & keys.keys()}
    if not texts.get("title"):
        entry.refuse(f"文件 {identifier} 缺少 title", f"the document {identifier} has no title; add it")
    _one_of(entry, "status", texts.get("status", "in_force"), set(get_args(Status)))
    _one_of(entry, "kind", texts.get("kind", "notice"), KINDS)
    supersedes = tuple(each.text() for each in keys["supersedes"].items()) if "supersedes" in keys else ()
    return Document(
        id=identifier,
        supersedes=supersedes,
        **{"title": "", **texts},  # type: ignore[arg-type]  # status is checked above
        **{key: keys[key].day() for key in DAYS & keys.keys()},  # type: ignore[arg-type]
        **{key: keys[key].flag() for key in FLAGS & keys.keys()},  # type: ignore[arg-type]
    )


def _one_of(entry: Entry, key: str, value: str, allowed: set[str]) -> None:
    if value not in allowed:
        known = ", ".join(sorted(allowed))
        entry.refuse(f"{key} 不能是 {value}；可用：{known}", f"{key} cannot be {value}; use one of: {known}")


def check_links(documents: Mapping[str, Document], header: Entry) -> None:
    """Every document that another names as evidence or as superseded must exist somewhere."""
    entries = header.mapping().get("documents")
    for identifier, entry in entries.mapping().items() if entries else ():
        document = documents[identifier]
        for other in (*document.supersedes, *([document.evidence] if document.evidence else [])):
            if other not in documents:
                entry.refuse(f"文件 {identifier} 引用了不存在的文件 {other}",
                             f"the document {identifier} names an unknown document {other}; add it")  # fmt: skip
