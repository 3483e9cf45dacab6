"""What a simulated bank's treasury reports of its own money: booked in its own books, told to the ledger."""

from __future__ import annotations

from datetime import datetime

from ledger.application import Ledger
from ledger.commands import MoveCash
from ledger.domain.posting import CashKind
from ledger.sandbox.asking import ask
from ledger.sandbox.statements import TREASURY_IN, TREASURY_OUT, AccountBook

_MONEY_IN: frozenset[CashKind] = frozenset({"float_in", "cover_received"})


def move_cash(ledger: Ledger, book: AccountBook, participant: str, *, at: datetime, kind: CashKind, amount: int) -> None:
    """Float brought or taken, cover spent or received, fees taken: ``amount`` in minor units of the bank's own currency."""
    if amount == 0:
        return
    reference = f"{participant.upper()}-{kind.upper().replace('_', '-')}-{at:%Y%m%d}"
    comes_in = kind in _MONEY_IN
    book.book(at, amount if comes_in else -amount, reference, TREASURY_IN if comes_in else TREASURY_OUT, text=kind.replace("_", " "))
    ask(
        ledger,
        MoveCash(
            corridor=ledger.corridor_code,
            actor=participant,
            idempotency_key=reference,
            cause="treasury",
            participant=participant,
            kind=kind,
            amount=amount,
            currency=book.currency,
            reference=reference,
        ),
    )
