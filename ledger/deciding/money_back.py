"""Money that does not arrive, or comes back: refused, cancelled, expired, returned, recalled."""

from __future__ import annotations

from typing import Any

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result, check_amount, transfer_result
from ledger.domain import posting
from ledger.domain.transfer import Transfer
from ledger.errors import (
    NotPermitted,
)


def refuse_transfer(command: c.RefuseTransfer | c.ResolveUnanswered, books: Books) -> Result:
    """The creditor agent will not pay; the debtor gets the money back."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    cause, fee_given_back = post_refund(transfer, "refused", books)
    transfer.refuse(by, command.reason)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return transfer_result(transfer)


def cancel_transfer(command: c.CancelTransfer, books: Books) -> Result:
    """The debtor agent takes it back before it was sent onward."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    if transfer.state == "cleared":
        transfer.cancel(by)
        return transfer_result(transfer)
    cause, fee_given_back = post_refund(transfer, "cancelled", books)
    transfer.cancel(by)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return transfer_result(transfer)


def expire_transfer(command: c.ExpireTransfer, books: Books) -> Result:
    """Nobody came for the cash, or the condition was not met in time."""
    if not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot expire a transfer.", field="actor", value=command.actor, way_out="Deadlines expire it by themselves."
        )
    transfer = books.transfer(command.uetr)
    by = books.decision()
    cause, fee_given_back = post_refund(transfer, "expired", books)
    transfer.expire(by)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return transfer_result(transfer)


def post_refund(transfer: Transfer, ended_by: Any, books: Books) -> tuple[Any, bool]:
    p = transfer.pricing
    cause = transfer.refund_cause(ended_by)
    fee_given_back = cause in books.terms.leg(p.debtor_agent, p.creditor_agent).fee_given_back_when
    books.post(posting.refund(transfer.id, p, fee_given_back=fee_given_back))
    return cause, fee_given_back


def return_transfer(command: c.ReturnTransfer, books: Books) -> Result:
    """Part of what was paid comes back, at the original rate or today's as the terms say."""
    transfer = books.transfer(command.uetr)
    p = transfer.pricing
    check_amount(command)
    today = None
    if books.terms.return_rate == "today" and command.return_id not in transfer.returns:
        usd = p.settlement_currency
        today = (books.rate(p.debtor_agent, usd).rate, books.rate(p.creditor_agent, usd).rate)
    by = books.decision()
    part = transfer.return_part_of(by, return_id=command.return_id, amount=command.amount, today=today)
    if part is not None:
        books.post(posting.payment_return(command.uetr, p, part))
        transfer.return_part(by, return_id=command.return_id, reason=command.reason, part=part)
    return transfer_result(transfer)


def request_recall(command: c.RequestRecall, books: Books) -> Result:
    """The debtor agent asks for the money back; the creditor agent will answer."""
    transfer = books.transfer(command.uetr)
    transfer.request_recall(books.decision(), command.recall, command.reason)
    return transfer_result(transfer)


def answer_recall(command: c.AnswerRecall, books: Books) -> Result:
    """Agreed before payment cancels and refunds; agreed after it only announces a return."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    if command.pending:
        transfer.check_recall_open(by, command.recall)
        return transfer_result(transfer)
    if not transfer.recall_cancels(by, command.recall, agreed=command.agreed):
        transfer.answer_recall(by, command.recall, agreed=command.agreed, reason=command.reason)
        return transfer_result(transfer)
    cause, fee_given_back = post_refund(transfer, "cancelled", books)
    transfer.answer_recall(by, command.recall, agreed=True, reason=command.reason)
    transfer.refund(by, cause, fee_given_back=fee_given_back)
    return transfer_result(transfer)
