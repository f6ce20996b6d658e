"""The staffing process: the only file that knows all of its parts."""

from fastapi import FastAPI

from services.runtime.rules_api import rules_router
from services.runtime.server import alone, create_base
from services.runtime.settings import read_settings
from services.staffing.api import communities, imports, quotas, reads, roster, statistics, workers
from services.staffing.domain.policy import VOCABULARY
from services.staffing.settings import StaffingSettings

DESCRIPTION = (
    "社区、配备标准、社区工作者:每个数字都有生效日、所知时间、依据原文和解读。 / "
    "Communities, staffing norms and workers: every figure with its day, knowledge time, sentence and reading."
)


def create_app(settings: StaffingSettings) -> FastAPI:
    """The staffing service."""
    nouns = (reads, communities, quotas, workers, roster, statistics, imports)
    rules = rules_router({"staffing": VOCABULARY, "admission": VOCABULARY, "figures": VOCABULARY})
    return create_base(
        settings,
        title="配备服务 Staffing",
        description=DESCRIPTION,
        schema="staffing",
        routers=[*(noun.router for noun in nouns), rules],
    )


def main() -> FastAPI:
    """The service with settings from the environment, for `uvicorn --factory`."""
    return alone(create_app(read_settings(StaffingSettings)))
