"""Accounts, balances and lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import CommandBody, Decided, Money, Taken, with_example
from api.schemas.transfers import DECIDED, UETR
from ledger.domain.money import format_amount
from ledger.projections.balances import Balance, InFlight
from ledger.projections.lines import JournalLine

STANDING: dict[str, Any] = {
    "account": "abb:position:USD",
    "owner": "abb",
    "kind": "position",
    "currency": "USD",
    "normal_side": "credit",
    "balance": "49891.69",
    "floor": "-250000.00",
    "below_floor": False,
    "status": "open",
    "changed_at": "2026-03-27T09:00:00Z",
    "changed_position": 1208,
}
POSITION: dict[str, Any] = {
    "participant": "abb",
    "currency": "USD",
    "position": "49891.69",
    "floor": "-250000.00",
    "room": "299891.69",
}
LINE: dict[str, Any] = {
    "position": 1208,
    "line": 0,
    "boundary": 1210,
    "recorded_at": "2026-03-27T09:00:00Z",
    "entry": "funding",
    "reference": UETR,
    "command": "1d7e9f2c-40e5-5a0e-9f0b-7b7b8f6ad0a4",
    "side": "debit",
    "amount": "108.31",
    "currency": "USD",
    "booking_date": "2026-03-27",
    "value_date": "2026-03-27",
}


class AccountStanding(BaseModel):
    """One account. ``balance`` is on its normal side: negative when it stands on the other one."""

    model_config = with_example(STANDING)

    account: str = Field(description="owner:kind:currency. The corridor as an owner is a book, not a legal person.")
    owner: str
    kind: str
    currency: str
    normal_side: Literal["debit", "credit"]
    balance: str
    floor: str | None = Field(default=None, description="What no funding, withdrawal or pay-out may take the balance below.")
    below_floor: bool
    status: Literal["open", "frozen", "closed"]
    changed_at: datetime
    changed_position: int

    @classmethod
    def of(cls, b: Balance) -> AccountStanding:
        """From minor units."""
        return cls(
            account=b.account,
            owner=b.owner,
            kind=b.kind,
            currency=b.currency,
            normal_side=b.normal_side,
            balance=format_amount(b.balance, b.currency),
            floor=None if b.floor is None else format_amount(b.floor, b.currency),
            below_floor=b.below_floor,
            status=b.status,
            changed_at=b.recorded_at,
            changed_position=b.boundary,
        )


class AccountShown(Taken, AccountStanding):
    """One account at a boundary."""

    model_config = with_example({"position": 1208, **STANDING})


class Accounts(Taken):
    """The accounts the caller may see, by name. Over all accounts debits equal credits in each currency at every boundary."""

    model_config = with_example({"position": 1208, "accounts": [STANDING]})

    accounts: list[AccountStanding]


class AccountLine(BaseModel):
    """One side of an entry on the account."""

    model_config = with_example(LINE)

    position: int
    line: int
    boundary: int
    recorded_at: datetime
    entry: str = Field(description="The kind of entry: funding, payout, refund, return, prefund …")
    reference: UUID = Field(description="The transfer's UETR, or the stream of the cycle, movement or break it belongs to.")
    command: UUID
    side: Literal["debit", "credit"]
    amount: str
    currency: str
    booking_date: date
    value_date: date

    @classmethod
    def of(cls, line: JournalLine) -> AccountLine:
        """From a signed line, debit positive."""
        return cls(
            position=line.position,
            line=line.line_no,
            boundary=line.boundary,
            recorded_at=line.recorded_at,
            entry=line.entry,
            reference=line.reference,
            command=line.command,
            side="debit" if line.amount > 0 else "credit",
            amount=format_amount(abs(line.amount), line.currency),
            currency=line.currency,
            booking_date=line.booking_date,
            value_date=line.value_date,
        )


class AccountLines(Taken):
    """Lines of one account in log order."""

    model_config = with_example({"position": 1210, "account": "abb:position:USD", "lines": [LINE], "next": "1208-0"})

    account: str
    lines: list[AccountLine]
    next: str | None = Field(default=None, description="The cursor of the page that follows; absent on the last one.")


class PositionStanding(BaseModel):
    """What the corridor owes the participant in the settlement currency; below zero the participant owes."""

    model_config = with_example(POSITION)

    participant: str
    currency: str
    position: str
    floor: str = Field(description="Minus the net debit cap.")
    room: str = Field(description="What fundings can still take.")


class Positions(Taken):
    """The positions the caller may see."""

    model_config = with_example({"position": 1208, "positions": [POSITION]})

    positions: list[PositionStanding]


class MoneyInFlight(Taken):
    """Customers' money between funding and payout, and what stands beside it, in the settlement currency."""

    model_config = with_example(
        {
            "position": 1208,
            "in_flight": {"amount": "10731.00", "currency": "USD"},
            "transfers": 100,
            "remuneration": {"amount": "100.00", "currency": "USD"},
            "held_before_funding": {"amount": "107.31", "currency": "USD"},
            "held_transfers": 1,
        }
    )

    in_flight: Money
    transfers: int
    remuneration: Money = Field(description="Reserved for the paying banks until payout.")
    held_before_funding: Money | None = Field(
        default=None, description="Initiated and not funded: still their bank's own liability. Told to officers and operators only."
    )
    held_transfers: int | None = None

    @classmethod
    def of(cls, f: InFlight, position: int, *, whole: bool) -> MoneyInFlight:
        """What was found at ``position``; without ``whole``, without what would tell of holds."""
        return cls(
            position=position,
            in_flight=Money.of(f.in_flight, f.currency),
            transfers=f.transfers,
            remuneration=Money.of(f.remuneration, f.currency),
            held_before_funding=Money.of(f.held_before_funding, f.currency) if whole else None,
            held_transfers=f.held_transfers if whole else None,
        )


class StatusBody(CommandBody):
    """The status an officer gives an account."""

    model_config = with_example({"status": "frozen"})

    status: Literal["open", "frozen", "closed"]


class StatusSet(Decided):
    """The account with its status, and what waits for a second officer's word."""

    model_config = with_example({**DECIDED, "account": "abb:cash:MAD", "status": "frozen", "proposed": "open"})

    account: str
    status: Literal["open", "frozen", "closed"]
    proposed: Literal["", "open", "closed"] = ""
