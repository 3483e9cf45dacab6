"""The last trip of a transaction, and what may be said about it afterwards."""

from eventsourcing.persistence import PersistenceError
from psycopg2 import Error

from ledger.errors import OutcomeUnknown
from ledger.eventstore.connections import PostgresConnection, translated_errors

_SERVER_GOING_AWAY = ("08", "57P")
"""SQLSTATE classes of a connection that ends: connection exceptions, and shutdowns by an operator or a crash."""


def send_commit(connection: PostgresConnection, statements: bytes, data: bytes = b"") -> None:
    """Sends statements that end in COMMIT, with `data` for a COPY among them, and judges the answer.

    An error of the library's tree means that nothing was kept; the connection is at rest then. OutcomeUnknown means
    that the answer was lost, or that the server warned about this commit (a wait for the standby was cut short): the
    connection is closed then, and never cancelled, since cancelling is what ends such a wait.
    """
    notices: list[str] = []
    connection.raw.notices = notices
    answered = False
    try:
        if data:
            connection.cursor().copy_in(statements, data)
        else:
            connection.cursor().execute(statements)
        with translated_errors():
            # After a COPY the driver hands warnings over only when asked to look; nothing is sent.
            connection.raw.poll()
        answered = True
    except PersistenceError as error:
        if connection.raw.closed or _is_lost(error):
            raise _unknown("the connection broke before the answer came") from error
        connection.rollback()
        answered = True
        raise
    finally:
        if not answered:
            connection.close()
    warnings = [notice.strip() for notice in notices if notice.startswith("WARNING")]
    if warnings or not connection.at_rest:
        connection.close()
        raise _unknown(warnings[0] if warnings else "the transaction is still open")


def _is_lost(error: PersistenceError) -> bool:
    code = error.__cause__.pgcode if isinstance(error.__cause__, Error) else None
    return code is None or code.startswith(_SERVER_GOING_AWAY)


def _unknown(reason: str) -> OutcomeUnknown:
    return OutcomeUnknown(f"Whether this commit happened is not known: {reason}. Ask again with the same idempotency key.")
