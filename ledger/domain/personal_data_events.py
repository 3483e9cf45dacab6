"""What happens to personal data, which itself stands in the vault: it was read, or it was erased. Ids only."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from ledger.domain.aggregate import CreatedEvent, DecidedEvent

ReadingReason = Literal["case", "complaint", "subject_request", "authority_request", "investigation"]
ErasureReason = Literal["retention_ended", "subject_request", "order"]


class PersonalDataRead(CreatedEvent):
    """``actor`` was shown the parties of a transfer (``subjects`` of the vault): for a ``case``, or for another reason."""

    TOPIC = "PersonalData.Read.v1"
    uetr: UUID
    subjects: tuple[UUID, ...]
    reason: ReadingReason
    case: str

    def apply(self, aggregate: Any) -> None:
        pass


class MessageRead(CreatedEvent):
    """``actor`` was shown a message as it was received, which may name many people: the vault keeps its bytes with the subject ``message``.
    For a ``case``, or for another reason."""

    TOPIC = "PersonalData.MessageRead.v1"
    message: UUID
    reason: ReadingReason
    case: str

    def apply(self, aggregate: Any) -> None:
        pass


class PersonErasureProposed(CreatedEvent):
    """One officer proposes to destroy the key of a ``subject``."""

    TOPIC = "Person.ErasureProposed.v1"
    subject: UUID
    reason: ErasureReason

    def apply(self, aggregate: Any) -> None:
        aggregate.subject = self.subject
        aggregate.proposed_by = self.actor


class PersonErased(DecidedEvent):
    """Another officer agreed. The vault destroys the key afterwards, and again after each restore."""

    TOPIC = "Person.Erased.v1"
    subject: UUID
    officers: tuple[str, str]

    def apply(self, aggregate: Any) -> None:
        aggregate.erased = True
