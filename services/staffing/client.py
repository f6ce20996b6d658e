"""The only way into staffing from outside: one method per endpoint, typed by the schemas."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from services.runtime.client import Params
from services.runtime.rules_client import RulesClient
from services.runtime.transfer import read_arrow
from services.staffing.schemas.communities import (
    CommunityCountsOut,
    CommunityOut,
    CommunityPageOut,
    DivisionPageOut,
    ManagementPageOut,
)
from services.staffing.schemas.imports import ImportOut
from services.staffing.schemas.quotas import HeadcountListOut, QuotaListOut, QuotaOut, QuotaTableOut
from services.staffing.schemas.statistics import (
    CertificateStatisticsOut,
    CommitteeStatisticsOut,
    StaffingStatisticsOut,
)
from services.staffing.schemas.workers import WorkerBatchOut, WorkerOut, WorkerPageOut

Moment = tuple[date | None, datetime | None]
NOW: Moment = (None, None)


def _moment(moment: Moment) -> dict[str, str | None]:
    on, known_at = moment
    return {"on": on.isoformat() if on else None, "known_at": known_at.isoformat() if known_at else None}


class StaffingClient(RulesClient):
    """Staffing as other processes see it. `moment` is (day, instant of knowledge); None is today and now."""

    service = "staffing"

    async def communities(
        self,
        *,
        ids: Sequence[str] | None = None,
        codes: Sequence[str] | None = None,
        moment: Moment = NOW,
        **page: str | int | None,
    ) -> CommunityPageOut:
        """By ids or codes, else of `region=` or `authority=`: `limit=`, `after=`, `before=`, `last=`, `count=`."""
        params: Params = {"id": ids, "code": codes, **_moment(moment), **page}
        return CommunityPageOut.model_validate(await self.get("/v1/communities", params))

    async def community(self, code: str, *, moment: Moment = NOW) -> CommunityOut:
        """One community; ServiceError 404 `community.not_found`."""
        return CommunityOut.model_validate(await self.get(f"/v1/communities/{code}", _moment(moment)))

    async def community_counts(self, *, moment: Moment = NOW, **area: str | None) -> CommunityCountsOut:
        """Counts by kind of `region=` or `authority=`."""
        body = await self.get("/v1/statistics/communities", {**_moment(moment), **area})
        return CommunityCountsOut.model_validate(body)

    async def divisions(self, *, moment: Moment = NOW, **page: str | int | None) -> DivisionPageOut:
        """A page of the code book: `region=`, `level=`, `limit=`, `after=`, `before=`, `last=`, `count=`."""
        return DivisionPageOut.model_validate(await self.get("/v1/divisions", {**_moment(moment), **page}))

    async def managements(self, authority: str, *, moment: Moment = NOW) -> ManagementPageOut:
        """The units an authority runs."""
        body = await self.get("/v1/managements", {"authority": authority, **_moment(moment)})
        return ManagementPageOut.model_validate(body)

    async def quotas(self, codes: Sequence[str], *, moment: Moment = NOW, reading: str | None = None) -> QuotaListOut:
        """Quotas of at most 1,000 communities, headcount and vacancy included."""
        body = await self.get("/v1/quotas", {"code": codes, "reading": reading, **_moment(moment)})
        return QuotaListOut.model_validate(body)

    async def quota(self, code: str, *, moment: Moment = NOW, reading: str | None = None) -> QuotaOut:
        """One community's quota."""
        body = await self.get(f"/v1/communities/{code}/quota", {"reading": reading, **_moment(moment)})
        return QuotaOut.model_validate(body)

    async def headcounts(self, codes: Sequence[str], *, moment: Moment = NOW) -> HeadcountListOut:
        """Persons and posts of at most 1,000 communities."""
        return HeadcountListOut.model_validate(await self.get("/v1/headcounts", {"code": codes, **_moment(moment)}))

    async def quota_table(self, *, level: str = "county", moment: Moment = NOW, **area: str | None) -> QuotaTableOut:
        """The roll-up of `region=` or `authority=` at a level."""
        body = await self.get("/v1/quota-table", {"level": level, **_moment(moment), **area})
        return QuotaTableOut.model_validate(body)

    async def workers(
        self,
        *,
        ids: Sequence[str] | None = None,
        communities: Sequence[str] | None = None,
        moment: Moment = NOW,
        **page: str | int | None,
    ) -> WorkerPageOut:
        """By ids, or of communities, else of `region=` or `authority=`: `limit=`, `after=`, `before=`, `last=`."""
        params: Params = {"id": ids, "community": communities, **_moment(moment), **page}
        return WorkerPageOut.model_validate(await self.get("/v1/workers", params))

    async def workers_of(
        self, codes: Sequence[str], *, per_community: int = 12, moment: Moment = NOW, **place: str | bool | None
    ) -> WorkerBatchOut:
        """A page of workers of each community, in one call: the first, or as `after=`, `before=`, `last=` say."""
        params: Params = {"community": codes, "per_community": per_community, **_moment(moment), **place}
        return WorkerBatchOut.model_validate(await self.get("/v1/workers-of-communities", params))

    async def worker(self, worker_id: str, *, moment: Moment = NOW) -> WorkerOut:
        """One worker; ServiceError 404 `worker.not_found`."""
        return WorkerOut.model_validate(await self.get(f"/v1/workers/{worker_id}", _moment(moment)))

    async def roster(self, month: str, *, known_at: datetime | None = None, **area: str | None) -> pa.Table:
        """The roster of a month (2026-10) of `authority=` or `region=`, in the columns of schemas.roster.ROSTER."""
        params = {"month": month, "known_at": known_at.isoformat() if known_at else None, **area}
        return read_arrow(await self.read_all("/v1/roster", params))

    async def committee_statistics(
        self, *, moment: Moment = NOW, reading: str = "inclusive", **area: str | None
    ) -> CommitteeStatisticsOut:
        """Committees of `region=` or `authority=`, by person."""
        body = await self.get("/v1/statistics/committees", {"reading": reading, **_moment(moment), **area})
        return CommitteeStatisticsOut.model_validate(body)

    async def certificate_statistics(self, *, moment: Moment = NOW, **area: str | None) -> CertificateStatisticsOut:
        """Certificate holders of `region=` or `authority=`."""
        body = await self.get("/v1/statistics/certificates", {**_moment(moment), **area})
        return CertificateStatisticsOut.model_validate(body)

    async def staffing_statistics(self, *, moment: Moment = NOW, **area: str | None) -> StaffingStatisticsOut:
        """Workers in post of `region=` or `authority=`."""
        body = await self.get("/v1/statistics/staffing", {**_moment(moment), **area})
        return StaffingStatisticsOut.model_validate(body)

    async def load(self, kind: str, body: bytes, *, dry_run: bool = False, accept: str = "all") -> ImportOut:
        """Send a CSV (or gzip of one) to an import."""
        params = {"dry_run": "true" if dry_run else "false", "accept": accept}
        answer: Any = await self.post(f"/v1/imports/{kind}", content=body, content_type="text/csv", params=params)
        return ImportOut.model_validate(answer)
