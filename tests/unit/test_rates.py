"""A participant's rate sheets: who publishes, which one is in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ledger.domain import ids
from ledger.domain import rates_events as happened
from ledger.domain.pricing import SheetRate
from ledger.domain.rates import RateSheets
from ledger.errors import NotPermitted, RateMissing, RateSheetInvalid
from tests.unit.corridor_fixtures import ABB, CORRIDOR, NOW, PSBC, by
from tests.unit.history import Fact, fact, given, recorded, recorded_nothing
from tests.unit.refusals import refuses

STREAM = ids.rates_stream(CORRIDOR, ABB)
BEGUN = fact(happened.RateSheetsBegun, by(ABB), participant=ABB, base_currency="MAD")
DAY = timedelta(days=1)


def sheet(name: str = "ABB-1", rate: str = "10", *, since: datetime = NOW, until: datetime = NOW + DAY) -> dict[str, Any]:
    """A sheet with the price of one dollar."""
    return {"sheet": name, "rates": {"USD": Decimal(rate)}, "valid_from": since, "valid_until": until, "source": "invented for tests"}


def published(**changes: Any) -> Fact:
    return fact(happened.RateSheetPublished, by(ABB), **sheet(**changes))


def rates(*facts: Fact) -> RateSheets:
    return given(RateSheets, STREAM, BEGUN, *facts)


def test_a_bank_begins_and_publishes() -> None:
    """One stream a bank, one event a sheet."""
    sheets = RateSheets.begin_for(STREAM, by(ABB), ABB, "MAD")
    assert sheets.publish(by(ABB), **sheet())
    recorded(sheets, BEGUN, published())


def test_the_same_sheet_again_changes_nothing() -> None:
    """A repeated import is recognised; another price or validity under the same name is refused."""
    sheets = rates(published())
    assert not sheets.publish(by(ABB), **sheet())
    refuses(RateSheetInvalid, "sheet", "ABB-1", lambda: sheets.publish(by(ABB), **sheet(rate="10.01")))
    refuses(RateSheetInvalid, "sheet", "ABB-1", lambda: sheets.publish(by(ABB), **sheet(until=NOW + 2 * DAY)))
    recorded_nothing(sheets)


def test_only_the_bank_itself_publishes_its_rates() -> None:
    """The other bank sets its own."""
    sheets = rates()
    refuses(NotPermitted, "actor", PSBC, lambda: sheets.publish(by(PSBC), **sheet()))
    recorded_nothing(sheets)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rates": {}},
        {"rates": {"USD": Decimal("0")}},
        {"rates": {"USD": Decimal("-10")}},
        {"rates": {"USD": Decimal("10"), "EUR": Decimal("0")}},
        {"rates": {"USD": Decimal("NaN")}},
        {"rates": {"USD": Decimal("sNaN")}},
        {"rates": {"USD": Decimal("Infinity")}},
        {"rates": {"USD": Decimal("1E+999999")}},
        {"rates": {"USD": Decimal("1E-999999")}},
        {"rates": {"USD": Decimal("9.000000000000000001")}},
        {"valid_until": NOW},
    ],
    ids=["none", "zero", "negative", "one of two", "nan", "signalling nan", "infinite", "huge", "tiny", "long", "no time"],
)
def test_a_sheet_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """Every price is above zero and the validity begins before it ends."""
    sheets = rates()
    refuses(RateSheetInvalid, "rates", "ABB-1", lambda: sheets.publish(by(ABB), **(sheet() | wrong)))
    recorded_nothing(sheets)


def test_the_newest_sheet_in_force_gives_the_rate() -> None:
    """Of two that begin at once the later published counts; one that has not begun or has ended does not."""
    sheets = rates(
        published(name="OLD", rate="9", since=NOW - DAY, until=NOW + DAY),
        published(name="FIRST", rate="10"),
        published(name="CORRECTED", rate="10.05"),
        published(name="TOMORROW", rate="11", since=NOW + timedelta(hours=1), until=NOW + 2 * DAY),
    )
    assert sheets.rate("USD", NOW) == SheetRate(rate=Decimal("10.05"), sheet="CORRECTED", valid_until=NOW + DAY)
    assert sheets.rate("USD", NOW - timedelta(seconds=1)).sheet == "OLD"
    assert sheets.rate("USD", NOW + timedelta(hours=1)).sheet == "TOMORROW"


def test_without_a_sheet_in_force_there_is_no_rate() -> None:
    """Not before it begins, not from its end on, not for a currency it does not price."""
    sheets = rates(published())
    assert sheets.rate("USD", NOW + DAY - timedelta(microseconds=1)).sheet == "ABB-1"
    for currency, at in (("USD", NOW - timedelta(microseconds=1)), ("USD", NOW + DAY), ("EUR", NOW)):
        refuses(RateMissing, "rate", f"MAD/{currency}", lambda currency=currency, at=at: sheets.rate(currency, at))
