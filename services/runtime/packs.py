"""Policy packs: read, checked and frozen; the rules of a pack and of the wider ones, for a day, as known on a day."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from services.kernel import region
from services.kernel.errors import NotFound
from services.kernel.formula.rules import Source, Version
from services.kernel.formula.ruleset import Ruleset, rule_absent
from services.kernel.formula.vocabulary import Vocabulary
from services.kernel.policy import Document, Text
from services.runtime import packs_check, packs_choice
from services.runtime.packs_documents import Header
from services.runtime.packs_folder import (
    SECTIONS,
    Folder,
    all_documents,
    digest,
    read_folder,
    supplement_folders,
)
from services.runtime.packs_yaml import PackError, Problems

MOST_RULESETS = 512

Rules = Mapping[str, Mapping[str, tuple[Version, ...]]]

__all__ = ["SECTIONS", "Pack", "PackError", "Packs", "load"]


@dataclass(frozen=True)
class Pack:
    """One folder: its region, name and documents, its rules by section and name, and those of its supplements."""

    name: str
    header: Header
    rules: Rules
    supplements: Rules = field(default_factory=dict)

    @property
    def region(self) -> str:
        return self.header.region

    @property
    def title(self) -> Text:
        return self.header.title

    @property
    def documents(self) -> Mapping[str, Document]:
        return self.header.documents


@dataclass(frozen=True, eq=False)
class Packs:
    """All packs, frozen; `digest` is the SHA-256 of every file they were read from."""

    packs: Mapping[str, Pack]
    documents: Mapping[str, Document]
    digest: str
    _rulesets: dict[tuple[Any, ...], Ruleset] = field(default_factory=dict, repr=False)
    _turns: dict[tuple[str, str], tuple[list[date], list[date]]] = field(default_factory=dict, repr=False)

    def names(self) -> tuple[str, ...]:
        """Every pack, by name."""
        return tuple(sorted(self.packs))

    def cities(self) -> tuple[str, ...]:
        """Every pack below the nation, by name."""
        return tuple(name for name in self.names() if self.packs[name].region != region.NATION)

    def pack(self, name: str) -> Pack:
        """The pack of that name; NotFound `pack.not_found`."""
        if name not in self.packs:
            known = ", ".join(self.names())
            raise NotFound("pack.not_found", f"没有政策包 {name}；现有：{known}",
                           f"there is no pack {name}; there are: {known}", pack=name)  # fmt: skip
        return self.packs[name]

    def for_region(self, code: str) -> str:
        """The name of the pack of the smallest region that contains the code; NotFound `pack.none_for_region`."""
        wanted = region.parse(code)
        for low, high, name in self._places:
            if low <= wanted < high:
                return name
        raise NotFound("pack.none_for_region", f"没有适用于 {code} 的政策包；请增加该地区的政策包",
                       f"no pack covers {code}; add one for its region", region=code)  # fmt: skip

    @cached_property
    def _places(self) -> list[tuple[str, str, str]]:
        """The bounds of each pack's region, and its name, the smallest regions first."""
        sized = sorted(self.packs.items(), key=lambda item: -_size(item[1]))
        return [(*region.subtree(pack.region), name) for name, pack in sized]

    def chain(self, name: str) -> tuple[str, ...]:
        """The pack and those whose regions contain its own, the nearest first."""
        own = self.pack(name)
        wider = [pack for pack in self.packs.values() if pack is not own and region.contains(pack.region, own.region)]
        return (name, *(pack.name for pack in sorted(wider, key=_size, reverse=True)))

    def document(self, identifier: str) -> Document:
        """A document of any pack; NotFound `document.not_found`."""
        if identifier not in self.documents:
            raise NotFound("document.not_found", f"没有登记文件 {identifier}；请核对编号",
                           f"there is no document {identifier}; check the id", document=identifier)  # fmt: skip
        return self.documents[identifier]

    def histories(self, name: str, section: str) -> dict[str, list[Version]]:
        """Every version a pack may use, by rule: its own, wider packs' (unless not inherited), then supplements'."""
        chain = [self.packs[each] for each in self.chain(name)]
        found: dict[str, list[Version]] = {}
        for rules in [*(pack.rules for pack in chain), *(pack.supplements for pack in chain)]:
            for rule, versions in rules.get(section, {}).items():
                kept = [version for version in versions if version.inherit or version.pack == name]
                found.setdefault(rule, []).extend(kept)
        return {rule: versions for rule, versions in found.items() if versions}

    def ruleset(  # noqa: PLR0913 - each argument is a dimension of the question
        self,
        name: str,
        *,
        section: str,
        vocabulary: Vocabulary,
        on: date,
        known_at: date | datetime | None = None,
        readings: Mapping[str, str] | None = None,
        include_drafts: bool = False,
        supplements: bool = True,
    ) -> Ruleset:
        """The rules of a section in force on a day, as known on the (Beijing) day of an instant.

        `readings` choose among named readings by rule; a reading that a rule never has is Malformed
        `rule.reading_unknown`. Drafts count only when asked for. Questions of days between which no rule begins, ends
        or becomes known share what was checked.
        """
        choice = packs_choice.Choice(on, known_at, include_drafts=include_drafts, supplements=supplements)
        read = tuple(sorted((readings or {}).items()))
        key = (name, section, id(vocabulary), self._turn(name, section, choice), include_drafts, supplements, read)
        found = self._rulesets.get(key)
        if found is None:
            versions, absences = choice.choose(self.histories(name, section), self.chain(name), readings or {})
            while len(self._rulesets) >= MOST_RULESETS:
                self._rulesets.pop(next(iter(self._rulesets)), None)
            found = self._rulesets[key] = Ruleset(name, section, on, vocabulary, versions, absences)
        return found if found.on == on else replace(found, on=on)

    def turn(self, name: str, section: str, on: date) -> tuple[int, int]:
        """Which versions of a section hold on a day, as known now: equal for days between which none of them turns."""
        return self._turn(name, section, packs_choice.Choice(on, None))

    def _turn(self, name: str, section: str, choice: packs_choice.Choice) -> tuple[int, int]:
        """How many turns of the pack's rules lie behind the day, and behind the day of knowledge."""
        if (name, section) not in self._turns:
            versions = [each for history in self.histories(name, section).values() for each in history]
            days = [day for each in versions for day in (each.start, each.end) if day]
            self._turns[name, section] = sorted(set(days)), sorted({each.known for each in versions})
        days, known = self._turns[name, section]
        return bisect_right(days, choice.on), bisect_right(known, choice.known)

    def raw(
        self,
        name: str,
        section: str,
        rule: str,
        on: date,
        known_at: date | datetime | None = None,
        reading: str | None = None,
    ) -> tuple[Any, Version]:
        """The `data` (JSON's types) of a structured rule in force, and its version; else the named error."""
        choice = packs_choice.Choice(on, known_at)
        histories = {rule: self.histories(name, section).get(rule, [])}
        versions, absences = choice.choose(histories, self.chain(name), {rule: reading} if reading else {})
        if rule not in versions:
            raise absences.get(rule) or rule_absent(rule, name)
        return versions[rule].spoken.data, versions[rule]

    def _with_drafts(self, name: str, section: str, vocabulary: Vocabulary, on: date) -> Ruleset:
        return self.ruleset(name, section=section, vocabulary=vocabulary, on=on, include_drafts=True)

    def check(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        """Check every formula of the sections given; PackError with every problem, by file and line."""
        problems = Problems()
        for name in self.names():
            for section, vocabulary in vocabularies.items():
                all_versions = [each for versions in self.histories(name, section).values() for each in versions]
                own = [each for each in all_versions if each.pack == name]
                packs_check.check(own, partial(self._with_drafts, name, section, vocabulary), problems)
        if problems.found:
            raise PackError(problems.found)


def _size(pack: Pack) -> int:
    return region.LEVELS.index(region.level(pack.region))


def load(folder: Path, extra: Sequence[Path] = (), vocabularies: Mapping[str, Vocabulary] | None = None) -> Packs:
    """Read every pack under a folder, and supplements, which are merged after them.

    A supplement path is a folder named as its pack and holding documents.yaml, or a folder of such folders. With
    vocabularies, formulas are checked too. Anything wrong: PackError with every problem as file, line, reason, remedy.
    """
    problems = Problems()
    paths = sorted(path for path in folder.iterdir() if path.is_dir())
    added = list(supplement_folders(extra))
    own = [read_folder(path, f"{folder.name}/{path.name}", problems) for path in paths]
    more = [read_folder(path, str(path), problems, supplement=True) for path in added]
    documents = all_documents([*own, *more], problems)
    packs = {each.name: Pack(each.name, each.header, each.rules(documents)) for each in own}
    _check_regions(own, problems)
    for each in more:
        rules = each.rules(documents)
        if each.name in packs:
            packs[each.name] = _supplemented(packs[each.name], rules)
        else:
            problems.add(Source(each.shown, 1), f"没有可补充的政策包 {each.name}；文件夹应与政策包同名",
                         f"there is no pack {each.name} to supplement; name the folder after its pack")  # fmt: skip
    if problems.found:
        raise PackError(problems.found)
    loaded = Packs(packs, documents, digest([*paths, *added]))
    loaded.check(vocabularies or {})
    return loaded


def _supplemented(pack: Pack, rules: Rules) -> Pack:
    merged = {section: dict(each) for section, each in pack.supplements.items()}
    for section, each in rules.items():
        for rule, versions in each.items():
            mine = merged.setdefault(section, {})
            mine[rule] = (*mine.get(rule, ()), *versions)
    return replace(pack, supplements=merged)


def _check_regions(folders: Sequence[Folder], problems: Problems) -> None:
    seen: dict[str, str] = {}
    for folder in folders:
        code = folder.header.region
        if code and code in seen:
            problems.add(Source(f"{folder.shown}/documents.yaml", 1), f"地区 {code} 已有政策包 {seen[code]}；一地一包",
                         f"the region {code} has the pack {seen[code]} already; one pack per region")  # fmt: skip
        seen[code] = folder.name
