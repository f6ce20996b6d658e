import inspect
from enum import Enum
from typing import get_args

import pytest
from graphql import GraphQLEnumType

from gateway.schema import build
from gateway.types import enums
from services.consultation.schemas.issues import Process
from services.consultation.schemas.parts import Tier
from services.kernel.policy import Status
from services.payroll.domain.pay_schemes import LineKind
from services.payroll.domain.payroll_runs import RunState
from services.runtime.packs_rules import QUALIFIERS
from services.staffing.domain import communities, workers

SETS = {
    enums.CommunityKind: communities.KINDS,
    enums.UnitType: communities.UNIT_TYPES,
    enums.Post: workers.POSTS,
    enums.CertificateLevel: workers.CERTIFICATES,
    enums.Sex: workers.SEXES,
    enums.Education: workers.EDUCATIONS,
    enums.WorkerCategory: workers.CATEGORIES,
    enums.EntryRoute: workers.ENTRY_ROUTES,
    enums.PayTier: workers.TIERS,
    enums.LineKind: tuple(LineKind),
    enums.RunState: tuple(RunState),
    enums.PlatformTier: get_args(Tier),
    enums.IssueProcess: get_args(Process),
    enums.DocumentStatus: get_args(Status),
    enums.Qualifier: QUALIFIERS,
}


@pytest.mark.parametrize("kind", SETS, ids=lambda kind: kind.__name__)
def test_an_enum_has_the_words_of_the_services_in_capitals(kind: type[Enum]) -> None:
    assert {one.value for one in kind} == set(SETS[kind])
    assert all(one.name == one.value.upper() for one in kind)
    shown = build().core.type_map[kind.__name__]
    assert isinstance(shown, GraphQLEnumType)
    for value in shown.values.values():
        assert value.description
        assert not value.description.isascii()


def test_every_enum_of_the_schema_is_held_to_its_set() -> None:
    declared = {one for _, one in inspect.getmembers(enums, inspect.isclass) if one.__module__ == enums.__name__}
    assert declared == set(SETS)
