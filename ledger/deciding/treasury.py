"""Movements that a bank reports under its own reference."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result, check_amount
from ledger.domain import ids, posting
from ledger.domain.movement import Movement
from ledger.errors import (
    AccountUnknown,
    CurrencyNotAccepted,
    MovementAlreadyBooked,
)


def fund_position(command: c.FundPosition, books: Books) -> Result:
    """Prefund, confirmed by the settlement bank."""
    movement = _new_movement(command, books, Movement.position_funded)
    if movement is not None:
        books.post(posting.prefund(movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def announce_pay_in(command: c.AnnouncePayIn, books: Books) -> Result:
    """A pay-in is announced: it is expected from now on, and booked on its confirmation only."""
    if command.account is not None and command.account != books.terms.settlement.statement_account:
        raise AccountUnknown(
            "The pay-in is announced for another account than the corridor's at its settlement bank.",
            field="account",
            way_out="Name that account, or none.",
        )
    movement = _new_movement(command, books, partial(Movement.pay_in_announced, expected_on=command.expected_on))
    if movement is not None:
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def request_withdrawal(command: c.RequestWithdrawal, books: Books) -> Result:
    """A participant takes part of its position back, through settling."""
    movement = _new_movement(command, books, Movement.withdrawal_requested)
    if movement is not None:
        books.post(posting.withdrawal(movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def confirm_withdrawal(command: c.ConfirmWithdrawal, books: Books) -> Result:
    """The settlement bank confirmed that the withdrawal left."""
    movement = books.movement(command.reference)
    by = books.decision()
    movement.check_waits(by)
    books.post(posting.withdrawal_paid(movement.id, movement.currency, movement.amount))
    movement.withdrawal_paid(by, command.bank_reference)
    return {"reference": command.reference, "changed": True}


def charge_settlement(command: c.ChargeSettlement, books: Books) -> Result:
    """The settlement bank charged the corridor's account."""
    movement = _new_movement(command, books, Movement.settlement_charged)
    if movement is not None:
        books.post(posting.settlement_charge(movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def move_cash(command: c.MoveCash, books: Books) -> Result:
    """A bank's treasury reports float, cover or fees taken, in its own currency."""
    begin = partial(Movement.cash_moved, cash_kind=command.kind)
    movement = _new_movement(command, books, begin, currency=books.terms.participant(command.participant).currency)
    if movement is not None:
        books.post(posting.cash_moved(command.kind, movement.id, command.participant, command.currency, command.amount))
        books.add(movement)
    return {"reference": command.reference, "changed": movement is not None}


def _new_movement(command: c.MovementCommand, books: Books, begin: Callable[..., Movement], currency: str | None = None) -> Movement | None:
    """A movement not booked yet, begun by ``begin``, which checks who may report it; None when the very same one is booked.

    Raises NotPermitted, CurrencyNotAccepted, AmountInvalid, MovementAlreadyBooked for other data under the same reference.
    """
    books.terms.participant(command.participant)
    expected = currency or books.terms.settlement.currency
    if command.currency != expected:
        raise CurrencyNotAccepted(
            f"This movement is in {expected}, not {command.currency}.",
            field="currency",
            value=command.currency,
            way_out=f"Report it in {expected}.",
        )
    check_amount(command)
    movement = begin(
        ids.movement_stream(command.corridor, command.reference),
        books.decision(),
        participant=command.participant,
        currency=command.currency,
        amount=command.amount,
        reference=command.reference,
    )
    known = books.movement_or_none(command.reference)
    if known is None:
        return movement
    if not known.says_the_same(movement):
        raise MovementAlreadyBooked(
            f"Reference {command.reference!r} was booked with other data.",
            field="reference",
            value=command.reference,
            way_out="Use the bank's own, unique reference.",
        )
    return None
