"""Looking at projection tables as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.eventstore.connections import PostgresCursor, PostgresPool, connect
from ledger.projections.lines import BEGINNING, JournalLine, lines
from ledger.projections.queries import TABLES
from ledger.projections.snapshot import Snapshot

_PAGE = 10_000


def contents(pool: PostgresPool, corridor: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a corridor, in an order that does not depend on when it was written."""
    with pool.transaction("REPEATABLE READ") as cursor:
        return {
            table: sorted(cursor.rows(f"SELECT * FROM projections.{table} WHERE corridor = %(corridor)s", {"corridor": corridor}), key=repr)
            for table in TABLES
        }


def each_line(at: Snapshot, account: str) -> Iterator[JournalLine]:
    """All lines of an account in log order."""
    after = BEGINNING
    while page := lines(at, account, after=after, size=_PAGE):
        yield from page
        after = page[-1].cursor


def as_owner(url: str) -> PostgresCursor:
    """A cursor of the database's owner, in autocommit."""
    return PostgresCursor(connect(url).cursor())


def forget(url: str, corridor: str) -> None:
    """Empties the projections of a corridor and puts its reader back to the beginning."""
    owner = as_owner(url)
    for table in TABLES:
        owner.execute(f"DELETE FROM projections.{table} WHERE corridor = %(corridor)s", {"corridor": corridor})
    owner.execute("UPDATE ledger.tracking SET position = 0 WHERE corridor = %(corridor)s", {"corridor": corridor})
    owner.raw.connection.close()
