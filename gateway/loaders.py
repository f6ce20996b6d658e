"""One loader per field and arguments, living as long as the request: a level of the document is one call a service."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Protocol, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from gateway.costs import Window
from gateway.errors import MEANING, Code, GatewayError
from gateway.scalars import Month, Word
from gateway.services import Services, refusal
from gateway.slices import PageOf
from services.consultation.schemas.issues import IssueDetailOut, IssueOut
from services.consultation.schemas.sessions import SessionOut
from services.payroll.schemas.payroll_runs import PayrollRunOut, RunFaultOut
from services.payroll.schemas.payslips import PayslipExplanationOut, PayslipOut
from services.runtime.client import ServiceError
from services.runtime.paging import MOST_IDS
from services.staffing.client import Moment
from services.staffing.schemas.communities import CommunityOut, DivisionOut
from services.staffing.schemas.quotas import QuotaOut
from services.staffing.schemas.workers import WorkerOut

V = TypeVar("V")
Found = Awaitable[Mapping[str, V | BaseException]]
Area = Mapping[str, str | None]  # `region` or `authority`, as staffing takes them


def absent() -> GatewayError:
    """The refusal of a thing that was there a moment ago, or is not for this caller."""
    return GatewayError(Code.NOT_FOUND, *MEANING[Code.NOT_FOUND])


def optional(fetch: Callable[[list[str]], Found[V]]) -> DataLoader[str, V | None]:
    """A loader over a batch read; a key the answer leaves out is None."""

    async def batch(keys: list[str]) -> Sequence[V | BaseException | None]:
        found = await fetch(keys)
        return [found.get(key) for key in keys]

    return DataLoader(batch, max_batch_size=MOST_IDS)


def required(fetch: Callable[[list[str]], Found[V]]) -> DataLoader[str, V]:
    """A loader over a batch read; a key the answer leaves out is refused as NOT_FOUND."""

    async def batch(keys: list[str]) -> Sequence[V | BaseException]:
        found = await fetch(keys)
        return [found.get(key, absent()) for key in keys]

    return DataLoader(batch, max_batch_size=MOST_IDS)


class Links(Protocol):
    """What every page of a service says of its neighbours."""

    next: str | None
    previous: str | None


def page_of(links: Links, items: Sequence[V], total: int | None) -> PageOf[V]:
    """A service's page as a connection takes it."""
    return PageOf(items, earlier=links.previous is not None, later=links.next is not None, total=total)


def place(asked: Window) -> dict[str, str | None]:
    """Where in its list a service is asked for a page."""
    return {"before": asked.cursor, "last": "true"} if asked.backward else {"after": asked.cursor}


