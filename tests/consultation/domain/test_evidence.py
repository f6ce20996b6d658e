from typing import Any
from uuid import UUID

import pytest

from services.consultation.domain.evidence import read
from services.kernel.errors import Malformed


def test_evidence_comes_out_in_one_form() -> None:
    into = UUID(int=5)
    assert read({
        "reason": " 多数要求 ", "meeting_on": "2022-03-08", "committees": ["b", "a", "a", " "],
        "satisfaction": "neutral", "merged_into": str(into).upper(),
        "participants": [{"kind": "resident"}, {"kind": "party_org", "count": 2}],
        "place": None, "chair": "", "accept_codes": [],
    }) == {
        "reason": "多数要求", "meeting_on": "2022-03-08", "committees": ["a", "b"], "satisfaction": "neutral",
        "merged_into": str(into), "participants": [{"kind": "resident", "count": 1}, {"kind": "party_org", "count": 2}],
    }  # fmt: skip


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(Malformed, match="blood") as caught:
        read({"blood": "x"})
    assert caught.value.code == "issue.evidence_unknown"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", 5), ("reason", "   "), ("reason", "x" * 4001), ("meeting_on", 5), ("meeting_on", "8 March"),
        ("merged_into", 5), ("merged_into", "7"), ("satisfaction", "happy"), ("committees", "party_org"),
        ("committees", [5]), ("committees", ["x"] * 201), ("participants", "resident"), ("participants", ["resident"]),
        ("participants", [{"count": 3}]), ("participants", [{"kind": "resident", "name": "x"}]),
        ("participants", [{"kind": "resident", "count": 0}]), ("participants", [{"kind": "resident", "count": True}]),
        ("participants", [{"kind": "resident", "count": "2"}]), ("participants", [{"kind": "x"}] * 201),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_kind_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Malformed) as caught:
        read({name: value})
    assert (caught.value.code, caught.value.details["field"]) == ("issue.evidence_unreadable", name)
