"""A statement as CSV, for a bank that cannot write camt.053: UTF-8, commas, a header line with exactly the columns of `COLUMNS`.

==============  ==================================================================================================================
column          what it holds
==============  ==================================================================================================================
row             ``opening`` (first), ``line`` (any number), ``closing`` (last)
statement       the statement's id; the same on every row
account         the account's number at the bank; the same on every row
currency        ISO 4217; the same on every row
date            of a balance: its day (the opening's is the first day covered); of a line: the booking date. ISO 8601
value_date      of a line: the value date, or empty for the booking date
amount          decimal string of zero or more with a point: ``1030.00``
direction       ``CRDT`` or ``DBIT`` as the bank sees its customer's account: CRDT is money in, or a balance the customer owns
uetr            of a line: the UETR, or empty
end_to_end_id   of a line: the end-to-end id, or empty
reference       of a line: the bank's own reference, or empty
reversal        ``true`` when the line takes an earlier one back, else ``false`` or empty
kind            of a line: what the bank calls it, or empty
==============  ==================================================================================================================

It becomes the same `Statement` as a camt.053 and has to add up just so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from ledger.domain.money import parse_amount
from ledger.errors import AmountInvalid, CurrencyNotAccepted
from ledger.iso20022.camt053_checks import check_statement
from ledger.iso20022.errors import TooLarge
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits, safe
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from ledger.iso20022.values import read_date, read_uetr
from ledger.statements.csv_columns import COLUMNS
from reconciliation.errors import StatementCsvInvalid

HEADER = ",".join(COLUMNS)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DIRECTIONS = {direction.value: direction for direction in Direction}
_SAME_THROUGHOUT = ("statement", "account", "currency")

Row = Mapping[str, str]


def looks_like_csv(data: bytes) -> bool:
    """Whether a file is to be read as CSV: anything that does not begin as XML does."""
    start = data[:64].removeprefix(BYTE_ORDER_MARK).lstrip()
    return bool(start) and not start.startswith((b"<", b"\xff\xfe", b"\xfe\xff"))


def read_csv_statement(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Statement:
    """The one statement of a CSV file. Raises StatementCsvInvalid with the row, TooLarge, or an UnreliableStatement as camt.053 does."""
    if len(data) > limits.file_bytes_max:
        raise TooLarge(
            f"The file has {len(data)} bytes; the limit is {limits.file_bytes_max}.", field="file", way_out="Split the statement by day."
        )
    rows = enumerate(read_rows(data), start=1)
    first = next(rows, None)
    if first is None or first[1]["row"] != "opening":
        raise _not_enclosed()
    _balance(first[1], 1, "OPBD")  # what is wrong with the first row is said before what is wrong with a later one
    # Each row is held back until it is known whether another follows: the last one is the closing balance, not a line.
    entries: list[Entry] = []
    number, last = first
    for number_after, row in rows:
        if number > 1:
            entries.append(_entry(last, number))
        number, last = number_after, row
    statement = replace(enclosed_by(first[1], last, number), entries=tuple(entries))
    check_statement(statement, "The CSV statement")
    return statement


def enclosed_by(first: Row, last: Row, number: int) -> Statement:
    """The statement that stands between its first row and its last, which has this number, still without its lines.

    Raises StatementCsvInvalid when the two are no opening and no closing balance.
    """
    opening = _balance(first, 1, "OPBD")
    if number == 1 or first["row"] != "opening" or last["row"] != "closing":
        raise _not_enclosed()
    return Statement(
        id=_required(first, 1, "statement"),
        account=Account(other=_required(first, 1, "account")),
        currency=first["currency"],
        opening=opening,
        closing=_balance(last, number, "CLBD"),
        version="csv",
    )


def read_rows(data: bytes) -> Iterator[Row]:
    """The rows below the header, one at a time: a statement may have hundreds of thousands. Raises StatementCsvInvalid."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data.removeprefix(BYTE_ORDER_MARK)), encoding="utf-8", newline=""), strict=True)
    first: Row | None = None
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise StatementCsvInvalid("The file has other columns than a CSV statement.", field="file", way_out=f"Begin it with {HEADER}.")
        for number, cells in enumerate(reader, start=1):
            row = _row(cells, number)
            if first is None:
                first = row
            for column in _SAME_THROUGHOUT:
                if row[column] != first[column]:
                    raise _invalid(number, column, "says the same as in row 1")
            yield row
    except UnicodeDecodeError:
        raise StatementCsvInvalid("The file is not UTF-8.", field="file", way_out="Write it as UTF-8.") from None
    except csv.Error as error:
        raise StatementCsvInvalid(f"The file is not CSV: {error}.", field="file", way_out=f"Begin it with {HEADER}.") from None


