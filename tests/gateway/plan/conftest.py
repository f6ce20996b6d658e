"""Plans beside the ordinary executor, over the small register and over the scene."""

import pytest

from gateway.limits import Limits
from services.runtime.migrate import SERVICES
from services.runtime.settings import ServiceSettings
from tests.conftest import ServiceApp, SettingsOf, TokenMaker
from tests.fixtures.cluster import Cluster
from tests.gateway.conftest import System
from tests.gateway.plan.both import Both, patient, side_by_side
from tests.gateway.plan.hunting import Hunter
from tests.gateway.plan.scene import set_up

WIDE = Limits(aliases=100, tokens=4_000, characters=60_000, directives=200, cost=20_000)


@pytest.fixture(scope="session")
async def both(
    system: System, settings_of: SettingsOf, database_url: str, service_app: ServiceApp, token: TokenMaker
) -> Both:
    """Both paths over the three services, with the small register that `system` has loaded."""
    return await side_by_side(settings_of, database_url, service_app, token)


@pytest.fixture(scope="session")
async def hunter(
    settings: ServiceSettings, settings_of: SettingsOf, cluster: Cluster, service_app: ServiceApp, token: TokenMaker
) -> Hunter:
    """Both paths over the scene, in a data base of their own, within wide limits."""
    both = await side_by_side(settings_of, cluster.clone(*SERVICES), service_app, token, WIDE)
    nation = "administrator", "000000000000"
    tokens = token(*nation), token(*nation, subject="another administrator")
    await set_up(*(both.services.on_behalf(one, None) for one in tokens))
    made = Hunter(both, patient(settings_of), settings)
    await made.scout()
    return made
