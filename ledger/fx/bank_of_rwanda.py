"""Rates in the shape the National Bank of Rwanda publishes them as JSON.

A row reads ``{"currency_name": "USD", "buying_rate": "1458.065", "average_rate": "1463.065", "selling_rate": "1468.065",
"post_date": "19-May-26"}``. Numbers are strings, one answer holds one currency on several days, and the days are in no order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ledger.fx.sheets import Quotation, RateSheetData, UnreadableRates, load_rows, make_sheet, read_currency, read_price

KIGALI = ZoneInfo("Africa/Kigali")
SOURCE = "National Bank of Rwanda"
_DATE = re.compile(r"([0-9]{1,2})-([A-Z][a-z]{2})-([0-9]{2})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_bank_of_rwanda(
    *answers: bytes, base: str = "RWF", zone: ZoneInfo = KIGALI, side: Literal["buying", "average", "selling"] = "average"
) -> tuple[RateSheetData, ...]:
    """One sheet for each day in these answers, oldest first; a day counts from its midnight in ``zone``.

    Raises UnreadableRates when an answer is not in this shape, RateSheetInvalid when one day has two prices for a currency.
    """
    quotations = sorted(
        (_quotation(row, zone, f"{side}_rate") for answer in answers for row in load_rows(answer)), key=lambda quotation: quotation.at
    )
    return tuple(
        make_sheet(day, base=base, data=answers, source=SOURCE) for _, day in groupby(quotations, key=lambda quotation: quotation.at)
    )


def _quotation(row: Mapping[str, Any], zone: ZoneInfo, field: str) -> Quotation:
    currency = read_currency(row, "currency_name")
    return Quotation(currency, read_price(row, field), _day(row.get("post_date"), currency, zone))


def _day(text: object, currency: str, zone: ZoneInfo) -> datetime:
    """A day such as 19-May-26, whatever the language of this machine; two-digit years are of this century."""
    found = _DATE.fullmatch(text) if isinstance(text, str) else None
    try:
        if found is not None:
            return datetime(2000 + int(found[3]), _MONTHS.index(found[2]) + 1, int(found[1]), tzinfo=zone)
    except ValueError:
        pass
    raise UnreadableRates(
        f"post_date of {currency} is no day such as 19-May-26.", field="post_date", value=currency, way_out="Fetch it again."
    )
