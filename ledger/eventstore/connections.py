"""Connections to PostgreSQL through psycopg2, pooled by the event sourcing library's own pool.

Every pooled connection is in autocommit and acts as the role `corridor_app`, which may add to the log but not change
it. Errors of the driver come out as those of `eventsourcing.persistence`. A connection that broke is closed and never
handed out again.
"""

import io
import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg2
from eventsourcing import persistence
from psycopg2 import extensions

from ledger.eventstore.binary_copy import PIECE_BYTES, in_pieces

APPLICATION_ROLE = "corridor_app"

# A writer that stalls with the head locked is cut off by the server, so that the corridor goes on without it.
_SESSION = {
    "role": APPLICATION_ROLE,
    "timezone": "UTC",
    "plan_cache_mode": "force_generic_plan",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
_TRANSLATIONS: tuple[tuple[type[Exception], type[persistence.PersistenceError]], ...] = (
    (psycopg2.InterfaceError, persistence.InterfaceError),
    (psycopg2.DataError, persistence.DataError),
    (psycopg2.OperationalError, persistence.OperationalError),
    (psycopg2.IntegrityError, persistence.IntegrityError),
    (psycopg2.InternalError, persistence.InternalError),
    (psycopg2.ProgrammingError, persistence.ProgrammingError),
    (psycopg2.NotSupportedError, persistence.NotSupportedError),
    (psycopg2.DatabaseError, persistence.DatabaseError),
    (psycopg2.Error, persistence.PersistenceError),
)


def _read_bytes(value: Any, _cursor: object) -> bytes | None:
    return None if value is None else bytes.fromhex(value[2:])


def _read_uuid(value: Any, _cursor: object) -> UUID | None:
    return None if value is None else UUID(value)


_READERS = (
    extensions.new_type((17,), "BYTES", _read_bytes),
    extensions.new_type((2950,), "UUID", _read_uuid),
)


def connect(url: str, **session: str) -> extensions.connection:
    """A plain psycopg2 connection in autocommit, with settings of the session given by name.

    Raises the library's OperationalError when the server cannot be reached or refuses.
    """
    options = [str(extensions.parse_dsn(url).get("options", ""))]
    options += [f"-c {name}={value}" for name, value in session.items()]
    with translated_errors():
        raw = psycopg2.connect(url, options=" ".join(options).strip(), application_name="corridor", connect_timeout=10, keepalives_idle=30)
        raw.autocommit = True
        for reader in _READERS:
            extensions.register_type(reader, raw)
        return raw


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns errors of psycopg2 into those of the event sourcing library."""
    try:
        yield
    except psycopg2.Error as error:
        for theirs, ours in _TRANSLATIONS:
            if isinstance(error, theirs):
                # Only the server's first line: details repeat values of the row.
                raise ours(error.diag.message_primary or str(error).strip()) from error
        raise


class _Pieces(io.RawIOBase):
    """What the driver reads its next bytes from; it takes as many as it is given."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int = -1, /) -> bytes:
        """Nothing when all were read."""
        return next(self._pieces, b"")


class _Taken(io.BytesIO):
    """Takes what the driver writes, row by row, and calls somebody now and then."""

    def __init__(self, between: Callable[[], object]) -> None:
        super().__init__()
        self._between = between
        self._room = PIECE_BYTES

    def write(self, row: Any, /) -> int:
        """Takes a row."""
        self._room -= len(row)
        if self._room <= 0:
            self._room = PIECE_BYTES
            self._between()
        return super().write(row)


class PostgresCursor(persistence.Cursor):
    """A cursor whose results are Python values: bytea as bytes, uuid as UUID, timestamptz as aware datetime in UTC."""

    def __init__(self, raw: extensions.cursor) -> None:
        self.raw = raw

    def execute(self, statement: str | bytes, params: persistence.Params | None = None) -> None:
        """Runs one or several statements; of several, the last one's rows can be fetched."""
        with translated_errors():
            self.raw.execute(statement, params)

    def fetchall(self) -> list[tuple[Any, ...]]:
        with translated_errors():
            return self.raw.fetchall()

    def fetchone(self) -> tuple[Any, ...] | None:
        with translated_errors():
            return self.raw.fetchone()

    def rows(self, statement: str | bytes, params: persistence.Params | None = None) -> list[tuple[Any, ...]]:
        """Runs a statement and gives all its rows."""
        self.execute(statement, params)
        return self.fetchall()

    def copy_in(self, statement: str | bytes, data: bytes) -> None:
        """Sends `data` to a `COPY … FROM STDIN`; statements before and after it in the same text run in the same trip."""
        self.copy_in_parts(statement, (data,))

    def copy_in_parts(self, statement: str | bytes, parts: Iterable[bytes]) -> None:
        """The same of data in parts, which may be made while they are sent: no more than a piece of them is held at a time."""
        with translated_errors():
            self.raw.copy_expert(statement, _Pieces(in_pieces(parts)))

    def copy_out(
        self, statement: str | bytes, params: persistence.Params | None = None, *, between: Callable[[], object] | None = None
    ) -> bytes:
        """What a `COPY … TO STDOUT` gives. ``between`` is called after each piece of it; meanwhile the server waits, too."""
        taken = io.BytesIO() if between is None else _Taken(between)
        with translated_errors():
            self.raw.copy_expert(statement if params is None else self.raw.mogrify(statement, params), taken)
        return taken.getvalue()

    @property
    def rowcount(self) -> int:
        return self.raw.rowcount


class PostgresConnection(persistence.Connection[PostgresCursor]):
    """One pooled connection; `raw` is psycopg2's."""

    def __init__(self, raw: extensions.connection, max_age: float | None) -> None:
        super().__init__(max_age=max_age)
        self.raw = raw
        self._cursor = PostgresCursor(raw.cursor())
        self._prepared: set[str] = set()
        self._hang_up = select.poll()
        self._hang_up.register(raw.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)

    @property
    def closed(self) -> bool:
        """Whether it can no longer be used; a server that hung up while the connection was idle is seen here."""
        if not self._closed and (self.raw.closed or (self.at_rest and self._hang_up.poll(0))):
            self.close()
        return self._closed

    @property
    def at_rest(self) -> bool:
        return self.raw.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE

    def cursor(self) -> PostgresCursor:
        return self._cursor

    def prepare_once(self, statements: str) -> None:
        """Runs `PREPARE` statements the first time they are asked for on this connection."""
        if statements not in self._prepared:
            self._cursor.execute(statements)
            self._prepared.add(statements)

    def commit(self) -> None:
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        self._cursor.execute("ROLLBACK")

    def _close(self) -> None:
        super()._close()
        self.raw.close()


class PostgresPool(persistence.ConnectionPool[PostgresConnection]):
    """Connections to one database; who finds them all in use waits until `pool_timeout` (seconds) has passed."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 5,
        max_overflow: int = 10,
        pool_timeout: float = 30.0,
        max_age: float | None = None,
    ) -> None:
        super().__init__(pool_size=pool_size, max_overflow=max_overflow, pool_timeout=pool_timeout, max_age=max_age)
        self.url = url

    def _create_connection(self) -> PostgresConnection:
        return PostgresConnection(connect(self.url, **_SESSION), self.max_age)

    @contextmanager
    def connection(self) -> Iterator[PostgresConnection]:
        """Lends a connection; one left inside a transaction, or broken, is closed instead of taken back."""
        connection = self.get_connection()
        try:
            yield connection
        finally:
            self.give_back(connection)

    def give_back(self, connection: PostgresConnection) -> None:
        """Takes a connection back; closes it when it is not at rest."""
        if not connection.closed and not connection.at_rest:
            connection.close()
        if self.closed:
            connection.close()
        else:
            self.put_connection(connection)

    @contextmanager
    def transaction(self, isolation: str = "READ COMMITTED") -> Iterator[PostgresCursor]:
        """Lends a cursor inside one transaction, committed at the end of the block and rolled back on an error."""
        with self.connection() as connection:
            cursor = connection.cursor()
            cursor.execute(f"BEGIN ISOLATION LEVEL {isolation}")
            try:
                yield cursor
            except BaseException:
                if not connection.closed:
                    connection.rollback()
                raise
            connection.commit()

    def rows(self, statement: str, params: persistence.Params | None = None) -> Sequence[tuple[Any, ...]]:
        """All rows of one statement in a transaction of its own."""
        with self.connection() as connection:
            return connection.cursor().rows(statement, params)