class Loaders:
    """The loaders of one request; each is made when a field first asks for it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._made: dict[Hashable, Any] = {}

    def forget(self) -> None:
        """Drop all that was read: a command may have changed it."""
        self.__dict__ = {"services": self.services, "_made": {}}

    def _of(self, key: Hashable, make: Callable[[], V]) -> V:
        if key not in self._made:
            self._made[key] = make()
        made: V = self._made[key]
        return made

    def community(self, moment: Moment) -> DataLoader[str, CommunityOut | None]:
        """Communities by code, as they stand on a day, as known at an instant."""

        async def fetch(codes: list[str]) -> Mapping[str, CommunityOut]:
            call = self.services.staffing.communities(codes=codes, moment=moment)
            page = await self.services.ask("staffing", call)
            return {one.code: one for one in page.items}

        return self._of(("community", moment), lambda: optional(fetch))

    @cached_property
    def community_of_lineage(self) -> DataLoader[str, CommunityOut | None]:
        """Communities by lineage, which survives a change of code."""

        async def fetch(ids: list[str]) -> Mapping[str, CommunityOut]:
            page = await self.services.ask("staffing", self.services.staffing.communities(ids=ids))
            return {one.id: one for one in page.items}

        return optional(fetch)

    async def communities(
        self, area: Area, asked: Window, on: date | None, *, count: bool = False
    ) -> PageOf[CommunityOut]:
        """A page of an area's communities in the order of their codes."""
        moment = (on, None)
        call = self.services.staffing.communities(
            moment=moment, limit=asked.size, count=count or None, **place(asked), **area
        )
        page = await self.services.ask("staffing", call)
        self.community(moment).prime_many({one.code: one for one in page.items})
        return page_of(page, page.items, page.total)

    async def divisions(self, area: Area, asked: Window, moment: Moment, *, count: bool = False) -> PageOf[DivisionOut]:
        """A page of an area's divisions in the order of their codes; `area` may name a `level`."""
        call = self.services.staffing.divisions(
            moment=moment, limit=asked.size, count=count or None, **place(asked), **area
        )
        page = await self.services.ask("staffing", call)
        return page_of(page, page.items, page.total)

    def quota(self, moment: Moment, reading: str | None) -> DataLoader[str, QuotaOut]:
        """Quotas by community code, under a named reading when one is given."""

        async def fetch(codes: list[str]) -> Mapping[str, QuotaOut]:
            call = self.services.staffing.quotas(codes, moment=moment, reading=reading)
            return {one.code: one for one in (await self.services.ask("staffing", call)).items}

        return self._of(("quota", moment, reading), lambda: required(fetch))

    def workers(self, asked: Window, moment: Moment) -> DataLoader[str, PageOf[WorkerOut]]:
        """A page of workers by community code, in the order of their numbers."""

        async def fetch(codes: list[str]) -> Mapping[str, PageOf[WorkerOut]]:
            staffing = self.services.staffing
            call = staffing.workers_of(codes, per_community=asked.size, moment=moment, **place(asked))
            found = await self.services.ask("staffing", call)
            return {one.community: page_of(one, one.items, one.total) for one in found.communities}

        return self._of(("workers", asked, moment), lambda: required(fetch))

    @cached_property
    def worker(self) -> DataLoader[str, WorkerOut | None]:
        """Workers by id."""

        async def fetch(ids: list[str]) -> Mapping[str, WorkerOut]:
            page = await self.services.ask("staffing", self.services.staffing.workers(ids=ids))
            return {one.id: one for one in page.items}

        return optional(fetch)

    def payslip(self, month: Month | None) -> DataLoader[str, PayslipOut | None]:
        """Payslips by worker id: of a month, or of the latest month the worker has one for."""

        async def fetch(workers: list[str]) -> Mapping[str, PayslipOut]:
            call = self.services.payroll.payslips(workers, month=month, latest=month is None)
            return {str(one.worker): one for one in await self.services.ask("payroll", call)}

        return self._of(("payslip", month), lambda: optional(fetch))

    @cached_property
    def payslip_of_id(self) -> DataLoader[str, PayslipOut | None]:
        """Payslips by id."""

        async def fetch(ids: list[str]) -> Mapping[str, PayslipOut]:
            found = await self.services.ask("payroll", self.services.payroll.payslips_by_id(ids))
            return {str(one.id): one for one in found}

        return optional(fetch)

    @cached_property
    def payslip_explanation(self) -> DataLoader[str, PayslipExplanationOut]:
        """The explained lines of payslips by id; one that cannot be explained fails alone."""

        async def fetch(ids: list[str]) -> Mapping[str, PayslipExplanationOut | BaseException]:
            found = await self.services.ask("payroll", self.services.payroll.payslip_explanations(ids))
            refused = {
                str(one.id): refusal(ServiceError("payroll", one.status, one.code, one.message.zh, one.message.en))
                for one in found.refused
            }
            return {**refused, **{str(one.id): one for one in found.items}}

        return required(fetch)

    @cached_property
    def payroll_run(self) -> DataLoader[str, PayrollRunOut | None]:
        """Payroll runs by id."""

        async def fetch(ids: list[str]) -> Mapping[str, PayrollRunOut]:
            page = await self.services.ask("payroll", self.services.payroll.payroll_runs(ids=ids))
            return {str(one.id): one for one in page.items}

        return optional(fetch)

    async def payroll_runs(self, wanted: Area, asked: Window, *, count: bool = False) -> PageOf[PayrollRunOut]:
        """A page of the runs of `region`, `authority` and `month`, the latest month first."""
        call = self.services.payroll.payroll_runs(limit=asked.size, count=count or None, **place(asked), **wanted)
        page = await self.services.ask("payroll", call)
        return page_of(page, page.items, page.total)

    def faults(self, asked: Window) -> DataLoader[str, PageOf[RunFaultOut]]:
        """A page of the faults of payroll runs by id, by community and worker."""

        async def fetch(runs: list[str]) -> Mapping[str, PageOf[RunFaultOut]]:
            call = self.services.payroll.faults_of_runs(runs, per_run=asked.size, **place(asked))
            found = await self.services.ask("payroll", call)
            return {str(one.run): page_of(one, one.items, one.total) for one in found}

        return self._of(("faults", asked), lambda: required(fetch))

    def issues(self, asked: Window, state: Word | None) -> DataLoader[str, PageOf[IssueOut]]:
        """A page of issues by community code, the latest opened first."""

        async def fetch(codes: list[str]) -> Mapping[str, PageOf[IssueOut]]:
            states = [state] if state else []
            consultation = self.services.consultation
            call = consultation.issues_of(codes, per_community=asked.size, states=states, **place(asked))
            found = await self.services.ask("consultation", call)
            return {one.community: page_of(one, one.items, one.total) for one in found}

        return self._of(("issues", asked, state), lambda: required(fetch))

    @cached_property
    def issue(self) -> DataLoader[str, IssueOut | None]:
        """Issues by id."""

        async def fetch(ids: list[str]) -> Mapping[str, IssueOut]:
            call = self.services.consultation.issues(ids=[UUID(one) for one in ids], limit=len(ids))
            page = await self.services.ask("consultation", call)
            return {str(one.id): one for one in page.items}

        return optional(fetch)

    @cached_property
    def issue_detail(self) -> DataLoader[str, IssueDetailOut]:
        """Issues with their steps, by id."""

        async def fetch(ids: list[str]) -> Mapping[str, IssueDetailOut]:
            found = await self.services.ask("consultation", self.services.consultation.issue_details(ids))
            return {str(one.id): one for one in found}

        return required(fetch)

    def sessions(self, asked: Window) -> DataLoader[str, PageOf[SessionOut]]:
        """A page of sessions by community code, the latest held first."""

        async def fetch(codes: list[str]) -> Mapping[str, PageOf[SessionOut]]:
            call = self.services.consultation.sessions_of(codes, per_community=asked.size, **place(asked))
            found = await self.services.ask("consultation", call)
            return {one.community: page_of(one, one.items, one.total) for one in found}

        return self._of(("sessions", asked), lambda: required(fetch))

    @cached_property
    def session(self) -> DataLoader[str, SessionOut | None]:
        """Sessions by id."""

        async def fetch(ids: list[str]) -> Mapping[str, SessionOut]:
            call = self.services.consultation.sessions(ids=[UUID(one) for one in ids], page=(len(ids), None))
            page = await self.services.ask("consultation", call)
            return {str(one.id): one for one in page.items}

        return optional(fetch)
