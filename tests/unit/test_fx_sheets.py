"""Rate sheets: exact prices of one unit, whatever the publisher's habits."""

import hashlib
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from ledger.errors import LedgerError, RateSheetInvalid
from ledger.fx.bank_al_maghrib import CASABLANCA, compose_sheet, read_bank_al_maghrib, write_bank_al_maghrib
from ledger.fx.bank_of_rwanda import KIGALI, read_bank_of_rwanda
from ledger.fx.sheets import RateSheetData, UnreadableRates

NOON = datetime(2026, 3, 27, 12, 30, tzinfo=CASABLANCA)


def row(currency: str, price: str, unit: str = "1", at: str = "2026-03-27T12:30:00") -> str:
    return f'{{"date": "{at}", "libDevise": "{currency}", "moyen": {price}, "uniteDevise": {unit}}}'


def answer(*rows: str) -> bytes:
    return f"[{', '.join(rows)}]".encode()


def test_units_of_ten_and_a_hundred_are_honoured_exactly() -> None:
    """A price for 100 or 10 units becomes that of one, without a digit lost or gained."""
    data = answer(row("DKK", "143.93", "100"), row("DZD", "0.7014", "10"), row("USD", "9.3341"))
    assert read_bank_al_maghrib(data) == RateSheetData(
        base="MAD",
        published_at=NOON,
        prices={"DKK": Decimal("1.4393"), "DZD": Decimal("0.07014"), "USD": Decimal("9.3341")},
        priced_at={"DKK": NOON, "DZD": NOON, "USD": NOON},
        digest=hashlib.sha256(data).hexdigest(),
        source="Bank Al-Maghrib",
    )


def test_a_number_never_passes_through_a_float() -> None:
    """A float would make 0.1 something else; seventeen digits stay what they are."""
    sheet = read_bank_al_maghrib(answer(row("XAF", "0.12345678901234567")))
    assert sheet.prices == {"XAF": Decimal("0.12345678901234567")}


def test_a_currency_listed_twice_counts_once() -> None:
    """Equal doubles are one, also when one of them prices a hundred units."""
    sheet = read_bank_al_maghrib(answer(row("DKK", "143.93", "100"), row("DKK", "1.4393"), row("DKK", "143.93", "100")))
    assert sheet.prices == {"DKK": Decimal("1.4393")}


def test_a_later_price_replaces_an_earlier_one_in_whatever_order() -> None:
    """The sheet is as new as its newest price; each price keeps its own instant."""
    old, new = row("USD", "9.3189", at="2026-03-25T12:30:00"), row("USD", "9.3341")
    euro = row("EUR", "10.8057", at="2026-03-25T12:30:00")
    for rows in ((old, new, euro), (new, euro, old)):
        sheet = read_bank_al_maghrib(answer(*rows))
        assert (sheet.published_at, sheet.prices["USD"]) == (NOON, Decimal("9.3341"))
        assert sheet.priced_at == {"EUR": datetime(2026, 3, 25, 12, 30, tzinfo=CASABLANCA), "USD": NOON}


def test_two_prices_of_one_currency_at_one_instant_are_refused() -> None:
    """Nobody can say which one holds."""
    with pytest.raises(RateSheetInvalid) as refused:
        read_bank_al_maghrib(answer(row("USD", "9.3341"), row("USD", "9.3342")))
    assert str(refused.value) == (
        "Bank Al-Maghrib gives USD two prices at 2026-03-27T12:30:00+01:00: 9.3341 and 9.3342. "
        "Ask the publisher which one holds; take neither."
    )


def test_local_time_in_ramadan_is_that_of_casablanca() -> None:
    """Morocco leaves UTC+1 for UTC during Ramadan; the zone knows, the answer does not say."""
    sheet = read_bank_al_maghrib(answer(row("USD", "9.3", at="2026-03-05T12:30:00")))
    assert sheet.published_at.isoformat() == "2026-03-05T12:30:00+00:00"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "The answer is not JSON."),
        (b"<html>", "The answer is not JSON."),
        (b"[" * 100_000, "The answer is not JSON."),
        (b"\xff", "The answer is not JSON."),
        (b"[]", "The answer is not a list of rates."),
        (b'{"error": "quota"}', "The answer is not a list of rates."),
        (b"[1]", "The answer is not a list of rates."),
        (b" " * (4 * 1024 * 1024 + 1), "The answer is larger than 4194304 bytes."),
        (answer(row("usd", "9.3")), "libDevise is 'usd', not a currency code."),
        (answer(row("USD", "0")), "moyen is '0', not a price above zero."),
        (answer(row("USD", "-9.3")), "moyen is '-9.3', not a price above zero."),
        (answer(row("USD", "NaN")), "The answer is not JSON."),
        (answer(row("USD", '"NaN"')), "moyen is 'NaN', not a price above zero."),
        (answer(row("USD", "1e999999999")), "moyen is '1E+999999999', not a price above zero."),
        (answer(row("USD", "null")), "moyen is NoneType, not a price above zero."),
        (answer(row("USD", "9.3", "3")), "uniteDevise of USD is not 1, 10, 100 or 1000."),
        (answer(row("USD", "9.3", "null")), "uniteDevise of USD is not 1, 10, 100 or 1000."),
        (answer(row("USD", "9.3", at="yesterday")), "date of USD is no date and time."),
    ],
)
def test_an_answer_in_another_shape_is_refused(data: bytes, told: str) -> None:
    """What is wrong is named, with the value where it is one."""
    with pytest.raises(UnreadableRates) as refused:
        read_bank_al_maghrib(data)
    assert str(refused.value).startswith(told)


