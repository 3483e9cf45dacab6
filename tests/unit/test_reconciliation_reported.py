"""What banks report becomes flat lines on our accounts: whose account, which day, whose sign, known by what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from corridors import shipped_terms
from ledger.iso20022.camt053 import write_camt053
from ledger.iso20022.errors import StatementDoesNotAddUp
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from reconciliation.csv_statement import COLUMNS
from reconciliation.errors import StatementAccountDiffers, StatementAccountUnknown, StatementCsvInvalid, StatementPagesMissing
from reconciliation.lines import ReportedLine
from reconciliation.reported import ReadStatement, accounts_by_number, read_statements
from tests.unit.reconciliation_examples import uetr

TERMS = shipped_terms("abb-psbc")
CASH, NUMBER = "psbc:cash:CNY", "100000000000123456"
FRIDAY, MONDAY, TUESDAY = date(2026, 3, 27), date(2026, 3, 30), date(2026, 3, 31)
WRITTEN = datetime(2026, 3, 30, 22, 0, tzinfo=UTC)
PAID = "00000001-1111-4222-8333-444444444444"


def entry(minor: int, direction: Direction = Direction.DEBIT, **more: object) -> Entry:
    return replace(Entry(minor, "CNY", direction, booking_date=MONDAY), **more)


def statement(*entries: Entry, opening: int = 100_000, opening_type: str = "OPBD", **more: object) -> Statement:
    closing = opening + sum(one.signed_minor for one in entries if one.status == "BOOK")
    whole = Statement(
        id="S1",
        account=Account(other=NUMBER, currency="CNY"),
        currency="CNY",
        opening=Balance(opening_type, opening, "CNY", MONDAY if opening_type == "OPBD" else FRIDAY),
        closing=Balance("CLBD", closing, "CNY", MONDAY),
        entries=entries,
    )
    return replace(whole, **more)


def read(*statements: Statement) -> list[ReadStatement]:
    return read_statements(write_camt053(statements, created_at=WRITTEN), TERMS)


def test_every_account_that_mirrors_a_bank_is_found_by_its_number() -> None:
    """Both banks' cash and the settlement account, by the numbers in the terms."""
    assert accounts_by_number(TERMS) == {
        "MA64350810000000012345678901": "abb:cash:MAD",
        NUMBER: "psbc:cash:CNY",
        "36001230": "corridor:settlement_bank:USD",
    }


def test_a_statement_becomes_lines_in_our_own_signs() -> None:
    """The bank's CRDT is our debit and positive; what is pending is no line."""
    paid = entry(72_000, reference="2", servicer_reference="B-7", details=(EntryDetail(uetr=uetr(1), end_to_end_id="E1"),))
    float_in = entry(500_000, Direction.CREDIT, value_date=TUESDAY, reference="1", code=BankTransactionCode(proprietary="FLOAT"))
    pending = entry(99, status="PDNG")
    (found,) = read(statement(float_in, paid, pending))
    assert found.statement[:6] == (CASH, "S1", MONDAY, MONDAY, 100_000, 528_000)
    assert found.lines == (
        ReportedLine(CASH, "S1", 1, 0, MONDAY, TUESDAY, 500_000, ("1",), False, "FLOAT"),
        ReportedLine(CASH, "S1", 2, 0, MONDAY, MONDAY, -72_000, (str(uetr(1)), "E1", "B-7", "2")),
    )


def test_a_uetr_comes_first_wherever_the_bank_put_it() -> None:
    """In its own field, or without hyphens where a field is too short for it; what stands for 'none' is none."""
    own = EntryDetail(uetr=None, end_to_end_id="NOTPROVIDED", transaction_id=PAID.replace("-", ""))
    (found,) = read(statement(entry(100, details=(own,), servicer_reference="NONREF")))
    assert found.lines[0].references == (PAID, PAID.replace("-", ""))


def test_an_entry_that_books_several_transactions_is_taken_apart() -> None:
    """Each part has its own amount, sign and references; together they are the entry."""
    parts = (
        EntryDetail(end_to_end_id="A", minor=60_000, currency="CNY", direction=Direction.DEBIT),
        EntryDetail(end_to_end_id="B", minor=20_000, currency="CNY", direction=Direction.DEBIT),
        EntryDetail(end_to_end_id="C", minor=5_000, currency="CNY", direction=Direction.CREDIT),
    )
    (found,) = read(statement(entry(75_000, details=parts)))
    assert [(line.label, line.amount, line.references) for line in found.lines] == [
        ("1.1", -60_000, ("A",)),
        ("1.2", -20_000, ("B",)),
        ("1.3", 5_000, ("C",)),
    ]


def test_an_entry_whose_parts_are_not_all_there_stays_whole() -> None:
    """Nobody can tell which part is missing, so no part is trusted, nor its reference."""
    parts = (EntryDetail(end_to_end_id="A", minor=60_000, currency="CNY"), EntryDetail(end_to_end_id="B"))
    (found,) = read(statement(entry(75_000, details=parts, servicer_reference="BATCH-1")))
    assert [(line.label, line.amount, line.references) for line in found.lines] == [("1", -75_000, ("BATCH-1",))]


@pytest.mark.parametrize(
    ("more", "days"),
    [
        ({}, (MONDAY, MONDAY)),
        ({"opening_type": "PRCD"}, (date(2026, 3, 28), MONDAY)),
        ({"from_at": datetime(2026, 3, 26, tzinfo=UTC), "to_at": WRITTEN}, (date(2026, 3, 26), MONDAY)),
    ],
)
def test_the_days_covered_are_those_the_bank_states(more: dict[str, object], days: tuple[date, date]) -> None:
    """By FrToDt, else by the opening balance; PRCD is the closing of the day before."""
    (found,) = read(statement(**more))
    assert (found.statement.first_day, found.statement.last_day) == days


