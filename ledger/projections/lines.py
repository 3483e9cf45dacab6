"""The journal: every line of every entry."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ledger.projections.snapshot import AsOf, Snapshot

BEGINNING = (0, 0)


class JournalLine(NamedTuple):
    """One side of an entry. `amount` is minor units of `currency`, debit positive. `reference` is the transfer's UETR, or the stream of
    the cycle, movement or break it belongs to. (`position`, `line_no`) orders lines and serves as a cursor."""

    position: int
    line_no: int
    boundary: int
    recorded_at: datetime
    account: str
    currency: str
    entry: str
    reference: UUID
    command: UUID
    amount: int
    booking_date: date
    value_date: date

    @property
    def cursor(self) -> tuple[int, int]:
        return self.position, self.line_no


def lines(at: Snapshot, account: str, *, after: tuple[int, int] = BEGINNING, size: int = 100, as_of: AsOf = None) -> list[JournalLine]:
    """At most `size` lines of an account in log order after the cursor `after`.

    Empty for an account that does not exist. Raises ReadTooEarly.
    """
    values = {
        "account": account,
        "after_position": after[0],
        "after_line": after[1],
        "size": size,
        "boundary": at.boundary_at(as_of),
    }
    return [JournalLine(*row) for row in at.rows("lines", **values)]


def lines_of(at: Snapshot, reference: UUID) -> list[JournalLine]:
    """Everything booked for one transfer, cycle, movement or break, in log order."""
    return [JournalLine(*row) for row in at.rows("lines_of", reference=str(reference))]
