"""Which version of each rule is in force: nearest pack first, as known, under a reading; else a named absence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.kernel.errors import DomainError, Malformed, NotFound
from services.kernel.formula.rules import Cell, Table, Version
from services.kernel.policy import in_force, known_day

Histories = Mapping[str, Sequence[Version]]


@dataclass(frozen=True, init=False)
class Choice:
    """A day, the day of knowledge, and whether drafts and supplements count."""

    on: date
    known: date
    include_drafts: bool
    supplements: bool

    def __init__(
        self, on: date, known_at: date | datetime | None, *, include_drafts: bool = False, supplements: bool = True
    ) -> None:
        object.__setattr__(self, "on", on)
        object.__setattr__(self, "known", known_day(known_at))
        object.__setattr__(self, "include_drafts", include_drafts)
        object.__setattr__(self, "supplements", supplements)

    def choose(
        self, histories: Histories, chain: Sequence[str], readings: Mapping[str, str]
    ) -> tuple[dict[str, Version], dict[str, DomainError]]:
        """The version in force of each rule, readings applied, and the error of each that is not in force."""
        versions: dict[str, Version] = {}
        absences: dict[str, DomainError] = {}
        for rule, history in histories.items():
            version = self._nearest(history, chain)
            if version is None:
                absences[rule] = self._absence(rule, history, chain[0])
            else:
                versions[rule] = version
        for rule, reading in readings.items():
            _check_reading(rule, reading, histories.get(rule, ()))
            if rule in versions and versions[rule].readings:
                versions[rule] = replace(versions[rule], reading=reading)
        return versions, absences

    def _nearest(self, history: Sequence[Version], chain: Sequence[str]) -> Version | None:
        found, unpublished = None, False
        for pack in chain:
            version = self._of(history, pack, supplement=False)
            if version is not None:
                found, unpublished = (None, True) if version.absent else (version, False)
                break
        if not self.supplements:
            return found
        added = [version for pack in chain if (version := self._of(history, pack, supplement=True))]
        if found is None:
            return added[0] if added else None
        for version in [] if unpublished else added:
            found = _filled(found, version)
        return found

    def _of(self, history: Iterable[Version], pack: str, *, supplement: bool) -> Version | None:
        mine = [each for each in history if each.pack == pack and each.supplement == supplement and self._counts(each)]
        return in_force(mine, self.on, self.known)

    def _counts(self, version: Version) -> bool:
        return self.include_drafts or version.status != "draft"

    def _absence(self, rule: str, history: Sequence[Version], pack: str) -> DomainError:
        counted = [each for each in history if self._counts(each) and (self.supplements or not each.supplement)]
        known = [each for each in counted if each.known <= self.known]
        unpublished = in_force((each for each in known if each.absent), self.on, self.known)
        if unpublished is not None and unpublished.absent:
            words = unpublished.absent
            return _error("rule.absent", f"未公布：{words.zh}；请主管部门以补充文件录入",
                          f"is not published: {words.en}; enter it as a supplement", unpublished, pack)  # fmt: skip
        if not known:
            return _unknown(rule, history, counted, pack)
        later = [each for each in known if each.start > self.on]
        return _expired(known, pack) if not later else _too_early(min(later, key=lambda each: each.start), pack)


def _unknown(rule: str, history: Sequence[Version], counted: Sequence[Version], pack: str) -> DomainError:
    if counted:
        first = min(counted, key=lambda each: each.known)
        return _error("rule.not_yet_known", f"当时尚未公布（{first.known} 起可知）；请改问以后的知悉日",
                      f"was not known then (known since {first.known}); ask as known later", first, pack)  # fmt: skip
    if history and history[0].status == "draft":
        return _error("rule.draft_only", "只有送审稿，未施行；仅可用于模拟（include_drafts）",
                      "exists as a draft only; ask with include_drafts, in a simulation", history[0], pack)  # fmt: skip
    return NotFound("rule.absent", f"{pack} 没有名为 {rule} 的规则；它只见于补充文件",
                    f"{pack} has no rule named {rule} but in supplements", rule=rule, pack=pack)  # fmt: skip


def _expired(known: Sequence[Version], pack: str) -> DomainError:
    last = max(known, key=lambda each: each.end or date.min)
    return _error("parameter.expired", f"已于 {last.end} 失效，之后的规定尚未录入；请在政策包中补充新版本",
                  f"ended on {last.end} and nothing follows; add the next version to the pack", last, pack)  # fmt: skip


def _too_early(first: Version, pack: str) -> DomainError:
    if first.at_latest:
        return _error("rule.start_unknown", f"至迟 {first.start} 起施行，确切首日未公布；请改问该日以后",
                      f"is in force at the latest from {first.start}, its first day unpublished; ask for a later day",
                      first, pack)  # fmt: skip
    return _error("rule.not_yet_in_force", f"{first.start} 起才施行；请改问该日以后",
                  f"comes into force on {first.start}; ask for that day or later", first, pack)  # fmt: skip


def _error(code: str, zh: str, en: str, version: Version, pack: str) -> NotFound:
    rule = version.rule
    return NotFound(code, f"规则 {rule}（{version.pack}）{zh}", f"rule {rule} ({version.pack}) {en}",
                    citations=version.cite, rule=rule, pack=pack)  # fmt: skip


def _check_reading(rule: str, reading: str, history: Sequence[Version]) -> None:
    known = sorted({name for version in history for name in version.readings})
    if reading not in known:
        names = ", ".join(known)
        raise Malformed("rule.reading_unknown", f"规则 {rule} 没有读法 {reading}；可用：{names or '无'}",
                        f"rule {rule} has no reading {reading}; there are: {names or 'none'}", rule=rule)  # fmt: skip


def _filled(version: Version, supplement: Version) -> Version:
    """The version, its table completed from a supplement; each added cell carries the supplement's citation."""
    table, other = version.body.table, supplement.body.table
    if table is None or other is None or [each.text for each in table.by] != [each.text for each in other.by]:
        return version
    added = {
        key: Cell(cell.text, cell.source, supplement.cite)
        for key, cell in other.cells.items()
        if key not in table.cells
    }
    merged = Table(table.by, {**table.cells, **added}, table.source)
    return replace(version, body=replace(version.body, table=merged))
