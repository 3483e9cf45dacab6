"""Migrations: applied once, in order, each wholly or not at all, and never edited."""

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg2
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, ProgrammingError
from psycopg2 import extensions

from ledger.domain import ids
from ledger.embedded import embedded_url, stop_embedded
from ledger.errors import MigrationsMissing, Misconfigured
from ledger.eventstore import migrate as migrate_module
from ledger.eventstore.connections import PostgresPool, connect
from ledger.eventstore.log import Log
from ledger.eventstore.migrate import check_migrated, migrate, pending, shipped_migrations
from ledger.eventstore.records import NewEvent, Receipt
from ledger.transparency.merkle import CompactTree

SHIPPED = list(shipped_migrations())
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ask(url: str, question: str) -> object:
    connection = psycopg2.connect(url)
    try:
        cursor = connection.cursor()
        cursor.execute(question)
        [(answer,)] = cursor.fetchall()
        return answer
    finally:
        connection.close()


@contextmanager
def database_of_a_plain_owner(server_url: str, rights: str) -> Iterator[str]:
    """The URL of an empty database whose owner is no superuser but a login with the given rights."""
    name, password = f"test_{secrets.token_hex(6)}", secrets.token_hex(16)
    administrator = connect(server_url).cursor()
    administrator.execute(f"CREATE ROLE {name} LOGIN {rights} PASSWORD '{password}'")
    administrator.execute(f"CREATE DATABASE {name} OWNER {name}")
    yield extensions.make_dsn(server_url, dbname=name, user=name, password=password)
    administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
    if administrator.connection.server_version >= 160000:
        # From there on the cluster remembers who let one role act as another.
        administrator.execute(f"SELECT FROM pg_auth_members WHERE grantor = '{name}'::regrole AND member = 'corridor_app'::regrole")
        if administrator.rowcount:
            administrator.execute(f"REVOKE corridor_partner FROM corridor_app GRANTED BY {name}")
    administrator.execute(f"DROP ROLE {name}")
    administrator.connection.close()


@pytest.fixture
def untouched_server_url() -> Iterator[str]:
    """A server on which nothing was ever migrated, so that the application's role is not there yet."""
    with TemporaryDirectory(prefix="corridor-tests-", ignore_cleanup_errors=True) as folder:
        yield embedded_url(Path(folder)).owner_url
        stop_embedded(Path(folder))


def test_an_empty_database_is_migrated_once(empty_database_url: str) -> None:
    """All migrations apply in the order of their names; a second run finds nothing to do."""
    assert pending(empty_database_url) == SHIPPED == sorted(SHIPPED)
    assert migrate(empty_database_url) == SHIPPED
    assert migrate(empty_database_url) == []
    assert pending(empty_database_url) == []
    check_migrated(empty_database_url)


def test_a_database_without_migrations_is_refused_with_the_command_to_run(empty_database_url: str) -> None:
    """Whoever starts the service on it reads what to do."""
    with pytest.raises(MigrationsMissing, match=f"lacks {len(SHIPPED)} .*0001_log.*: run `corridor migrate`"):
        check_migrated(empty_database_url)


