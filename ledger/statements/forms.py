"""A statement in the forms that banks take: camt.053, camt.054, CSV and JSON, each written piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic_core import to_json

from ledger.domain.money import format_amount
from ledger.iso20022.camt053_writer import stream_camt053
from ledger.iso20022.camt054 import stream_camt054
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, Direction, Entry, EntryDetail, Notification, Statement
from ledger.iso20022.statement_writer import Totals as EntryTotals
from ledger.statements.codes import code_of
from ledger.statements.csv_columns import COLUMNS
from ledger.statements.drawing import Drawn, Line

_TEXT_MAX = 35  # Max35Text
# The entry that is another one taken back, whole.
_REVERSAL = "refund"


def camt053(drawn: Drawn, version: str) -> Iterator[bytes]:
    """The statement of a business day. ``version`` is one that is written; see `camt053_writer.WRITTEN`."""
    day = drawn.day
    assert day is not None, "a statement is of a business day"
    statement = Statement(
        id=drawn.id,
        account=_account(drawn),
        currency=drawn.currency,
        opening=Balance("OPBD", drawn.opening, drawn.currency, day.on),
        closing=Balance("CLBD", drawn.closing, drawn.currency, day.on),
        created_at=drawn.to_at,
        from_at=drawn.from_at,
        to_at=drawn.to_at,
        sequence=day.number,
        legal_sequence=day.number,
        page=1,
        message_id=drawn.id,
    )
    return stream_camt053(statement, _totals(drawn), map(_Entries(drawn.currency).of, drawn.lines()), version=version)


def camt054(drawn: Drawn, version: str) -> Iterator[bytes]:
    """The same entries as a notification, of a business day or of any interval."""
    notification = Notification(
        id=drawn.id,
        account=_account(drawn),
        created_at=drawn.to_at,
        from_at=drawn.from_at,
        to_at=drawn.to_at,
        message_id=drawn.id,
    )
    entries = map(_Entries(drawn.currency).of, drawn.lines())
    return stream_camt054(notification, _totals(drawn), drawn.currency, entries, version=version)


def as_csv(drawn: Drawn) -> Iterator[bytes]:
    """The columns that are read from banks without camt.053, so whoever reads theirs reads ours."""
    day = drawn.day
    assert day is not None, "a statement is of a business day"
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")

    def row(kind: str, on: date, minor: int, *rest: str) -> bytes:
        amount, direction = format_amount(abs(minor), drawn.currency), _direction(minor).value
        value_date, *others = rest or ("", "", "", "", "", "")
        writer.writerow((kind, drawn.id, drawn.account, drawn.currency, on, value_date, amount, direction, *others))
        text = rows.getvalue().encode()
        rows.seek(0)
        rows.truncate()
        return text

    yield ",".join(COLUMNS).encode() + b"\n"
    yield row("opening", day.on, drawn.opening)
    for line in drawn.lines():
        reversal = "true" if line.entry == _REVERSAL else "false"
        uetr = "" if line.uetr is None else str(line.uetr)
        yield row("line", line.booking_date, line.minor, line.value_date.isoformat(), uetr, "", line.key, reversal, line.entry)
    yield row("closing", day.on, drawn.closing)


def facts(drawn: Drawn) -> dict[str, Any]:
    """The statement without its lines."""
    day, currency, totals = drawn.day, drawn.currency, drawn.totals
    numbered = {} if day is None else {"day": day.on, "sequence": day.number}
    return {
        "statement": drawn.id,
        "account": drawn.account,
        "currency": currency,
        **numbered,
        "opens_at": drawn.from_at,
        "closes_at": drawn.to_at,
        "after_position": drawn.from_boundary,
        "position": drawn.to_boundary,
        "opening": format_amount(drawn.opening, currency),
        "closing": format_amount(drawn.closing, currency),
        "credits": totals.credits,
        "credited": format_amount(totals.credited, currency),
        "debits": totals.debits,
        "debited": format_amount(totals.debited, currency),
    }


def line_facts(line: Line, currency: str) -> dict[str, Any]:
    """One line; what it has not is None."""
    return {
        "number": line.number,
        "reference": line.key,
        "entry": line.entry,
        "direction": _direction(line.minor).value,
        "amount": format_amount(abs(line.minor), currency),
        "booking_date": line.booking_date,
        "value_date": line.value_date,
        "recorded_at": line.recorded_at,
        "uetr": line.uetr,
        "message_id": line.message_id or None,
        "reported_as": line.reported_as or None,
        "bank_reference": line.bank_reference or None,
    }


def as_json(drawn: Drawn) -> Iterator[bytes]:
    """The statement as one JSON object, its lines below ``lines``."""
    yield to_json(facts(drawn)).removesuffix(b"}") + b',"lines":['
    for line in drawn.lines():
        yield (b"," if line.number > 1 else b"") + to_json(line_facts(line, drawn.currency))
    yield b"]}\n"


class _Entries:
    """Turns lines into entries of a statement."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def of(self, line: Line) -> Entry:
        """A credit of the account is CRDT: we are the bank that keeps it."""
        minor, direction = abs(line.minor), _direction(line.minor)
        return Entry(
            minor=minor,
            currency=self._currency,
            direction=direction,
            booking_date=line.booking_date,
            value_date=line.value_date,
            reference=str(line.number),
            servicer_reference=line.key,
            reversal=line.entry == _REVERSAL,
            code=code_of(line.entry, line.minor),
            details=(
                EntryDetail(
                    uetr=line.uetr,
                    transaction_id=_short(line.reported_as),
                    servicer_reference=_short(line.bank_reference),
                    message_id=_short(line.message_id),
                    minor=minor,
                    currency=self._currency,
                    direction=direction,
                ),
            ),
        )


def _account(drawn: Drawn) -> Account:
    return Account(other=drawn.account, currency=drawn.currency)


def _totals(drawn: Drawn) -> dict[Direction, EntryTotals]:
    totals = drawn.totals
    return {Direction.CREDIT: (totals.credits, totals.credited), Direction.DEBIT: (totals.debits, totals.debited)}


def _direction(minor: int) -> Direction:
    return Direction.CREDIT if minor >= 0 else Direction.DEBIT


def _short(text: str) -> str | None:
    """What fits a Max35Text; a longer reference is left out, since half of one would be another one."""
    return text if 0 < len(text) <= _TEXT_MAX and text.isprintable() else None
