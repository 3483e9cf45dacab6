"""Personal data of a transfer's parties: shown to a person only after the log says that it is, and erased for good.

The event comes first. If the process is killed in between, the log says more than was shown, never less; and what it says was erased is
erased again by `erase_again`, which also follows a restore of the vault.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NamedTuple
from uuid import UUID

from ledger.answers import Answer
from ledger.application import Ledger
from ledger.commands import ErasePerson, ReadPersonalData
from ledger.domain.personal_data_events import ErasureReason, ReadingReason
from ledger.privacy.commitments import openings_of
from ledger.privacy.errors import SubjectErased
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


def erase_person(ledger: Ledger, subject: UUID, *, actor: str, reason: ErasureReason, key: str, cause: str = "") -> Answer:
    """Proposes to erase a subject, or, by another officer, erases it: first in the log, then in the vault.

    Raises SubjectUnknown before anything is written, VaultDown, KeyProviderDown, and what `Ledger.execute` raises.
    """
    if ledger.vault.subject_key(subject) is None:
        # Without a key there is nothing to read: this tells one that was erased from one that was never there.
        with suppress(SubjectErased):
            ledger.vault.read(subject)
    command = ErasePerson(corridor=ledger.corridor_code, actor=actor, idempotency_key=key, cause=cause, subject=subject, reason=reason)
    answer = ledger.execute(command)
    if answer.result is not None and answer.result["erased"]:
        ledger.vault.erase(subject, at=answer.recorded_at)
    return answer


def erase_again(ledger: Ledger, subjects: Iterable[UUID]) -> list[UUID]:
    """Erases whom the log says were erased and this vault still knows: after a restore, or a crash between log and vault."""
    again = list(ledger.vault.fingerprint_keys(list(subjects)))
    if again:
        ledger.vault.erase_many(again, at=ledger.clock())
    return again


def _fields(records: Records | None) -> dict[str, str]:
    return {} if records is None else {opening.field: opening.value for opening in openings_of(records[RecordKind.PARTY])}
