"""The roster as an Arrow stream: what payroll reads at cut-off."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from services.kernel.errors import Malformed
from services.kernel.period import Month
from services.kernel.region import parse, subtree
from services.runtime.auth import CallerDep, permit
from services.runtime.database import BulkRead
from services.runtime.transfer import arrow_response
from services.staffing.api.moments import instant
from services.staffing.domain.managements import managed_area
from services.staffing.domain.moments import Area, Moment
from services.staffing.schemas.roster import ROSTER
from services.staffing.storage import managements
from services.staffing.usecases.roster import stream

router = APIRouter(prefix="/v1", tags=["roster"])


@router.get(
    "/roster",
    dependencies=[Depends(permit("staffing.roster"))],
    response_class=StreamingResponse,
    summary="当月名册(Arrow 流) / the roster of a month as an Arrow stream",
    responses={200: {"content": {"application/vnd.apache.arrow.stream": {}}, "description": "Arrow IPC stream"}},
)
async def get_roster(
    connection: BulkRead,
    caller: CallerDep,
    month: Annotated[str, Query(pattern=r"^\d{4}-\d{2}$", examples=["2026-10"])],
    authority: Annotated[str | None, Query(max_length=12)] = None,
    region: Annotated[str | None, Query(max_length=12)] = None,
    known_at: datetime | None = None,
) -> StreamingResponse:
    """Everybody who held a post in the area on a day of the month, as known at an instant."""
    if (authority is None) == (region is None):
        raise Malformed("query.one_of", "请给出 authority 或 region 之一", "give either authority or region")
    when = Month.parse(month)
    known_at = None if known_at is None else instant(known_at)
    code = parse(authority or region or "")
    area = Area((subtree(code),))
    if authority:
        found = await managements.of_authority_raw(connection, code, Moment(when.last, known_at))
        area = managed_area(code, found)
    own = Area(tuple(caller.scope("staffing.roster")))
    return arrow_response(ROSTER, stream(connection, area.cut(own), when, known_at, ROSTER))
