"""What can happen to a settlement cycle."""

from __future__ import annotations

from typing import Any

from ledger.domain.aggregate import CreatedEvent, DecidedEvent


class CycleClosed(CreatedEvent):
    """The interval from ``from_boundary`` (exclusive) to ``to_boundary``; positions, pay-ins and pay-outs in minor units of the
    settlement currency."""

    TOPIC = "SettlementCycle.Closed.v1"
    number: int
    from_boundary: int
    to_boundary: int
    currency: str
    positions: dict[str, int]
    pay_ins: dict[str, int]
    pay_outs: dict[str, int]

    def apply(self, aggregate: Any) -> None:
        aggregate.number = self.number
        aggregate.to_boundary = self.to_boundary
        aggregate.currency = self.currency
        aggregate.due_in = self.pay_ins
        aggregate.due_out = self.pay_outs


class SettlementPaidIn(DecidedEvent):
    TOPIC = "SettlementCycle.PaidIn.v1"
    participant: str
    amount: int
    bank_reference: str

    def apply(self, aggregate: Any) -> None:
        aggregate.due_in = {k: v for k, v in aggregate.due_in.items() if k != self.participant}


class SettlementPaidOut(DecidedEvent):
    TOPIC = "SettlementCycle.PaidOut.v1"
    participant: str
    amount: int
    bank_reference: str

    def apply(self, aggregate: Any) -> None:
        aggregate.due_out = {k: v for k, v in aggregate.due_out.items() if k != self.participant}


class CycleSettled(DecidedEvent):
    """Every pay-in and pay-out is confirmed; books nothing."""

    TOPIC = "SettlementCycle.Settled.v1"

    def apply(self, aggregate: Any) -> None:
        aggregate.settled = True
