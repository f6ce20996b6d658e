"""Staffing's own fixtures: the application on a fresh data base, its client, and small registers of five places."""

from collections.abc import Callable
from typing import Any, TypeAlias

import httpx
import pytest

from services.staffing.app import create_app
from services.staffing.client import StaffingClient
from services.staffing.settings import StaffingSettings

NATION = "000000000000"
DIVISIONS = """code,name,level,type,ur_code_2016
320000000000,江苏省,1,province,
320400000000,常州市,2,city,
320402000000,天宁区,3,county,
320402001000,雕庄街道,4,subdistrict,
320402001001,翠竹社区居委会,5,residents_committee,111
320402001002,红梅社区居委会,5,residents_committee,111
320402001200,雕庄村委会,5,villagers_committee,112
211300000000,朝阳市,2,city,
211302000000,双塔区,3,county,
211302001000,南塔街道,4,subdistrict,
211302001001,文化社区居委会,5,residents_committee,111
530000000000,云南省,1,province,
530100000000,昆明市,2,city,
530111000000,官渡区,3,county,
530111001000,关上街道,4,subdistrict,
530111001011,石虎关社区居民委员会,5,residents_committee,111
530111004000,金马街道,4,subdistrict,
530111004011,凤凰山社区居民委员会,5,residents_committee,111
530111100000,大板桥街道,4,town,
530111100001,大板桥社区居民委员会,5,residents_committee,111
"""
MEASURES = """community,start,resident_households,registered_households,urban_residents,premises_sqm,provenance
320402001001,2021-01-01,3250,1750,8200,405.50,synthetic
320402001002,2021-01-01,3001,,,,synthetic
530111001011,2020-11-01,2000,1200,10000,,synthetic
211302001001,2020-11-01,1500,1400,555,,synthetic
"""
MANAGEMENTS = """authority,unit,start
530111000000,530111001000,2018-01-01
530111000000,530111004000,2018-01-01
"""
WORKERS = """number,name,sex,birth_on,education,category,entry_route,community,hired_on,left_on,urban,provenance
GD-0001,甲,female,1985-11-23,bachelor,full_time_community_worker,elected,530111001011,2017-11-22,,true,synthetic
GD-0002,乙,male,1991-06-30,college,full_time_community_worker,openly_recruited,530111001011,2020-02-29,2024-03-01,true,synthetic
GD-0002,乙,male,1991-06-30,college,full_time_community_worker,openly_recruited,530111001011,2024-09-01,,true,synthetic
GD-0003,丙,female,1990-01-01,senior_secondary,grid_member,openly_recruited,530111001011,2023-01-01,,true,synthetic
CZ-0001,丁,male,1979-05-05,college,full_time_community_worker,elected,320402001001,2010-01-01,,true,synthetic
"""
APPOINTMENTS = """worker,community,post,full_time,start,end
GD-0001,530111001011,secretary,true,2017-11-22,
GD-0001,530111001011,director,true,2021-01-01,
GD-0002,530111001011,staff,true,2024-09-01,2026-10-16
GD-0003,530111001011,staff,true,2023-01-01,
CZ-0001,320402001001,director,true,2010-01-01,
"""
GRADINGS = """worker,tier,step,start,end
GD-0001,both_posts,9,2021-01-01,
GD-0002,staff,2,2024-09-01,
"""
CERTIFICATES = """worker,level,issued_on
GD-0001,junior,2019-10-01
GD-0001,intermediate,2022-10-01
GD-0002,junior,2026-10-20
"""
MEMBERSHIPS = """worker,community,body,role,start,end
GD-0001,530111001011,party_org,secretary,2021-03-27,
GD-0001,530111001011,residents_committee,director,2021-03-27,
GD-0002,530111001011,residents_committee,member,2024-09-01,
CZ-0001,320402001001,residents_committee,director,2021-03-27,
"""
FILES = {
    "divisions": DIVISIONS,
    "measures": MEASURES,
    "managements": MANAGEMENTS,
    "workers": WORKERS,
    "appointments": APPOINTMENTS,
    "gradings": GRADINGS,
    "certificates": CERTIFICATES,
    "memberships": MEMBERSHIPS,
}

ClientOf: TypeAlias = Callable[[str, str], StaffingClient]
Http: TypeAlias = Callable[..., httpx.AsyncClient]


@pytest.fixture(scope="session")
async def staffing_app(settings_of: Any, staffing_url: str, service_app: Any) -> Any:
    """The application, its lifespan running until the session ends."""
    app = create_app(settings_of(staffing_url, StaffingSettings))
    await service_app(app)
    return app


@pytest.fixture
def http(staffing_app: Any, token: Any) -> Http:
    """`http(role, region)`: a plain client, for statuses and bodies."""

    def make(role: str = "administrator", region: str = NATION) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(staffing_app, raise_app_exceptions=False),
            base_url="http://staffing",
            headers={"Authorization": f"Bearer {token(role, region)}"},
        )

    return make


@pytest.fixture
def client_of(staffing_app: Any, token: Any) -> ClientOf:
    """`client_of(role, region)`: the service's own client over ASGI."""

    def make(role: str = "administrator", region: str = NATION) -> StaffingClient:
        client = StaffingClient("http://staffing", transport=httpx.ASGITransport(staffing_app), timeout_s=30)
        return client.on_behalf(token(role, region))

    return make


@pytest.fixture
async def empty(truncate: Any, staffing_url: str) -> None:
    """Registers without a row."""
    await truncate(staffing_url, "staffing")


@pytest.fixture
async def filled(empty: None, client_of: Any) -> StaffingClient:
    """The small registers of FILES, and an administrator's client of the nation."""
    client: StaffingClient = client_of("administrator", NATION)
    for kind, text in FILES.items():
        await client.load(kind, text.encode())
    return client
