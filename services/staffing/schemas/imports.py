"""Wire form of an import's report."""

from pydantic import Field

from services.runtime.imports import ImportReport


class ImportOut(ImportReport):
    """What an import did, or would do in a dry run; the same file sent again adds nothing."""

    added: int = Field(description="新增或更正的行 / rows that said something new")
