"""POST /v1/reads of consultation: issues with their steps, sessions with their participants."""

from services.consultation.usecases.reads import ENTITIES
from services.consultation.usecases.reads_sessions import SESSIONS
from services.runtime.reads import reads_router

router = reads_router((*ENTITIES, SESSIONS))
