"""An account statement as a bank sends it (camt.053): plain data in whole minor units.

Signs are the servicing bank's, as the account's owner reads them: a credit (CRDT) is money in, a debit (DBIT) money out. Our own asset
accounts mirror them, so what a bank calls CRDT is a debit in our books.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.iso20022.parties import Account


class Direction(StrEnum):
    """CreditDebitCode."""

    CREDIT = "CRDT"
    DEBIT = "DBIT"


BOOKED = "BOOK"


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance at a date. ``type`` is a code of the external set (OPBD, PRCD, CLBD, ITBD, CLAV …); ``minor`` is positive in credit."""

    type: str
    minor: int
    currency: str
    on: date


@dataclass(frozen=True, slots=True)
class BankTransactionCode:
    """What kind of transaction the bank says it is: domain, family and sub-family (external codes), or its own word."""

    domain: str | None = None
    family: str | None = None
    sub_family: str | None = None
    proprietary: str | None = None
    proprietary_issuer: str | None = None


NO_CODE = BankTransactionCode()


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """One transaction within an entry, with its references. ``minor`` is positive in its own ``direction``, in ``currency``."""

    uetr: UUID | None = None
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    transaction_id: str | None = None
    servicer_reference: str | None = None
    message_id: str | None = None
    minor: int | None = None
    currency: str | None = None
    direction: Direction | None = None
    return_reason: str | None = None
    additional_info: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a statement. ``minor`` is never negative; ``status`` is BOOK, PDNG, INFO or FUTR, and only BOOK changes the balance.

    ``reversal`` says that it takes an earlier entry back; ``direction`` is its own all the same.
    """

    minor: int
    currency: str
    direction: Direction
    status: str = BOOKED
    booking_date: date | None = None
    value_date: date | None = None
    reference: str | None = None
    servicer_reference: str | None = None
    reversal: bool = False
    code: BankTransactionCode = NO_CODE
    details: tuple[EntryDetail, ...] = ()
    additional_info: str | None = field(default=None, repr=False)

    @property
    def signed_minor(self) -> int:
        """The amount, positive in credit."""
        return self.minor if self.direction is Direction.CREDIT else -self.minor


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that adds up: ``opening`` plus its booked entries is ``closing``.

    ``balances`` are the further ones it states. ``version`` is the message it was read from; ``message_id`` that message's id.
    """

    id: str
    account: Account
    currency: str
    opening: Balance
    closing: Balance
    entries: tuple[Entry, ...] = ()
    created_at: datetime | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    sequence: int | None = None
    legal_sequence: int | None = None
    page: int | None = None
    last_page: bool = True
    balances: tuple[Balance, ...] = ()
    additional_info: str | None = field(default=None, repr=False)
    message_id: str = ""
    version: str = "camt.053.001.08"

    @property
    def net_booked_minor(self) -> int:
        """What the booked entries come to, positive in credit."""
        return sum(entry.signed_minor for entry in self.entries if entry.status == BOOKED)
