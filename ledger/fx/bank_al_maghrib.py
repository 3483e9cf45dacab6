"""Rates in the shape Bank Al-Maghrib publishes its reference rates (*cours de référence*) as JSON.

A row reads ``{"date": "2026-03-27T12:30:00", "libDevise": "DKK", "moyen": 143.93, "uniteDevise": 100}``: one hundred Danish crowns cost
143.93 dirhams. The time is local wall time without an offset. Some answers list currencies twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ledger.fx.sheets import Quotation, RateSheetData, UnreadableRates, load_rows, make_sheet, read_currency, read_price

CASABLANCA = ZoneInfo("Africa/Casablanca")
SOURCE = "Bank Al-Maghrib"
# How many units a row prices, as the power of ten to divide by.
_UNITS = {Decimal(1): 0, Decimal(10): 1, Decimal(100): 2, Decimal(1000): 3}


def read_bank_al_maghrib(data: bytes, *, base: str = "MAD", zone: ZoneInfo = CASABLANCA, source: str = SOURCE) -> RateSheetData:
    """The sheet in one answer. ``base`` and ``zone`` are the publisher's currency and clock.

    Raises UnreadableRates when the answer is not in this shape, RateSheetInvalid when it contradicts itself.
    """
    rows = load_rows(data)
    return make_sheet((_quotation(row, zone) for row in rows), base=base, data=[data], source=source)


def write_bank_al_maghrib(sheet: RateSheetData) -> bytes:
    """The sheet in the same shape, one unit a row, exact; reading it back gives the same prices."""
    rows = (
        f' {{"date": {json.dumps(sheet.priced_at[currency].replace(tzinfo=None).isoformat())}, "libDevise": {json.dumps(currency)}, '
        f'"moyen": {format(price, "f")}, "uniteDevise": 1}}'
        for currency, price in sorted(sheet.prices.items())
    )
    return ("[\n" + ",\n".join(rows) + "\n]\n").encode()


def compose_sheet(base: str, published_at: datetime, prices: Mapping[str, Decimal], *, source: str) -> RateSheetData:
    """A sheet of one's own, for a participant that publishes in this shape. ``published_at`` carries the publisher's zone."""
    sheet = RateSheetData(base, published_at, dict(sorted(prices.items())), dict.fromkeys(sorted(prices), published_at), "", source)
    digest = hashlib.sha256(write_bank_al_maghrib(sheet)).hexdigest()
    return RateSheetData(sheet.base, sheet.published_at, sheet.prices, sheet.priced_at, digest, sheet.source)


def _quotation(row: Mapping[str, Any], zone: ZoneInfo) -> Quotation:
    currency = read_currency(row, "libDevise")
    unit = row.get("uniteDevise")
    power = _UNITS.get(unit) if isinstance(unit, Decimal) else None
    if power is None:
        raise UnreadableRates(
            f"uniteDevise of {currency} is not 1, 10, 100 or 1000.", field="uniteDevise", value=currency, way_out="Fetch it again."
        )
    return Quotation(currency, read_price(row, "moyen").scaleb(-power), _instant(row.get("date"), currency, zone))


def _instant(text: object, currency: str, zone: ZoneInfo) -> datetime:
    try:
        local = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        local = None
    if local is None:
        raise UnreadableRates(f"date of {currency} is no date and time.", field="date", value=currency, way_out="Fetch it again.")
    return local.replace(tzinfo=zone) if local.tzinfo is None else local.astimezone(zone)
