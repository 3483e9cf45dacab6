"""Background work rests while others write, and only then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.pacing import FULL_SPEED, LOOK_SECONDS, REST_MOST, REST_SECONDS_MAX, GiveWay


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


def after_a_page(machine: Machine, pace: GiveWay, seconds: float, events: int) -> tuple[bool, float]:
    """Whether it rested after such a page, and for how long."""
    machine.now += seconds
    began = machine.now
    return pace.rest(events), round(machine.now - began, 6)


@pytest.fixture
def busy() -> Iterator[Machine]:
    """Writers that are faster than any page here."""
    yield Machine(events_per_second=100_000)


def test_where_nobody_writes_there_is_no_rest() -> None:
    """Work on a quiet ledger goes at full speed."""
    machine = Machine(events_per_second=0)
    assert (after_a_page(machine, machine.pace(), 0.1, 1_000), machine.waited) == ((False, 0.0), [])


def test_beside_writers_as_fast_as_the_page_a_twentieth_of_the_time_is_left(busy: Machine) -> None:
    """A page is followed by nineteen times its time."""
    pace = busy.pace()
    assert after_a_page(busy, pace, 0.05, 1_000) == (True, round(0.05 * REST_MOST, 6))
    assert after_a_page(busy, pace, 0.1, 1_000) == (True, round(0.1 * REST_MOST, 6))


def test_beside_slow_writers_the_rest_is_as_much_shorter() -> None:
    """Pages at 10,000 events a second beside writers at 1,000: a tenth of the longest rest."""
    machine = Machine(events_per_second=1_000)
    assert after_a_page(machine, machine.pace(), 0.1, 1_000) == (True, round(0.1 * REST_MOST * 0.1, 6))


def test_a_rest_ends_soon_after_the_writers_have_stopped() -> None:
    """Nobody is given way to who has gone: one look is enough to see it."""
    machine = Machine(events_per_second=100_000, stops_at=0.25)
    assert after_a_page(machine, machine.pace(), 0.2, 1_000) == (True, 2 * LOOK_SECONDS)


def test_no_rest_is_longer_than_two_seconds(busy: Machine) -> None:
    """However long a page took: a stuck server is not a reason to stand still for minutes."""
    assert after_a_page(busy, busy.pace(), 60.0, 1_000) == (True, REST_SECONDS_MAX)


def test_a_page_without_events_rests_as_any_other(busy: Machine) -> None:
    """Work that is not counted in events gives way by the time it takes."""
    assert after_a_page(busy, busy.pace(), 0.1, 0) == (True, round(0.1 * REST_MOST, 6))


def test_at_full_speed_nothing_rests() -> None:
    """What --at-full-speed asks for."""
    assert FULL_SPEED.rest(1_000) is False
