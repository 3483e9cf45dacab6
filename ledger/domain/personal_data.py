"""Who may read personal data, and who may erase a person: reading is a fact before anything is shown, erasing takes two officers."""

from __future__ import annotations

from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.case import check_officer
from ledger.domain.personal_data_events import (
    ErasureReason,
    MessageRead,
    PersonalDataRead,
    PersonErased,
    PersonErasureProposed,
    ReadingReason,
)
from ledger.errors import NotPermitted, SecondOfficerNeeded

READERS = ("officer:", "operator:")


class PersonalData(Aggregate):
    """One reading of the parties of a transfer, or of a message: a stream of one event."""

    TOPIC = "PersonalData"

    @classmethod
    def read(cls, stream: UUID, by: Decision, *, uetr: UUID, subjects: tuple[UUID, ...], reason: ReadingReason, case: str) -> PersonalData:
        """Raises NotPermitted unless an officer or operator reads."""
        if not by.actor.startswith(READERS):
            raise NotPermitted(
                f"{by.actor} cannot read personal data.", field="actor", value=by.actor, way_out="Let an officer or operator read it."
            )
        return cls.begin(PersonalDataRead, stream, by, uetr=uetr, subjects=subjects, reason=reason, case=case)

    @classmethod
    def read_message(cls, stream: UUID, by: Decision, *, message: UUID, reason: ReadingReason, case: str) -> PersonalData:
        """Raises NotPermitted unless an officer reads: a message names everybody in it."""
        check_officer(by)
        return cls.begin(MessageRead, stream, by, message=message, reason=reason, case=case)


class Person(Aggregate):
    """One subject of the vault, as far as erasing goes."""

    TOPIC = "Person"

    def __init__(self) -> None:
        self.subject: UUID
        self.proposed_by = ""
        self.erased = False

    @classmethod
    def propose_erasure(cls, stream: UUID, by: Decision, *, subject: UUID, reason: ErasureReason) -> Person:
        """The first officer. Raises NotPermitted."""
        check_officer(by)
        return cls.begin(PersonErasureProposed, stream, by, subject=subject, reason=reason)

    def erase(self, by: Decision) -> None:
        """The second officer; erasing again changes nothing. Raises NotPermitted, SecondOfficerNeeded."""
        check_officer(by)
        if self.erased:
            return
        if self.proposed_by == by.actor:
            raise SecondOfficerNeeded(
                f"{by.actor} proposed to erase {self.subject}.", field="actor", value=by.actor, way_out="Another officer must agree."
            )
        self.record(PersonErased, by, subject=self.subject, officers=(self.proposed_by, by.actor))
