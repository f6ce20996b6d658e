"""POST /v1/reads of payroll: payslips with their lines and reasons."""

from services.payroll.usecases.reads import ENTITIES
from services.runtime.reads import reads_router

router = reads_router(ENTITIES)
