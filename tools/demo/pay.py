"""The demo's payroll: contribution bases and the months January to October 2026 of the five authorities."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tools import importing
from tools.demo import bases, places
from tools.talk import JSON, Refused, Talk

ORDER: Final = ("longwan", "changzhou", "chaoyang", "guandu", "kunming")
MONTHS: Final = tuple(f"2026-{month:02d}" for month in range(1, 11))
STEPS: Final = ("check", "approval")  # of every month but the last, which stays calculated


def load_missing(maker: Talk, checker: Talk) -> bool:
    """Run the months that are missing, in order; True when any was. Another person approves than the one who ran.

    The smallest authority goes first and makes what is kept per month; the others follow two at a time.
    """
    missing = {city: months for city in ORDER if (months := _missing(maker, city))}
    first, *others = missing.items() or [("", [])]
    _run_months(maker, checker, *first)
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(_run_months, maker, checker, *one) for one in others]:
            each.result()
    return bool(missing)


def _run_months(maker: Talk, checker: Talk, city: str, months: list[str]) -> None:
    if MONTHS[0] in months:
        _bring_bases(maker, city)
    for month in months:
        _run(maker, checker, city, month)


def _missing(talk: Talk, city: str) -> list[str]:
    page = talk.get("payroll", "/v1/payroll-runs", authority=places.REGIONS[city], limit="100")
    there = {run["month"] for run in page["items"]}
    return [month for month in MONTHS if month not in there]


def _bring_bases(talk: Talk, city: str) -> None:
    """The bases of everybody on January's roster."""
    roster = talk.stream("staffing", "/v1/roster", authority=places.REGIONS[city], month=MONTHS[0])
    data = bases.base_rows(city, roster)
    if data:
        query = {"dry_run": "false", "accept": "all"}
        reply = importing.send("contribution-bases", data, query, talk.token, talk.urls["payroll"], talk.client)
        outcome = importing.judge(reply)
        if outcome.code != importing.OK:
            raise Refused(f"contribution bases of {city}:\n" + "\n".join(outcome.lines[:10]))


def _run(maker: Talk, checker: Talk, city: str, month: str) -> JSON:
    body = {"authority": places.REGIONS[city], "month": month}
    run = maker.post("payroll", "/v1/payroll-runs", body, f"demo-{city}-{month}")
    if month != MONTHS[-1]:
        for step in STEPS:
            run = checker.post("payroll", f"/v1/payroll-runs/{run['id']}/{step}", {}, f"demo-{city}-{month}-{step}")
    return run
