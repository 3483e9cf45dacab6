"""Commits whose answer is lost or doubtful: the caller is told that nothing is known, and a replay settles it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg2
import pytest
from eventsourcing.persistence import OperationalError
from psycopg2 import extensions

from ledger.embedded import embedded_url, stop_embedded
from ledger.errors import OutcomeUnknown
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Batch, Log
from ledger.eventstore.migrate import migrate
from ledger.eventstore.records import NewEvent, Receipt, RecordedEvent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def log(database_url: str, corridor: str) -> Iterator[Log]:
    """A log on the shared server, with a pool of its own."""
    pool = PostgresPool(database_url)
    yield Log(pool, corridor)
    pool.close()


@pytest.fixture
def control(database_url: str) -> Iterator[extensions.cursor]:
    """An operator's session beside the ledger's."""
    yield from operator(database_url)


@pytest.fixture(scope="module")
def server_without_its_standby() -> Iterator[str]:
    """A migrated database whose commits wait for a synchronous standby that is not there."""
    with TemporaryDirectory(prefix="corridor-tests-", ignore_cleanup_errors=True) as folder:
        url = embedded_url(Path(folder)).owner_url
        migrate(url)
        pool = PostgresPool(url)
        with Log(pool, "abb-psbc").begin() as batch:
            batch.commit([new_event()], [receipt("abb-psbc")], NOON)
        pool.close()
        for control in operator(url):
            control.execute("ALTER SYSTEM SET synchronous_standby_names = 'absent'")
            control.execute("SELECT pg_reload_conf()")
            until(control, "SELECT current_setting('synchronous_standby_names') = 'absent'")
        yield url
        stop_embedded(Path(folder))


@pytest.fixture
def waiting_log(server_without_its_standby: str) -> Iterator[Log]:
    """A log with one event and one receipt, both safe; whatever commits from now on waits."""
    pool = PostgresPool(server_without_its_standby)
    yield Log(pool, "abb-psbc")
    pool.close()


@pytest.fixture
def waiting_control(server_without_its_standby: str) -> Iterator[extensions.cursor]:
    """An operator's session on the server without its standby."""
    yield from operator(server_without_its_standby)


def operator(url: str) -> Iterator[extensions.cursor]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


def until(control: extensions.cursor, question: str, *values: object) -> None:
    """Asks the server until it says yes."""
    while True:
        control.execute(question, values)
        answer = control.fetchone()
        if answer and answer[0]:
            return


def new_event() -> NewEvent:
    return NewEvent(uuid4(), 1, "test:Happened", b"{}")


def receipt(corridor: str) -> Receipt:
    return Receipt(corridor, b"d" * 16, "abb", uuid4(), b"f" * 32, None, b"{}", 1, NOON)


def backend_of(batch: Batch) -> int:
    return int(batch.cursor.rows("SELECT pg_backend_pid()")[0][0])


def terminate(control: extensions.cursor, pid: int) -> None:
    control.execute("SELECT pg_terminate_backend(%s)", [pid])
    until(control, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid)


class Attempt(threading.Thread):
    """Runs a piece of work in a thread and keeps how it ended."""

    def __init__(self, work: object) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.ended: object = None
        self.start()

    def run(self) -> None:
        try:
            self.ended = self.work()  # type: ignore[operator]
        except Exception as error:
            self.ended = error

    def outcome(self) -> object:
        self.join()
        return self.ended


def until_it_waits_for_the_standby(control: extensions.cursor) -> int:
    """The backend that has committed locally and now waits for the standby."""
    waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'corridor'"
    until(control, f"SELECT EXISTS (SELECT {waiting})")
    control.execute(f"SELECT pid {waiting}")
    row = control.fetchone()
    assert row is not None
    return int(row[0])


def test_a_connection_lost_before_the_commit_is_an_unknown_outcome(log: Log, control: extensions.cursor) -> None:
    """The caller cannot know that nothing was kept; the next batch, on a new connection, shows it."""
    batch = log.begin()
    terminate(control, backend_of(batch))
    with pytest.raises(OutcomeUnknown, match="Ask again with the same idempotency key"):
        batch.commit([new_event()], [receipt(log.corridor)], NOON)
    assert log.head().position == 0
    assert log.receipt(b"d" * 16) is None
    with log.begin() as batch:
        assert batch.commit([new_event()], [], NOON).position == 1
    assert log.pool.num_in_use == 0


def test_a_connection_lost_while_waiting_for_the_lock_is_an_error_before_any_decision(log: Log, control: extensions.cursor) -> None:
    """Nothing was decided, so this is no unknown outcome."""
    with log.begin() as batch:
        batch.commit([new_event()], [], NOON)
    with log.begin():
        attempt = Attempt(log.begin)
        blocked = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        until(control, f"SELECT EXISTS (SELECT {blocked})")
        control.execute(f"SELECT pg_terminate_backend(pid) {blocked}")
        assert isinstance(attempt.outcome(), OperationalError)
    assert log.pool.num_in_use == 0


def test_an_idle_connection_that_the_server_closed_is_not_handed_out(log: Log, control: extensions.cursor) -> None:
    """A restarted server costs the next caller a new connection, not an error."""
    with log.begin() as batch:
        pid = backend_of(batch)
    terminate(control, pid)
    with log.begin() as batch:
        assert backend_of(batch) != pid
        assert batch.commit([new_event()], [], NOON).position == 1


def test_a_replay_waits_for_the_standby_that_a_plain_read_does_not_wait_for(waiting_log: Log, waiting_control: extensions.cursor) -> None:
    """An answer is repeated only once it is as safe as when it was given; cut short, the wait is an unknown outcome."""
    assert waiting_log.receipt(b"d" * 16) is not None
    replays = (lambda: waiting_log.replay_receipt(b"d" * 16), lambda: replay_in_a_batch(waiting_log))
    for replay in replays:
        attempt = Attempt(replay)
        waiting_control.execute("SELECT pg_cancel_backend(%s)", [until_it_waits_for_the_standby(waiting_control)])
        outcome = attempt.outcome()
        assert isinstance(outcome, OutcomeUnknown)
        assert "canceling wait for synchronous replication" in str(outcome)
    assert (waiting_log.pool.num_in_use, waiting_log.pool.num_in_pool) == (0, 0)


def replay_in_a_batch(log: Log) -> None:
    with log.begin([b"d" * 16]) as batch:
        assert set(batch.receipts) == {b"d" * 16}
        batch.commit([], [], NOON)


def test_a_wait_for_the_standby_cut_short_is_an_unknown_outcome(waiting_log: Log, waiting_control: extensions.cursor) -> None:
    """Whether by a cancel (a warning) or by the end of the session: here the events are in fact there."""
    before = waiting_log.head().position
    for cut in ("pg_cancel_backend", "pg_terminate_backend"):
        attempt = Attempt(lambda: commit_one(waiting_log))
        waiting_control.execute(f"SELECT {cut}(%s)", [until_it_waits_for_the_standby(waiting_control)])
        assert isinstance(attempt.outcome(), OutcomeUnknown)
    kept: list[RecordedEvent] = waiting_log.read_page(before, 10)
    assert [event.position for event in kept] == [before + 1, before + 2]


def commit_one(log: Log) -> None:
    with log.begin() as batch:
        batch.commit([new_event()], [], NOON)
