"""Background work gives way: it rests between its pages for as long as somebody writes.

A rebuild, a verification, a night's report or a projector that has fallen far behind could each keep a processor and the server's disk
busy. The priority of a process says nothing to the server that works for it; so the work is cut into pages, and after each of them it
rests: the longer, the faster others wrote compared with how fast the page went. Where nobody writes it never rests.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Protocol

REST_MOST = 19.0
"""While writers are as fast as the pages: so many times as long as a page took, which leaves a twentieth of the time for pages."""
REST_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.1
"""How often somebody who rests looks whether the writers have stopped."""


class Pace(Protocol):
    """Asked after each page."""

    def rest(self, events: int, /) -> bool:
        """Returns when the next page may begin, and whether that took a rest; ``events`` is what the page had."""


class FullSpeed:
    """Never rests: for whoever knows that nobody writes, or does not mind."""

    def rest(self, _events: int, /) -> bool:
        """Returns at once."""
        return False


FULL_SPEED = FullSpeed()


class GiveWay:
    """Rests by ``written``: how many events all writers together have written so far. ``clock`` and ``wait`` are in seconds."""

    def __init__(
        self, written: Callable[[], int], *, clock: Callable[[], float] = monotonic, wait: Callable[[float], object] = sleep
    ) -> None:
        self._written, self._clock, self._wait = written, clock, wait
        self._seen = written()
        self._looked = self._began = clock()

    def rest(self, events: int, /) -> bool:
        """Rests up to REST_MOST times as long as the page took, less when writers were slower than the page; not for long after they have
        stopped."""
        took = self._clock() - self._began
        share = self._share(events, took)
        end = self._clock() + min(REST_SECONDS_MAX, took * REST_MOST * share)
        while (left := end - self._clock()) > 0:
            self._wait(min(left, LOOK_SECONDS))
            if left > LOOK_SECONDS and not self._share(events, took):
                break
        self._began = self._clock()
        return share > 0

    def _share(self, events: int, took: float) -> float:
        """How fast others wrote since the last look, as a part of how fast the page went: from 0 to 1."""
        seen, now = self._written(), self._clock()
        wrote, passed = seen - self._seen, now - self._looked
        self._seen, self._looked = seen, now
        return min(1.0, wrote * took / (max(events, 1) * passed)) if wrote > 0 < passed else 0.0
