"""The facts that consultation's formulas may name: counts made from events."""

from services.kernel.formula.vocabulary import Fact, Vocabulary

VOCABULARY = Vocabulary((
    Fact("units", unit="units", high=10**7, zh="村（社区）数", en="villages and communities"),
    Fact("units_with_session", unit="units", high=10**7, zh="开展过协商的村（社区）数", en="units with a session"),
    Fact("sessions", unit="sessions", high=10**8, zh="协商活动次数", en="sessions"),
    Fact("items", unit="issues", high=10**8, zh="协商事项数", en="items consulted on"),
    Fact("items_implemented", unit="issues", high=10**8, zh="已落实事项数", en="items carried out"),
    Fact("issues_raised", unit="issues", high=10**8, zh="提出的议题数", en="issues raised"),
    Fact("issues_adopted", unit="issues", high=10**8, zh="形成决定的议题数", en="issues adopted"),
    Fact("issues_closed", unit="issues", high=10**8, zh="已办结的议题数", en="issues closed"),
))  # fmt: skip
