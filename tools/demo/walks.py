"""The procedures' walks as steps with evidence: Kunming's four, Longwan's five, the national frame, service orders."""

from random import Random

from tools.demo.records import Step

DONE = "示例：已完成 done (demo)"


def body(village: bool) -> str:
    """The committee of a village or of a community."""
    return "villagers_committee" if village else "residents_committee"


def four(rng: Random, village: bool = False) -> list[Step]:
    """Kunming's and Guandu's: deliberate (in the session), decide, publish, implement, feed back, evaluate, close."""
    committee = body(village)
    return [
        Step("deliberate", committee, {"result": "示例：形成一致意见 agreed (demo)"}, held=True),
        Step("decide", "residents_meeting", {"outcome": "agreed", "result": "示例：通过 passed (demo)"}),
        Step("publish", committee, {"place": "社区公示栏 notice board"}),
        Step("implement", committee, {"result": DONE}),
        Step("feed_back", "community_worker", {"reply": "示例：已答复提出人 answered (demo)"}),
        Step("evaluate", "resident", {"satisfaction": rng.choice(("very_satisfied", "satisfied", "neutral"))}),
        Step("close", "community_worker", {}),
    ]


def five(rng: Random, village: bool, held_on: str) -> list[Step]:
    """Longwan's: screen, plan, notify, hold (in the session), then notify, publish, adopt, implement, reply, close."""
    committee = body(village)
    both = f"party_org;{committee}"
    accepted = {
        "outcome": "accepted",
        "committees": both,
        "reason": DONE,
        "accept_codes": rng.choice(("A1", "A2", "A3")),
    }
    plan = {"place": "议事厅 meeting room", "meeting_on": held_on, "form": "圆桌会 round table", "chair": "示例主持人"}
    return [
        Step("screen", "two_committees", accepted),
        Step("plan", committee, plan),
        Step("notify", committee, {"means": "公告和微信群 notice and chat group"}),
        Step("hold", "chair", {"result": "示例：形成一致意见 agreed (demo)"}, held=True),
        Step("notify_result", committee, {"means": "微信群 chat group"}),
        Step("publish", committee, {"place": "公示栏 notice board"}),
        Step("adopt", "two_committees", {"outcome": "adopted", "reason": DONE}),
        Step("implement", committee, {"result": DONE}),
        Step("reply", "community_worker", {"reply": "示例：已答复提出人 answered (demo)"}),
        Step("evaluate", "resident", {"satisfaction": rng.choice(("very_satisfied", "satisfied"))}),
        Step("close", "community_worker", {}),
    ]


def refused(village: bool, code: str) -> list[Step]:
    """Longwan's refusal at the screening, with a reason, and the reply to the proposer."""
    both = f"party_org;{body(village)}"
    reason = "示例：不属于协商范围 outside the scope (demo)"
    return [
        Step(
            "screen",
            "two_committees",
            {"outcome": "rejected", "committees": both, "reason": reason, "reject_codes": code},
        ),
        Step("reply", "community_worker", {"reply": "示例：已告知其他渠道 other channel named (demo)"}),
        Step("close", "community_worker", {}),
    ]


def frame() -> list[Step]:
    """The national frame: notify, hold (in the session), publish, implement, feed back, close."""
    committee = body(village=False)
    return [
        Step("notify", committee, {"means": "公告 notice"}),
        Step("hold", committee, {"outcome": "agreed", "result": "示例：形成意见 agreed (demo)"}, held=True),
        Step("publish", committee, {"place": "公示栏 notice board"}),
        Step("implement", committee, {"result": DONE}),
        Step("feed_back", "community_worker", {"reply": "示例：已反馈 reported back (demo)"}),
        Step("close", "community_worker", {}),
    ]


def order() -> list[Step]:
    """Changzhou's service order after the community's request: dispatch, respond, close."""
    department = "示例部门 department (demo)"
    return [
        Step("dispatch", "street_office", {"department": department}),
        Step("respond", "department", {"outcome": "accepted", "reason": DONE}),
        Step("close", "community_worker", {}),
    ]
