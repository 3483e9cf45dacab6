"""What can happen to a participant's rates."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from ledger.domain.aggregate import CreatedEvent, DecidedEvent


class RateSheetsBegun(CreatedEvent):
    TOPIC = "RateSheet.Begun.v1"
    participant: str
    base_currency: str

    def apply(self, aggregate: Any) -> None:
        aggregate.participant = self.participant
        aggregate.base_currency = self.base_currency


class RateSheetPublished(DecidedEvent):
    """``rates`` maps a currency to the price of one whole unit of it in the base currency."""

    TOPIC = "RateSheet.Published.v1"
    sheet: str
    rates: dict[str, Decimal]
    valid_from: datetime
    valid_until: datetime
    source: str

    def apply(self, aggregate: Any) -> None:
        aggregate.sheets = {**aggregate.sheets, self.sheet: self}