def test_two_migrations_at_once_apply_everything_once(empty_database_url: str) -> None:
    """The second waits for the first and then finds nothing to do."""
    applied: list[list[str]] = []
    runs = [threading.Thread(target=lambda: applied.append(migrate(empty_database_url))) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(applied) == [[], [], [], SHIPPED]


def test_a_migration_that_fails_leaves_nothing_of_itself(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came before it stays; corrected, it applies as if it had never been tried."""
    files = {"0001_good": "CREATE TABLE ledger.good ()", "0002_bad": "CREATE TABLE ledger.bad (); SELECT wrong"}
    monkeypatch.setattr(migrate_module, "shipped_migrations", lambda: files)
    with pytest.raises(ProgrammingError, match="wrong"):
        migrate(empty_database_url)
    assert pending(empty_database_url) == ["0002_bad"]
    assert ask(empty_database_url, "SELECT to_regclass('ledger.bad') IS NULL") is True
    files["0002_bad"] = "CREATE TABLE ledger.bad ()"
    assert migrate(empty_database_url) == ["0002_bad"]


def test_a_migration_killed_half_way_leaves_nothing_of_itself(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its session ends in the middle of a statement; the next run starts that migration anew."""
    files = {"0001_killed": "CREATE TABLE ledger.half (); SELECT pg_terminate_backend(pg_backend_pid())"}
    monkeypatch.setattr(migrate_module, "shipped_migrations", lambda: files)
    with pytest.raises(OperationalError):
        migrate(empty_database_url)
    assert pending(empty_database_url) == ["0001_killed"]
    assert ask(empty_database_url, "SELECT to_regclass('ledger.half') IS NULL") is True
    files["0001_killed"] = "CREATE TABLE ledger.half ()"
    assert migrate(empty_database_url) == ["0001_killed"]


def test_a_log_written_before_keys_became_smaller_is_the_same_log_afterwards(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events, root and answers stand as they did, receipts are found by half of their old digest, and no version or key is taken twice.

    The migration is killed between its statements first: that leaves the old log, and the next run goes through.
    """
    every = shipped_migrations()
    before = {name: text for name, text in every.items() if name != "0007_smaller_keys"}
    first, second = every["0007_smaller_keys"].split("ALTER TABLE ledger.events", 1)
    monkeypatch.setattr(migrate_module, "shipped_migrations", lambda: before)
    migrate(empty_database_url)
    pool, corridor, stream = PostgresPool(empty_database_url), "abb-psbc", uuid4()
    log = Log(pool, corridor)
    for version in (1, 2):
        with log.begin() as batch:
            head = batch.commit([NewEvent(stream, version, "test:Happened", b"\x00%d" % version)], [], NOON)
    whole = hashlib.sha256(b"abb\0pay-1").digest()
    kept = Receipt(corridor, ids.receipt_digest("abb", "pay-1"), "abb", uuid4(), b"f" * 32, None, b'{"result":{}}', 2, NOON)
    with pool.transaction() as cursor:
        cursor.execute(
            "INSERT INTO ledger.receipts (corridor, digest, partner, command, fingerprint, answer, position, recorded_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (corridor, whole, kept.partner, str(kept.command), kept.fingerprint, kept.answer, kept.position, kept.recorded_at),
        )
    rows = log.read_page(0, 10)
    pool.close()

    killed = f"{first}; SELECT pg_terminate_backend(pg_backend_pid()); ALTER TABLE ledger.events {second}"
    monkeypatch.setattr(migrate_module, "shipped_migrations", lambda: before | {"0007_smaller_keys": killed})
    with pytest.raises(OperationalError):
        migrate(empty_database_url)
    assert ask(empty_database_url, "SELECT length(digest) FROM ledger.receipts") == 32

    monkeypatch.setattr(migrate_module, "shipped_migrations", lambda: every)
    migrate(empty_database_url)
    pool = PostgresPool(empty_database_url)
    log = Log(pool, corridor)
    assert (log.head(), log.read_page(0, 10), log.receipt(kept.digest)) == (head, rows, kept)
    assert head.tree == CompactTree().extend(row.leaf_hash for row in rows)
    options = "SELECT reloptions FROM pg_class WHERE oid = 'ledger.events'::regclass"
    assert ask(empty_database_url, options) == ["toast_tuple_target=8160", "autovacuum_vacuum_insert_threshold=-1"]
    with pytest.raises(IntegrityError, match="events_stream_version"), log.begin() as batch:
        batch.commit([NewEvent(stream, 2, "test:Happened", b"again")], [], NOON)
    with pytest.raises(IntegrityError, match="receipts_pkey"), log.begin() as batch:
        batch.commit([], [kept], NOON)
    pool.close()


def test_an_edited_migration_is_refused(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was applied here and has changed since stops everything, with the way out."""
    files = {"0001_first": "CREATE TABLE ledger.first ()"}
    monkeypatch.setattr(migrate_module, "shipped_migrations", lambda: files)
    migrate(empty_database_url)
    files["0001_first"] = "CREATE TABLE ledger.second ()"
    for refused in (migrate, pending, check_migrated):
        with pytest.raises(Misconfigured, match=r"0001_first .* never edited\. Restore the file"):
            refused(empty_database_url)


def test_an_owner_without_superuser_rights_can_migrate_and_act_as_the_application(untouched_server_url: str) -> None:
    """The migrating login is made a member of the application's role, so that it can run the service too."""
    with database_of_a_plain_owner(untouched_server_url, "CREATEROLE") as url:
        assert migrate(url) == SHIPPED
        assert migrate(url) == []
        pool = PostgresPool(url)
        assert pool.rows("SELECT current_user::text, session_user::text = current_user") == [("corridor_app", False)]
        assert Log(pool, "abb-psbc").head().position == 0
        pool.close()


def test_an_owner_who_may_not_act_as_the_application_is_told_who_can_help(server_url: str, database_url: str) -> None:
    """On a server where somebody else made the role, the error names the statement an administrator has to run."""
    with database_of_a_plain_owner(server_url, "NOCREATEROLE") as url:
        with pytest.raises(ProgrammingError, match="have an administrator run GRANT corridor_app TO test_"):
            migrate(url)
        login = extensions.parse_dsn(url)["user"]
        administrator = connect(server_url).cursor()
        administrator.execute(f"GRANT corridor_app TO {login}")
        administrator.connection.close()
        assert migrate(url) == SHIPPED
