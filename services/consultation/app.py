"""The consultation service put together: the only file that knows everything."""

from fastapi import FastAPI

from services.consultation.api import events, imports, issues, procedures, reads, sessions, statistics
from services.consultation.domain.vocabulary import VOCABULARY
from services.consultation.settings import ConsultationSettings
from services.runtime.events_api import relaying
from services.runtime.rules_api import rules_router
from services.runtime.server import alone, create_base
from services.runtime.settings import read_settings


def create_app(settings: ConsultationSettings) -> FastAPI:
    """The application: issues, sessions, procedures, statistics, imports, events, and the rules of its section."""
    app = create_base(
        settings,
        title="Gongzhi consultation / 协商",
        description="Issues walk their city's procedure, each step with actor, time, evidence and citation.",
        schema="consultation",
        routers=[
            reads.router,
            issues.router,
            sessions.router,
            procedures.router,
            statistics.router,
            imports.router,
            events.router,
            rules_router({"consultation": VOCABULARY}),
        ],
    )
    return relaying(app, events.KINDS)


def main() -> FastAPI:
    """The application with settings from the environment: `uvicorn --factory services.consultation.app:main`."""
    return alone(create_app(read_settings(ConsultationSettings)))
