"""Sparse reads of staffing: what storage declares, and the fields that the formula engine gives."""

from services.staffing.storage.reads import COMMUNITY, WORKER

ENTITIES = (COMMUNITY, WORKER)
