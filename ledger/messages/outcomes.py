"""How the answer to one transaction of a message is made: out of what the ledger said, or out of the rule that it breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from ledger.answers import Answer, told_to_a_bank
from ledger.errors import Refusal, TransferUnknown
from ledger.iso20022.cases import CaseTransfer
from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.rules import Finding, Rule, finding
from ledger.iso20022.status_reasons import status_reason
from ledger.messages.taken import NOTED, REJECTED, Outcome


class Named(NamedTuple):
    """A transaction as its sender names it; ``number`` counts from 1."""

    number: int
    uetr: UUID | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None


def named_in_case(transfer: CaseTransfer) -> Named:
    """The transfer that a recall, or an answer to one, speaks of."""
    original = transfer.original
    return Named(transfer.index, original.uetr, original.instruction_id, original.end_to_end_id)


def answered(named: Named, answer: Answer, status: str = NOTED) -> Outcome:
    """What the ledger said: taken, and so it stands; or refused."""
    return taken(named, status, answer) if answer.refusal is None else refused_by_ledger(named, answer)


def taken(named: Named, status: str = NOTED, answer: Answer | None = None, *, reason: str = "", sentence: str = "") -> Outcome:
    """It was taken, and stands so; ``sentence`` where there is more to say."""
    return Outcome(*named, status, reason, "", "", sentence, *_place(answer))


def refused(named: Named, refusal: Refusal, answer: Answer | None = None) -> Outcome:
    """It was not, and this is why."""
    return rejected(named, refusal.code, refusal.field, str(refusal), answer)


def refused_by_ledger(named: Named, answer: Answer) -> Outcome:
    """The ledger's own refusal, as its receipt keeps it."""
    assert answer.refusal is not None
    refusal = told_to_a_bank(answer.refusal)
    return rejected(named, refusal["code"], refusal["field"], f"{refusal['detail']} {refusal['way_out']}".strip(), answer)


def rejected(named: Named, code: str, field: str, sentence: str, answer: Answer | None = None) -> Outcome:
    """It was not taken, for a reason that has this code of ours."""
    return Outcome(*named, REJECTED, status_reason(code, field), code, field, sentence, *_place(answer))


def unknown(named: Named, answer: Answer | None = None) -> Outcome:
    """There is no such transfer, or none that its sender may know of: both are told in the same words."""
    return refused(named, transfer_unknown(named.uetr), answer)


def transfer_unknown(uetr: UUID | None) -> TransferUnknown:
    """The refusal for a transfer that is not there for whoever asks."""
    return TransferUnknown(f"There is no transfer {uetr} to speak of.", field="OrgnlUETR", value=uetr, way_out="Check the UETR.")


def with_way_out(outcome: Outcome, way_out: str) -> Outcome:
    """The same, with one more thing to do about it."""
    return replace(outcome, sentence=f"{outcome.sentence} {way_out}")


def broken(named: Named, rule: Rule, path: str) -> Outcome:
    """A rule that only this message has, broken at a path below the transaction."""
    return _broken(named, finding(rule, path), path)


def faulty(fault: TransferFault) -> Outcome:
    """A transaction that breaks a rule of its message; the first one answers for it."""
    named = Named(fault.index, fault.uetr, fault.instruction_id, fault.end_to_end_id)
    return _broken(named, fault.findings[0], fault.xpath.partition("]/")[2])


def faulty_part(named: Named, found: Finding) -> Outcome:
    """A part of a message, told by its place below the message itself, that breaks a rule."""
    return _broken(named, found, found.xpath.removeprefix("/Document/").partition("/")[2])


def _broken(named: Named, found: Finding, field: str) -> Outcome:
    return Outcome(*named, REJECTED, found.reason_code, found.rule, field, found.sentence)


def _place(answer: Answer | None) -> tuple[int | None, bool]:
    """Where the answer stands in the log, and whether it had been given before."""
    return (None, False) if answer is None else (answer.position, answer.replayed)