def test_pages_are_put_together_and_a_missing_one_is_refused() -> None:
    """Two pages of one statement are one statement; half of it is none."""
    first = statement(entry(100), page=1, last_page=False, closing=Balance("ITBD", 99_900, "CNY", MONDAY))
    last = statement(entry(200), opening=99_900, page=2, last_page=True)
    (found,) = read(last, first)
    assert (found.statement.opening, found.statement.closing, [line.amount for line in found.lines]) == (100_000, 99_700, [-100, -200])
    with pytest.raises(StatementPagesMissing, match=r"Statement 'S1' is not complete: of its pages, 2 came\."):
        read(last)


def test_the_content_is_known_again_in_another_message_and_a_changed_one_is_not() -> None:
    """The digest is over what is compared, not over the message around it."""
    (same,), (again,) = read(statement(entry(100))), read(statement(entry(100), created_at=WRITTEN))
    (changed,) = read(statement(entry(101)))
    assert (same.statement.digest == again.statement.digest, same.statement.digest == changed.statement.digest) == (True, False)


def test_an_unknown_account_is_refused_without_its_number() -> None:
    """Only its end is shown."""
    with pytest.raises(StatementAccountUnknown) as refused:
        read(statement(account=Account(other="990000005555", currency="CNY")))
    assert str(refused.value) == (
        "Statement 'S1' is of an account ending in 5555 that the corridor does not have. "
        "Send statements of abb:cash:MAD, corridor:settlement_bank:USD, psbc:cash:CNY, or amend the terms with the new number."
    )


def test_a_statement_in_another_currency_than_its_account_is_refused() -> None:
    """The number is ours, the money is not."""
    with pytest.raises(StatementAccountDiffers, match=r"Statement 'S1' is in CNY; its account is abb:cash:MAD\."):
        read(statement(account=Account(other="MA64350810000000012345678901", currency="CNY")))


# CSV

CSV = "\n".join(
    [
        ",".join(COLUMNS),
        f"opening,S1,{NUMBER},CNY,2026-03-30,,1000.00,CRDT,,,,,",
        f"line,S1,{NUMBER},CNY,2026-03-30,2026-03-31,5000.00,CRDT,,,1,false,FLOAT",
        f"line,S1,{NUMBER},CNY,2026-03-30,,720.00,DBIT,{PAID},E1,B-7,,",
        f"closing,S1,{NUMBER},CNY,2026-03-30,,5280.00,CRDT,,,,,",
    ]
)


def test_a_statement_in_csv_is_the_same_as_in_camt053() -> None:
    """Same lines, same balances, same days, so the same digest: a bank may change its format overnight."""
    paid = entry(72_000, servicer_reference="B-7", details=(EntryDetail(uetr=UUID(PAID), end_to_end_id="E1"),))
    float_in = entry(500_000, Direction.CREDIT, value_date=TUESDAY, servicer_reference="1", code=BankTransactionCode(proprietary="FLOAT"))
    assert read_statements(CSV.encode(), TERMS) == read(statement(float_in, paid))
    assert read_statements(b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode(), TERMS) == read(statement(float_in, paid))


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ("row,statement", "line,statement", r"The file has other columns than a CSV statement\. Begin it with row,statement,account,"),
        ("opening,S1", "line,S1", r"Row 1: a CSV statement begins with the row 'opening' and ends with the row 'closing' \(row\)"),
        ("line,S1", "total,S1", r"Row 2: a CSV statement has only the row 'line' between opening and closing \(row\)"),
        ("720.00", "720.001", r"Row 3: a CSV statement has amounts of zero or more in the decimals of CNY \(amount\)"),
        ("720.00", "-720.00", r"Row 3: a CSV statement has amounts of zero or more"),
        ("720.00,DBIT", "720.00,D", r"Row 3: a CSV statement says CRDT or DBIT \(direction\)"),
        (PAID, "1", r"Row 3: a CSV statement has UETRs that are UUIDs of version 4 in small letters \(uetr\)"),
        ("2026-03-31", "31.3.2026", r"Row 2: a CSV statement has dates such as 2026-03-27 \(value_date\)"),
        (",false,", ",no,", r"Row 2: a CSV statement says true, false or nothing \(reversal\)"),
        ("closing,S1", "closing,S2", r"Row 4: a CSV statement says the same as in row 1 \(statement\)"),
        ("CNY", "XX1", r"Row 1: a CSV statement is in a currency of ISO 4217 \(currency\)"),
        (",E1,B-7,,", ",E1,B-7,,,", r"Row 3: a CSV statement has 13 cells \(row\)"),
        ("FLOAT", "\x1b[31mFLOAT", r"Row 2: a CSV statement has no control characters \(row\)"),
        ("FLOAT", '"FLOAT', r"The file is not CSV: unexpected end of data"),
    ],
)
def test_a_csv_statement_with_a_fault_is_refused_by_row_and_column(before: str, after: str, error: str) -> None:
    """Each with what the column asks for."""
    with pytest.raises(StatementCsvInvalid, match=error):
        read_statements(CSV.replace(before, after).encode(), TERMS)


def test_a_csv_statement_that_does_not_add_up_is_refused_like_any_other() -> None:
    """A line is missing in it."""
    lines = CSV.splitlines()
    with pytest.raises(StatementDoesNotAddUp, match=r"the difference is -720\.00"):
        read_statements("\n".join([*lines[:3], *lines[4:]]).encode(), TERMS)
