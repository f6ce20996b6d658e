"""What can go wrong, in five kinds with stable dotted codes and words in two languages.

DomainError
├── NotFound        the thing asked for does not exist, or not for this caller
├── Conflict        the state of the thing, or another writer, forbids it now
├── RuleViolation   a cited rule forbids it
├── Forbidden       the caller may not
└── Malformed       the input cannot be read
"""

from services.kernel.policy import Citation


class DomainError(Exception):
    """A refusal that a person can act on.

    `code` is dotted and stable (`table.cell_missing`); `zh` and `en` say what happened, why and what to do;
    `citations` are the sentences it rests on; `details` are values a program may want.
    """

    def __init__(self, code: str, zh: str, en: str, *, citations: tuple[Citation, ...] = (), **details: object) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en
        self.citations = citations
        self.details = details

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, DomainError)
            and type(self) is type(other)
            and (self.code, self.zh, self.en, self.citations, self.details)
            == (other.code, other.zh, other.en, other.citations, other.details)
        )

    def __hash__(self) -> int:
        return hash((type(self), self.code, self.zh, self.en))


class NotFound(DomainError):
    """The thing asked for does not exist, or not for this caller."""


class Conflict(DomainError):
    """The state of the thing, or another writer, forbids it now."""


class RuleViolation(DomainError):
    """A cited rule forbids it."""


class Forbidden(DomainError):
    """The caller may not."""


class Malformed(DomainError):
    """The input cannot be read."""
