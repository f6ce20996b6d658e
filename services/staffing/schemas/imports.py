"""Wire form of an import's report."""

from pydantic import BaseModel, Field


class RowErrorOut(BaseModel):
    """One refused row: where, why and what to do; row 1 is the first row after the header."""

    row: int
    column: str | None
    code: str
    zh: str
    en: str


class ImportOut(BaseModel):
    """What an import did, or would do in a dry run."""

    kind: str
    dry_run: bool
    rows: int
    added: int
    unchanged: int
    rejected: int
    errors: list[RowErrorOut] = Field(description="至多 1000 条 / at most 1,000")
