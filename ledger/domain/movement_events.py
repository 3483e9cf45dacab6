"""Money that the settlement bank or a participant's own treasury reports, each known by the bank's reference."""

from __future__ import annotations

from datetime import date
from typing import Any

from ledger.domain.aggregate import CreatedEvent, DecidedEvent
from ledger.domain.posting import CashKind


class _Reported(CreatedEvent):
    participant: str
    currency: str
    amount: int
    reference: str

    def apply(self, aggregate: Any) -> None:
        aggregate.participant = self.participant
        aggregate.currency = self.currency
        aggregate.amount = self.amount
        aggregate.kind = self.TOPIC


class PositionFunded(_Reported):
    """Prefund: the settlement bank confirmed that the participant's money is there."""

    TOPIC = "Movement.PositionFunded.v1"


class PayInAnnounced(_Reported):
    """Somebody says that the participant's money will come on a day (camt.057): it is expected, and books nothing."""

    TOPIC = "Movement.PayInAnnounced.v1"
    expected_on: date


class SettlementCharged(_Reported):
    """The settlement bank charged; ``participant`` bears it."""

    TOPIC = "Movement.SettlementCharged.v1"


class CashMoved(_Reported):
    """A participant's treasury reports float, cover or fees taken."""

    TOPIC = "Movement.CashMoved.v1"
    cash_kind: CashKind

    def apply(self, aggregate: Any) -> None:
        super().apply(aggregate)
        aggregate.cash_kind = self.cash_kind


class WithdrawalRequested(_Reported):
    TOPIC = "Movement.WithdrawalRequested.v1"


class WithdrawalPaid(DecidedEvent):
    TOPIC = "Movement.WithdrawalPaid.v1"
    bank_reference: str

    def apply(self, aggregate: Any) -> None:
        aggregate.paid = True