def _row(cells: list[str], number: int) -> Row:
    if len(cells) != len(COLUMNS):
        raise _invalid(number, "row", f"has {len(COLUMNS)} cells")
    if not "".join(cells).isprintable():
        raise _invalid(number, "row", "has no control characters")
    return dict(zip(COLUMNS, map(str.strip, cells), strict=True))


def _not_enclosed() -> StatementCsvInvalid:
    return _invalid(1, "row", "begins with the row 'opening' and ends with the row 'closing'")


def _invalid(number: int, column: str, rule: str, value: str = "") -> StatementCsvInvalid:
    return StatementCsvInvalid(
        f"Row {number}: a CSV statement {rule} ({column}).",
        field=f"row {number}, {column}",
        value=safe(value) if value else "",
        way_out="Correct the row and send the file again.",
    )


def _required(row: Row, number: int, column: str) -> str:
    if not row[column]:
        raise _invalid(number, column, f"has a {column} on each row")
    return row[column]


def _day(row: Row, number: int, column: str) -> date:
    found = read_date(row[column])
    if found is None:
        raise _invalid(number, column, "has dates such as 2026-03-27", row[column])
    return found


def _amount(row: Row, number: int) -> int:
    try:
        return parse_amount(row["amount"], row["currency"], allow_zero=True)
    except CurrencyNotAccepted:
        raise _invalid(number, "currency", "is in a currency of ISO 4217", row["currency"]) from None
    except AmountInvalid:
        raise _invalid(number, "amount", f"has amounts of zero or more in the decimals of {row['currency']}", row["amount"]) from None


def _direction(row: Row, number: int) -> Direction:
    direction = _DIRECTIONS.get(row["direction"])
    if direction is None:
        raise _invalid(number, "direction", "says CRDT or DBIT", row["direction"])
    return direction


def _balance(row: Row, number: int, kind: str) -> Balance:
    minor = _amount(row, number)
    signed = minor if _direction(row, number) is Direction.CREDIT else -minor
    return Balance(kind, signed, row["currency"], _day(row, number, "date"))


def _entry(row: Row, number: int) -> Entry:
    if row["row"] != "line":
        raise _invalid(number, "row", "has only the row 'line' between opening and closing", row["row"])
    if row["reversal"] not in ("", "true", "false"):
        raise _invalid(number, "reversal", "says true, false or nothing", row["reversal"])
    uetr = read_uetr(row["uetr"])
    if row["uetr"] and uetr is None:
        raise _invalid(number, "uetr", "has UETRs that are UUIDs of version 4 in small letters", row["uetr"])
    booking = _day(row, number, "date")
    return Entry(
        minor=_amount(row, number),
        currency=row["currency"],
        direction=_direction(row, number),
        booking_date=booking,
        value_date=_day(row, number, "value_date") if row["value_date"] else booking,
        servicer_reference=row["reference"] or None,
        reversal=row["reversal"] == "true",
        code=BankTransactionCode(proprietary=row["kind"] or None),
        details=(EntryDetail(uetr=uetr, end_to_end_id=row["end_to_end_id"] or None),),
    )
