"""POST /v1/reads of staffing: communities with their quotas, and workers."""

from services.runtime.reads import reads_router
from services.staffing.usecases.reads import ENTITIES

router = reads_router(ENTITIES)
