"""Money: integers of minor units inside, decimal strings outside, never a float.

An amount is an ``int`` that counts the currency's smallest unit (ISO 4217 minor unit): MAD 1,030.00 is 103000, VND 25000 is 25000.
Which unit that is comes from py-moneyed's currency table. `Money` of py-moneyed appears only at the edges.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

import moneyed

from ledger.errors import AmountInvalid, CurrencyNotAccepted

# What a statement, a message and a JSON number field can all carry (ISO 20022: 18 digits in all).
MAX_DIGITS = 18
_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?")


class Rounding(StrEnum):
    """How an exact product becomes whole minor units. The quote states which rule it used."""

    HALF_EVEN = "half_even"
    DOWN = "down"


@lru_cache(maxsize=512)
def decimals(currency: str) -> int:
    """How many decimals the currency has (ISO 4217): MAD 2, VND 0.

    Raises CurrencyNotAccepted when ISO 4217 does not know the code. Codes without a minor unit (XAU, XXX) count as 0; no terms name them.
    """
    try:
        sub_unit = moneyed.get_currency(currency).sub_unit
    except moneyed.CurrencyDoesNotExist:
        raise CurrencyNotAccepted(
            f"{currency!r} is not an ISO 4217 currency.", field="currency", value=currency, way_out="Use a code such as MAD."
        ) from None
    return len(str(sub_unit)) - 1


@lru_cache(maxsize=4_096)
def parse_amount(text: str, currency: str, *, field: str = "amount", allow_zero: bool = False) -> int:
    """Minor units of a decimal string such as ``"1030.00"``.

    Raises AmountInvalid when it is not a plain decimal, has more decimals than the currency, is zero (unless allowed) or negative.
    """
    places = decimals(currency)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise AmountInvalid(
            f"{field} {text[:40]!r} is not a positive decimal.",
            field=field,
            value=text[:40],
            way_out=f"Write digits with a point and at most {places} decimals, such as {format_amount(100 * 10**places, currency)}.",
        )
    whole, fraction = match.group(1), match.group(2) or ""
    if len(fraction) > places:
        raise AmountInvalid(
            f"{field} {text[:40]!r} has {len(fraction)} decimals; {currency} has {places}.",
            field=field,
            value=text[:40],
            way_out=f"Send at most {places} decimals.",
        )
    if len(whole) + places > MAX_DIGITS:
        raise AmountInvalid(
            f"{field} {text[:40]!r} has more than {MAX_DIGITS} digits.",
            field=field,
            value=text[:40],
            way_out="Send a smaller amount.",
        )
    minor = int(whole + fraction.ljust(places, "0"))
    if minor == 0 and not allow_zero:
        raise AmountInvalid(f"{field} is zero.", field=field, value=text[:40], way_out="Send an amount above zero.")
    return minor


def format_amount(minor: int, currency: str) -> str:
    """The decimal string of an amount: ``format_amount(-103000, "MAD") == "-1030.00"``."""
    places = decimals(currency)
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def to_money(minor: int, currency: str) -> moneyed.Money:
    """The amount as py-moneyed's Money, for libraries that want one."""
    return moneyed.Money(Decimal(format_amount(minor, currency)), currency)


def round_fraction(exact: Fraction, rounding: Rounding) -> int:
    """A whole number out of an exact one, by the stated rule. ``DOWN`` is towards zero."""
    return round_quotient(exact.numerator, exact.denominator, rounding)


def round_quotient(dividend: int, divisor: int, rounding: Rounding) -> int:
    """The whole number that the exact quotient becomes, by the stated rule; ``divisor`` above zero. ``DOWN`` is towards zero."""
    whole, rest = divmod(dividend, divisor)
    if rounding is Rounding.HALF_EVEN:
        return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2))
    return whole + (whole < 0 < rest)


def convert(minor: int, source: str, target: str, *, source_per_target: Decimal, rounding: Rounding) -> int:
    """What ``minor`` units of ``source`` are in minor units of ``target``.

    ``source_per_target`` is the price of one whole unit of ``target`` in ``source`` (MAD per USD: 9.3189). The product is exact and
    rounded once.
    """
    of_source, of_target = _units(source_per_target, source, target)
    return round_quotient(minor * of_target, of_source, rounding)


def convert_back(minor: int, source: str, target: str, *, target_per_source: Decimal, rounding: Rounding) -> int:
    """What ``minor`` units of ``source`` are in ``target`` when ``target_per_source`` is the price of one ``source`` in ``target``
    (CNY per USD: 6.9008). The product is exact and rounded once."""
    of_target, of_source = _units(target_per_source, target, source)
    return round_quotient(minor * of_target, of_source, rounding)


@lru_cache(maxsize=1_024)
def _units(price: Decimal, paid: str, bought: str) -> tuple[int, int]:
    """Whole numbers of minor units that are worth the same at ``price``, which is of one ``bought`` in ``paid``: so many of ``paid``, so
    many of ``bought``."""
    numerator, denominator = price.as_integer_ratio()
    return numerator * 10 ** decimals(paid), denominator * 10 ** decimals(bought)
