"""The books that a simulated bank keeps of one account, and the statements it sends of them.

They are kept apart from the ledger: a bank books what it did itself, when it did it, by its own calendar. What the ledger believes is
none of its business, and that is what makes reconciling the two worth something.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.domain.calendar import Calendar
from ledger.iso20022.camt053_writer import write_camt053
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement

# Domain, family and sub-family of the external bank transaction code set.
TAKEN_IN = BankTransactionCode("PMNT", "RCDT", "BOOK")
CASH_TAKEN_IN = BankTransactionCode("PMNT", "CNTR", "CDPT")
PAID_OUT = BankTransactionCode("PMNT", "ICDT", "BOOK")
CASH_PAID_OUT = BankTransactionCode("PMNT", "CNTR", "CWDL")
RETURNED = BankTransactionCode("PMNT", "RCDT", "RRTN")
GIVEN_BACK = BankTransactionCode("PMNT", "ICDT", "RRTN")
WIRE_IN = BankTransactionCode("PMNT", "RCDT", "XBCT")
WIRE_OUT = BankTransactionCode("PMNT", "ICDT", "XBCT")
TREASURY_IN = BankTransactionCode("CAMT", "CAPL", "XBCT")
TREASURY_OUT = BankTransactionCode("CAMT", "CAPL", "DBCT")
CHARGE = BankTransactionCode("ACMT", "MDOP", "CHRG")

_END_OF_DAY = time(23, 59)


@dataclass(frozen=True, slots=True)
class Booking:
    """One line in the bank's books: ``minor`` positive when money came in, ``reference`` the bank's own, unique in the account."""

    minor: int
    reference: str
    code: BankTransactionCode
    booked_on: date
    value_on: date
    uetr: UUID | None
    text: str


class AccountBook:
    """One account at one bank, from its opening on. Amounts in minor units of ``currency``, as the account's owner reads them."""

    def __init__(self, bank: str, number: str, currency: str, calendar: Calendar) -> None:
        self._bank = bank
        self._account = Account(iban=number) if number[:2].isalpha() else Account(other=number)
        self.currency = currency
        self._calendar = calendar
        self._bookings: dict[str, Booking] = {}

    @property
    def balance(self) -> int:
        return sum(booking.minor for booking in self._bookings.values())

    def book(
        self,
        at: datetime,
        minor: int,
        reference: str,
        code: BankTransactionCode,
        *,
        uetr: UUID | None = None,
        text: str = "",
    ) -> None:
        """Books at an instant, on the day and with the value date of the bank's own calendar; a reference booked before changes nothing."""
        if minor and reference not in self._bookings:
            dates = self._calendar.dates(at)
            self._bookings[reference] = Booking(minor, reference, code, dates.booking, dates.value, uetr, text)

    def statement_on(self, day: date) -> bytes | None:
        """The camt.053 of one business day, with or without entries; None for a day that is none."""
        if not self._calendar.is_business_day(day):
            return None
        bookings = [booking for booking in self._bookings.values() if booking.booked_on == day]
        opening = sum(booking.minor for booking in self._bookings.values() if booking.booked_on < day)
        closing = opening + sum(booking.minor for booking in bookings)
        zone = ZoneInfo(self._calendar.zone)
        ends_at = datetime.combine(day, _END_OF_DAY, zone)
        return write_camt053(
            Statement(
                id=f"{self._bank.upper()}-{self.currency}-{day:%Y%m%d}",
                account=self._account,
                currency=self.currency,
                opening=Balance("OPBD", opening, self.currency, day),
                closing=Balance("CLBD", closing, self.currency, day),
                entries=tuple(self._entry(line, booking) for line, booking in enumerate(bookings, start=1)),
                created_at=ends_at,
                from_at=datetime.combine(day, time(), zone),
                to_at=ends_at,
                sequence=day.timetuple().tm_yday,
            )
        )

    def _entry(self, line: int, booking: Booking) -> Entry:
        return Entry(
            minor=abs(booking.minor),
            currency=self.currency,
            direction=Direction.CREDIT if booking.minor > 0 else Direction.DEBIT,
            booking_date=booking.booked_on,
            value_date=booking.value_on,
            reference=str(line),
            servicer_reference=booking.reference,
            code=booking.code,
            details=() if booking.uetr is None else (EntryDetail(uetr=booking.uetr),),
            additional_info=booking.text or None,
        )
