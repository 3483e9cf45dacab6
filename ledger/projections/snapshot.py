"""One consistent look at the projections: every read of it sees the same boundary of the log.

A snapshot is a REPEATABLE READ transaction. It begins by locking `balances` against being renamed, so that a rebuild cannot switch the
tables in the middle of it: whoever looks sees either the old set whole or the new one whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from ledger.errors import ReadTooEarly
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.tracking import tracking_position
from ledger.projections.queries import LIVE, QUERIES

AsOf = int | datetime | None
"""A log position, an aware instant, or None for the newest boundary that is projected."""


class Snapshot(NamedTuple):
    """`boundary` is the log position that everything read here was taken at: the end of a commit, so the books balance."""

    corridor: str
    boundary: int
    cursor: PostgresCursor
    log: Log

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a named query about this corridor."""
        return self.cursor.rows(QUERIES[query], {"corridor": self.corridor, **values})

    def boundary_at(self, as_of: AsOf) -> int:
        """The last boundary at or before a log position or an instant (recorded_at), within what is projected.

        Raises ReadTooEarly when that boundary is in the log but not projected yet.
        """
        if as_of is None:
            return self.boundary
        wanted = self.log.boundary_at(as_of) if isinstance(as_of, int) else self.log.boundary_at_instant(as_of)
        if wanted > self.boundary:
            raise ReadTooEarly(
                f"The log of {self.corridor} has a boundary at {wanted}, but its projections have reached {self.boundary}. "
                "Ask again shortly."
            )
        return wanted


@contextmanager
def snapshot(pool: PostgresPool, corridor: str, partner: str | None = None) -> Iterator[Snapshot]:
    """Opens a snapshot of a corridor's projections, as they are now.

    With ``partner`` (a participant, or "bank:settlement") the database itself shows only what is that partner's: the transaction acts as
    the role `corridor_partner`, under row-level security.
    """
    with pool.transaction("REPEATABLE READ, READ ONLY") as cursor:
        cursor.execute(QUERIES["hold_tables"])
        position = tracking_position(cursor, corridor, LIVE.tracking)
        if partner is not None:
            cursor.execute(QUERIES["read_as_partner"], {"corridor": corridor, "partner": partner})
        yield Snapshot(corridor, position, cursor, Log(pool, corridor))
