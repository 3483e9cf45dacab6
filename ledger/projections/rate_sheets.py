"""Rates as the participants published them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from ledger.projections.snapshot import Snapshot


class RateSheetRow(NamedTuple):
    """One sheet. `rates` maps a currency to the price of one whole unit of it in `base_currency`."""

    participant: str
    sheet: str
    base_currency: str
    rates: dict[str, Decimal]
    valid_from: datetime
    valid_until: datetime
    source: str
    published_at: datetime
    position: int


def rate_sheets(at: Snapshot, *, participant: str | None = None, in_force_at: datetime | None = None) -> list[RateSheetRow]:
    """Sheets in the order of publication; of one participant only, or only those valid at an instant."""
    found = [RateSheetRow(*row) for row in at.rows("rate_sheets", participant=participant, instant=in_force_at)]
    return [sheet._replace(rates={currency: Decimal(rate) for currency, rate in sheet.rates.items()}) for sheet in found]