def test_a_sheet_of_another_bank_survives_writing_and_reading() -> None:
    """The other participant publishes in the same shape, in its own currency and zone."""
    shanghai = ZoneInfo("Asia/Shanghai")
    sheet = compose_sheet(
        "CNY",
        datetime(2026, 3, 27, 9, 15, tzinfo=shanghai),
        {"USD": Decimal("6.9008"), "JPY": Decimal("0.043120")},
        source="Postal Savings Bank of China",
    )
    data = write_bank_al_maghrib(sheet)
    assert data == (
        b'[\n {"date": "2026-03-27T09:15:00", "libDevise": "JPY", "moyen": 0.043120, "uniteDevise": 1},\n'
        b' {"date": "2026-03-27T09:15:00", "libDevise": "USD", "moyen": 6.9008, "uniteDevise": 1}\n]\n'
    )
    assert read_bank_al_maghrib(data, base="CNY", zone=shanghai, source="Postal Savings Bank of China") == sheet


def rwanda(currency: str, day: str, average: str) -> str:
    return (
        f'{{"currency_name": "{currency}", "buying_rate": "1.1", "average_rate": "{average}", "selling_rate": "3.3", "post_date": "{day}"}}'
    )


def test_days_out_of_order_become_one_sheet_each() -> None:
    """Answers of several currencies are put together by day, oldest first."""
    dollars = answer(rwanda("USD", "21-May-26", "1463.255"), rwanda("USD", "19-May-26", "1463.065"))
    yuan = answer(rwanda("CNY", "19-May-26", "215.101279"))
    first, second = datetime(2026, 5, 19, tzinfo=KIGALI), datetime(2026, 5, 21, tzinfo=KIGALI)
    digest = hashlib.sha256(dollars + yuan).hexdigest()
    assert read_bank_of_rwanda(dollars, yuan) == (
        RateSheetData(
            base="RWF",
            published_at=first,
            prices={"CNY": Decimal("215.101279"), "USD": Decimal("1463.065")},
            priced_at={"CNY": first, "USD": first},
            digest=digest,
            source="National Bank of Rwanda",
        ),
        RateSheetData("RWF", second, {"USD": Decimal("1463.255")}, {"USD": second}, digest, "National Bank of Rwanda"),
    )


def test_the_side_of_the_rate_can_be_chosen() -> None:
    """Buying and selling stand beside the average."""
    data = answer(rwanda("USD", "19-May-26", "2.2"))
    sides = [read_bank_of_rwanda(data, side=side)[0].prices["USD"] for side in ("buying", "average", "selling")]  # type: ignore[arg-type]
    assert sides == [Decimal("1.1"), Decimal("2.2"), Decimal("3.3")]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (answer(rwanda("USD", "31-Feb-26", "2")), "post_date of USD is no day such as 19-May-26."),
        (answer(rwanda("USD", "19-Mai-26", "2")), "post_date of USD is no day such as 19-May-26."),
        (answer(rwanda("USD", "2026-05-19", "2")), "post_date of USD is no day such as 19-May-26."),
        (answer(rwanda("USD", "19-May-26", "2,5")), "average_rate is '2,5', not a price above zero."),
        (answer(rwanda("USD", "19-May-26", "2"), rwanda("USD", "19-May-26", "3")), "National Bank of Rwanda gives USD two prices"),
    ],
)
def test_rates_of_rwanda_that_cannot_be_read_are_refused(data: bytes, told: str) -> None:
    """A day that is none, a price that is none, a contradiction."""
    with pytest.raises(LedgerError) as refused:
        read_bank_of_rwanda(data)
    assert str(refused.value).startswith(told)
