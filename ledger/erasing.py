"""Persons erased for good, and with them the messages that named them.

The event comes first. If the process is killed in between, what the log says was erased is erased again by `erase_again`, which also
follows a restore of the vault. Which messages named a person no event says: the log's own causes do, so one that comes later is found as
well, and the vault destroys person and messages in one transaction.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from ledger.answers import Answer
from ledger.bootstrap import Service
from ledger.commands import ErasePerson
from ledger.domain.personal_data_events import ErasureReason
from ledger.jobs import up_to_date
from ledger.messages.behind import messages_behind
from ledger.privacy.errors import SubjectErased
from ledger.privacy.received import ReceivedMessage
from ledger.projections.audit_trail import causes_about_people, erased_people, erased_subjects


class Erasure(NamedTuple):
    """The ledger's answer, and the messages whose bytes went with the person; none unless it was the second officer's."""

    answer: Answer
    messages: tuple[ReceivedMessage, ...]


class ErasedAgain(NamedTuple):
    """How many subjects the log says were erased (``in_log``), which ``subjects`` of them the vault still knew, and how many ``messages``
    still had their bytes that name a person whom two officers erased."""

    in_log: int
    subjects: tuple[UUID, ...]
    messages: int


def erase_person(
    service: Service, corridor: str, subject: UUID, *, actor: str, reason: ErasureReason, key: str, cause: str = ""
) -> Erasure:
    """Proposes to erase a subject, or, by another officer, erases it: first in the log, then in the vault, with every message that asked
    for a step of a transfer of theirs. Asked again, it does so again and tells the same messages.

    Raises SubjectUnknown before anything is written, VaultDown, KeyProviderDown, and what `Ledger.execute` raises.
    """
    ledger = service.ledger(corridor)
    if ledger.vault.subject_key(subject) is None:
        # Without a key there is nothing to read: this tells one that was erased from one that was never there.
        with suppress(SubjectErased):
            ledger.vault.read(subject)
    command = ErasePerson(corridor=corridor, actor=actor, idempotency_key=key, cause=cause, subject=subject, reason=reason)
    answer = ledger.execute(command)
    if answer.result is None or not answer.result["erased"]:
        return Erasure(answer, ())
    with up_to_date(service, corridor) as at:
        causes = causes_about_people(at, [subject])
    messages = messages_behind(service, corridor, causes)
    ledger.vault.erase_many([subject, *(one.subject for one in messages)], at=answer.recorded_at)
    return Erasure(answer, tuple(messages))


def erase_again(service: Service, corridor: str) -> ErasedAgain:
    """Erases whom the log says were erased and this vault still knows, and the messages that name them: after a restore, or a crash between
    log and vault, and what came since."""
    vault = service.vault
    with up_to_date(service, corridor) as at:
        subjects = erased_subjects(at)
        causes = causes_about_people(at, erased_people(at))
    messages = messages_behind(service, corridor, causes)
    again = tuple(vault.fingerprint_keys(subjects))
    with_bytes = tuple(vault.fingerprint_keys([one.subject for one in messages]))
    if again or with_bytes:
        vault.erase_many([*again, *with_bytes], at=service.clock())
    return ErasedAgain(len(subjects), again, len(with_bytes))
