"""Telling readers that the log has grown, and readers who were not told."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import psycopg2
import pytest
from eventsourcing.persistence import Tracking, WaitInterruptedError

from ledger.eventstore import notifications
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.notifications import Listener, Notifier
from ledger.eventstore.recorders import CorridorTrackingRecorder
from ledger.eventstore.records import NewEvent
from ledger.eventstore.tracking import advance_tracking, tracking_position

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = 30.0
"""Seconds after which something never happens; nothing here takes long."""


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    """Connections that act as the application."""
    pool = PostgresPool(database_url)
    yield pool
    pool.close()


@pytest.fixture
def listener(database_url: str) -> Iterator[Listener]:
    """A listener that is closed after the test."""
    listener = Listener(database_url)
    yield listener
    listener.close()


def append(log: Log) -> int:
    with log.begin() as batch:
        return batch.commit([NewEvent(uuid4(), 1, "test:Happened", b"{}")], [], NOON).position


def listening(pool: PostgresPool, url: str, corridor: str, monkeypatch: pytest.MonkeyPatch) -> Listener:
    """A listener that has had its first look and will not look again, so that only a notification can tell it more."""
    monkeypatch.setattr(notifications, "LOOK_EVERY_SECONDS", 10 * PATIENCE)
    before = Log(pool, f"{corridor}x")
    append(before)
    listener = Listener(url)
    assert listener.wait(before.corridor, 1, PATIENCE)
    return listener


def test_a_commit_reaches_a_listener_through_the_notifier(
    pool: PostgresPool, database_url: str, corridor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notification alone is enough."""
    listener, notifier = listening(pool, database_url, corridor, monkeypatch), Notifier(database_url)
    append(Log(pool, corridor, announce=notifier.announce))
    assert listener.wait(corridor, 1, PATIENCE)
    notifier.close()
    listener.close()


def test_who_waits_for_one_corridor_is_not_woken_by_another(
    pool: PostgresPool, database_url: str, corridor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many corridors grow, each of their readers looks only when its own has."""
    listener, notifier = listening(pool, database_url, corridor, monkeypatch), Notifier(database_url)
    looked, first, position = [], threading.Event(), listener.position

    def counted(name: str) -> int:
        looked.append(name)
        first.set()
        return position(name)

    monkeypatch.setattr(listener, "position", counted)
    waiting = threading.Thread(target=listener.wait, args=(f"{corridor}quiet", 1, PATIENCE))
    waiting.start()
    assert first.wait(PATIENCE)
    busy = Log(pool, corridor, announce=notifier.announce)
    for _ in range(3):
        assert listener.wait(corridor, append(busy), PATIENCE)
    assert looked.count(f"{corridor}quiet") == 1
    notifier.close()
    listener.close()
    waiting.join()


def test_a_lost_notification_costs_only_delay(pool: PostgresPool, listener: Listener, corridor: str) -> None:
    """Nobody announced this commit; the listener finds it when it looks."""
    append(Log(pool, corridor))
    assert listener.wait(corridor, 1, PATIENCE)
    assert listener.position(corridor) == 1


def test_a_listener_whose_connection_breaks_finds_a_new_one(
    pool: PostgresPool, database_url: str, listener: Listener, corridor: str
) -> None:
    """A restarted database delays it and nothing more."""
    log = Log(pool, corridor)
    append(log)
    assert listener.wait(corridor, 1, PATIENCE)
    control = psycopg2.connect(database_url)
    control.autocommit = True
    cursor = control.cursor()
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE 'SELECT corridor, position FROM ledger.heads%'"
    )
    assert (True,) in cursor.fetchall()
    control.close()
    append(log)
    assert listener.wait(corridor, 2, PATIENCE)


def test_of_many_announcements_the_last_is_what_counts(
    pool: PostgresPool, database_url: str, corridor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Announcements coalesce, and closing the notifier sends what is left."""
    listener, notifier = listening(pool, database_url, corridor, monkeypatch), Notifier(database_url)
    for position in (1, 2, 500, 3):
        notifier.announce(corridor, position)
    notifier.close()
    assert listener.wait(corridor, 500, PATIENCE)
    listener.close()


def test_waiting_in_vain_ends_with_the_timeout(listener: Listener, corridor: str) -> None:
    """A log that does not grow is not waited for longer than asked."""
    assert listener.wait(corridor, 1, 0) is False


def test_closing_a_listener_sets_its_waiters_free(database_url: str, corridor: str) -> None:
    """They are told that the position was not reached."""
    listener = Listener(database_url)
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(listener.wait(corridor, 1, PATIENCE)))
    waiter.start()
    listener.close()
    waiter.join()
    listener.close()
    assert answers == [False]


def test_a_reader_only_moves_forward(pool: PostgresPool, corridor: str) -> None:
    """Its position is written in its own transaction, and a second attempt at the same page changes nothing."""
    moved: list[bool] = []
    for position in (5, 5, 3, 9):
        with pool.transaction() as cursor:
            moved.append(advance_tracking(cursor, corridor, "balances", position))
    with pool.transaction() as cursor:
        assert tracking_position(cursor, corridor, "balances") == 9
        assert tracking_position(cursor, corridor, "lines") == 0
    assert moved == [True, False, False, True]


@pytest.mark.parametrize("own_process", [True, False])
def test_who_waits_for_a_reader_goes_on_when_it_has_come_so_far(pool: PostgresPool, corridor: str, own_process: bool) -> None:
    """Whether the reader moves in this process or in another one."""
    recorder = CorridorTrackingRecorder(pool, corridor)
    mover = recorder if own_process else CorridorTrackingRecorder(pool, corridor)
    move: Callable[[], None] = lambda: mover.insert_tracking(Tracking("balances", 7))  # noqa: E731
    thread = threading.Thread(target=move)
    thread.start()
    recorder.wait("balances", 7, timeout=PATIENCE)
    thread.join()


def test_waiting_for_a_reader_can_be_interrupted(pool: PostgresPool, corridor: str) -> None:
    """Also while it is going on."""
    recorder, interrupt = CorridorTrackingRecorder(pool, corridor), threading.Event()
    threading.Thread(target=interrupt.set).start()
    with pytest.raises(WaitInterruptedError):
        recorder.wait("balances", 7, timeout=PATIENCE, interrupt=interrupt)


def test_who_lingers_goes_on_when_hurried_or_when_enough_has_come(pool: PostgresPool, listener: Listener, corridor: str) -> None:
    """A hurry counts once, also one that came before; the log's growth counts whenever it comes; else the time is up at some point."""
    lingered = []

    def linger() -> None:
        listener.linger(corridor, 1, PATIENCE)
        lingered.append(listener.position(corridor))

    listener.hurry(corridor)
    linger()
    thread = threading.Thread(target=linger)
    thread.start()
    append(Log(pool, corridor))
    thread.join()
    listener.linger(corridor, 2, 0.0)
    assert lingered == [0, 1]
