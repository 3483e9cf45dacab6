"""Money: decimal strings outside, whole minor units inside, one explicit rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import moneyed
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.money import Rounding, convert, convert_back, decimals, format_amount, parse_amount, round_fraction, to_money
from ledger.errors import AmountInvalid, CurrencyNotAccepted
from tests.unit.refusals import refuses


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1030.00", "MAD", 1_030_00),
        ("1030", "MAD", 1_030_00),
        ("1030.5", "MAD", 1_030_50),
        ("0.01", "CNY", 1),
        ("25000", "VND", 25_000),
        ("1.234", "TND", 1_234),
        ("9999999999999999.99", "MAD", 999_999_999_999_999_999),
    ],
)
def test_a_decimal_string_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    """The currency says how many decimals there are (ISO 4217)."""
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "", "-1.00", "+1.00", "1,00", "1 000.00", "1.", ".50", "01.00", "1e3", "1.001", "0", "0.00", "NaN", "Infinity", "１.00", "٣.00",
        "1.00\n", " 1.00", "0x10", "1_000", "10000000000000000.00",
    ],
)  # fmt: skip
def test_anything_but_a_positive_plain_decimal_is_refused(text: str) -> None:
    """No sign, no exponent, no other digits than 0 to 9, no stray space or line end, no more decimals than the currency has."""
    refuses(AmountInvalid, "amount", text, lambda: parse_amount(text, "MAD"))


def test_a_currency_without_decimals_takes_none() -> None:
    """VND 1.0 is refused, not rounded."""
    refuses(AmountInvalid, "amount", "1.0", lambda: parse_amount("1.0", "VND"))


def test_zero_passes_only_where_it_is_allowed() -> None:
    """A fee may be nothing, a payment may not; a refusal names the field that was wrong."""
    assert parse_amount("0.00", "MAD", allow_zero=True) == 0
    refuses(AmountInvalid, "fee_flat", "0.00", lambda: parse_amount("0.00", "MAD", field="fee_flat"))


def test_a_long_value_is_cut_in_the_refusal() -> None:
    """An error never carries a body back."""
    refuses(AmountInvalid, "amount", "9" * 40, lambda: parse_amount("9" * 5_000, "MAD"))


def test_an_unknown_currency_is_refused() -> None:
    """Only ISO 4217 codes have minor units."""
    refuses(CurrencyNotAccepted, "currency", "ABC", lambda: decimals("ABC"))


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1_030_00, "MAD", "1030.00"), (-103_000, "MAD", "-1030.00"), (5, "MAD", "0.05"), (-5, "MAD", "-0.05"), (0, "VND", "0")],
)
def test_minor_units_become_a_decimal_string(minor: int, currency: str, text: str) -> None:
    """Always with all decimals of the currency."""
    assert format_amount(minor, currency) == text


@given(st.integers(1, 10**17), st.sampled_from(["MAD", "CNY", "USD", "VND", "KWD"]))
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    """Writing and reading lose nothing."""
    assert parse_amount(format_amount(minor, currency), currency) == minor


def test_money_of_the_library_carries_the_exact_amount() -> None:
    """For libraries that want py-moneyed's Money."""
    assert to_money(-1_030_05, "MAD") == moneyed.Money(Decimal("-1030.05"), "MAD")


@pytest.mark.parametrize(
    ("exact", "half_even", "down"),
    [("2.5", 2, 2), ("3.5", 4, 3), ("-2.5", -2, -2), ("-3.5", -4, -3), ("2.51", 3, 2), ("2.49", 2, 2), ("7", 7, 7)],
)
def test_there_are_two_rounding_rules(exact: str, half_even: int, down: int) -> None:
    """To the even neighbour at exactly half, or towards zero."""
    assert (round_fraction(Fraction(exact), Rounding.HALF_EVEN), round_fraction(Fraction(exact), Rounding.DOWN)) == (half_even, down)


def test_conversion_divides_or_multiplies_by_the_price_of_one_unit() -> None:
    """MAD 1,000.00 at 10 a dollar, and the dollars at 7.20 yuan; VND have no decimals."""
    mad_to_usd = convert(1_000_00, "MAD", "USD", source_per_target=Decimal("10"), rounding=Rounding.HALF_EVEN)
    usd_to_cny = convert_back(100_00, "USD", "CNY", target_per_source=Decimal("7.20"), rounding=Rounding.HALF_EVEN)
    vnd_to_usd = convert(2_600_000, "VND", "USD", source_per_target=Decimal("26000"), rounding=Rounding.HALF_EVEN)
    assert (mad_to_usd, usd_to_cny, vnd_to_usd) == (100_00, 720_00, 100_00)


@given(st.integers(1, 10**12), st.decimals("0.0001", "100000", places=6), st.sampled_from(Rounding))
def test_a_conversion_is_exact_and_rounded_once(minor: int, rate: Decimal, rounding: Rounding) -> None:
    """The result lies within one minor unit of the exact quotient, within half a one when rounding to even."""
    converted = convert(minor, "MAD", "USD", source_per_target=rate, rounding=rounding)
    error = abs(converted - Fraction(minor) / Fraction(rate))
    assert error < 1
    assert rounding is Rounding.DOWN or error <= Fraction(1, 2)
