"""What can happen to a reconciliation break."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from ledger.domain.aggregate import CreatedEvent, DecidedEvent

BreakClass = Literal[
    "missing_in_ledger", "missing_in_statement", "amount_differs", "unknown_outcome_confirmed", "duplicate_in_statement",
    "paid_after_refund", "balance_differs",
]  # fmt: skip


class BreakFound(CreatedEvent):
    """A difference between a bank's statement and the ledger. ``difference`` is what the statement has more than the ledger (debit
    positive on ``account``, minor units)."""

    TOPIC = "ReconciliationBreak.Found.v1"
    break_id: str
    break_class: BreakClass
    account: str
    difference: int
    statement: str
    reference: str
    business_date: date

    def apply(self, aggregate: Any) -> None:
        aggregate.break_id = self.break_id
        aggregate.break_class = self.break_class
        aggregate.account = self.account
        aggregate.difference = self.difference


class BreakParkingProposed(DecidedEvent):
    TOPIC = "ReconciliationBreak.ParkingProposed.v1"

    def apply(self, aggregate: Any) -> None:
        aggregate.proposal = ("park", self.actor, "")


class BreakParked(DecidedEvent):
    """The mirrored account was brought to the statement's amount, against suspense."""

    TOPIC = "ReconciliationBreak.Parked.v1"
    officers: tuple[str, str]

    def apply(self, aggregate: Any) -> None:
        aggregate.proposal = None
        aggregate.parked = True


class BreakResolutionProposed(DecidedEvent):
    TOPIC = "ReconciliationBreak.ResolutionProposed.v1"
    to_account: str
    explanation: str

    def apply(self, aggregate: Any) -> None:
        aggregate.proposal = ("resolve", self.actor, self.to_account)


class BreakResolved(DecidedEvent):
    """A parked difference left suspense for ``to_account``; an unparked break (``to_account`` empty) was explained and books
    nothing."""

    TOPIC = "ReconciliationBreak.Resolved.v1"
    to_account: str
    explanation: str
    officers: tuple[str, str]

    def apply(self, aggregate: Any) -> None:
        aggregate.proposal = None
        aggregate.resolved = True
