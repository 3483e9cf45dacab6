"""What the database itself refuses: changes to the log by anyone, and everything but appending by the application."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import psycopg2
import pytest
from eventsourcing.persistence import ProgrammingError
from psycopg2 import errors, extensions

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.records import NewEvent, Receipt

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def log(database_url: str, corridor: str) -> Iterator[Log]:
    """A log with one event and one receipt."""
    pool = PostgresPool(database_url)
    log = Log(pool, corridor)
    with log.begin() as batch:
        receipt = Receipt(corridor, b"d" * 16, "abb", uuid4(), b"f" * 32, None, b"{}", 1, NOON)
        batch.commit([NewEvent(uuid4(), 1, "test:Happened", b"{}")], [receipt], NOON)
    yield log
    pool.close()


@pytest.fixture
def owner(database_url: str) -> Iterator[extensions.cursor]:
    """The owner of the database, who may do everything that no trigger refuses."""
    connection = psycopg2.connect(database_url)
    yield connection.cursor()
    connection.close()


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("UPDATE ledger.events SET state = ''", "UPDATE on ledger.events"),
        ("UPDATE ledger.events SET state = '' WHERE false", "UPDATE on ledger.events"),
        ("DELETE FROM ledger.events", "DELETE on ledger.events"),
        ("TRUNCATE ledger.events", "TRUNCATE on ledger.events"),
        ("UPDATE ledger.receipts SET answer = ''", "UPDATE on ledger.receipts"),
        ("DELETE FROM ledger.receipts", "DELETE on ledger.receipts"),
        ("TRUNCATE ledger.receipts", "TRUNCATE on ledger.receipts"),
        ("UPDATE ledger.evidence SET base = ''", "UPDATE on ledger.evidence"),
        ("DELETE FROM ledger.evidence", "DELETE on ledger.evidence"),
        ("TRUNCATE ledger.evidence", "TRUNCATE on ledger.evidence"),
        ("DELETE FROM ledger.heads", "DELETE on ledger.heads"),
        ("TRUNCATE ledger.heads", "TRUNCATE on ledger.heads"),
    ],
)
def test_even_the_owner_cannot_change_the_log(log: Log, owner: extensions.cursor, statement: str, refused: str, role: str) -> None:
    """The triggers refuse the owner, also in the mode replication uses to pass triggers by."""
    before = (log.head(), log.read_page(0, 10), log.receipt(b"d" * 16))
    owner.execute(f"SET session_replication_role = {role}")
    with pytest.raises(errors.InsufficientPrivilege, match=f"{refused} is forbidden: the log is append-only"):
        owner.execute(statement)
    owner.connection.rollback()
    assert (log.head(), log.read_page(0, 10), log.receipt(b"d" * 16)) == before


@pytest.mark.parametrize(
    "change",
    [
        "position = 0, tree_size = 0",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "corridor = 'other-corridor'",
    ],
)
def test_the_head_of_a_log_never_goes_back(log: Log, owner: extensions.cursor, change: str) -> None:
    """Neither position nor time of a head can be set back, nor can it be given to another corridor."""
    with pytest.raises(errors.InsufficientPrivilege, match="would go back"):
        owner.execute(f"UPDATE ledger.heads SET {change} WHERE corridor = %s", [log.corridor])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.events SET state = ''",
        "DELETE FROM ledger.events",
        "TRUNCATE ledger.events",
        "UPDATE ledger.receipts SET answer = ''",
        "DELETE FROM ledger.receipts",
        "UPDATE ledger.evidence SET base = ''",
        "DELETE FROM ledger.evidence",
        "DELETE FROM ledger.heads",
        "DELETE FROM ledger.tracking",
        "UPDATE ledger.snapshots SET state = ''",
        "INSERT INTO ledger.migrations (name, sha256) VALUES ('0000', '')",
        "ALTER TABLE ledger.events DISABLE TRIGGER append_only",
        "DROP TABLE ledger.events",
        "CREATE TABLE ledger.more ()",
        "ALTER ROLE corridor_app SUPERUSER",
    ],
)
def test_the_application_may_add_to_the_log_and_nothing_else(log: Log, statement: str) -> None:
    """Connections of the pool act as a role without any right to change or dismantle the log."""
    with log.pool.connection() as connection, pytest.raises(ProgrammingError, match=r"denied|must be"):
        connection.cursor().execute(statement)


def test_the_application_may_build_projections(log: Log) -> None:
    """What is derived from the log can be built beside the live tables and thrown away again."""
    with log.pool.transaction() as cursor:
        cursor.execute("CREATE TABLE projections.built_by_a_test (corridor text)")
        cursor.execute("DROP TABLE projections.built_by_a_test")
