"""Packs: chains, what is in force as known, readings, supplements, drafts, digest."""

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from services.kernel.errors import DomainError, Malformed, NotFound
from services.kernel.formula.ruleset import Ruleset
from services.kernel.formula.vocabulary import Fact, Vocabulary
from services.runtime.packs import MOST_RULESETS, Packs, load

FACTS = Vocabulary((
    Fact("households", unit="households"),
    Fact("tier", kind="symbol", symbols=("head", "staff")),
    Fact("step", low=1, high=3),
))  # fmt: skip

NATION = {
    "documents": """
        region: "000000000000"
        name: {zh: 全国, en: Nation}
        documents:
          law: {title: Law, kind: law, issued: 2010-01-01, seen: true}
        """,
    "staffing": """
        norm:
          - {start: 2010-01-01, cite: {document: law, at: art. 1, quote: one per 300}, posts: ceil(households / 300)}
        hidden:
          - {start: 2010-01-01, cite: {document: law}, inherit: false, amount: 1}
        minimum:
          - {start: 2010-01-01, cite: {document: law}, amount: 5}
        """,
}
CITY = {
    "documents": """
        region: "990100000000"
        name: {zh: 市, en: City}
        documents:
          city-1: {title: Measures, issued: 2020-01-01, published: 2020-02-01, supersedes: [law], evidence: law}
          city-draft: {title: Draft, status: draft, known: 2024-06-01}
        """,
    "staffing": """
        norm:
          - start: 2020-03-01
            end: 2022-01-01
            cite: {document: city-1}
            posts: ceil(households / 250)
          - start: 2021-01-01
            end: 2022-01-01
            known: 2021-06-15
            cite: {document: city-1}
            posts: ceil(households / 200)
          - start: 2025-01-01
            cite: {document: city-draft}
            posts: ceil(households / 100)
        rounded:
          - start: 2020-03-01
            cite: {document: city-1}
            readings:
              up: {posts: ceil(households / 250), note: {zh: 进一, en: up}}
              down: {posts: floor(households / 250)}
              plain: households * 2
            reading: up
        later:
          - {start_by: 2021-05-01, cite: {document: city-1}, amount: 3}
        planned:
          - {start: 2023-01-01, cite: {document: city-1}, amount: 3}
        ended:
          - {start: 2020-03-01, end: 2021-01-01, cite: {document: city-1}, amount: 3}
        ladder:
          - start: 2020-03-01
            cite: {document: city-1}
            unit: yuan
            table: {by: [tier, step], head: {1: 100}, staff: {}}
        unpublished:
          - {start: 2020-03-01, cite: {document: city-1}, absent: {zh: 另行公布, en: to be published}}
        drafted:
          - {start: 2020-01-01, cite: {document: city-draft}, amount: 9}
        uses:
          - {start: 2020-03-01, cite: {document: city-1}, qualifier: about, note: one text, amount: unpublished + 1}
        steps:
          - {start: 2020-03-01, cite: {document: city-1}, data: {steps: [{code: a, from: 2020-01-01}], size: 2}}
        """,
}
DISTRICT = {
    "documents": """
        region: "990101000000"
        name: {zh: 区, en: District}
        documents: {}
        """,
}
SUPPLEMENT = {
    "documents": """
        documents:
          added: {title: Supplement, kind: supplement, known: 2020-01-01, synthetic: true}
        """,
    "staffing": """
        ladder:
          - start: 2020-01-01
            cite: {document: added, quote: the ladder}
            unit: yuan
            table: {by: [tier, step], head: {1: 999, 2: 110}, staff: {1: 80}}
        unpublished:
          - {start: 2020-01-01, cite: {document: added}, amount: 7}
        minimum:
          - {start: 2020-01-01, cite: {document: added}, amount: 99}
        extra:
          - {start: 2020-01-01, cite: {document: added}, amount: 1}
        """,
}


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("packs")
    write(root / "policies" / "nation", NATION)
    write(root / "policies" / "city", CITY)
    write(root / "policies" / "district", DISTRICT)
    write(root / "more" / "city", SUPPLEMENT)
    return root


@pytest.fixture(scope="module")
def packs(root: Path) -> Packs:
    return load(root / "policies", [root / "more"], {"staffing": FACTS})


def rules(packs: Packs, name: str, on: str, **options: Any) -> Ruleset:
    return packs.ruleset(name, section="staffing", vocabulary=FACTS, on=date.fromisoformat(on), **options)


