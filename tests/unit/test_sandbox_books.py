"""The books of simulated banks: kept by the bank's own calendar, shown on statements that add up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from corridors import shipped_terms
from ledger.iso20022.camt053 import read_camt053
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, Direction, Entry, EntryDetail
from ledger.sandbox.statements import CHARGE, PAID_OUT, TREASURY_IN, AccountBook

UETR = UUID("5a3f3a3e-1c1b-4f3e-9a57-0d5b7c0f4c11")
FRIDAY, SATURDAY, MONDAY, TUESDAY = date(2026, 3, 27), date(2026, 3, 28), date(2026, 3, 30), date(2026, 3, 31)


def book_of_psbc() -> AccountBook:
    bank = shipped_terms("abb-psbc").participant("psbc")
    return AccountBook("psbc", bank.statement_account, bank.currency, bank.calendar)


def test_a_statement_shows_the_bookings_of_its_day_between_two_balances() -> None:
    """What Beijing booked on Friday, as a reader of camt.053 gets it: money in is a credit, money out a debit."""
    book = book_of_psbc()
    book.book(datetime(2026, 3, 27, 2, tzinfo=UTC), 10_000_00, "FLOAT-1", TREASURY_IN, text="float in")
    book.book(datetime(2026, 3, 27, 10, tzinfo=UTC), -720_00, "PAY-1", PAID_OUT, uetr=UETR)

    [statement] = read_camt053(book.statement_on(FRIDAY) or b"")

    assert (statement.id, statement.account) == ("PSBC-CNY-20260327", Account(other="100000000000123456"))
    assert statement.opening == Balance("OPBD", 0, "CNY", FRIDAY)
    assert statement.closing == Balance("CLBD", 9_280_00, "CNY", FRIDAY)
    assert statement.entries == (
        Entry(
            10_000_00, "CNY", Direction.CREDIT, booking_date=FRIDAY, value_date=FRIDAY, reference="1", servicer_reference="FLOAT-1",
            code=TREASURY_IN, additional_info="float in",
        ),
        Entry(
            720_00, "CNY", Direction.DEBIT, booking_date=FRIDAY, value_date=MONDAY, reference="2", servicer_reference="PAY-1",
            code=PAID_OUT, details=(EntryDetail(uetr=UETR),),
        ),
    )  # fmt: skip


def test_what_is_done_at_the_weekend_is_booked_on_the_next_business_day() -> None:
    """Saturday has no statement; Monday's opens where Friday's closed and shows Saturday's payment."""
    book = book_of_psbc()
    book.book(datetime(2026, 3, 27, 2, tzinfo=UTC), 10_000_00, "FLOAT-1", TREASURY_IN)
    book.book(datetime(2026, 3, 28, 2, tzinfo=UTC), -50_00, "PAY-2", PAID_OUT)

    assert book.statement_on(SATURDAY) is None
    [monday] = read_camt053(book.statement_on(MONDAY) or b"")
    [tuesday] = read_camt053(book.statement_on(TUESDAY) or b"")

    assert (monday.opening.minor, [entry.servicer_reference for entry in monday.entries], monday.closing.minor) == (
        10_000_00, ["PAY-2"], 9_950_00,
    )  # fmt: skip
    assert (tuesday.opening.minor, tuesday.entries, tuesday.closing.minor) == (9_950_00, (), 9_950_00)


def test_a_reference_is_booked_once_and_nothing_is_not_booked_at_all() -> None:
    """A run that does everything again rebuilds the same books."""
    book = book_of_psbc()
    for _ in range(2):
        book.book(datetime(2026, 3, 27, 2, tzinfo=UTC), -35_00, "CHARGE-1", CHARGE)
        book.book(datetime(2026, 3, 27, 2, tzinfo=UTC), 0, "CHARGE-2", CHARGE)
    assert book.balance == -35_00


def test_the_same_books_give_the_same_bytes() -> None:
    """A statement sent again is recognised by its bytes."""
    books = [book_of_psbc(), book_of_psbc()]
    for book in books:
        book.book(datetime(2026, 3, 27, 2, tzinfo=UTC), 1_00, "FLOAT-1", TREASURY_IN)
    assert books[0].statement_on(FRIDAY) == books[1].statement_on(FRIDAY)
