"""Who took part in a session: leaves of ConsultationSession."""

from typing import Self

import strawberry

from services.consultation.schemas.parts import ParticipantOut


@strawberry.type(description="协商活动的一类参与主体 A kind of participants of a session")
class Participant:
    """A kind of participants."""

    kind: str = strawberry.field(description="主体类别 The kind of participant")
    role: str | None = strawberry.field(
        description="本地协商主体格局给予的角色 The role that the place's pattern of participants gives the kind"
    )
    count: int = strawberry.field(description="人数，含线下 How many persons, offline ones included")

    @classmethod
    def of(cls, out: ParticipantOut) -> Self:
        """From consultation's participant."""
        return cls(kind=out.kind, role=out.role, count=out.count)
