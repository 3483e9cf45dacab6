"""What the two banks agreed, and what they publish for it: terms and rate sheets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from api.schemas.parts import Decided, Taken, with_example
from api.schemas.transfers import DECIDED
from corridors import shipped_terms
from ledger.domain.terms import Terms
from ledger.projections.rate_sheets import RateSheetRow

# As Bank Al-Maghrib publishes its reference rates: `moyen` is the price of `uniteDevise` units in the publisher's currency.
PUBLISHED: list[dict[str, Any]] = [
    {"date": "2026-03-27T12:30:00", "libDevise": "USD", "moyen": 9.3189, "uniteDevise": 1},
    {"date": "2026-03-27T12:30:00", "libDevise": "CNY", "moyen": 1.3504, "uniteDevise": 1},
    {"date": "2026-03-27T12:30:00", "libDevise": "JPY", "moyen": 6.2113, "uniteDevise": 100},
]
SHEET: dict[str, Any] = {
    "participant": "abb",
    "sheet": "2026-03-27-3f9a51c07be2d418",
    "base_currency": "MAD",
    "rates": {"CNY": "1.3504", "JPY": "0.062113", "USD": "9.3189"},
    "valid_from": "2026-03-27T11:30:00Z",
    "valid_until": "2026-03-31T11:30:00Z",
    "source": "Bank Al-Maghrib",
    "published_at": "2026-03-27T11:31:00Z",
}


class TermsShown(Taken):
    """The terms in force today by the settlement currency's calendar."""

    model_config = with_example({"position": 24, "terms": shipped_terms("abb-psbc").model_dump(mode="json")})

    terms: Terms


class SheetPublished(Decided):
    """``changed`` is false when the very same sheet was published before."""

    model_config = with_example({**DECIDED, "sheet": SHEET["sheet"], "changed": True})

    sheet: str
    changed: bool


class RateSheetView(BaseModel):
    """A published sheet: the price of one unit of each currency in the publisher's own."""

    model_config = with_example(SHEET)

    participant: str
    sheet: str
    base_currency: str
    rates: dict[str, Decimal]
    valid_from: datetime
    valid_until: datetime
    source: str
    published_at: datetime

    @classmethod
    def of(cls, row: RateSheetRow) -> RateSheetView:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class RateSheets(Taken):
    """Sheets in the order of their publication."""

    model_config = with_example({"position": 1208, "rate_sheets": [SHEET]})

    rate_sheets: list[RateSheetView] = Field(description="Both banks'; rates are shared by agreement.")
