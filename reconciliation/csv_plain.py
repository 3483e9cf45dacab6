"""A CSV statement whose every cell is in its plainest form, checked by one regular expression and handed to the database as it stands.

That is how a program writes one: no quotes, no spaces around cells, amounts with all decimals of the currency, ASCII. Any other file is
for `csv_statement`, which is slower, takes more, and says what is wrong: here a doubt is never an error. What is taken here means the
same there.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ledger.domain.money import MAX_DIGITS, decimals
from ledger.errors import LedgerError
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.iso20022.statement import Statement
from reconciliation.csv_statement import BYTE_ORDER_MARK, enclosed_by, read_rows

COLUMNS = ("booking_date", "value_date", "amount", "direction", "uetr", "end_to_end_id", "reference", "reversal", "kind")
"""Of the rows that are handed on: the columns of a CSV statement without those that say the same throughout."""

_DATE = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_UETR = rb"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}"
# Printable ASCII without comma, quotes and backslash; spaces only between others.
_TEXT = rb"(?:[!#-&(-+\--\[\]-~]++(?: ++[!#-&(-+\--\[\]-~]++)*+)?"
# What `reported` reads into a reference, and does not take as the text it is.
_READ_INTO = rb"(?!(?i:NOTPROVIDED|NONREF|NOTAVAILABLE|[0-9a-f]{32}|[0-9a-f-]{36}),)"


class PlainCsv(NamedTuple):
    """The statement without its lines, and these as CSV of `COLUMNS`."""

    statement: Statement
    rows: bytes


def read_plain(data: bytes, limits: Limits = DEFAULT_LIMITS) -> PlainCsv | None:
    """The statement of a plain file; None for any other. Whether its dates exist and whether it adds up is still to be seen."""
    if len(data) > limits.file_bytes_max:
        return None
    body = data.removeprefix(BYTE_ORDER_MARK).replace(b"\r\n", b"\n")
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
    lines = re.compile(rb"(?:\n" + re.escape(begins) + _line(decimals(statement.currency)) + rb")*+")
    if lines.fullmatch(body, opens, closes) is None:
        return None
    return PlainCsv(statement, body[opens + 1 + len(begins) : closes + 1].replace(b"\n" + begins, b"\n"))


def _line(places: int) -> bytes:
    """The cells of a line that differ from one to the next."""
    fraction = rb"\.[0-9]{%d}" % places if places else b""
    cells = (
        _DATE,
        rb"(?:%s)?" % _DATE,
        rb"(?:0|[1-9][0-9]{0,%d})%s" % (MAX_DIGITS - places - 1, fraction),
        rb"(?:CRDT|DBIT)",
        rb"(?:%s)?" % _UETR,
        _READ_INTO + _TEXT,
        _READ_INTO + _TEXT,
        rb"(?:true|false)?",
        _TEXT,
    )
    return b",".join(cells)
