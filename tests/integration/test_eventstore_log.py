"""The log on a real PostgreSQL: what a batch sees, what a commit leaves, what a page holds."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError, InterfaceError, ProgrammingError

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.records import LOG_BEGINNING, Head, NewEvent, Receipt, RecordedEvent
from ledger.transparency.leaf import leaf_bytes
from ledger.transparency.merkle import CompactTree, leaf_hash

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
ONE_MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def pool(database_url: str) -> Iterator[PostgresPool]:
    """Connections that act as the application."""
    pool = PostgresPool(database_url)
    yield pool
    pool.close()


@pytest.fixture
def log(pool: PostgresPool, corridor: str) -> Log:
    """The empty log of a corridor nobody has used."""
    return Log(pool, corridor)


def events_of(stream: UUID, first: int, last: int) -> list[NewEvent]:
    return [NewEvent(stream, version, "test:Happened", b"\x00%d\xff" % version) for version in range(first, last + 1)]


def append(log: Log, *events: NewEvent, at: datetime = NOON) -> Head:
    with log.begin() as batch:
        return batch.commit(events, [], at)


def receipt_of(log: Log, digest: bytes, position: int = 0, key: UUID | None = None) -> Receipt:
    return Receipt(log.corridor, digest, "abb", uuid4(), b"f" * 32, key, b'{"status":"accepted"}', position, NOON)


def as_recorded(corridor: str, event: NewEvent, position: int, boundary: int, at: datetime = NOON) -> RecordedEvent:
    leaf = leaf_hash(leaf_bytes(corridor, position, boundary, *event[:3], at, event.state))
    return RecordedEvent(corridor, position, boundary, *event, at, leaf)


def test_a_corridor_without_events_stands_at_position_zero(log: Log) -> None:
    """Reading an unused corridor gives an empty log, and does not create anything."""
    assert log.head() == Head(0, LOG_BEGINNING, CompactTree())
    assert log.read_page(0, 100) == []
    assert (log.boundary_at(5), log.boundary_at_instant(NOON)) == (0, 0)
    assert log.corridor not in log.corridors()


def test_what_was_committed_is_read_back_byte_for_byte(log: Log) -> None:
    """Positions are dense from 1, the boundary is the commit's end, and the leaf hash covers the whole row."""
    stream, other = uuid4(), uuid4()
    first, second = events_of(stream, 1, 2), events_of(other, 1, 1)
    append(log, *first)
    head = append(log, *second, at=NOON + ONE_MINUTE)
    expected = [
        as_recorded(log.corridor, first[0], 1, 2),
        as_recorded(log.corridor, first[1], 2, 2),
        as_recorded(log.corridor, second[0], 3, 3, NOON + ONE_MINUTE),
    ]
    assert log.read_page(0, 100) == expected
    assert log.select_stream(stream) == expected[:2]
    tree = CompactTree().extend(event.leaf_hash for event in expected)
    assert head == log.head() == Head(3, NOON + ONE_MINUTE, tree)
    assert log.corridor in log.corridors()


def test_time_never_runs_back_in_the_log(log: Log) -> None:
    """A writer whose clock is behind records at the head's time."""
    append(log, *events_of(uuid4(), 1, 1))
    head = append(log, *events_of(uuid4(), 1, 1), at=NOON - ONE_MINUTE)
    assert head.recorded_at == NOON
    assert [event.recorded_at for event in log.read_page(0, 10)] == [NOON, NOON]


def test_a_batch_is_told_all_it_needs_in_one_answer(log: Log) -> None:
    """The head, the receipts found and the streams asked for come with the lock."""
    stream, digest, key = uuid4(), b"d" * 16, uuid4()
    events = events_of(stream, 1, 3)
    receipt = receipt_of(log, digest, 3, key)
    with log.begin() as batch:
        head = batch.commit(events, [receipt], NOON)
    rows = [as_recorded(log.corridor, event, at, 3) for at, event in enumerate(events, 1)]
    unknown = uuid4()
    with log.begin([digest, b"e" * 16], {stream: 1, unknown: 0}) as batch:
        assert batch.head == head
        assert batch.receipts == {digest: receipt}
        assert batch.streams == {stream: rows[1:], unknown: []}
        assert batch.load({stream: 0}) == {stream: rows}
        assert batch.streams == {stream: rows, unknown: []}


