"""The folders packs are read from: one per pack, and supplements named after the pack they complete."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from services.kernel.formula.rules import Source, Version
from services.kernel.policy import Document, Text
from services.runtime.packs_documents import Header, check_links, read_header
from services.runtime.packs_rules import Shelf, read_rules
from services.runtime.packs_yaml import Entry, Problems, files, read

SECTIONS = ("staffing", "payroll", "consultation", "admission", "figures")
UNREAD = ("conformance",)  # checked by their own tool


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as read: its header, and the root of each of its rule files."""

    name: str
    shown: str
    header: Header
    root: Entry | None
    sections: Mapping[str, Entry]
    supplement: bool

    def rules(self, documents: Mapping[str, Document]) -> dict[str, dict[str, tuple[Version, ...]]]:
        """Its rules by section and name."""
        return {
            section: read_rules(root, Shelf(self.name, section, documents, self.supplement))
            for section, root in self.sections.items()
        }


def read_folder(path: Path, shown: str, problems: Problems, *, supplement: bool = False) -> Folder:
    """Read a folder's files; what is wrong with them is recorded."""
    roots: dict[str, Entry | None] = {}
    for file in files(path):
        if file.stem in UNREAD:
            continue
        if file.stem not in {"documents", *SECTIONS}:
            known = ", ".join(["documents", *SECTIONS, *UNREAD])
            problems.add(Source(f"{shown}/{file.name}", 1), f"未知文件；可用：{known}", f"unknown file; use {known}")
            continue
        roots[file.stem] = read(file, f"{shown}/{file.name}", problems)
    if "documents" not in roots:
        problems.add(Source(shown, 1), "缺少 documents.yaml", "documents.yaml is missing; add it")
    root = roots.pop("documents", None)
    empty = Header("", Text(path.name, path.name), {})
    header = read_header(root, path.name, supplement=supplement) if root else empty
    sections = {section: each for section, each in roots.items() if each}
    return Folder(path.name, shown, header, root, sections, supplement)


def supplement_folders(extra: Iterable[Path]) -> Iterator[Path]:
    """A path with documents.yaml is one supplement; any other holds one folder per supplement."""
    for path in extra:
        if (path / "documents.yaml").exists():
            yield path
        else:
            yield from sorted(each for each in path.iterdir() if each.is_dir())


def all_documents(folders: Sequence[Folder], problems: Problems) -> dict[str, Document]:
    """Every document of every folder; an id is used once, and what documents name exists."""
    documents: dict[str, Document] = {}
    for folder in folders:
        for identifier, document in folder.header.documents.items():
            if identifier in documents:
                place = Source(f"{folder.shown}/documents.yaml", 1)
                problems.add(place, f"文件编号 {identifier} 已被另一政策包使用；请改名",
                             f"the document id {identifier} is used by another pack; rename it")  # fmt: skip
            documents[identifier] = document
    for folder in folders:
        if folder.root:
            check_links(documents, folder.root)
    return documents


def digest(paths: Iterable[Path]) -> str:
    """The SHA-256 of the folders' YAML files, by folder and file name."""
    total = sha256()
    for path in paths:
        for file in files(path):
            content = file.read_bytes()
            total.update(f"{path.name}/{file.name} {len(content)}\n".encode() + content)
    return total.hexdigest()
