"""POST /v1/reads of consultation: issues with their steps."""

from services.consultation.usecases.reads import ENTITIES
from services.runtime.reads import reads_router

router = reads_router(ENTITIES)