def test_a_batch_left_without_a_commit_leaves_nothing(log: Log) -> None:
    """Leaving the block, also by an error, gives the lock back and keeps nothing."""
    with pytest.raises(ZeroDivisionError), log.begin() as batch:
        raise ZeroDivisionError
    assert log.head().position == 0
    with pytest.raises(InterfaceError, match="begin a new one"):
        batch.commit([], [], NOON)
    assert append(log, *events_of(uuid4(), 1, 1)).position == 1


def test_a_version_taken_already_leaves_nothing_of_the_batch(log: Log) -> None:
    """The second writer of a version is refused, with its other events, its receipt and its step of the head."""
    stream = uuid4()
    head = append(log, *events_of(stream, 1, 1))
    digest = b"d" * 16
    with pytest.raises(IntegrityError), log.begin() as batch:
        batch.commit([*events_of(uuid4(), 1, 2), *events_of(stream, 1, 1)], [receipt_of(log, digest)], NOON)
    assert log.head() == head
    assert log.receipt(digest) is None
    assert [event.stream_id for event in log.read_page(0, 10)] == [stream]
    assert append(log, *events_of(stream, 2, 2)).position == 2


def test_a_key_answered_already_leaves_nothing_of_the_batch(log: Log) -> None:
    """Two receipts for one key cannot both exist, and the events beside the second do not either."""
    digest = b"d" * 16
    first = receipt_of(log, digest)
    with log.begin() as batch:
        batch.commit([], [first], NOON)
    with pytest.raises(IntegrityError), log.begin() as batch:
        batch.commit(events_of(uuid4(), 1, 1), [receipt_of(log, digest)], NOON)
    assert log.head().position == 0
    assert log.receipt(digest) == first


def test_a_refusal_is_stored_without_any_event(log: Log) -> None:
    """A batch of receipts alone leaves the head where it is; awkward text and empty answers come back whole."""
    awkward = Receipt(log.corridor, b"\x00" * 16, "a\"b\\c{d},'e", uuid4(), b"\x00" * 32, None, b"", 0, NOON)
    plain = receipt_of(log, b"d" * 16, 7, uuid4())
    with log.begin() as batch:
        assert batch.commit([], [awkward, plain], NOON) == Head(0, LOG_BEGINNING, CompactTree())
    assert log.receipt(awkward.digest) == awkward
    assert log.replay_receipt(plain.digest) == plain
    assert log.replay_receipt(b"n" * 16) is None


@pytest.mark.parametrize(("digest", "fingerprint"), [(b"d" * 32, b"f" * 32), (b"d" * 16, b"f")])
def test_a_receipt_of_other_widths_is_refused(log: Log, digest: bytes, fingerprint: bytes) -> None:
    """Digests go to the database as one string of bytes, and so do fingerprints: one that is too long would spoil its neighbours."""
    sound = receipt_of(log, b"s" * 16)
    with pytest.raises(ProgrammingError, match="a digest of 16 bytes and a fingerprint of 32"), log.begin() as batch:
        batch.commit([], [sound, sound._replace(digest=digest, fingerprint=fingerprint)], NOON)
    assert log.receipt(sound.digest) is None


