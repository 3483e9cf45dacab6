"""Values of the standard's types as text: decimals, dates, instants, identifiers (XML Schema 1.0 part 2; ISO 20022 data types)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_UUID_V4 = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}")
_NUMERAL = re.compile(r"[0-9]{1,15}")
_MICROSECOND_DIGITS = 7  # the point and six digits


class Amount(NamedTuple):
    """Whole minor units of a currency."""

    minor: int
    currency: str


def plain_decimal(text: str) -> str | None:
    """An xs:decimal in its plainest form, ``+0100.50`` as ``100.50``; None where the text is no decimal. Decimals are kept as sent."""
    found = _DECIMAL.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return None
    sign = "-" if found[1] == "-" else ""
    whole = found[2].lstrip("0") or "0"
    return f"{sign}{whole}.{found[3]}" if found[3] else f"{sign}{whole}"


def read_decimal(text: str, *, digits_max: int, decimals_max: int) -> Decimal | None:
    """The exact number; None where the text is no decimal or has more digits than its type allows."""
    plain = plain_decimal(text)
    if plain is None:
        return None
    whole, _, fraction = plain.lstrip("-").partition(".")
    if len(fraction) > decimals_max or len(whole.lstrip("0")) + len(fraction) > digits_max:
        return None
    return Decimal(plain)


def read_count(text: str) -> int | None:
    """A Max15NumericText as a number; None where it is none."""
    return int(text) if _NUMERAL.fullmatch(text) else None


def read_date(text: str) -> date | None:
    """An ISODate; an offset behind it is dropped, since a business date belongs to a calendar and not to an instant."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        return None


def read_instant(text: str) -> datetime | None:
    """An ISODateTime as an aware datetime to the microsecond. The standard allows no offset; such an instant is taken as UTC."""
    instant = read_local_instant(text)
    return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant


def read_local_instant(text: str) -> datetime | None:
    """An ISODateTime as it stands: without an offset the result is naive."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    fraction = (found[2] or "")[:_MICROSECOND_DIGITS]
    try:
        return datetime.fromisoformat(f"{found[1]}{fraction}{found[3] or ''}")
    except ValueError:
        return None


def write_instant(instant: datetime) -> str:
    """An ISODateTime with its offset, to the second."""
    if instant.tzinfo is None:
        raise ValueError("an instant without an offset cannot be written")
    return instant.isoformat(timespec="seconds")


def write_exact_instant(instant: datetime) -> str:
    """An ISODateTime with its offset, and with fractions of a second where it has any: for what another bank has stated."""
    if instant.tzinfo is None:
        raise ValueError("an instant without an offset cannot be written")
    return instant.isoformat()


def is_code(text: str) -> bool:
    """Whether the text has the form of a code of an external set: at most 4 letters and digits."""
    return len(text) <= 4 and text.isascii() and text.isalnum()


def is_uetr(text: str) -> bool:
    """Whether the text is a UUIDv4Identifier: version 4, lower case (RFC 9562)."""
    return _UUID_V4.fullmatch(text) is not None


def read_uetr(text: str) -> UUID | None:
    """A UUIDv4Identifier; None where the text is none."""
    return UUID(text) if is_uetr(text) else None
