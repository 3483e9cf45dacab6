"""What can happen to a quote."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.domain.aggregate import CreatedEvent, DecidedEvent
from ledger.domain.pricing import ChargeBearer, Pricing


class QuoteGiven(CreatedEvent):
    TOPIC = "Quote.Given.v1"
    charge_bearer: ChargeBearer
    pricing: Pricing

    def apply(self, aggregate: Any) -> None:
        aggregate.charge_bearer = self.charge_bearer
        aggregate.pricing = self.pricing


class QuoteUsed(DecidedEvent):
    TOPIC = "Quote.Used.v1"
    uetr: UUID

    def apply(self, aggregate: Any) -> None:
        aggregate.used_by = self.uetr