def test_a_page_holds_whole_commits(log: Log) -> None:
    """A page ends where a commit ends: as many as fit, or one alone when it is larger than the page."""
    stream = uuid4()
    for first, last in ((1, 2), (3, 7), (8, 8), (9, 10)):
        append(log, *events_of(stream, first, last))
    ends = {
        (after, size): [event.position for event in log.read_page(after, size)]
        for after, size in ((0, 1), (0, 2), (0, 6), (0, 8), (2, 1), (7, 2), (7, 3), (8, 50), (10, 5))
    }
    assert ends == {
        (0, 1): [1, 2],
        (0, 2): [1, 2],
        (0, 6): [1, 2],
        (0, 8): [1, 2, 3, 4, 5, 6, 7, 8],
        (2, 1): [3, 4, 5, 6, 7],
        (7, 2): [8],
        (7, 3): [8, 9, 10],
        (8, 50): [9, 10],
        (10, 5): [],
    }
    assert [log.boundary_at(position) for position in (0, 1, 2, 3, 7, 8, 9, 10, 99)] == [0, 0, 2, 2, 7, 8, 8, 10, 10]


def test_the_log_can_be_asked_how_far_it_was_at_an_instant(log: Log) -> None:
    """The answer is the end of the last commit recorded by then, also where several share one instant."""
    stream, minutes = uuid4(), (0, 1, 1, 3)
    for number, minute in enumerate(minutes):
        append(log, *events_of(stream, 2 * number + 1, 2 * number + 2), at=NOON + minute * ONE_MINUTE)
    asked = [NOON - ONE_MINUTE, *(NOON + minute * ONE_MINUTE for minute in (0, 0.5, 1, 2, 3, 99))]
    assert [log.boundary_at_instant(instant) for instant in asked] == [0, 2, 2, 6, 6, 8, 8]


def test_writers_in_parallel_leave_a_dense_log_of_whole_commits(database_url: str, corridor: str) -> None:
    """Four threads, each with a pool and log of its own: no gap, no interleaving, one growing tree."""
    commits, size, threads = 25, 3, 4
    failures: list[BaseException] = []

    def write(stream: UUID) -> None:
        pool = PostgresPool(database_url)
        try:
            log = Log(pool, corridor)
            for number in range(commits):
                append(log, *events_of(stream, number * size + 1, (number + 1) * size))
        except BaseException as failure:
            failures.append(failure)
        finally:
            pool.close()

    streams = [uuid4() for _ in range(threads)]
    writers = [threading.Thread(target=write, args=(stream,)) for stream in streams]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    pool = PostgresPool(database_url)
    rows = Log(pool, corridor).read_page(0, 10_000)
    head = Log(pool, corridor).head()
    pool.close()
    total = threads * commits * size
    assert [row.position for row in rows] == list(range(1, total + 1))
    assert [row.boundary for row in rows] == [(at // size + 1) * size for at in range(total)]
    assert all(len({row.stream_id for row in rows[at : at + size]}) == 1 for at in range(0, total, size))
    assert {stream: [row.stream_version for row in rows if row.stream_id == stream] for stream in streams} == {
        stream: list(range(1, commits * size + 1)) for stream in streams
    }
    assert head.tree == CompactTree().extend(row.leaf_hash for row in rows)


def test_commits_are_announced_and_only_those(pool: PostgresPool, corridor: str) -> None:
    """Whoever is to be told hears of each commit with events, after it, and of nothing else."""
    heard: list[tuple[str, int]] = []
    log = Log(pool, corridor, announce=lambda *growth: heard.append(growth))
    append(log, *events_of(uuid4(), 1, 2))
    with log.begin() as batch:
        batch.commit([], [receipt_of(log, b"d" * 16)], NOON)
    with pytest.raises(IntegrityError):
        append(log, *[*events_of(uuid4(), 1, 1)] * 2)
    assert heard == [(corridor, 2)]


def test_the_pool_gets_every_connection_back(log: Log) -> None:
    """Commits, refusals, errors and abandoned batches all return what they borrowed, at rest."""
    stream = uuid4()
    append(log, *events_of(stream, 1, 1))
    with pytest.raises(IntegrityError):
        append(log, *events_of(stream, 1, 1))
    with log.begin():
        pass
    log.replay_receipt(b"n" * 16)
    assert log.pool.num_in_use == 0
    with log.pool.connection() as connection:
        assert connection.at_rest
