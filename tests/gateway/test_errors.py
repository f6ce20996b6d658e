import pytest
from graphql import GraphQLError

from gateway.errors import MEANING, REMEDY, Code, GatewayError, entry, internal, refusal_of


def test_every_code_has_a_meaning_in_both_languages() -> None:
    assert set(MEANING) == set(REMEDY) == set(Code)
    words = [*MEANING.values(), *REMEDY.values()]
    assert all(zh and en and not zh.isascii() and en.isascii() for zh, en in words)


def test_an_entry_carries_code_words_request_and_place() -> None:
    refused = GatewayError(Code.UPSTREAM_UNAVAILABLE, "薪酬服务没有应答", "payroll does not answer", service="payroll")
    told = entry(refused, "r1", GraphQLError("x", path=["community", "workers", 0]))
    assert told == {
        "message": "薪酬服务没有应答 payroll does not answer",
        "path": ["community", "workers", 0],
        "extensions": {
            "code": "UPSTREAM_UNAVAILABLE",
            "message": {"zh": "薪酬服务没有应答", "en": "payroll does not answer"},
            "requestId": "r1",
            "service": "payroll",
        },
    }


def test_a_refusal_is_found_under_the_executor_s_wrapping() -> None:
    refused = internal()
    inner = GraphQLError("inner", original_error=refused)
    assert refusal_of(GraphQLError("outer", original_error=inner), Code.BAD_USER_INPUT) is refused


@pytest.mark.parametrize("code", [Code.BAD_USER_INPUT, Code.GRAPHQL_VALIDATION_FAILED])
def test_the_executor_s_own_complaint_is_told_as_it_stands(code: Code) -> None:
    told = refusal_of(GraphQLError("Cannot query field 'nam' on type 'Community'."), code)
    assert told is not None
    assert (told.code, told.en) == (code, "Cannot query field 'nam' on type 'Community'.")


def test_a_defect_of_ours_is_nobody_s_refusal() -> None:
    assert refusal_of(GraphQLError("x", original_error=RuntimeError("password=1")), Code.BAD_USER_INPUT) is None


@pytest.mark.parametrize(
    ("hint", "rest"),
    [
        (" Did you mean 'name'?", ""),
        (" Did you mean the enum value 'ZH'?", ""),
        (" Did you mean 'b', 'c', or 'd'?", " So it is."),
        ("", ""),
    ],
)
def test_hints_are_left_out_where_they_are_not_wanted(hint: str, rest: str) -> None:
    start = "Cannot query field 'nam' on type 'Community'."
    error = GraphQLError(start + hint + rest)
    told, bare = (refusal_of(error, Code.BAD_USER_INPUT, hints=hints) for hints in (True, False))
    assert told is not None
    assert bare is not None
    assert (told.en, bare.en) == (start + hint + rest, start + rest)
