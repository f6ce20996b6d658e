"""Documents, citations, and what is in force as known."""

from datetime import UTC, date, datetime

import pytest

from services.kernel.errors import Conflict, DomainError, NotFound
from services.kernel.policy import Citation, Dated, Document, Text, in_force, known_day

DOCUMENT = Document("d-1", "Title", issued=date(2020, 1, 2), published=date(2020, 1, 5), doc_no="No. 1")


def dated(value: str, start: str, end: str | None, known: str) -> Dated[str]:
    return Dated(value, date.fromisoformat(start), date.fromisoformat(end) if end else None, date.fromisoformat(known))


HISTORY = [
    dated("old", "2020-01-01", "2022-01-01", "2019-12-01"),
    dated("corrected", "2021-01-01", "2021-07-01", "2021-06-15"),
    dated("new", "2023-01-01", None, "2022-11-01"),
]


@pytest.mark.parametrize(
    ("on", "known", "value"),
    [
        ("2019-12-31", None, None),
        ("2020-01-01", None, "old"),
        ("2021-03-01", None, "corrected"),
        ("2021-03-01", "2021-06-14", "old"),
        ("2021-03-01", "2021-06-15", "corrected"),
        ("2021-07-01", None, "old"),
        ("2022-06-01", None, None),
        ("2030-01-01", None, "new"),
        ("2030-01-01", "2022-10-31", None),
    ],
)
def test_the_later_known_version_supersedes(on: str, known: str | None, value: str | None) -> None:
    found = in_force(HISTORY, date.fromisoformat(on), date.fromisoformat(known) if known else None)
    assert (found.value if found else None) == value


def test_an_instant_is_known_on_its_beijing_day() -> None:
    assert known_day(datetime(2022, 1, 27, 16, 0, tzinfo=UTC)) == date(2022, 1, 28)
    assert known_day(datetime(2022, 1, 27, 16, 0)) == date(2022, 1, 27)  # noqa: DTZ001 - a naive instant is local


def test_a_document_is_known_when_it_was_published() -> None:
    assert DOCUMENT.known_on == date(2020, 1, 5)
    assert Document("x", "X").known_on is None
    assert DOCUMENT.to_dict()["issued"] == "2020-01-02"
    assert DOCUMENT.to_dict()["known"] is None


def test_a_citation_carries_its_document() -> None:
    assert Citation(DOCUMENT, "art. 1", "words").to_dict() == {
        "document": "d-1", "title": "Title", "doc_no": "No. 1", "at": "art. 1", "quote": "words",
        "status": "in_force", "synthetic": False,
    }  # fmt: skip
    assert Text("中", "en").to_dict() == {"zh": "中", "en": "en"}


def test_equal_errors_are_equal() -> None:
    one, other = NotFound("a.b", "中", "en", x=1), NotFound("a.b", "中", "en", x=1)
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == "en"
    assert one != NotFound("a.b", "中", "en", x=2)
    assert one != Conflict("a.b", "中", "en", x=1)
    assert isinstance(one, DomainError)
    assert one != "a.b"
