"""Background work gives way: it goes in small pages and rests between them for as long as somebody writes.

A rebuild, a verification, a night's report or a projector that has fallen far behind could each keep a processor and the server's disk
busy. The priority of a process says nothing to the server that works for it; so the work is cut into pages, and after each of them it
rests: the longer, the faster others write. Where nobody writes pages are large, and it never rests.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite
from time import monotonic, sleep
from typing import Protocol

REST_MOST = 29.0
"""While writers are busy: so many times as long as a page took, which leaves a thirtieth of the time for pages."""
REST_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.1
"""How often somebody who rests looks whether the writers have stopped."""
FIRST_LOOK_SECONDS = 0.05
"""How long it is looked at the writers before the first page; with many callers they commit several times meanwhile."""
PAGE_SECONDS = 0.015
"""How long a page may take beside writers: about as long as a command waits for its answer."""
GROWTH_MOST = 2.0
"""How many times as large as the last page the next one is at most, since writers may come at any time."""
BUSY_PART = 1 / 3
"""Writing an event costs three times what reading or projecting one does: writers at this part of a page's speed keep a machine busy."""
USUAL_SPEED = 20_000.0
"""Events a second of a large page, until a faster one was counted. Small pages say little: each has a price whatever is in it."""


class Pace(Protocol):
    """Asked before the first page and after each."""

    def begin(self) -> bool:
        """Whether somebody writes, before there is a page, which begins now; looks for a moment where nothing is known yet."""

    def rest(self, events: int = 0, /) -> float:
        """Returns when the next page may begin, and how many times as large as the last one it may be: infinitely, where nobody writes.

        ``events`` is what the page had, 0 for work that is not counted in events.
        """


class FullSpeed:
    """Never rests: for whoever knows that nobody writes, or does not mind."""

    def begin(self) -> bool:
        """Does not look."""
        return False

    def rest(self, _events: int = 0, /) -> float:
        """Returns at once."""
        return inf


FULL_SPEED = FullSpeed()


class GiveWay:
    """Rests by ``written``: how many events all writers together have written so far. ``clock`` and ``wait`` are in seconds."""

    def __init__(
        self, written: Callable[[], int], *, clock: Callable[[], float] = monotonic, wait: Callable[[float], object] = sleep
    ) -> None:
        self._written, self._clock, self._wait = written, clock, wait
        self._seen = written()
        self._looked = self._began = clock()
        self._speed = USUAL_SPEED
        self._busy: bool | None = None

    def begin(self) -> bool:
        """As the last page found it; before the first one it looks for FIRST_LOOK_SECONDS."""
        if self._busy is None:
            self._wait(FIRST_LOOK_SECONDS)
            self._busy = self._share() > 0
        self._began = self._clock()
        return self._busy

    def rest(self, events: int = 0, /) -> float:
        """Rests up to REST_MOST times as long as the page took, less beside slow writers; not for long after they have stopped."""
        took = self._clock() - self._began
        if events > 0 < took:
            self._speed = max(self._speed, events / took)
        share = self._share()
        self._busy = share > 0
        end = self._clock() + min(REST_SECONDS_MAX, took * REST_MOST * share)
        while (left := end - self._clock()) > 0:
            self._wait(min(left, LOOK_SECONDS))
            if left > LOOK_SECONDS and not self._share():
                break
        self._began = self._clock()
        return min(GROWTH_MOST, PAGE_SECONDS / took if took > 0 else inf) if self._busy else inf

    def _share(self) -> float:
        """How much of the longest rest the writers are owed, by how fast they wrote since the last look: from 0 to 1. By the square, since
        whoever writes little leaves more than enough."""
        seen, now = self._written(), self._clock()
        wrote, passed = seen - self._seen, now - self._looked
        self._seen, self._looked = seen, now
        return min(1.0, wrote / (passed * self._speed * BUSY_PART)) ** 2 if wrote > 0 < passed else 0.0


class Pages:
    """How much the next page may have (``size``): beginning with ``least``, in some steps up to ``most`` while nobody writes; beside
    writers no more than takes PAGE_SECONDS. ``beside`` says whether somebody writes: then one thing is done at a time, and nothing is
    prepared during a rest."""

    def __init__(self, pace: Pace, most: int, least: int = 1) -> None:
        self._pace, self._most, self._least = pace, most, min(least, most)
        self.beside = pace.begin()
        self.size = self._least

    def end(self, events: int = 0) -> None:
        """A page has ended, of so many events; returns when the next one may begin."""
        room = self._pace.rest(events)
        self.beside = isfinite(room)
        self.size = max(self._least, round(min(self._most, self.size * min(room, GROWTH_MOST))))
