"""A rate sheet, whoever published it: what one unit of each currency costs in the base currency."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from ledger.errors import Malformed, RateSheetInvalid

# Rates have some eight digits before and behind the point; what has many more is no rate, and 1E+999999999 must not be written out.
_EXPONENT_MAX = 18
_ANSWER_BYTES_MAX = 4 * 1024 * 1024


class UnreadableRates(Malformed):
    """An answer that is not in the shape its publisher gives it."""


@dataclass(frozen=True, slots=True)
class RateSheetData:
    """A published sheet. ``prices`` maps a currency to the exact price of ONE unit of it in ``base``.

    ``published_at`` is the newest instant in the sheet, in the publisher's own zone; ``priced_at`` gives each currency's. ``digest`` is
    the SHA-256 of the bytes it was read from, in hex; ``source`` names the publisher.
    """

    base: str
    published_at: datetime
    prices: Mapping[str, Decimal]
    priced_at: Mapping[str, datetime]
    digest: str
    source: str


class Quotation(NamedTuple):
    """One row of a publisher: the price of one unit of a currency at an instant."""

    currency: str
    price: Decimal
    at: datetime


def load_rows(data: bytes) -> list[dict[str, Any]]:
    """The rows of a JSON answer, its numbers as exact decimals. Raises UnreadableRates."""
    if len(data) > _ANSWER_BYTES_MAX:
        raise UnreadableRates(f"The answer is larger than {_ANSWER_BYTES_MAX} bytes.", field="answer", way_out="Ask for fewer currencies.")
    try:
        rows = json.loads(data, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError, InvalidOperation):
        raise UnreadableRates("The answer is not JSON.", field="answer", way_out="Fetch it again.") from None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise UnreadableRates("The answer is not a list of rates.", field="answer", way_out="Fetch it again.")
    return rows


def read_currency(row: Mapping[str, Any], field: str) -> str:
    """The currency code of a row. Raises UnreadableRates."""
    code = row.get(field)
    if not isinstance(code, str) or len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
        raise UnreadableRates(
            f"{field} is {_shown(code)}, not a currency code.", field=field, value=_shown(code), way_out="Fetch it again."
        )
    return code


def read_price(row: Mapping[str, Any], field: str) -> Decimal:
    """A price above zero, written as a JSON number or a string. Raises UnreadableRates."""
    value = row.get(field)
    try:
        price = Decimal(value) if isinstance(value, str | Decimal) else None
    except InvalidOperation:
        price = None
    if price is None or not price.is_finite() or price <= 0 or not _has_size_of_rate(price):
        raise UnreadableRates(
            f"{field} is {_shown(value)}, not a price above zero.", field=field, value=_shown(value), way_out="Fetch it again."
        )
    return price


def _has_size_of_rate(price: Decimal) -> bool:
    return abs(price.adjusted()) <= _EXPONENT_MAX and len(price.as_tuple().digits) <= _EXPONENT_MAX


def make_sheet(quotations: Iterable[Quotation], *, base: str, data: Iterable[bytes], source: str) -> RateSheetData:
    """The sheet of these quotations: of a currency quoted twice the later quotation stands, equal ones are one.

    Raises RateSheetInvalid when one currency has two prices at one instant.
    """
    newest: dict[str, Quotation] = {}
    for quotation in quotations:
        before = newest.get(quotation.currency)
        if before is not None and before.at == quotation.at and before.price != quotation.price:
            raise RateSheetInvalid(
                f"{source} gives {quotation.currency} two prices at {quotation.at.isoformat()}: {before.price} and {quotation.price}.",
                field=quotation.currency,
                value=quotation.price,
                way_out="Ask the publisher which one holds; take neither.",
            )
        if before is None or quotation.at > before.at:
            newest[quotation.currency] = quotation
    digest = hashlib.sha256()
    for part in data:
        digest.update(part)
    return RateSheetData(
        base=base,
        published_at=max(quotation.at for quotation in newest.values()),
        prices={code: newest[code].price for code in sorted(newest)},
        priced_at={code: newest[code].at for code in sorted(newest)},
        digest=digest.hexdigest(),
        source=source,
    )


def _no_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is no rate")


def _shown(value: object) -> str:
    return repr(str(value)[:40]) if isinstance(value, str | Decimal) else type(value).__name__
