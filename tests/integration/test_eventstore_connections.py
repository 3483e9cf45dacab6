"""The pool and its connections: waiting instead of failing, translated errors, nothing broken handed out."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from eventsourcing.persistence import (
    ConnectionUnavailableError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)

from ledger.eventstore.connections import PostgresPool


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    """A pool with room for a single connection."""
    pool = PostgresPool(database_url, pool_size=1, max_overflow=0, pool_timeout=30)
    yield pool
    pool.close()


def test_who_finds_all_connections_in_use_waits_for_one(pool: PostgresPool) -> None:
    """The second caller gets the first one's connection when it is given back."""
    got: list[object] = []
    asked = threading.Event()

    def ask() -> None:
        asked.set()
        with pool.connection() as connection:
            got.append(connection)

    with pool.connection() as first:
        waiting = threading.Thread(target=ask)
        waiting.start()
        asked.wait()
        assert got == []
    waiting.join()
    assert got == [first]


def test_who_waits_too_long_is_told(pool: PostgresPool) -> None:
    """An exhausted pool is an operational error of the library."""
    with pool.connection(), pytest.raises(ConnectionUnavailableError):
        pool.get_connection(timeout=0)


def test_values_come_back_as_python_values(pool: PostgresPool) -> None:
    """bytea is bytes, uuid is UUID, timestamptz is in UTC, whatever the server's own settings are."""
    [row] = pool.rows(
        "SELECT '\\x00ff'::bytea, '00112233-4455-6677-8899-aabbccddeeff'::uuid, "
        "'2026-03-02 13:00:00.000001+01'::timestamptz, NULL::bytea, NULL::uuid, current_user::text"
    )
    assert row == (
        b"\x00\xff",
        UUID("00112233-4455-6677-8899-aabbccddeeff"),
        datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC),
        None,
        None,
        "corridor_app",
    )


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT wrong", ProgrammingError),
        ("SELECT 1/0", DataError),
        ("INSERT INTO ledger.tracking VALUES ('a-b', 'twice', 1), ('a-b', 'twice', 2)", IntegrityError),
        ("SET statement_timeout = '1ms'; SELECT pg_sleep(60)", OperationalError),
        ("SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid())", OperationalError),
    ],
)
def test_errors_of_the_driver_become_errors_of_the_library(pool: PostgresPool, statement: str, error: type[PersistenceError]) -> None:
    """Callers know one tree of errors, whichever driver is underneath."""
    with pytest.raises(error):
        pool.rows(statement)
    assert pool.rows("SELECT 1") == [(1,)]


def test_a_server_that_cannot_be_reached_is_an_operational_error() -> None:
    """Nobody listens there."""
    pool = PostgresPool("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(OperationalError):
        pool.rows("SELECT 1")
    assert pool.num_in_use == 0
    pool.close()


def test_a_used_up_cursor_is_an_interface_error(pool: PostgresPool) -> None:
    """Asking for rows of a statement that gives none is a mistake of the caller."""
    with pool.connection() as connection:
        connection.close()
        with pytest.raises(InterfaceError):
            connection.cursor().execute("SELECT 1")


def test_a_transaction_is_kept_whole_or_not_at_all(pool: PostgresPool) -> None:
    """The block's end commits, an error rolls back, and the connection is at rest either way."""
    with pool.transaction() as cursor:
        cursor.execute("CREATE TABLE projections.of_this_test (number int)")
        cursor.copy_in("COPY projections.of_this_test FROM STDIN", b"1\n2\n")
    with pytest.raises(ZeroDivisionError), pool.transaction("REPEATABLE READ") as cursor:
        cursor.execute("DELETE FROM projections.of_this_test")
        assert cursor.rowcount == 2
        raise ZeroDivisionError
    with pytest.raises(ProgrammingError), pool.transaction() as cursor:
        cursor.execute("SELECT wrong")
    with pool.transaction() as cursor:
        assert cursor.copy_out("COPY projections.of_this_test TO STDOUT") == b"1\n2\n"
        cursor.execute("DROP TABLE projections.of_this_test")


def test_a_connection_given_back_inside_a_transaction_is_not_used_again(pool: PostgresPool) -> None:
    """Whatever was left open there must not reach the next caller."""
    with pool.connection() as abandoned:
        abandoned.cursor().execute("BEGIN")
    with pool.connection() as connection:
        assert connection is not abandoned
        assert connection.at_rest


def test_a_closed_pool_closes_what_comes_back(pool: PostgresPool) -> None:
    """Closing while a connection is lent ends that connection too."""
    with pool.connection() as connection:
        pool.close()
    assert connection.closed
