"""POST /v1/reads of payroll: payslips with their lines and reasons, and payroll runs."""

from services.payroll.usecases import run_reads
from services.payroll.usecases.reads import ENTITIES
from services.runtime.reads import reads_router

router = reads_router((*ENTITIES, *run_reads.ENTITIES))