def code(packs: Packs, rule: str, on: str = "2021-06-01", **options: Any) -> str:
    with pytest.raises(DomainError) as caught:
        rules(packs, "city", on, **options).value(rule, {"households": 1000})
    return caught.value.code


def test_chains_follow_regions(packs: Packs) -> None:
    assert packs.names() == ("city", "district", "nation")
    assert packs.cities() == ("city", "district")
    assert packs.chain("district") == ("district", "city", "nation")
    assert packs.for_region("990101001002") == "district"
    assert packs.for_region("990102001002") == "city"
    assert packs.for_region("110101001002") == "nation"
    assert packs.pack("city").title.en == "City"
    assert set(packs.pack("city").documents) == {"city-1", "city-draft"}
    assert packs.document("added").synthetic
    for ask, wrong in ((packs.pack, "x"), (packs.document, "x"), (packs.chain, "x")):
        with pytest.raises(NotFound):
            ask(wrong)


def test_a_region_without_a_pack(tmp_path: Path) -> None:
    write(tmp_path / "p" / "district", DISTRICT)
    with pytest.raises(NotFound) as caught:
        load(tmp_path / "p").for_region("110101001002")
    assert caught.value.code == "pack.none_for_region"


@pytest.mark.parametrize(
    ("on", "known", "posts", "pack"),
    [
        ("2020-02-29", None, 4, "nation"),
        ("2020-03-01", None, 4, "city"),
        ("2021-03-01", None, 5, "city"),
        ("2021-03-01", date(2021, 6, 14), 4, "city"),
        ("2021-03-01", datetime(2021, 6, 14, 16, tzinfo=UTC), 5, "city"),
        ("2022-01-01", None, 4, "nation"),
        ("2025-06-01", None, 4, "nation"),
    ],
)
def test_the_nearest_rule_in_force_as_known(packs: Packs, on: str, known: Any, posts: int, pack: str) -> None:
    explained = rules(packs, "district", on, known_at=known).explain("norm", {"households": 1000})
    assert (explained.value, explained.pack) == (posts, pack)


def test_drafts_count_only_when_asked_for(packs: Packs) -> None:
    assert rules(packs, "city", "2025-06-01", include_drafts=True).value("norm", {"households": 1000}) == 10
    assert code(packs, "drafted") == "rule.draft_only"
    assert rules(packs, "city", "2025-06-01", include_drafts=True).value("drafted", {}) == 9


@pytest.mark.parametrize(
    ("rule", "options", "wanted"),
    [
        ("later", {"on": "2021-04-30"}, "rule.start_unknown"),
        ("planned", {}, "rule.not_yet_in_force"),
        ("ended", {}, "parameter.expired"),
        ("ended", {"on": "2020-06-01", "known_at": date(2020, 1, 31)}, "rule.not_yet_known"),
        ("unpublished", {"supplements": False}, "rule.absent"),
        ("uses", {"supplements": False}, "rule.absent"),
        ("extra", {"supplements": False}, "rule.absent"),
        ("nothing", {}, "rule.absent"),
    ],
)
def test_a_rule_that_is_not_in_force_says_why(packs: Packs, rule: str, options: dict[str, Any], wanted: str) -> None:
    assert code(packs, rule, **options) == wanted


def test_a_wider_rule_may_keep_to_itself(packs: Packs) -> None:
    assert rules(packs, "nation", "2021-06-01").value("hidden", {}) == 1
    assert not rules(packs, "city", "2021-06-01").has("hidden")


def test_readings_are_chosen_by_name(packs: Packs) -> None:
    case = {"households": 300}
    assert rules(packs, "city", "2021-06-01").value("rounded", case, "posts") == 2
    chosen = rules(packs, "city", "2021-06-01", readings={"rounded": "down"})
    assert chosen.explain("rounded", case, "posts").reading == "down"
    assert chosen.value("rounded", case, "posts") == 1
    assert rules(packs, "city", "2021-06-01", readings={"rounded": "plain"}).value("rounded", case) == 600
    assert "rounded" in rules(packs, "city", "2019-06-01", readings={"rounded": "down"}).absences
    for wrong in ({"rounded": "sideways"}, {"norm": "down"}, {"nothing": "down"}):
        with pytest.raises(Malformed) as caught:
            rules(packs, "city", "2021-06-01", readings=wrong)
        assert caught.value.code == "rule.reading_unknown"


