"""The runner under interruption: whatever happens to it, each commit is projected exactly once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from math import inf, isfinite
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError

from ledger.errors import ReadTooEarly
from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import UnknownEvent
from ledger.eventstore.notifications import Listener, Notifier
from ledger.pacing import FullSpeed
from ledger.projections import folds
from ledger.projections.balances import balances
from ledger.projections.page import ReadPage, read_page
from ledger.projections.runner import FOLLOWER_FAR_BEHIND, Runner, announced_name
from ledger.projections.snapshot import snapshot
from ledger.projections.waiting import at_least
from tests.integration.projected import contents, forget
from tests.integration.small_corridor import SmallCorridor


@pytest.fixture
def small(database_url: str, corridor: str) -> Iterator[SmallCorridor]:
    """A corridor in which everything has happened once, not projected yet."""
    small = SmallCorridor(database_url, corridor)
    small.live_a_day()
    yield small
    small.close()


class Cut(Exception):
    """Stands for a process that ends in the middle of a statement."""


class Cutting:
    """Lets a number of statements through and cuts the one after them off; counts all of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 10**9
        self.seen = 0
        for name in ("execute", "copy_in"):
            self._wrap(monkeypatch, name)

    def _wrap(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        original = getattr(PostgresCursor, name)

        def counted(cursor: PostgresCursor, *args: Any) -> Any:
            if self.left == 0:
                raise Cut
            self.left -= 1
            self.seen += 1
            return original(cursor, *args)

        monkeypatch.setattr(PostgresCursor, name, counted)


def test_the_size_of_a_page_changes_nothing(small: SmallCorridor) -> None:
    """One commit to a page, a few, or all at once: the tables come to the same rows."""
    head = small.log.head().position
    assert Runner(small.log, page_size=1).catch_up() == head
    one_by_one = contents(small.pool, small.code)
    for size in (40, 100_000):
        forget(small.url, small.code)
        assert Runner(small.log, page_size=size).catch_up() == head
        assert contents(small.pool, small.code) == one_by_one


def test_a_page_ends_at_a_boundary(small: SmallCorridor) -> None:
    """However small the page, the position is never inside a commit."""
    runner = Runner(small.log, page_size=3)
    reached = []
    while not reached or reached[-1] != small.log.head().position:
        reached.append(runner.run_once())
        with snapshot(small.pool, small.code) as at:
            assert at.boundary == reached[-1]
            assert sum(found.signed for found in balances(at) if found.currency == "USD") == 0
    assert reached == [small.log.boundary_at(position) for position in reached]
    assert runner.run_once() == reached[-1]


def test_a_runner_cut_off_at_any_statement_resumes_and_doubles_nothing(small: SmallCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every statement of a page: cut there, nothing of the page is kept; the next run ends with the rows of an undisturbed one."""
    head = small.log.head().position
    Runner(small.log).catch_up()
    undisturbed = contents(small.pool, small.code)
    forget(small.url, small.code)
    first = Runner(small.log, page_size=120)
    middle = first.run_once()
    before = contents(small.pool, small.code)
    cutting = Cutting(monkeypatch)
    statements = 0
    while True:
        cutting.left, cutting.seen = statements, 0
        try:
            reached = Runner(small.log).run_once()
        except Cut:
            statements += 1
            cutting.left = 10**9
            assert Runner(small.log).position() == middle
            assert contents(small.pool, small.code) == before
            continue
        break
    assert (reached, statements > 20) == (head, True)
    cutting.left = 10**9
    assert contents(small.pool, small.code) == undisturbed


def test_two_runners_of_one_corridor_share_the_work(small: SmallCorridor) -> None:
    """They take turns page by page; each commit is projected once, and both end at the head."""
    Runner(small.log).catch_up()
    undisturbed = contents(small.pool, small.code)
    forget(small.url, small.code)
    together = threading.Barrier(3)
    reached: list[int] = []

    def run() -> None:
        runner = Runner(small.log, page_size=2)
        together.wait()
        reached.append(runner.catch_up())

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reached == [small.log.head().position] * 3
    assert contents(small.pool, small.code) == undisturbed


def test_progress_and_lag_say_how_far_it_is(small: SmallCorridor) -> None:
    """Progress is told after each page with the head to reach; the lag is what is left."""
    head = small.log.head().position
    told: list[tuple[int, int]] = []
    runner = Runner(small.log, page_size=50)
    assert runner.lag() == (head, 0)
    reached = runner.catch_up(until=100, progress=lambda position, of: told.append((position, of)))
    assert 100 <= reached <= 150
    assert [of for _, of in told] == [head] * len(told)
    assert told[-1][0] == reached
    assert runner.lag().events == head - reached
    runner.catch_up()
    assert runner.lag().events == 0


def test_a_runner_that_is_told_to_stop_ends_after_its_page(small: SmallCorridor) -> None:
    """Far behind, it need not come to the end of the log before its process may close."""
    stop, told = threading.Event(), []

    def progress(position: int, _head: int) -> None:
        told.append(position)
        stop.set()

    assert Runner(small.log, page_size=50).catch_up(progress=progress, stop=stop) == told[0] == Runner(small.log).position()
    assert 0 < told[0] <= small.log.head().position - 50


def test_a_runner_asked_for_more_than_there_is_ends_with_the_log(small: SmallCorridor) -> None:
    """A position that no commit has reached yet is not waited for."""
    assert Runner(small.log).catch_up(until=10**9) == small.log.head().position


def test_a_runner_far_behind_rests_between_pages_and_near_the_end_of_the_log_it_does_not(small: SmallCorridor) -> None:
    """The pace is asked as long as more than a page is left: what was written a moment ago is projected at once."""
    asked: list[int] = []

    class Resting(FullSpeed):
        def begin(self) -> bool:
            return True

        def rest(self, events: int = 0, /) -> float:
            asked.append(events)
            return 1.0

    told: list[int] = []
    head = Runner(small.log, page_size=50, pace=Resting()).catch_up(progress=lambda position, _: told.append(position))
    sizes = [end - start for start, end in zip([0, *told], told, strict=False)]
    assert asked == [size for size, end in zip(sizes, told, strict=True) if head - end > 50]
    assert 0 < len(asked) < len(told)


def test_a_topic_from_the_future_stops_the_runner_before_its_page(small: SmallCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older version meets a newer event: nothing of that page is written, and the position stays in front of it."""
    monkeypatch.delitem(folds.FOLDS, "Movement.CashMoved.v1")
    runner = Runner(small.log, page_size=1)
    with pytest.raises(UnknownEvent, match=r"Movement.CashMoved.v1"):
        runner.catch_up()
    stopped = runner.position()
    [blocking, *_] = small.log.read_page(stopped, 1)
    assert blocking.topic == "Movement.CashMoved.v1"
    monkeypatch.undo()
    assert runner.catch_up() == small.log.head().position


def test_a_reader_waits_for_what_it_has_written(database_url: str, corridor: str) -> None:
    """The answer to a command carries a position; asking for at least that one returns once a following runner has been there."""
    notifier, listener = Notifier(database_url), Listener(database_url)
    small = SmallCorridor(database_url, corridor, notifier.announce)
    stop = threading.Event()
    follower = threading.Thread(target=Runner(small.log, notifier.announce).run_forever, args=(stop, listener))
    follower.start()
    try:
        small.open()
        for number in range(1, 6):
            position = small.answer(small.initiation(number)).position
            assert at_least(small.pool, listener, corridor, position, timeout=30) >= position
            with snapshot(small.pool, corridor) as at:
                assert at.boundary >= position
    finally:
        stop.set()
        follower.join()
        small.close()
        notifier.close()
        listener.close()
    assert ":" in announced_name(corridor)


def test_a_reader_who_asks_too_early_is_told_where_the_projections_stand(small: SmallCorridor, database_url: str) -> None:
    """Nobody projects here, so the wait ends with a clear error that may pass later."""
    listener = Listener(database_url)
    try:
        with pytest.raises(ReadTooEarly, match=rf"The projections of {small.code} stand at 0, not yet at 5\. Ask again shortly"):
            at_least(small.pool, listener, small.code, 5, timeout=0)
    finally:
        listener.close()


def test_a_following_runner_waits_an_outage_out(small: SmallCorridor, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database refuses once; the runner says so in the log and goes on afterwards."""
    runner, stop, outages = Runner(small.log), threading.Event(), []
    catch_up = runner.catch_up

    def failing_once(stop: threading.Event, far_behind: int) -> int:
        if not outages:
            outages.append(far_behind)
            raise OperationalError("the database is being restarted")
        stop.set()
        return catch_up(far_behind=far_behind)

    monkeypatch.setattr(runner, "catch_up", failing_once)
    monkeypatch.setattr("ledger.projections.runner.LOOK_EVERY_SECONDS", 0.0)
    listener = Listener(database_url)
    try:
        runner.run_forever(stop, listener)
    finally:
        listener.close()
    assert (runner.position(), outages) == (small.log.head().position, [FOLLOWER_FAR_BEHIND])


@pytest.mark.parametrize(("room", "order"), [(1.0, ["page", "rest", "page"]), (inf, ["page", "page", "rest"])])
def test_beside_writers_no_page_is_prepared_during_a_rest(
    small: SmallCorridor, monkeypatch: pytest.MonkeyPatch, room: float, order: list[str]
) -> None:
    """Where nobody writes the next page is read and folded while one is stored; beside writers a rest is a rest."""
    seen: list[str] = []
    ahead = threading.Event()

    def seen_reading(log: Log, after: int, size: int) -> ReadPage:
        seen.append("page")
        if len(seen) > 1:
            ahead.set()
        return read_page(log, after, size)

    class Resting(FullSpeed):
        def begin(self) -> bool:
            return isfinite(room)

        def rest(self, _events: int = 0, /) -> float:
            if not self.begin():
                ahead.wait(10)
            seen.append("rest")
            return room

    monkeypatch.setattr("ledger.projections.runner.read_page", seen_reading)
    assert Runner(small.log, page_size=60, pace=Resting()).catch_up() == small.log.head().position
    assert seen[:3] == order
