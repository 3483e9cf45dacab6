"""Recorded answers of central banks become exact rate sheets."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from ledger.fx.bank_al_maghrib import CASABLANCA, read_bank_al_maghrib, write_bank_al_maghrib
from ledger.fx.bank_of_rwanda import read_bank_of_rwanda


def test_three_days_of_bank_al_maghrib_are_read_to_the_last_digit(conformance_data: Path) -> None:
    """Dollar, yuan, a price for a hundred and one for ten; the second day lists most currencies twice."""
    sheets = [read_bank_al_maghrib((conformance_data / "fx" / f"bank-al-maghrib-{day}.json").read_bytes()) for day in (1, 2, 3)]
    assert [sheet.published_at for sheet in sheets] == [datetime(2026, 3, day, 12, 30, tzinfo=CASABLANCA) for day in (25, 26, 27)]
    assert [[str(sheet.prices[code]) for code in ("USD", "CNY", "DKK", "DZD")] for sheet in sheets] == [
        ["9.3189", "1.3507", "1.4461", "0.07032"],
        ["9.3261", "1.3505", "1.4418", "0.07024"],
        ["9.3341", "1.3504", "1.4393", "0.07014"],
    ]
    assert [(sheet.base, len(sheet.prices)) for sheet in sheets] == [("MAD", 30)] * 3


def test_a_sheet_written_in_the_same_shape_reads_the_same(conformance_data: Path) -> None:
    """Prices and their instants survive; only the bytes, and so the digest, are ours."""
    sheet = read_bank_al_maghrib((conformance_data / "fx" / "bank-al-maghrib-3.json").read_bytes())
    again = read_bank_al_maghrib(write_bank_al_maghrib(sheet))
    assert (again.prices, again.priced_at, again.published_at) == (sheet.prices, sheet.priced_at, sheet.published_at)


def test_sixteen_answers_of_rwanda_make_four_days(conformance_data: Path) -> None:
    """One answer a currency, days out of order, numbers as strings."""
    sheets = read_bank_of_rwanda(*(path.read_bytes() for path in sorted((conformance_data / "fx").glob("bank-of-rwanda-*.json"))))
    assert [(sheet.published_at.date().isoformat(), len(sheet.prices), sheet.prices["CNY"], sheet.prices["USD"]) for sheet in sheets] == [
        ("2026-05-19", 16, Decimal("215.101279"), Decimal("1463.065")),
        ("2026-05-20", 16, Decimal("214.858097"), Decimal("1463.1625")),
        ("2026-05-21", 16, Decimal("215.146772"), Decimal("1463.255")),
        ("2026-05-22", 16, Decimal("215.213057"), Decimal("1463.3525")),
    ]
