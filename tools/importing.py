"""`gongzhi import`: send a CSV to the service that owns the noun, and tell every bad row in two languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

NOUNS: Mapping[str, tuple[str, str]] = {
    "divisions": ("staffing", "divisions"),
    "communities": ("staffing", "communities"),
    "managements": ("staffing", "managements"),
    "measures": ("staffing", "measures"),
    "facts": ("staffing", "measures"),
    "workers": ("staffing", "workers"),
    "appointments": ("staffing", "appointments"),
    "gradings": ("staffing", "gradings"),
    "certificates": ("staffing", "certificates"),
    "memberships": ("staffing", "memberships"),
    "contribution-bases": ("payroll", "contribution_bases"),
    "tax-deductions": ("payroll", "tax_deductions"),
    "issues": ("consultation", "issues"),
    "sessions": ("consultation", "sessions"),
    "issue-events": ("consultation", "issue_events"),
}
OFFSETS = {"staffing": 1, "payroll": 2, "consultation": 3}
OK, ROWS_REFUSED, REFUSED, UNREACHABLE = 0, 1, 3, 4
TIMEOUT = httpx.Timeout(10.0, read=600.0, write=600.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: the exit code and the lines to show."""

    code: int
    lines: tuple[str, ...]


def service_url(noun: str, port_base: int) -> str:
    """Base URL of the service that owns the noun, on this machine."""
    return f"http://127.0.0.1:{port_base + OFFSETS[NOUNS[noun][0]]}"


def send(
    noun: str, data: bytes, query: Mapping[str, str], token: str, base_url: str, client: httpx.Client | None = None
) -> httpx.Response:
    """POST the CSV; httpx.HTTPError when the service cannot be reached."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "text/csv; charset=utf-8",
        "Idempotency-Key": str(uuid4()),
    }
    url = f"{base_url}/v1/imports/{NOUNS[noun][1]}"
    if client is not None:
        return client.post(url, content=data, params=dict(query), headers=headers)
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as own:
        return own.post(url, content=data, params=dict(query), headers=headers)


def import_file(noun: str, path: Path, query: Mapping[str, str], token: str, base_url: str) -> Outcome:
    """Send the file and judge the answer: 0 all in, 1 rows refused, 3 refused as a whole, 4 unreachable."""
    try:
        return _send_and_judge(noun, path.read_bytes(), query, token, base_url)
    except httpx.HTTPError as reason:
        text = (
            f"无法连接 {base_url}({reason}),请先 make run 或用 --url 指定地址 / "
            f"cannot reach {base_url} ({reason}): start it with make run or pass --url"
        )
        return Outcome(UNREACHABLE, (text,))


def _send_and_judge(noun: str, data: bytes, query: Mapping[str, str], token: str, base_url: str) -> Outcome:
    reply = send(noun, data, query, token, base_url)
    outcome = judge(reply)
    if outcome.code == ROWS_REFUSED and reply.is_error and query.get("dry_run") != "true":
        checked = judge(send(noun, data, {**query, "dry_run": "true"}, token, base_url))
        if checked.code == ROWS_REFUSED:  # a dry run tells every row in both languages, the refusal only its own
            return Outcome(ROWS_REFUSED, (*checked.lines[:-1], outcome.lines[-1]))
    return outcome


def judge(reply: httpx.Response) -> Outcome:
    """The outcome of an import's answer: a report (with or without refused rows) or a problem."""
    body = _json(reply)
    errors = [row_error(error) for error in body.get("errors") or () if isinstance(error, dict)]
    if reply.is_success and "rows" in body:
        return Outcome(ROWS_REFUSED if errors or body.get("rejected") else OK, (*errors, summary(body)))
    message = body.get("message")
    words = _both(message) if isinstance(message, dict) else str(body.get("detail") or reply.text[:500])
    told = f"{reply.status_code} {body.get('code', '')}: {words}"
    return Outcome(ROWS_REFUSED if errors else REFUSED, (*errors, told))


def _both(message: Mapping[str, Any]) -> str:
    return f"{message.get('zh', '')} / {message.get('en', '')}"


def _json(reply: httpx.Response) -> dict[str, Any]:
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def row_error(error: Mapping[str, Any]) -> str:
    """One bad row as a line: row, column, value, code, what and why and the remedy in Chinese and English."""
    message, remedy = error.get("message"), error.get("remedy")
    words = message if isinstance(message, dict) else error
    told = _both(words) if "zh" in words else str(message or error.get("detail", ""))
    if isinstance(remedy, dict):
        told += f" → {_both(remedy)}"
    place = f"第 {error.get('row', '?')} 行 row {error.get('row', '?')}"
    column = f", {error['column']}" if error.get("column") else ""
    value = f" “{error['value']}”" if error.get("value") else ""
    return f"{place}{column}{value} [{error.get('code', '')}]: {told}"


def summary(body: Mapping[str, Any]) -> str:
    """The last line: how many rows were read, added, unchanged and refused."""
    trial = "试运行，未写入 dry run, nothing written: " if body.get("dry_run") else ""
    counts = [f"{zh} {en} {body[key]}" for key, zh, en in _COUNTS if key in body]
    return trial + ", ".join(counts)


_COUNTS = (
    ("rows", "读取", "read"),
    ("accepted", "合格", "good"),
    ("added", "新增", "added"),
    ("unchanged", "未变", "unchanged"),
    ("rejected", "拒绝", "refused"),
)
