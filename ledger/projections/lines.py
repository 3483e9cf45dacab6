"""The journal: every line of every entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ledger.projections.balances import balance
from ledger.projections.snapshot import AsOf, Snapshot

BEGINNING = (0, 0)
_PAGE = 10_000


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


def lines(
    at: Snapshot, account: str, *, after: tuple[int, int] = BEGINNING, size: int = 100, as_of: AsOf = None,
    booked: tuple[date, date] | None = None,
) -> list[JournalLine]:  # fmt: skip
    """At most `size` lines of an account in log order after the cursor `after`; `booked` keeps to two booking dates, both included.

    Empty for an account that does not exist. Raises ReadTooEarly.
    """
    values = {
        "account": account,
        "after_position": after[0],
        "after_line": after[1],
        "size": size,
        "boundary": at.boundary_at(as_of),
    }
    if booked is None:
        return [JournalLine(*row) for row in at.rows("lines", **values)]
    return [JournalLine(*row) for row in at.rows("lines_booked", first=booked[0], last=booked[1], **values)]


def each_line(at: Snapshot, account: str, *, as_of: AsOf = None, booked: tuple[date, date] | None = None) -> Iterator[JournalLine]:
    """All lines of an account in log order, read page by page so that memory stays flat. Raises ReadTooEarly."""
    boundary, after = at.boundary_at(as_of), BEGINNING
    while page := lines(at, account, after=after, size=_PAGE, as_of=boundary, booked=booked):
        yield from page
        after = page[-1].cursor


def lines_of(at: Snapshot, reference: UUID) -> list[JournalLine]:
    """Everything booked for one transfer, cycle, movement or break, in log order."""
    return [JournalLine(*row) for row in at.rows("lines_of", reference=str(reference))]


def balance_on(at: Snapshot, account: str, day: date, as_of: AsOf = None) -> int:
    """Where an account stands by the lines booked up to `day`, debit positive, in minor units: what the bank's own statement of that day
    should close with (camt.053 CLBD). Raises AccountUnknown, ReadTooEarly."""
    boundary = at.boundary_at(as_of)
    [(later,)] = at.rows("booked_after", account=account, day=day, boundary=boundary)
    return balance(at, account, boundary).signed - int(later)
