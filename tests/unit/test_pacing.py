"""Background work rests while others write, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite

import pytest

from ledger.pacing import (
    BUSY_PART,
    FIRST_LOOK_SECONDS,
    FULL_SPEED,
    GROWTH_MOST,
    LOOK_SECONDS,
    PAGE_SECONDS,
    REST_MOST,
    REST_SECONDS_MAX,
    USUAL_SPEED,
    GiveWay,
    Pages,
)


class Machine:
    """A clock that goes on only when told, and writers that write so many events a second of it."""

    def __init__(self, events_per_second: float, stops_at: float = 1e9) -> None:
        self.now = 0.0
        self.rate, self.stops_at = events_per_second, stops_at
        self.waited: list[float] = []

    def written(self) -> int:
        return round(self.rate * min(self.now, self.stops_at))

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds

    def pace(self) -> GiveWay:
        return GiveWay(self.written, clock=lambda: self.now, wait=self.wait)


def after_a_page(machine: Machine, pace: GiveWay, seconds: float, events: int) -> tuple[float, float]:
    """How much larger the next page may be after such a page, and how long it rested."""
    machine.now += seconds
    began = machine.now
    room = pace.rest(events)
    return round(room, 6) if isfinite(room) else room, round(machine.now - began, 6)


@pytest.fixture
def busy() -> Iterator[Machine]:
    """Writers that are faster than any page here."""
    yield Machine(events_per_second=100_000)


def test_where_nobody_writes_there_is_no_rest_and_a_page_has_no_limit() -> None:
    """Work on a quiet ledger goes at full speed."""
    machine = Machine(events_per_second=0)
    assert (after_a_page(machine, machine.pace(), 0.1, 1_000), machine.waited) == ((inf, 0.0), [])


def test_beside_busy_writers_a_thirtieth_of_the_time_is_left(busy: Machine) -> None:
    """A page is followed by twenty-nine times its time."""
    pace = busy.pace()
    assert after_a_page(busy, pace, 0.05, 1_000) == (round(PAGE_SECONDS / 0.05, 6), round(0.05 * REST_MOST, 6))
    assert after_a_page(busy, pace, 0.1, 1_000) == (round(PAGE_SECONDS / 0.1, 6), round(0.1 * REST_MOST, 6))


def test_writers_at_a_third_of_the_pages_speed_are_busy() -> None:
    """What is written costs about three times what is read or projected, so that they are given way to wholly."""
    machine = Machine(events_per_second=USUAL_SPEED * BUSY_PART)
    assert after_a_page(machine, machine.pace(), 0.3, 3_000)[1] == round(0.3 * REST_MOST, 6)


def test_beside_slow_writers_the_rest_is_as_much_shorter_by_the_square() -> None:
    """Writers at a fifth of what keeps the machine busy: a twenty-fifth of the longest rest."""
    machine = Machine(events_per_second=USUAL_SPEED * BUSY_PART / 5)
    assert after_a_page(machine, machine.pace(), 0.3, 3_000)[1] == round(0.3 * REST_MOST / 25, 6)


def test_small_pages_do_not_make_slow_writers_look_fast() -> None:
    """Three hundred events in a page that took as long as thousands could have: whoever follows the log must not fall behind for that."""
    machine = Machine(events_per_second=USUAL_SPEED * BUSY_PART / 5)
    assert after_a_page(machine, machine.pace(), 0.3, 300)[1] == round(0.3 * REST_MOST / 25, 6)


def test_a_rest_ends_soon_after_the_writers_have_stopped() -> None:
    """Nobody is given way to who has gone: one look is enough to see it."""
    machine = Machine(events_per_second=100_000, stops_at=0.25)
    assert after_a_page(machine, machine.pace(), 0.2, 1_000)[1] == 2 * LOOK_SECONDS


def test_no_rest_is_longer_than_the_longest(busy: Machine) -> None:
    """However long a page took: a stuck server is not a reason to stand still for minutes."""
    assert after_a_page(busy, busy.pace(), 60.0, 1_000)[1] == REST_SECONDS_MAX


def test_work_that_is_not_counted_in_events_is_as_fast_as_the_last_page_that_was(busy: Machine) -> None:
    """Sums and sorts give way by the time they take, and by how busy the writers are beside pages of events."""
    pace = busy.pace()
    assert after_a_page(busy, pace, 0.1, 0)[1] == round(0.1 * REST_MOST, 6)
    slow = Machine(events_per_second=1_000)
    pace = slow.pace()
    after_a_page(slow, pace, 1.0, 30_000)
    assert after_a_page(slow, pace, 1.0, 0)[1] == round(REST_MOST / 100, 6)


def test_the_writers_are_looked_at_before_the_first_page_and_only_then(busy: Machine) -> None:
    """A short look, so that not even the first page is a large one."""
    pace = busy.pace()
    assert ([pace.begin(), pace.begin()], busy.waited) == ([True, True], [FIRST_LOOK_SECONDS])
    assert Machine(events_per_second=0).pace().begin() is False


def test_a_page_begins_when_that_is_asked_and_not_with_what_went_before(busy: Machine) -> None:
    """What cannot be paused and rests by itself, or waits for somebody, is no page."""
    pace = busy.pace()
    after_a_page(busy, pace, 0.01, 100)
    busy.now += 5.0
    pace.begin()
    assert after_a_page(busy, pace, 0.01, 100)[1] == round(0.01 * REST_MOST, 6)


def test_pages_beside_writers_begin_small_and_come_to_what_takes_a_page_s_time(busy: Machine) -> None:
    """They grow at most twofold from one to the next, shrink at once, and keep between least and most."""
    pages = Pages(busy.pace(), most=500, least=100)
    sizes = [pages.size]
    for seconds in (0.001, PAGE_SECONDS / 1.5, 0.001, PAGE_SECONDS * 2, PAGE_SECONDS, 1.0):
        busy.now += seconds
        pages.end(pages.size)
        sizes.append(pages.size)
    assert (sizes, pages.beside) == ([100, 100 * GROWTH_MOST, 300, 500, 250, 250, 100], True)


def test_pages_where_nobody_writes_soon_have_all_they_may() -> None:
    """Some small ones first, since writers may come at any time; and again when the writers have stopped."""
    machine = Machine(events_per_second=100_000, stops_at=0.1)
    pages = Pages(machine.pace(), most=5_000, least=100)
    found = [(pages.size, pages.beside)]
    for _ in range(8):
        machine.now += 0.2
        pages.end(pages.size)
        found.append((pages.size, pages.beside))
    assert found == [
        *((100, True), (100, True), (200, False), (400, False), (800, False)),
        *((1_600, False), (3_200, False), (5_000, False), (5_000, False)),
    ]


def test_at_full_speed_nothing_rests_and_nothing_is_looked_at() -> None:
    """What --at-full-speed asks for."""
    assert (FULL_SPEED.begin(), FULL_SPEED.rest(1_000)) == (False, inf)