def test_a_supplement_fills_what_the_pack_leaves_open(packs: Packs) -> None:
    found = rules(packs, "city", "2021-06-01")
    assert found.value("ladder", {"tier": "head", "step": 1}) == 100
    filled = found.explain("ladder", {"tier": "head", "step": 2})
    assert filled.value == 110
    assert [citation.document.synthetic for citation in filled.citations] == [False, True]
    assert found.value("uses", {}) == 8
    assert found.version("unpublished").supplement
    assert found.value("minimum", {}) == 5
    assert found.value("extra", {}) == Fraction(1)
    with pytest.raises(DomainError, match="tier=staff, step=2"):
        found.value("ladder", {"tier": "staff", "step": 2})
    with pytest.raises(DomainError, match="tier=head, step=2"):
        rules(packs, "city", "2021-06-01", supplements=False).value("ladder", {"tier": "head", "step": 2})


def test_a_pack_that_leaves_figures_open_loads_without_its_supplement(root: Path) -> None:
    alone = load(root / "policies", [], {"staffing": FACTS})
    version = rules(alone, "city", "2021-06-01").version("uses")
    assert version.note is not None
    assert (version.note.zh, version.note.en, version.qualifier) == ("one text", "one text", "about")


def test_structured_rules_are_plain_data(packs: Packs) -> None:
    data, version = packs.raw("district", "staffing", "steps", date(2021, 6, 1))
    assert data == {"steps": [{"code": "a", "from": "2020-01-01"}], "size": 2}
    assert version.pack == "city"
    _, chosen = packs.raw("city", "staffing", "rounded", date(2021, 6, 1), reading="down")
    assert chosen.reading == "down"
    for rule in ("unpublished_", "planned"):
        with pytest.raises(NotFound):
            packs.raw("city", "staffing", rule, date(2021, 6, 1))


def test_equal_questions_share_a_ruleset(packs: Packs) -> None:
    assert rules(packs, "city", "2021-06-01") is rules(packs, "city", "2021-06-01")
    first = rules(packs, "city", "1990-01-01")
    others = [Vocabulary(FACTS.facts) for _ in range(MOST_RULESETS)]
    for other in others:
        packs.ruleset("city", section="staffing", vocabulary=other, on=date(2021, 6, 1))
    assert rules(packs, "city", "1990-01-01") is not first


def test_days_without_a_turn_between_them_share_what_was_checked(packs: Packs) -> None:
    histories = packs.histories("city", "staffing").values()
    turns = sorted({day for history in histories for each in history for day in (each.start, each.end) if day})
    before, on, after = (date.fromordinal(turns[-1].toordinal() + days) for days in (-1, 0, 1))
    first, second, third = (rules(packs, "city", str(day)) for day in (before, on, after))
    assert (second.on, third.on) == (on, after)
    assert third.versions is second.versions
    assert third.versions is not first.versions
    name = next(name for name in second.names() if second.version(name).spoken.names == ("amount",))
    assert third.output(name) is second.output(name)
    assert packs.turn("city", "staffing", on) == packs.turn("city", "staffing", after)
    assert packs.turn("city", "staffing", on) != packs.turn("city", "staffing", before)
    known = {each.known for history in histories for each in history}
    early = rules(packs, "city", str(after), known_at=date.fromordinal(max(known).toordinal() - 1))
    assert early.versions is not third.versions


def test_the_digest_is_of_every_file(root: Path, tmp_path: Path, packs: Packs) -> None:
    assert load(root / "policies", [root / "more"]).digest == packs.digest
    assert load(root / "policies", [root / "more" / "city"]).digest == packs.digest
    assert load(root / "policies").digest != packs.digest
    for name, files in (("nation", NATION), ("city", CITY), ("district", DISTRICT)):
        write(tmp_path / "policies" / name, files)
    changed = tmp_path / "policies" / "city" / "staffing.yaml"
    changed.write_text(changed.read_text().replace("/ 250", "/ 240"))
    assert load(tmp_path / "policies", [root / "more"]).digest != packs.digest


def test_two_supplements_of_one_pack_add_up(root: Path, tmp_path: Path) -> None:
    documents = "documents: {second: {title: S, known: 2020-01-01}}"
    staffing = "extra: [{start: 2022-01-01, known: 2022-01-01, cite: {document: second}, amount: 2}]"
    write(tmp_path / "city", {"documents": documents, "staffing": staffing})
    both = load(root / "policies", [root / "more", tmp_path])
    assert [rules(both, "city", on).value("extra", {}) for on in ("2021-01-01", "2022-01-01")] == [1, 2]
