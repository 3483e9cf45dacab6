"""What becomes of one transaction of a recall, or of an answer to one, as its sender is told it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ledger.answers import Answer, told_to_a_bank
from ledger.iso20022.camt056 import RecalledTransfer
from ledger.iso20022.resolution import AnsweredTransfer
from ledger.iso20022.rules import Finding
from ledger.iso20022.status_reasons import status_reason
from ledger.messages.taken import REJECTED, Outcome

Transaction = RecalledTransfer | AnsweredTransfer


def taken(transaction: Transaction, status: str, answer: Answer) -> Outcome:
    """It was acted on, or taken note of."""
    return replace(_of(transaction, status), position=answer.position, replayed=answer.replayed)


def refused(transaction: Transaction, answer: Answer) -> Outcome:
    """The ledger refused it."""
    assert answer.refusal is not None
    refusal: Mapping[str, Any] = told_to_a_bank(answer.refusal)
    return replace(
        _of(transaction, REJECTED),
        reason=status_reason(refusal["code"], refusal["field"]),
        rule=refusal["code"],
        field=refusal["field"],
        sentence=f"{refusal['detail']} {refusal['way_out']}".strip(),
        position=answer.position,
        replayed=answer.replayed,
    )


def faulty(transaction: Transaction) -> Outcome:
    """It breaks a rule of its message; the first one answers for it."""
    return _with(_of(transaction, REJECTED), transaction.findings[0])


def nameless(index: int, finding: Finding) -> Outcome:
    """A part of the message that should name transfers and does not."""
    return _with(Outcome(index, None, None, None, REJECTED), finding)


def _of(transaction: Transaction, status: str) -> Outcome:
    original = transaction.original
    return Outcome(transaction.index, original.uetr, original.instruction_id, original.end_to_end_id, status)


def _with(outcome: Outcome, finding: Finding) -> Outcome:
    place = finding.xpath.removeprefix("/Document/").partition("/")[2]
    return replace(outcome, reason=finding.reason_code, rule=finding.rule, field=place, sentence=finding.sentence)
