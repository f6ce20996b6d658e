"""`gongzhi verify`: the product's self-checks, asked of the running system through its APIs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import httpx

from tools.talk import JSON, TIMEOUT, Refused, Talk

SAMPLE = {
    "guandu": "530111002001",
    "kunming": "530103004006",
    "changzhou": "320402001002",
    "longwan": "330303001013",
    "chaoyang": "211302001001",
}
PLUS, MINUS = ("earning",), ("employee", "tax")


@dataclass(frozen=True, slots=True)
class Check:
    """One self-check: what must hold, whether it does, and what was found."""

    zh: str
    en: str
    ok: bool
    found: str = ""

    def line(self) -> str:
        """The check as one line of text."""
        mark = "ok    " if self.ok else "FAILED"
        return f"{mark} {self.zh} / {self.en}" + (f": {self.found}" if self.found else "")


def run(urls: Mapping[str, str], token: str, transport: httpx.BaseTransport | None = None) -> list[Check]:
    """Every check, each answered even when another fails."""
    with httpx.Client(timeout=TIMEOUT, trust_env=False, transport=transport) as client:
        talk = Talk(urls, token, client)
        return [_ask(check, talk) for check in CHECKS]


def _ask(check: Callable[[Talk], Check], talk: Talk) -> Check:
    try:
        return check(talk)
    except (Refused, httpx.HTTPError, KeyError, IndexError) as reason:
        return Check(check.__name__, "could not be asked", ok=False, found=f"{type(reason).__name__}: {reason}")


def _slips(talk: Talk) -> list[JSON]:
    """The latest payslips of one community of each system."""
    found: list[JSON] = []
    for code in SAMPLE.values():
        workers = talk.get("staffing", "/v1/workers", community=code, limit="50")["items"]
        if workers:
            page = talk.client.get(
                f"{talk.urls['payroll']}/v1/payslips",
                params=[("latest", "true"), *(("worker", worker["id"]) for worker in workers)],
                headers={"Authorization": f"Bearer {talk.token}"},
            )
            if page.is_error:
                raise Refused(page.text, page.status_code)
            found += page.json()["items"]
    return found


def lines_make_the_total(talk: Talk) -> Check:
    """Earnings sum to the gross; less deductions they make the net; with the employer's share the cost."""
    slips = _slips(talk)
    wrong = [slip["id"] for slip in slips if not _adds_up(slip)]
    return Check(
        "工资条分项之和等于合计",
        "the lines of a payslip make its totals",
        bool(slips) and not wrong,
        f"{len(slips)} payslips, wrong: {wrong[:5]}",
    )


def _adds_up(slip: JSON) -> bool:
    sums = dict.fromkeys(("earning", "employee", "tax", "employer", "memo"), Decimal())
    for line in slip["lines"]:
        sums[line["kind"]] += Decimal(line["amount"])
    net = sums["earning"] - sums["employee"] - sums["tax"]
    cost = sums["earning"] + sums["employer"]
    return (sums["earning"], net, cost) == tuple(Decimal(slip[key]) for key in ("gross", "net", "employer_cost"))


def explanations_match_what_is_stored(talk: Talk) -> Check:
    """A slip derived again from its facts and rules equals the stored one, line by line."""
    slips = {slip["community"]: slip for slip in _slips(talk)}
    wrong = [
        slip["id"]
        for slip in slips.values()
        if not talk.get("payroll", f"/v1/payslips/{slip['id']}/explanation")["matches"]
    ]
    return Check(
        "重新推算的工资条与已存的逐项相同",
        "payslips derived again equal the stored ones",
        bool(slips) and not wrong,
        f"{len(slips)} payslips, wrong: {wrong[:5]}",
    )


def an_empty_reading_changes_nothing(talk: Talk) -> Check:
    """A quota asked with the reading that is in use anyway is the quota asked without one."""
    codes = list(SAMPLE.values())
    plain = [talk.get("staffing", f"/v1/communities/{code}/quota", on="2022-07-01") for code in codes]
    again = [talk.get("staffing", f"/v1/communities/{code}/quota", on="2022-07-01", reading="") for code in codes]
    return Check(
        "不选读法与默认读法结果相同",
        "an empty reading changes no quota",
        [one["posts"] for one in plain] == [two["posts"] for two in again],
        str([one["posts"] for one in plain]),
    )


def _total(zh: str, en: str, found: object, expected: object) -> Check:
    return Check(zh, en, found == expected, f"{found}" if found == expected else f"{found}, expected {expected}")


def guandus_communities(talk: Talk) -> Check:
    """Guandu manages 99 communities."""
    page = talk.get("staffing", "/v1/managements", authority="530111000000", on="2022-12-31")
    return _total("官渡区管理的社区", "communities Guandu manages", page["communities"], 99)


def guandus_certificates(talk: Talk) -> Check:
    """739 holders on 2022-12-31: 622 junior and 117 intermediate."""
    found = talk.get("staffing", "/v1/statistics/certificates", authority="530111000000", on="2022-12-31")
    counts = (found["holders"], found["junior"], found["intermediate"])
    return _total("官渡区持证人数(合计、初级、中级)", "Guandu's certificate holders", counts, (739, 622, 117))


def guandus_consultation(talk: Talk) -> Check:
    """473 sessions, 556 items, 522 implemented by the end of 2022."""
    found = talk.get("consultation", "/v1/statistics/consultation", region="530111000000", to="2022-12-31")
    counts = (found["sessions"], found["items"], found["items_implemented"])
    return _total("官渡区协商次数、事项、落实", "Guandu's sessions, items, implemented", counts, (473, 556, 522))


def chaoyangs_members(talk: Talk) -> Check:
    """1,641 members: 1,004 in the party organisations, 1,341 in the committees, 704 in both."""
    found = talk.get("staffing", "/v1/statistics/committees", region="211300000000", on="2021-03-27")
    counts = (found["members"], found["party_org"], found["committee"], found["cross_appointed"]["numerator"])
    return _total("朝阳市两委成员", "Chaoyang's members", counts, (1641, 1004, 1341, 704))


def longwans_workers(talk: Talk) -> Check:
    """199 workers in 25 communities."""
    found = talk.get("staffing", "/v1/statistics/staffing", authority="330303000000", on="2021-10-31")
    return _total("龙湾区专职工作者", "Longwan's workers", (found["workers"], found["staffed_communities"]), (199, 25))


def kunmings_units(talk: Talk) -> Check:
    """770 communities and 930 villages on 2020-03-13."""
    found = talk.get("staffing", "/v1/statistics/communities", region="530100000000", on="2020-03-13")
    counts = (found["urban_community"], found["converted_community"], found["villages"])
    return _total("昆明市城市社区、村改居社区、村", "Kunming's units", counts, (333, 437, 930))


CHECKS: tuple[Callable[[Talk], Check], ...] = (
    lines_make_the_total,
    explanations_match_what_is_stored,
    an_empty_reading_changes_nothing,
    guandus_communities,
    guandus_certificates,
    guandus_consultation,
    chaoyangs_members,
    longwans_workers,
    kunmings_units,
)
