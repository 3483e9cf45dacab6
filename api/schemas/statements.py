"""A statement of a position account, as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import with_example
from api.schemas.transfers import UETR

STATEMENT_LINE: dict[str, Any] = {
    "number": 1,
    "reference": "1208.1",
    "entry": "funding",
    "direction": "DBIT",
    "amount": "108.31",
    "booking_date": "2026-03-27",
    "value_date": "2026-03-27",
    "recorded_at": "2026-03-27T09:00:00Z",
    "uetr": UETR,
    "message_id": "FILE-4711",
}
BOOKED: dict[str, Any] = {
    "statement": "abb-psbc-abb-20260327",
    "account": "abb:position:USD",
    "currency": "USD",
    "opens_at": "2026-03-26T21:00:00Z",
    "closes_at": "2026-03-27T21:00:00Z",
    "after_position": 1100,
    "position": 1208,
    "opening": "50000.00",
    "closing": "49891.69",
    "credits": 0,
    "credited": "0.00",
    "debits": 1,
    "debited": "108.31",
    "lines": [STATEMENT_LINE],
}
STATEMENT: dict[str, Any] = {**BOOKED, "day": "2026-03-27", "sequence": 61}


class StatementLine(BaseModel):
    """One entry, as the account's owner reads it: a credit is money the corridor owes it."""

    model_config = with_example(STATEMENT_LINE)

    number: int = Field(description="Its number in the statement, from 1.")
    reference: str = Field(description="The corridor's own reference: position of the event and line in it.")
    entry: str = Field(description="The kind of entry.")
    direction: Literal["CRDT", "DBIT"]
    amount: str
    booking_date: date
    value_date: date
    recorded_at: datetime
    uetr: UUID | None = Field(default=None, description="The transfer, where it belongs to one.")
    message_id: str | None = Field(default=None, description="The message, or the cause, that asked for the transfer.")
    reported_as: str | None = Field(default=None, description="The reference under which a bank reported the movement, or the cycle.")
    bank_reference: str | None = Field(default=None, description="The settlement bank's reference of its confirmation.")


class BookedShown(BaseModel):
    """What was booked on a position account in an interval of the log."""

    model_config = with_example(BOOKED)

    statement: str = Field(description="The id under which camt.053 or camt.054 states it.")
    account: str
    currency: str
    opens_at: datetime = Field(description="Of a business day, the cut-off of the day before; of the first, the corridor's opening.")
    closes_at: datetime = Field(description="Of a business day, its cut-off.")
    after_position: int = Field(description="The boundary of the log after which it begins.")
    position: int = Field(description="The boundary of the log at which it ends.")
    opening: str = Field(description="What the corridor owes the bank; negative when the bank owes.")
    closing: str
    credits: int
    credited: str
    debits: int
    debited: str
    lines: list[StatementLine]


class StatementShown(BookedShown):
    """A closed business day on a position account. It opens as the day before closed; the same day gives the same answer for good."""

    model_config = with_example(STATEMENT)

    day: date
    sequence: int = Field(description="The number of the business day since the corridor was opened, without gaps.")
