"""The shape of staffing's part of a policy pack: the facts its formulas may name, and the names of its rules."""

from services.kernel.formula.vocabulary import Fact, Vocabulary
from services.staffing.domain.communities import KINDS
from services.staffing.domain.workers import CERTIFICATES

STAFFING_NORM = "staffing_norm"
STAFFING_TARGET = "staffing_target"
RESIDENTS_COMMITTEE_SIZE = "residents_committee_size"
VILLAGERS_COMMITTEE_SIZE = "villagers_committee_size"

VOCABULARY = Vocabulary(
    facts=(
        Fact("resident_households", unit="households", high=10**6, zh="常住户数", en="resident households"),
        Fact("registered_households", unit="households", high=10**6, zh="户籍户数", en="registered households"),
        Fact("resident_population", unit="persons", high=2 * 10**9, zh="常住人口", en="resident population"),
        Fact("urban_residents", unit="persons", high=2 * 10**9, zh="城镇常住人口", en="urban residents"),
        Fact("household_size", unit="persons", low=1, high=2000, scale=100, zh="户均人口", en="persons per household"),
        Fact("premises_sqm", unit="sqm", high=10**9, scale=100, zh="办公服务用房面积", en="floor area of the premises"),
        Fact("ground_floor_sqm", unit="sqm", high=10**9, scale=100, zh="一楼面积", en="ground floor area"),
        Fact("committee_members", unit="persons", high=1000, zh="委员会成员人数", en="committee members"),
        Fact("workers", unit="persons", high=10**7, zh="在岗社区工作者", en="community workers in post"),
        Fact("grid_members", unit="persons", high=10**7, zh="网格员和公益岗位人员", en="grid members"),
        Fact("consecutive_failed_assessments", unit="times", high=100, zh="连续考核不合格次数", en="failures in a row"),
        Fact("community_kind", kind="symbol", symbols=KINDS, zh="社区类型", en="kind of unit"),
        Fact("certificate", kind="symbol", symbols=CERTIFICATES, zh="社工证书等级", en="certificate level"),
        Fact("eligible_since", kind="day", zh="符合报考条件之日", en="eligible for the examination since"),
        Fact("today", kind="day", zh="计算日", en="the day asked about"),
    )
)
