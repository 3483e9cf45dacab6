"""A participant's rate sheets: one stream a participant, one event a sheet."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.pricing import SheetRate
from ledger.domain.rates_events import RateSheetPublished, RateSheetsBegun
from ledger.errors import NotPermitted, RateMissing, RateSheetInvalid

# No price has more digits, before and behind the point together; what has would only make exact arithmetic slow.
PRICE_DIGITS_MAX = 18


class RateSheets(Aggregate):
    """Decides which sheet is in force at an instant."""

    TOPIC = "RateSheet"
    SHARED = True

    def __init__(self) -> None:
        self.participant = ""
        self.base_currency = ""
        self.sheets: dict[str, RateSheetPublished] = {}

    @classmethod
    def begin_for(cls, stream: UUID, by: Decision, participant: str, base_currency: str) -> RateSheets:
        """An empty series of sheets."""
        return cls.begin(RateSheetsBegun, stream, by, participant=participant, base_currency=base_currency)

    def publish(
        self, by: Decision, *, sheet: str, rates: dict[str, Decimal], valid_from: datetime, valid_until: datetime, source: str
    ) -> bool:
        """A sheet with the price of one unit of each currency in the base currency. False when this very sheet is known.

        Raises NotPermitted, RateSheetInvalid.
        """
        if by.actor != self.participant:
            raise NotPermitted(
                f"{by.actor} cannot publish {self.participant}'s rates.", field="actor", value=by.actor,
                way_out=f"Let {self.participant} publish them.",
            )  # fmt: skip
        known = self.sheets.get(sheet)
        if known is not None:
            if (known.rates, known.valid_from, known.valid_until) == (rates, valid_from, valid_until):
                return False
            raise RateSheetInvalid(
                f"Sheet {sheet!r} was published with other rates or another validity.",
                field="sheet",
                value=sheet,
                way_out="Give the new sheet its own id.",
            )
        if not rates or not all(map(_is_price, rates.values())) or valid_until <= valid_from:
            raise RateSheetInvalid(
                f"Sheet {sheet!r} needs at least one rate, all above zero with at most {PRICE_DIGITS_MAX} digits, and a validity that "
                "begins before it ends.", field="rates",
                value=sheet, way_out="Publish the sheet again with positive rates.",
            )  # fmt: skip
        self.record(RateSheetPublished, by, sheet=sheet, rates=rates, valid_from=valid_from, valid_until=valid_until, source=source)
        return True

    def rate(self, currency: str, at: datetime) -> SheetRate:
        """The price of one ``currency`` in the base currency by the newest sheet in force. Raises RateMissing."""
        in_force = [s for s in self.sheets.values() if s.valid_from <= at < s.valid_until and currency in s.rates]
        if not in_force:
            raise RateMissing(
                f"{self.participant} has no {self.base_currency}/{currency} rate in force at {at:%Y-%m-%d %H:%M}Z.", field="rate",
                value=f"{self.base_currency}/{currency}", way_out=f"Wait until {self.participant} publishes a sheet.",
            )  # fmt: skip
        newest = max(in_force, key=lambda s: (s.valid_from, s.originator_version))
        return SheetRate(rate=newest.rates[currency], sheet=newest.sheet, valid_until=newest.valid_until)


def _is_price(rate: Decimal) -> bool:
    if not rate.is_finite() or rate <= 0:
        return False
    return abs(rate.adjusted()) < PRICE_DIGITS_MAX and len(rate.as_tuple().digits) <= PRICE_DIGITS_MAX
