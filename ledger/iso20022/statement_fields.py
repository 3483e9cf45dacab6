"""The fields of a part of a statement, together with where they stand, for errors that say where."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from ledger.domain.money import decimals, parse_amount
from ledger.errors import AmountInvalid, CurrencyNotAccepted
from ledger.iso20022.errors import ElementMissing, ValueInvalid
from ledger.iso20022.fields import Fields, safe
from ledger.iso20022.statement import Direction
from ledger.iso20022.values import plain_decimal, read_date, read_decimal, read_instant

# BaseOneRate: 11 digits, 10 of them decimals; versions up to 03 allow the same.
_RATE_DIGITS, _RATE_DECIMALS = 11, 10
_COUNT_DIGITS = 15
_YES, _NO = ("true", "1"), ("false", "0")


class Place:
    """Fields together with where they stand, for errors that say where."""

    def __init__(self, fields: Fields, xpath: str) -> None:
        self.fields = fields
        self.xpath = xpath

    def text(self, path: str) -> str | None:
        return self.fields.text(path)

    def required(self, path: str) -> str:
        """The text at the path. Raises ElementMissing."""
        text = self.fields.text(path)
        if text is None:
            raise ElementMissing(f"{self.xpath} lacks {path}.", field=f"{self.xpath}/{path}", way_out="Send the statement complete.")
        return text

    def invalid(self, path: str, why: str) -> ValueInvalid:
        """The error that the value at the path is not what its type asks for."""
        return ValueInvalid(f"{self.xpath}/{path} {why}.", field=f"{self.xpath}/{path}", way_out="Correct it and send it again.")

    def amount(self, path: str) -> tuple[int, str]:
        """An amount of zero or more as (minor units, currency). Zeros behind the currency's decimals are dropped."""
        text, currency = self.required(path), self.required(f"{path}@Ccy")
        try:
            places = decimals(currency)
            plain = plain_decimal(text) or ""
            whole, _, fraction = plain.partition(".")
            kept = fraction[:places] + fraction[places:].rstrip("0")
            return parse_amount(f"{whole}.{kept}" if kept else whole, currency, allow_zero=True), currency
        except CurrencyNotAccepted:
            raise self.invalid(f"{path}/@Ccy", f"is {safe(currency)}, not a currency of ISO 4217") from None
        except AmountInvalid:
            raise self.invalid(path, f"is {safe(text)}, not an amount of {currency} of zero or more") from None

    def direction(self, path: str) -> Direction:
        """A CreditDebitCode."""
        text = self.required(path)
        if text not in set(Direction):
            raise self.invalid(path, f"is {safe(text)}, not CRDT or DBIT")
        return Direction(text)

    def day(self, path: str) -> date | None:
        """A DateAndDateTimeChoice as its date, in the bank's own day."""
        text = self.text(f"{path}/Dt") or self.text(f"{path}/DtTm")
        if text is None:
            return None
        found = read_date(text.partition("T")[0])
        if found is None:
            raise self.invalid(path, f"is {safe(text)}, not a date such as 2026-03-27")
        return found

    def required_day(self, path: str) -> date:
        """The date at the path. Raises ElementMissing."""
        found = self.day(path)
        if found is None:
            raise ElementMissing(f"{self.xpath} lacks {path}/Dt.", field=f"{self.xpath}/{path}", way_out="Send the statement complete.")
        return found

    def instant(self, path: str) -> datetime | None:
        """An ISODateTime; without an offset it is taken as UTC."""
        text = self.text(path)
        if text is None:
            return None
        found = read_instant(text)
        if found is None:
            raise self.invalid(path, f"is {safe(text)}, not a date and time")
        return found

    def number(self, path: str) -> int | None:
        """A whole number; 7.00 is one too."""
        text = self.text(path)
        if text is None:
            return None
        found = read_decimal(text.rstrip("0").rstrip(".") if "." in text else text, digits_max=_COUNT_DIGITS, decimals_max=0)
        if found is None or found < 0:
            raise self.invalid(path, f"is {safe(text)}, not a number of at most {_COUNT_DIGITS} digits")
        return int(found)

    def rate(self, path: str) -> Decimal:
        """A BaseOneRate. Raises ElementMissing, ValueInvalid."""
        text = self.required(path)
        found = read_decimal(text, digits_max=_RATE_DIGITS, decimals_max=_RATE_DECIMALS)
        if found is None:
            raise self.invalid(path, f"is {safe(text)}, not a rate of at most {_RATE_DIGITS} digits")
        return found

    def indicator(self, path: str) -> bool | None:
        """A yes or no (xs:boolean)."""
        text = self.text(path)
        if text is None or text in _YES or text in _NO:
            return None if text is None else text in _YES
        raise self.invalid(path, f"is {safe(text)}, not true or false")
