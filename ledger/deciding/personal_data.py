"""Personal data read and persons erased: what stands in the log before the vault does it."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result
from ledger.domain import ids
from ledger.domain.personal_data import Person, PersonalData
from ledger.domain.retention import Retention
from ledger.errors import CaseUnknown


def read_personal_data(command: c.ReadPersonalData, books: Books) -> Result:
    """The parties of a transfer are about to be shown to the actor; a case it is read for must be about this transfer."""
    transfer = books.transfer(command.uetr)
    if _case_without_reason(command) or (command.case and books.case(command.case).uetr != command.uetr):
        raise CaseUnknown(
            f"Case {command.case!r} is not one of {command.uetr}." if command.case else "The reason names a case, and no case is named.",
            field="case",
            value=command.case,
            way_out="Name a case of this transfer and the reason case, or another reason and no case.",
        )
    subjects = (transfer.debtor, transfer.creditor)
    stream = ids.reading_stream(command.corridor, command.id)
    books.add(PersonalData.read(stream, books.decision(), uetr=command.uetr, subjects=subjects, reason=command.reason, case=command.case))
    return {"uetr": command.uetr, "debtor": transfer.debtor, "creditor": transfer.creditor}


def read_received_message(command: c.ReadReceivedMessage, books: Books) -> Result:
    """The bytes of a received message are about to be shown to an officer; a case it is read for must exist."""
    if _case_without_reason(command):
        raise CaseUnknown(
            f"Case {command.case!r} is no {command.reason}." if command.case else "The reason names a case, and no case is named.",
            field="case",
            value=command.case,
            way_out="Name a case and the reason case, or another reason and no case.",
        )
    if command.case:
        books.case(command.case)
    stream = ids.reading_stream(command.corridor, command.id)
    by = books.decision()
    books.add(PersonalData.read_message(stream, by, message=command.message, reason=command.reason, case=command.case))
    return {"message": command.message}


def _case_without_reason(command: c.ReadPersonalData | c.ReadReceivedMessage) -> bool:
    """Whether a case is named for another reason, or the reason is a case and none is named."""
    return (command.reason == "case") != bool(command.case)


def erase_person(command: c.ErasePerson, books: Books) -> Result:
    """The first officer proposes, another one erases; whoever asks again is told that it is done."""
    by = books.decision()
    known = books.person_or_none(command.subject)
    if known is None:
        stream = ids.person_stream(command.corridor, command.subject)
        books.add(Person.propose_erasure(stream, by, subject=command.subject, reason=command.reason))
        return {"subject": command.subject, "erased": False}
    known.erase(by)
    return {"subject": command.subject, "erased": True}


def end_retention(command: c.EndRetention, books: Books) -> Result:
    """The job ends the keeping of a transfer's people when the terms say that it is time; asking again changes nothing."""
    transfer = books.transfer(command.uetr)
    changed = books.retention_or_none(command.uetr) is None
    if changed:
        stream = ids.retention_stream(command.corridor, command.uetr)
        years = books.terms.retention_years
        books.add(Retention.end(stream, books.decision(), transfer=transfer, subjects=command.subjects, years=years))
    return {"uetr": command.uetr, "changed": changed}
