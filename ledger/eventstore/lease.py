"""Turns at writing to one corridor, for processes that would otherwise keep refusing each other's commits."""

from contextlib import suppress

from eventsourcing.persistence import OperationalError, PersistenceError

from ledger.eventstore.connections import APPLICATION_ROLE, PostgresCursor, connect
from ledger.eventstore.queries import QUERIES

_WAIT = "200ms"


class Lease:
    """A courtesy: it orders who writes when, and nothing depends on it, since the log refuses a commit that does not fit its head.

    It is a lock of a session of its own, so it ends with the process that holds it; who waits longer than ten turns of others goes on
    without it.
    """

    def __init__(self, url: str, corridor: str) -> None:
        self._url = url
        self._corridor = corridor
        self._cursor: PostgresCursor | None = None

    def take(self) -> None:
        """Waits for this process's turn, in the order of asking."""
        try:
            if self._cursor is None or self._cursor.raw.connection.closed:
                self._cursor = PostgresCursor(connect(self._url, role=APPLICATION_ROLE, lock_timeout=_WAIT).cursor())
            self._cursor.execute(QUERIES["take_lease"], {"corridor": self._corridor})
        except OperationalError:
            # Somebody sleeps on it, or the database is away: the commit will tell.
            return

    def give(self) -> None:
        """Ends the turn; harmless when there is none."""
        if self._cursor is not None:
            with suppress(PersistenceError):
                self._cursor.execute(QUERIES["give_lease"])

    def close(self) -> None:
        if self._cursor is not None:
            self._cursor.raw.connection.close()
