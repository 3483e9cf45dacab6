"""What the banks say about a transfer in flight: condition met, accepted, paid, silent."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.money_back import refuse_transfer
from ledger.deciding.outcome import Outcome, Result, transfer_result
from ledger.domain import ids, posting
from ledger.domain.aggregate import Decision
from ledger.domain.movement import check_owner
from ledger.domain.reconciliation_break import ReconciliationBreak
from ledger.domain.transfer import Transfer
from ledger.errors import (
    NotPermitted,
    Refusal,
    StepOutOfOrder,
)


def meet_condition(command: c.MeetCondition, books: Books) -> Result:
    """What the transfer waited for has happened; it goes onward."""
    transfer = books.transfer(command.uetr)
    transfer.meet_condition(books.decision(), command.reference)
    return transfer_result(transfer)


def accept_transfer(command: c.AcceptTransfer, books: Books) -> Result:
    """The creditor agent will pay."""
    transfer = books.transfer(command.uetr)
    transfer.accept(books.decision())
    return transfer_result(transfer)


def pay_transfer(command: c.PayTransfer | c.ResolveUnanswered, books: Books) -> Outcome:
    """The creditor has the money. A payment reported after the refund is refused, kept, and opens a break."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    if transfer.state == "refunded" and by.actor == transfer.pricing.creditor_agent:
        return _payment_after_refund(command, transfer, by, books)
    books.post(posting.payout(command.uetr, transfer.pricing))
    transfer.pay(by, identity_checked=command.identity_checked, code=command.code)
    return transfer_result(transfer)


def _payment_after_refund(command: c.Command, transfer: Transfer, by: Decision, books: Books) -> Refusal:
    p = transfer.pricing
    break_id = f"paid-after-refund-{transfer.id}"
    if books.break_or_none(break_id) is None:
        dates = books.terms.calendar(p.creditor_agent).dates(books.now)
        books.add(
            ReconciliationBreak.find(
                ids.break_stream(command.corridor, break_id),
                by,
                break_id=break_id,
                break_class="paid_after_refund",
                account=f"{p.creditor_agent}:cash:{p.creditor_currency}",
                difference=-p.paid_to_creditor,
                statement="",
                reference=str(transfer.id),
                business_date=dates.booking,
            )
        )
    return StepOutOfOrder(
        f"{transfer.id} was refunded before this payment was reported.",
        field="state",
        value="refunded",
        way_out=f"The payment is kept as break {break_id}; officers of both banks resolve it.",
    )


def flag_unanswered(command: c.FlagUnanswered, books: Books) -> Result:
    """The resolver notes that the partner stayed silent."""
    if not command.actor.startswith("system:"):
        raise NotPermitted(f"{command.actor} cannot flag a transfer.", field="actor", value=command.actor, way_out="The resolver does.")
    transfer = books.transfer(command.uetr)
    transfer.flag_unanswered(books.decision(), command.since)
    return transfer_result(transfer)


def resolve_unanswered(command: c.ResolveUnanswered, books: Books) -> Outcome:
    """The creditor agent says at last what became of a silent transfer."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    check_owner(by, transfer.pricing.creditor_agent)
    late = command.outcome == "paid" and transfer.state == "refunded"
    if not late:
        transfer.check_unanswered()
    if command.outcome == "paid":
        return pay_transfer(command, books)
    if command.outcome == "refused":
        return refuse_transfer(command, books)
    transfer.note_answered(by)
    return transfer_result(transfer)
