"""pacs.002 from the settlement bank: what has become of the pay-outs and withdrawals that our pacs.009 asked it for.

A payment is known by its end-to-end id (`settlement_references`). That it was made confirms it, at the amount that is due: a status report
states none. Every other status changes nothing, and a payment that the bank refused stays due. Pay-ins are confirmed by camt.054.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger import commands as c
from ledger.errors import CycleUnknown, MovementUnknown, Refusal
from ledger.iso20022.pacs002 import StatusReport, TransferStatus
from ledger.jobs import up_to_date
from ledger.messages import outcomes
from ledger.messages.asking import answered_before, ask_all
from ledger.messages.outcomes import Named
from ledger.messages.received import Came, Incoming
from ledger.messages.settlement_references import CyclePaymentNamed, end_to_end_of_withdrawal, read_cycle_payment
from ledger.messages.taken import Outcome
from ledger.projections.cycles import Cycle, cycle
from ledger.projections.movements import MovementRow, withdrawals
from ledger.projections.snapshot import Snapshot

MADE: Final = frozenset({"ACCC", "ACSC"})
"""Statuses of ExternalPaymentTransactionStatus1Code by which a payment has left the settlement bank."""


def confirmations(incoming: Incoming, came: Came, report: StatusReport) -> tuple[Outcome, ...]:
    """The answer to each transaction of the settlement bank's report, in its order."""
    answered = {fault.index: outcomes.faulty(fault) for fault in report.faults}
    said = answered_before(incoming, came, (one.index for one in report.transfers))
    with up_to_date(incoming.service, incoming.corridor) as at:
        due = _Due(at)
        asked: dict[int, c.Command] = {}
        for one in report.transfers:
            if one.index in said:
                continue
            try:
                incoming.check_sender(one.instructing_agent.bic if one.instructing_agent else None, "InstgAgt")
                command = _command(incoming, came, one, due)
            except Refusal as refusal:
                answered[one.index] = outcomes.refused(_named(one), refusal)
                continue
            if isinstance(command, str):
                answered[one.index] = outcomes.taken(_named(one), sentence=command)
            else:
                asked[one.index] = command
    said.update(zip(asked, ask_all(incoming, came, list(asked.values())), strict=True))
    for one in report.transfers:
        if one.index in said:
            answered[one.index] = outcomes.answered(_named(one), said[one.index])
    return tuple(answered[index] for index in sorted(answered))


class _Due:
    """What the corridor has asked the settlement bank for, looked up as it is needed."""

    def __init__(self, at: Snapshot) -> None:
        self._at = at
        self._cycles: dict[int, Cycle | None] = {}
        self._withdrawals: Mapping[str, MovementRow] | None = None

    def cycle(self, number: int) -> Cycle | None:
        if number not in self._cycles:
            try:
                self._cycles[number] = cycle(self._at, number)
            except CycleUnknown:
                self._cycles[number] = None
        return self._cycles[number]

    def withdrawal(self, end_to_end_id: str) -> MovementRow | None:
        if self._withdrawals is None:
            self._withdrawals = {end_to_end_of_withdrawal(row.reference): row for row in withdrawals(self._at)}
        return self._withdrawals.get(end_to_end_id)


def _command(incoming: Incoming, came: Came, one: TransferStatus, due: _Due) -> c.Command | str:
    """What the status confirms, or in words why it changes nothing. Raises MovementUnknown for a payment nobody asked for."""
    known_by = one.end_to_end_id or ""
    named, withdrawal = read_cycle_payment(known_by), due.withdrawal(known_by)
    if named is None and withdrawal is None:
        raise MovementUnknown(
            "The corridor asked for no payment under this end-to-end id.",
            field="OrgnlEndToEndId",
            value=known_by,
            way_out="Name the payment as our pacs.009 does.",
        )
    if one.status not in MADE:
        return "It changes nothing: the payment is due until it was made."
    said = {"corridor": incoming.corridor, "actor": incoming.actor, "cause": came.cause, "idempotency_key": came.key_of(one.index)}
    bank_reference = one.servicer_reference or one.status_id or f"{came.message_id}/{one.index}"
    if withdrawal is not None:
        if withdrawal.state == "paid":
            return "It changes nothing: the withdrawal was confirmed already."
        return c.ConfirmWithdrawal(**said, reference=withdrawal.reference, bank_reference=bank_reference)
    assert named is not None  # one of the two is there
    return _pay_out(said, named, due.cycle(named.cycle), bank_reference)


def _pay_out(said: Mapping[str, str], named: CyclePaymentNamed, known: Cycle | None, bank_reference: str) -> c.Command | str:
    waits = {} if known is None else known.due("pay_out")
    if known is not None and named.participant in known.pay_outs and named.participant not in waits:
        return "It changes nothing: the pay-out was confirmed already."
    # Without an amount that is due the ledger says what is wrong.
    amount = waits.get(named.participant, 0)
    return c.ConfirmPayOut(**said, cycle=named.cycle, participant=named.participant, amount=amount, bank_reference=bank_reference)


def _named(one: TransferStatus) -> Named:
    return Named(one.index, one.uetr, one.instruction_id, one.end_to_end_id)
