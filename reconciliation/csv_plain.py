"""A CSV statement whose every cell is in its plainest form: its lines are checked column by column, thousands at once.

That is how a program writes one: no quotes, no spaces around cells, amounts with all decimals of the currency, ASCII. Any other file is
for `csv_statement`, which is slower, takes more, and says what is wrong: here a doubt is never an error. What is taken here means the
same there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from ledger.domain.money import decimals
from ledger.domain.terms import Terms
from ledger.errors import LedgerError
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.iso20022.statement import Statement
from reconciliation.csv_cells import read_cells
from reconciliation.csv_content import content_of_lines
from reconciliation.csv_statement import BYTE_ORDER_MARK, enclosed_by, read_rows
from reconciliation.packed import PackedLines, Packing, exact_sum
from reconciliation.reported import ReportedStatement, account_of, accounts_by_number, content, days_of

# What is looked at together: enough lines for the columns to be worth it, few enough for them to stay in the processor's caches.
_BLOCK_BYTES = 1024 * 1024
_LINE_BYTES_MAX = 4_096


class _Frame(NamedTuple):
    """A plain file without its lines: what all of them begin with, and where they stand in its bytes."""

    statement: Statement
    begins: bytes
    body: bytes
    first: int
    end: int


def read_plain(
    data: bytes, terms: Terms, limits: Limits = DEFAULT_LIMITS, *, between: Callable[[], object] = lambda: None
) -> tuple[ReportedStatement, PackedLines] | None:
    """The statement of a plain file that is in order; None for any other. ``between`` is called after each some thousand lines."""
    if len(data) > limits.file_bytes_max:
        return None
    frame = _frame(data)
    if frame is None:
        return None
    try:
        account = account_of(frame.statement, accounts_by_number(terms))
    except LedgerError:
        return None
    # A line booked before the statement's days makes them begin with it, which the digest says first: then it is made again.
    found = _read(frame, account, None, between)
    if isinstance(found, date):
        found = _read(frame, account, found, between)
    return None if isinstance(found, date) else found


def _frame(data: bytes) -> _Frame | None:
    body = data.removeprefix(BYTE_ORDER_MARK)
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
    opens = body.find(b"\n", body.find(b"\n") + 1)
    closes = body.rfind(b"\n", 0, len(body) - 1)
    enclosing = body[: opens + 1] + body[closes + 1 :]
    if not 0 < opens <= closes or b'"' in enclosing or b"\r" in enclosing:
        return None
    try:
        first, last = read_rows(enclosing)
        statement = enclosed_by(first, last, 2)
    except (LedgerError, ValueError):
        return None
    begins = f"line,{first['statement']},{first['account']},{first['currency']},".encode()
    return _Frame(statement, begins, body, opens + 1, closes + 1)


def _read(
    frame: _Frame, account: str, first_booking: date | None, between: Callable[[], object]
) -> tuple[ReportedStatement, PackedLines] | date | None:
    """The statement, if no line is booked before its days, or before that day; else the first day a line is booked on. None when some
    line is not plain, or the whole does not add up, or one line may stand there twice."""
    statement = frame.statement
    first, last = days_of(statement, first_booking)
    digest = sha256(repr(content(account, statement, first, last)).encode())
    packed = Packing()
    for block in _blocks(frame):
        overlong = len(block) > _BLOCK_BYTES + _LINE_BYTES_MAX
        cells = None if overlong else read_cells(block, frame.begins, decimals(statement.currency))
        if cells is None:
            return None
        digest.update(content_of_lines(packed.count + 1, cells))
        packed.add(cells)
        between()
    lines = packed.lines()
    opening, closing = statement.opening.minor, statement.closing.minor
    if packed.may_repeat() or opening + exact_sum(lines.amounts) != closing:
        return None
    booked_first = date.fromordinal(int(lines.booked.min())) if packed.count else first
    if booked_first < first:
        return booked_first
    return ReportedStatement(account, statement.id, first, last, opening, closing, packed.count, digest.digest()), lines


def _blocks(frame: _Frame) -> Iterator[bytes]:
    """The bytes of all lines, some whole lines at a time."""
    start = frame.first
    while start < frame.end:
        stop = frame.body.find(b"\n", min(start + _BLOCK_BYTES, frame.end) - 1, frame.end) + 1
        yield frame.body[start:stop]
        start = stop
