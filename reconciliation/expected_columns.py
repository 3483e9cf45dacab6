"""What the ledger booked on an account over some days, as columns of numbers: enough to see which pairs agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.projections.snapshot import Snapshot
from reconciliation.expected import Window
from reconciliation.queries import QUERIES, reading_through

# Entries that the posting table books under a transfer's UETR, which is version 4. All others stand under a UUID of version 5 that no bank
# knows, and are known by a movement's, a cycle payment's or a break's texts.
OF_TRANSFERS = ["funding", "payout", "refund", "return"]

# A row of PostgreSQL's binary COPY format ("Binary Format" of the COPY command): how many fields, then each with its length before it. None
# of these is NULL, so that all rows are of one size.
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("key_size", ">i4"),
        ("key", ">u8", (2,)),
        ("amount_size", ">i4"),
        ("amount", ">i8"),
        ("day_size", ">i4"),
        ("day", ">i4"),
        ("position_size", ">i4"),
        ("position", ">i8"),
        ("own_size", ">i4"),
        ("own", "?"),
    ]
)
_HEADER_SIZE, _TRAILER_SIZE = 19, 2
# Its dates count from here.
_DAY_ZERO = np.int32(date(2000, 1, 1).toordinal())


class ExpectedColumns(NamedTuple):
    """Lines of the ledger in no order. ``keys``: what each belongs to, as two halves; ``own``: whether it is a transfer's. Days are as
    `date.toordinal` counts them."""

    keys: NDArray[np.uint64]
    amounts: NDArray[np.int64]
    days: NDArray[np.int32]
    positions: NDArray[np.int64]
    own: NDArray[np.bool_]

    def within(self, window: Window) -> NDArray[np.intp]:
        """The places of the lines in a window."""
        first, last, seen_day = (day.toordinal() for day in (window.first_day, window.last_day, window.seen_day))
        booked = (self.days >= first) & (self.days <= last)
        return np.flatnonzero(booked | ((self.days <= seen_day) & (self.positions > window.seen)))


def expected_columns(
    at: Snapshot, account: str, windows: Sequence[Window], boundary: int, between: Callable[[], object] | None = None
) -> ExpectedColumns:
    """The ledger's lines of an account up to a boundary that are in one of the windows; there may be others among them. ``between`` is
    called now and then while they are read, and the server waits meanwhile."""
    asked = {
        "corridor": at.corridor,
        "account": account,
        "boundary": boundary,
        "of_transfers": OF_TRANSFERS,
        "first_day": min(window.first_day for window in windows),
        "last_day": max(window.last_day for window in windows),
        "seen_day": max(window.seen_day for window in windows),
        "seen": min(window.seen for window in windows),
    }
    with reading_through(at.cursor):
        data = at.cursor.copy_out(QUERIES["copy_expected"], asked, between=between)
    rows = np.frombuffer(data, _ROW, count=(len(data) - _HEADER_SIZE - _TRAILER_SIZE) // _ROW.itemsize, offset=_HEADER_SIZE)
    return ExpectedColumns(
        rows["key"].astype(np.uint64),
        rows["amount"].astype(np.int64),
        rows["day"].astype(np.int32) + _DAY_ZERO,
        rows["position"].astype(np.int64),
        rows["own"].copy(),
    )
