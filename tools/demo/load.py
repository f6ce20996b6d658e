"""Loads the demo through the services' own import and payroll endpoints, and only what is missing."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import httpx

from services.runtime.settings import ServiceSettings
from services.runtime.tokens import issue_token
from tools import importing
from tools.demo import bundle, pay
from tools.talk import TIMEOUT, Refused, Talk

NATION = "000000000000"
NATIONAL_MARK = "110101001001"  # a community of the code book: with households when the national files are all in
Tell = Callable[[str, str], None]


def load_missing(urls: Mapping[str, str], settings: ServiceSettings, tell: Tell, settle: Callable[[], None]) -> None:
    """Bring the nation, the registers, the consultation records and the payroll months, each if it is not there.

    Each part is asked for by what its last file brings, so a part interrupted half way is brought again; the imports
    leave known rows as they are. `settle` is called after the registers. Refused names the service's answer.
    """
    maker, checker = (
        issue_token(settings, "administrator", NATION, subject=name) for name in ("demo-maker", "demo-checker")
    )
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client, ThreadPoolExecutor(1) as pool:
        talk = Talk(urls, maker, client)
        records = pool.submit(_records, talk, tell)  # another service than the rest: side by side
        _registers(talk, tell, settle)
        if pay.load_missing(talk, Talk(urls, checker, client)):
            tell("已计算 2026 年 1 至 10 月工资", "calculated the pay of January to October 2026")
        records.result()


def _registers(talk: Talk, tell: Tell, settle: Callable[[], None]) -> None:
    if not nation_is_there(talk):
        bring(talk, bundle.national_files(), at_once=2)
        tell("已载入全国区划与户数", "loaded the nation's units and households")
    if not registers_are_there(talk):
        bring(talk, bundle.system_files())
        settle()
        tell("已载入五个系统的登记", "loaded the five registers")


def _records(talk: Talk, tell: Tell) -> None:
    if not records_are_there(talk):
        bring(talk, bundle.consultation_files())
        tell("已载入协商记录", "loaded the consultation records")


def bring(talk: Talk, files: Iterable[tuple[str, bytes]], at_once: int = 1) -> None:
    """Import the files, at most `at_once` side by side, while the next ones are generated; nouns never overlap.

    Refused names the first bad rows.
    """
    with ThreadPoolExecutor(at_once) as pool:
        noun, sending = "", deque[Future[None]]()
        for name, data in files:
            while sending and (name != noun or len(sending) >= at_once):
                sending.popleft().result()
            noun = name
            sending.append(pool.submit(bring_one, talk, name.replace("_", "-"), data))
        for each in sending:
            each.result()


def bring_one(talk: Talk, noun: str, data: bytes) -> None:
    """Import one CSV, all or nothing; an empty one is left out."""
    if not data:
        return
    query = {"dry_run": "false", "accept": "all"}
    base_url = talk.urls[importing.NOUNS[noun][0]]
    outcome = importing.judge(importing.send(noun, data, query, talk.token, base_url, talk.client))
    if outcome.code != importing.OK:
        raise Refused(f"import {noun}:\n" + "\n".join(outcome.lines[:10]))


def nation_is_there(talk: Talk) -> bool:
    """The marked community has households: the measures are the last national file."""
    found = talk.get("staffing", "/v1/communities", code=NATIONAL_MARK)["items"]
    return bool(found) and found[0]["measures"]["resident_households"] is not None


def registers_are_there(talk: Talk) -> bool:
    """Chaoyang's committees have members: the memberships are the last file of the registers."""
    query = {"region": "211300000000", "on": "2021-03-27"}
    return bool(talk.get("staffing", "/v1/statistics/committees", **query)["members"])


def records_are_there(talk: Talk) -> bool:
    """Guandu's items are implemented: the steps are the last file of the consultation records."""
    query = {"region": "530111000000", "to": "2022-12-31"}
    return bool(talk.get("consultation", "/v1/statistics/consultation", **query)["items_implemented"])
