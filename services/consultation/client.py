"""How others reach consultation: one method per endpoint; replies as wire forms, refusals as ServiceError."""

import copy
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.consultation.schemas.issues import (
    IssueBatchOut,
    IssueDetailOut,
    IssueDetailsOut,
    IssueIn,
    IssuePageOut,
    IssuesOfOut,
    StepIn,
)
from services.consultation.schemas.procedures import ProcedureOut, RehearsalIn, RehearsalOut, VerdictIn, VerdictOut
from services.consultation.schemas.sessions import SessionBatchOut, SessionIn, SessionOut, SessionsOfOut
from services.consultation.schemas.statistics import ConsultationStatisticsOut, OpenItemOut, StatisticsIn
from services.runtime.client import Params
from services.runtime.events_client import EventsClient
from services.runtime.imports import ImportReport
from services.runtime.paging import Page
from services.runtime.rules_client import RulesClient


class ConsultationClient(EventsClient, RulesClient):
    """The consultation service as a caller sees it; `on_behalf(token)` first."""

    service = "consultation"

    async def raise_issue(self, issue: IssueIn, key: str) -> IssueDetailOut:
        """Raises an issue."""
        reply = await self.post("/v1/issues", issue.model_dump(mode="json"), idempotency_key=key)
        return IssueDetailOut.model_validate(reply)

    async def issues(
        self,
        *,
        ids: Sequence[UUID] = (),
        communities: Sequence[str] = (),
        states: Sequence[str] = (),
        limit: int = 100,
        **place: str | bool | None,
    ) -> IssuePageOut:
        """A page of issues, the latest opened first: the first, or as `after=`, `before=`, `last=` say."""
        params: Params = {"id": _texts(ids), "community": communities, "state": states, "limit": limit, **place}
        return IssuePageOut.model_validate(await self.get("/v1/issues", params))

    async def issues_of(
        self,
        communities: Sequence[str],
        *,
        per_community: int = 12,
        states: Sequence[str] = (),
        **place: str | bool | None,
    ) -> list[IssuesOfOut]:
        """A page of issues of each community, in one call: the first, or as `after=`, `before=`, `last=` say."""
        params: Params = {"community": communities, "state": states, "per_community": per_community, **place}
        return IssueBatchOut.model_validate(await self.get("/v1/issues-of-communities", params)).communities

    async def issue(self, issue: UUID, *, on: date | None = None, known_at: datetime | None = None) -> IssueDetailOut:
        """An issue with its history and next steps."""
        params = {"on": _text(on), "known_at": _text(known_at)}
        return IssueDetailOut.model_validate(await self.get(f"/v1/issues/{issue}", params))

    async def issue_details(self, issues: Sequence[UUID | str]) -> list[IssueDetailOut]:
        """Issues with history and next steps, in the order asked for; those not there or not in reach are left out."""
        reply = await self.get("/v1/issue-details", {"id": [str(one) for one in issues]})
        return IssueDetailsOut.model_validate(reply).items

    async def take_step(self, issue: UUID, step: StepIn, key: str, seen: int | None = None) -> IssueDetailOut:
        """Takes one step of an issue; with `seen`, only while the issue has so many steps."""
        body = step.model_dump(mode="json")
        view = copy.copy(self)
        if seen is not None:
            view._headers = {**self._headers, "If-Match": f'"{seen}"'}
        reply = await view.post(f"/v1/issues/{issue}/steps", body, idempotency_key=key)
        return IssueDetailOut.model_validate(reply)

    async def record_session(self, session: SessionIn, key: str) -> SessionOut:
        """Records a session with its items."""
        reply = await self.post("/v1/sessions", session.model_dump(mode="json"), idempotency_key=key)
        return SessionOut.model_validate(reply)

    async def sessions(
        self, *, ids: Sequence[UUID] = (), communities: Sequence[str] = (), page: tuple[int, str | None] = (100, None)
    ) -> Page[SessionOut]:
        """A page of sessions, the latest held first; `page` is limit and cursor."""
        limit, after = page
        params: Params = {"id": _texts(ids), "community": communities, "limit": limit, "after": after}
        return Page[SessionOut].model_validate(await self.get("/v1/sessions", params))

    async def sessions_of(
        self, communities: Sequence[str], *, per_community: int = 12, **place: str | bool | None
    ) -> list[SessionsOfOut]:
        """A page of sessions of each community, in one call: the first, or as `after=`, `before=`, `last=` say."""
        params: Params = {"community": communities, "per_community": per_community, **place}
        return SessionBatchOut.model_validate(await self.get("/v1/sessions-of-communities", params)).communities

    async def session(self, session: UUID) -> SessionOut:
        """A session with its items."""
        return SessionOut.model_validate(await self.get(f"/v1/sessions/{session}"))

    async def procedure(self, community: str, *, on: date | None = None, process: str = "consultation") -> ProcedureOut:
        """The procedure a community follows on a day."""
        params = {"on": _text(on), "process": process}
        return ProcedureOut.model_validate(await self.get(f"/v1/communities/{community}/procedure", params))

    async def pack_procedure(self, pack: str, *, on: date | None = None, process: str = "consultation") -> ProcedureOut:
        """The procedure of a pack on a day."""
        params = {"on": _text(on), "process": process}
        return ProcedureOut.model_validate(await self.get(f"/v1/procedures/{pack}", params))

    async def check_steps(self, steps: RehearsalIn) -> RehearsalOut:
        """How far steps come, without recording them."""
        return RehearsalOut.model_validate(await self.post("/v1/procedure-checks", steps.model_dump(mode="json")))

    async def screen(self, grounds: VerdictIn) -> VerdictOut:
        """What the grounds of screening answer."""
        return VerdictOut.model_validate(await self.post("/v1/screenings", grounds.model_dump(mode="json")))

    async def statistics(self, asked: StatisticsIn) -> ConsultationStatisticsOut:
        """The consultation figures of a region and a period."""
        reply = await self.post("/v1/statistics/consultation", asked.model_dump(mode="json"))
        return ConsultationStatisticsOut.model_validate(reply)

    async def open_items(
        self, region: str, on: date, *, missing: str = "closed", in_session: bool = False, limit: int = 100
    ) -> Page[OpenItemOut]:
        """Issues that lack a mark on a day, the oldest first."""
        params: Params = {
            "region": region,
            "to": on.isoformat(),
            "missing": missing,
            "in_session": in_session,
            "limit": limit,
        }
        return Page[OpenItemOut].model_validate(await self.get("/v1/statistics/consultation/open-items", params))

    async def import_csv(
        self, kind: str, body: bytes, key: str, options: Mapping[str, Any] | None = None
    ) -> ImportReport:
        """Imports issues, sessions or issue_events; `options` are accept and dry_run."""
        reply = await self.post(
            f"/v1/imports/{kind}", content=body, content_type="text/csv", params=options, idempotency_key=key
        )
        return ImportReport.model_validate(reply)


def _texts(ids: Sequence[UUID]) -> list[str]:
    return [str(one) for one in ids]


def _text(moment: date | datetime | None) -> str | None:
    return moment.isoformat() if moment else None
