"""What stands on a statement: the lines of one account between two boundaries of the log, and its balances there.

Everything comes from what the log says for good. What can be erased, such as an end-to-end id that a customer wrote, has no place on a
statement: it would be another one the next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ledger.domain import ids
from ledger.domain.business_days import BusinessDay
from ledger.errors import AccountUnknown, StatementUnknown
from ledger.projections.balances import balance
from ledger.projections.snapshot import Snapshot

PAGE = 5_000
_TRANSFER_ENTRIES = frozenset({"funding", "payout", "refund", "return"})
_LAST_LINE = 2**31 - 1


class Line(NamedTuple):
    """One line of the account. ``minor`` is signed as the account's owner reads it: a credit is positive.

    ``message_id`` is the message or cause that asked for the transfer, ``reported_as`` the reference under which a bank reported the
    movement, ``bank_reference`` that of the settlement bank's confirmation; each empty where there is none.
    """

    number: int
    position: int
    line_no: int
    recorded_at: datetime
    entry: str
    reference: UUID
    minor: int
    booking_date: date
    value_date: date
    message_id: str
    reported_as: str
    bank_reference: str

    @property
    def uetr(self) -> UUID | None:
        """The transfer it belongs to, if it belongs to one."""
        return self.reference if self.entry in _TRANSFER_ENTRIES else None

    @property
    def key(self) -> str:
        """The corridor's own reference of the line: its event's position, and its number there."""
        return f"{self.position}.{self.line_no}"


class Totals(NamedTuple):
    """How many lines there are on each side, and what they come to in minor units."""

    credits: int
    credited: int
    debits: int
    debited: int

    @property
    def moved(self) -> int:
        return self.credited - self.debited


class Drawn(NamedTuple):
    """An account between two boundaries: above ``from_boundary``, up to ``to_boundary``. Balances are positive in credit, in minor units.

    ``id`` is the same whenever these boundaries are asked for, ``day`` is None for an interval that is no business day. ``at`` has to be
    open while `lines` are read.
    """

    at: Snapshot
    account: str
    id: str
    day: BusinessDay | None
    from_boundary: int
    to_boundary: int
    from_at: datetime
    to_at: datetime
    opening: int
    closing: int
    totals: Totals

    @property
    def currency(self) -> str:
        return self.account.rpartition(":")[2]

    def lines(self) -> Iterator[Line]:
        """The lines in log order, page by page, so that memory stays flat however long the day was."""
        after, number = (self.from_boundary, _LAST_LINE), 0
        while page := self.at.rows("statement_lines", **_values(self, after=after, size=PAGE)):
            for row in page:
                number += 1
                yield Line(number, *row)
            after = (page[-1][0], page[-1][1])


class _Between(NamedTuple):
    """What is drawn, but for its account: see `Drawn`."""

    id: str
    day: BusinessDay | None
    from_boundary: int
    to_boundary: int
    from_at: datetime
    to_at: datetime


def draw_day(at: Snapshot, account: str, day: BusinessDay, from_boundary: int, to_boundary: int) -> Drawn:
    """The statement of an account for a closed business day. Raises StatementUnknown, AccountUnknown, ReadTooEarly."""
    owner = check_serviced(account)
    number = f"{at.corridor}-{owner}-{day.on:%Y%m%d}"
    between = _Between(number, day, at.boundary_at(from_boundary), at.boundary_at(to_boundary), day.opens_at, day.closes_at)
    return _drawn(at, account, between)


def draw_interval(at: Snapshot, account: str, after: int, until: int | None, lines_max: int) -> Drawn:
    """What was booked on an account after one boundary, up to another or to the newest; to an earlier one where there would be more than
    about ``lines_max`` lines. Raises StatementUnknown, AccountUnknown, ReadTooEarly."""
    check_serviced(account)
    from_boundary, to_boundary = at.boundary_at(after), at.boundary_at(until)
    to_boundary = max(from_boundary, to_boundary)
    values = {"account": account, "after": from_boundary, "boundary": to_boundary, "size": lines_max}
    [(cut,)] = at.rows("statement_cut", **values)
    if cut is not None:
        to_boundary = int(cut)
    number = ids.stream_id(at.corridor, f"notification:{account}:{from_boundary}:{to_boundary}").hex
    from_at, to_at = (_last_change(at, account, boundary) for boundary in (from_boundary, to_boundary))
    return _drawn(at, account, _Between(number, None, from_boundary, to_boundary, from_at, to_at))


def check_serviced(account: str) -> str:
    """The participant whose position an account is. Raises StatementUnknown for any other account."""
    owner, _, kind_and_currency = account.partition(":")
    if owner == "corridor" or not kind_and_currency.startswith("position:"):
        raise StatementUnknown(
            f"The corridor gives no statements of {account!r}.",
            field="account",
            value=account,
            way_out="Ask for a position account; of cash and settlement accounts their own bank gives the statement.",
        )
    return owner


def _drawn(at: Snapshot, account: str, between: _Between) -> Drawn:
    opening, closing = (_balance_at(at, account, boundary) for boundary in (between.from_boundary, between.to_boundary))
    [row] = at.rows("statement_totals", account=account, after=between.from_boundary, boundary=between.to_boundary)
    return Drawn(at, account, *between, opening, closing, Totals(*map(int, row)))


def _balance_at(at: Snapshot, account: str, boundary: int) -> int:
    """Zero before the account was opened."""
    try:
        return balance(at, account, boundary).balance
    except AccountUnknown:
        balance(at, account)
        return 0


def _last_change(at: Snapshot, account: str, boundary: int) -> datetime:
    """When the account was last touched up to a boundary; before its opening, the opening."""
    try:
        return balance(at, account, boundary).recorded_at
    except AccountUnknown:
        [(opened,)] = at.rows("account_opened_at", account=account)
        if opened is None:
            raise
        return opened  # type: ignore[no-any-return]


def _values(drawn: Drawn, after: tuple[int, int], size: int) -> dict[str, object]:
    return {
        "account": drawn.account,
        "owner": drawn.account.partition(":")[0],
        "after_position": after[0],
        "after_line": after[1],
        "boundary": drawn.to_boundary,
        "size": size,
    }
