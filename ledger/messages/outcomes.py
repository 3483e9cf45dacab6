"""How the answer to one transaction of a message is made: out of what the ledger said, or out of the rule that it breaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from ledger.batching import Answer
from ledger.errors import Refusal, TransferUnknown
from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.rules import Rule
from ledger.iso20022.status_reasons import status_reason
from ledger.messages.taken import REJECTED, Outcome


@dataclass(frozen=True, slots=True)
class Named:
    """A transaction as its sender names it; ``index`` counts from 1."""

    index: int
    uetr: UUID | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None


def taken(named: Named, status: str, answer: Answer | None = None, *, reason: str = "", sentence: str = "") -> Outcome:
    """It was taken, and stands so; ``sentence`` where there is more to say."""
    return Outcome(
        index=named.index,
        uetr=named.uetr,
        instruction_id=named.instruction_id,
        end_to_end_id=named.end_to_end_id,
        status=status,
        reason=reason,
        sentence=sentence,
        position=None if answer is None else answer.position,
        replayed=answer is not None and answer.replayed,
    )


def refused(named: Named, refusal: Refusal, answer: Answer | None = None) -> Outcome:
    """It was not, and this is why."""
    return _rejected(named, refusal.code, refusal.field, str(refusal), answer)


def refused_by_ledger(named: Named, answer: Answer) -> Outcome:
    """The ledger's own refusal, as its receipt keeps it."""
    assert answer.refusal is not None
    refusal = answer.refusal
    return _rejected(named, refusal["code"], refusal["field"], f"{refusal['detail']} {refusal['way_out']}".strip(), answer)


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
    return Outcome(
        index=named.index,
        uetr=named.uetr,
        instruction_id=named.instruction_id,
        end_to_end_id=named.end_to_end_id,
        status=REJECTED,
        reason=rule.reason_code,
        rule=rule.id,
        field=path,
        sentence=f"{rule.sentence} {rule.way_out}",
    )


def faulty(fault: TransferFault) -> Outcome:
    """A transaction that breaks a rule of its message; the first one answers for it."""
    return Outcome(
        index=fault.index,
        uetr=fault.uetr,
        instruction_id=fault.instruction_id,
        end_to_end_id=fault.end_to_end_id,
        status=REJECTED,
        reason=fault.reason_code,
        rule=fault.rule,
        field=fault.xpath.partition("]/")[2],
        sentence=fault.sentence,
    )


def _rejected(named: Named, code: str, field: str, sentence: str, answer: Answer | None) -> Outcome:
    return Outcome(
        index=named.index,
        uetr=named.uetr,
        instruction_id=named.instruction_id,
        end_to_end_id=named.end_to_end_id,
        status=REJECTED,
        reason=status_reason(code, field),
        rule=code,
        field=field,
        sentence=sentence,
        position=None if answer is None else answer.position,
        replayed=answer is not None and answer.replayed,
    )
