"""Personal data, of a transfer's parties or in a message as it was received: shown to a person only after the log says that it is.

The event comes first. If the process is killed in between, the log says more than was shown, never less.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NamedTuple
from uuid import UUID

from ledger.answers import Answer
from ledger.application import Ledger
from ledger.commands import ReadPersonalData, ReadReceivedMessage
from ledger.domain.personal_data_events import ReadingReason
from ledger.privacy.commitments import openings_of
from ledger.privacy.received import ReceivedMessage
from ledger.privacy.records import RecordKind, Records


@dataclass(frozen=True, slots=True)
class PartyShown:
    """``role`` is debtor or creditor; ``fields`` are the party's own words by name, empty when ``known`` is False: erased, or not of this
    vault. Nothing personal shows in ``repr``."""

    role: str
    subject: UUID
    known: bool
    fields: dict[str, str] = attribute(repr=False)


class Reading(NamedTuple):
    """The ledger's answer, and the parties; none when it refused."""

    answer: Answer
    parties: tuple[PartyShown, ...]


def read_parties(ledger: Ledger, uetr: UUID, *, actor: str, reason: ReadingReason, case: str = "", cause: str = "") -> Reading:
    """Puts the reading into the log, waits until it is durable, then opens the vault. Each call is a reading of its own.

    Raises Unavailable or OutcomeUnknown, and then shows nothing; VaultDown, KeyProviderDown.
    """
    command = ReadPersonalData(
        corridor=ledger.corridor_code,
        actor=actor,
        # Never a key of the caller's: an answer given again would show the data again without a new event.
        idempotency_key=f"reading-{secrets.token_hex(16)}",
        cause=cause,
        uetr=uetr,
        reason=reason,
        case=case,
    )
    answer = ledger.execute(command)
    if answer.result is None:
        return Reading(answer, ())
    subjects = {role: UUID(answer.result[role]) for role in ("debtor", "creditor")}
    records = ledger.vault.read_many(list(subjects.values()))
    return Reading(
        answer,
        tuple(
            PartyShown(
                role,
                subject,
                subject in records,
                _fields(records.get(subject)),
            )
            for role, subject in subjects.items()
        ),
    )


class MessageShown(NamedTuple):
    """The ledger's answer, and the bytes; none when it refused."""

    answer: Answer
    data: bytes | None


def read_message(
    ledger: Ledger, message: ReceivedMessage, *, actor: str, reason: ReadingReason, case: str = "", cause: str = ""
) -> MessageShown:
    """Puts the reading into the log, waits until it is durable, then gives the bytes as they were received. Each call is a reading of
    its own.

    Raises SubjectErased before anything is written; Unavailable or OutcomeUnknown, and then shows nothing; VaultDown, KeyProviderDown.
    """
    vault = ledger.vault
    if vault.subject_key(message.subject) is None:
        # Without a key there is nothing to read, and this says when it was destroyed.
        vault.read(message.subject)
    command = ReadReceivedMessage(
        corridor=ledger.corridor_code,
        actor=actor,
        idempotency_key=f"reading-{secrets.token_hex(16)}",
        cause=cause,
        message=message.subject,
        reason=reason,
        case=case,
    )
    answer = ledger.execute(command)
    if answer.result is None:
        return MessageShown(answer, None)
    data = vault.read(message.subject)[RecordKind.MESSAGE]
    assert isinstance(data, bytes)
    return MessageShown(answer, data)


def _fields(records: Records | None) -> dict[str, str]:
    return {} if records is None else {opening.field: opening.value for opening in openings_of(records[RecordKind.PARTY])}
