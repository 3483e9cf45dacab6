"""An account statement (camt.053) and a notification of entries (camt.054) as a bank sends them: plain data in whole minor units.

Signs are the servicing bank's, as the account's owner reads them: a credit (CRDT) is money in, a debit (DBIT) money out. Our own asset
accounts mirror them, so what a bank calls CRDT is a debit in our books.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
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
class Charge:
    """What a bank took for an entry or a transaction (ChargesRecord). ``minor`` is never negative; ``included`` says whether the amount has
    it in already; ``kind`` is a code of the external set, or the bank's own word (``kind_is_code`` False)."""

    minor: int
    currency: str
    direction: Direction | None = None
    included: bool | None = None
    kind: str | None = None
    kind_is_code: bool = True
    bearer: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """The rate between two currencies that led to an amount (CurrencyExchange)."""

    source: str
    rate: Decimal
    target: str | None = None
    unit: str | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """One transaction within an entry, with its references. ``minor`` is positive in its own ``direction``, in ``currency``.

    ``instructed_minor`` in ``instructed_currency`` is what was asked for before any exchange. ``creditor_references`` are the structured
    references of what is paid (RF creditor references, Swiss QR and ESR references), ``remittance`` the free texts.
    """

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
    instructed_minor: int | None = None
    instructed_currency: str | None = None
    exchange: Exchange | None = None
    charges: tuple[Charge, ...] = ()
    creditor_references: tuple[str, ...] = ()
    remittance: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a statement. ``minor`` is never negative; ``status`` is BOOK, PDNG, INFO or FUTR, and only BOOK changes the balance.

    ``reversal`` says that it takes an earlier entry back; ``direction`` is its own all the same. ``batch_count`` is how many transactions
    the bank says it books at once, whether or not it lists them in ``details``.
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
    charges: tuple[Charge, ...] = ()
    batch_count: int | None = None

    @property
    def signed_minor(self) -> int:
        """The amount, positive in credit."""
        return self.minor if self.direction is Direction.CREDIT else -self.minor

    def parts(self) -> list[tuple[EntryDetail, int]]:
        """The transactions it books with their amounts, positive in credit, when all state one and together they are the entry; else
        nothing."""
        found = []
        for detail in self.details:
            if detail.minor is None or detail.currency != self.currency:
                return []
            direction = detail.direction or self.direction
            found.append((detail, detail.minor if direction is Direction.CREDIT else -detail.minor))
        return found if sum(amount for _, amount in found) == self.signed_minor else []


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


@dataclass(frozen=True, slots=True)
class Notification:
    """Entries a bank tells of before, or without, a statement (camt.054). It states no balances, so nothing in it can be added up.

    ``version`` is the message it was read from; ``message_id`` that message's id.
    """

    id: str
    account: Account
    entries: tuple[Entry, ...] = ()
    created_at: datetime | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    sequence: int | None = None
    legal_sequence: int | None = None
    page: int | None = None
    last_page: bool = True
    additional_info: str | None = field(default=None, repr=False)
    message_id: str = ""
    version: str = "camt.054.001.08"
