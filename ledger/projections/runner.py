"""Follows the log of one corridor and keeps its projections.

A page of whole commits, what it comes to in every table, and the new position are one transaction: wherever the runner is killed, the next
one goes on from there and nothing is doubled. Any number of runners may follow one corridor; they take turns by a lock, and the second
one finds the work done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Event
from typing import NamedTuple

from eventsourcing.persistence import PersistenceError

from ledger.eventstore.activity import events_written
from ledger.eventstore.log import Announce, Log
from ledger.eventstore.notifications import LOOK_EVERY_SECONDS, Listener
from ledger.eventstore.tracking import tracking_position
from ledger.layers import Layers
from ledger.pacing import FULL_SPEED, GiveWay, Pace, Pages
from ledger.projections.folds import FoldFailed
from ledger.projections.page import Page, fold_page, read_page, store_page
from ledger.projections.queries import LIVE, Tables
from ledger.projections.short_turns import short_turns

logger = logging.getLogger(__name__)

PAGE_SIZE = 5_000
"""Events to a page: larger than any batch, small enough to hold in memory many times over."""
FAR_BEHIND = 1_000
"""Events; who is not further behind does not rest."""
FOLLOWER_FAR_BEHIND = 5_000
"""The same of who follows a log for good: readers wait for it, and it may have started a moment late."""
LEAST_PAGE_SIZE = 500
"""Of a page while writers are given way to: it has its price, however few events it has, and beside writers who leave room for it a
projector must gain on them."""

LINGER_SECONDS, LINGER_EVENTS = 0.1, 500
"""How long after a page, and how many events at most, gather before the next one: a page costs two dozen trips to the database, whatever is
in it. So many are far fewer than those that make a projector one that has fallen behind."""

Progress = Callable[[int, int], None]
"""Told (position, head) after each page."""


class Lag(NamedTuple):
    """How far the projections are behind: `head` and `projected` are log positions."""

    head: int
    projected: int

    @property
    def events(self) -> int:
        """How many events are not projected yet."""
        return max(0, self.head - self.projected)


def announced_name(corridor: str) -> str:
    """The name under which notifications say how far a corridor's projections have come; no corridor's code has a colon."""
    return f"projections:{corridor}"


class Runner:
    """Keeps one set of tables of one corridor. `announce` is told `announced_name` and position after each page."""

    def __init__(
        self,
        log: Log,
        announce: Announce | None = None,
        *,
        tables: Tables = LIVE,
        page_size: int = PAGE_SIZE,
        pace: Pace | None = None,
    ) -> None:
        self.log = log
        self.corridor = log.corridor
        self.tables = tables
        self.page_size = page_size
        self._announce = announce
        self._pace = pace
        self.layers = Layers()

    def run_once(self) -> int:
        """Projects one page; the position then reached. Raises UnknownEvent when a newer version wrote the page."""
        position = self.position()
        page = self._page(position, self.page_size)
        return position if page is None else self._store(page)

    def catch_up(
        self, until: int | None = None, progress: Progress | None = None, stop: Event | None = None, *, far_behind: int = FAR_BEHIND
    ) -> int:
        """Projects to where the log ends now, or until the page that reaches position `until`, or `stop` is set; the position then reached.

        The next page is read and folded while the one before is being stored. For as long as others write, who is ``far_behind`` goes in
        small pages, one thing at a time, and rests between them.
        """
        position, head = self.position(), self.log.head().position
        until = head if until is None else until
        near = min(far_behind, self.page_size)
        behind = until - position > near
        pace = (self._pace or GiveWay(lambda: events_written(self.log.pool))) if behind else FULL_SPEED
        pages = Pages(pace, self.page_size, LEAST_PAGE_SIZE if behind else self.page_size)
        with short_turns() if behind else nullcontext(), ThreadPoolExecutor(1, thread_name_prefix="projections") as ahead:
            page = before = None
            while position < until and not (stop is not None and stop.is_set()):
                page = page or self._page(position, pages.size, before)
                if page is None:
                    reached, position, before = position, self.position(), None
                    if position == reached:  # the log ends here
                        break
                    continue
                following = ahead.submit(self._page, page.end, pages.size, page) if page.end < until and not pages.beside else None
                position = self._store(page)
                head = max(head, position)
                if progress is not None:
                    progress(position, head)
                before = page if position == page.end else None
                if until - position > near:
                    pages.end(page.end - page.after)
                page = following.result() if following is not None and before is not None else None
        return position

    def run_forever(self, stop: Event, listener: Listener) -> None:
        """Follows the log until `stop` is set; outages of the database are waited out.

        What comes on a quiet log is projected at once. While more keeps coming it gathers into pages, for a moment at most, and not while
        somebody hurries the listener.

        Raises UnknownEvent when the log was written by a newer version.
        """
        while not stop.is_set():
            try:
                position = self.catch_up(stop=stop, far_behind=FOLLOWER_FAR_BEHIND)
            except PersistenceError as error:
                logger.warning("projections of %s wait for the database: %s", self.corridor, type(error).__name__)
                stop.wait(LOOK_EVERY_SECONDS)
                continue
            listener.linger(self.corridor, position + LINGER_EVENTS, LINGER_SECONDS)
            while not stop.is_set() and not listener.wait(self.corridor, position + 1, LOOK_EVERY_SECONDS):
                pass

    def position(self) -> int:
        """How far the tables have come, from which every read counts."""
        with self.log.pool.connection() as connection:
            return tracking_position(connection.cursor(), self.corridor, self.tables.tracking)

    def lag(self) -> Lag:
        """How far the tables are behind the log."""
        projected = self.position()
        return Lag(self.log.head().position, projected)

    def _page(self, after: int, size: int, before: Page | None = None) -> Page | None:
        """The page that follows a boundary, folded on top of the page before, which need not be stored yet.

        None when there is none, or when another runner was here and the tables went on while this was folded.
        """
        read = self.layers.measure("read", read_page, self.log, after, size)
        if not read.facts:
            return None
        try:
            with self.log.pool.transaction() as cursor:
                return self.layers.measure("fold", fold_page, cursor, self.tables, self.corridor, read, before and before.folding)
        except FoldFailed:
            if self.position() <= after:
                raise
            return None

    def _store(self, page: Page) -> int:
        """Writes a page, unless the tables do not stand where it begins; where they stand then."""
        with self.log.pool.transaction() as cursor:
            cursor.execute(self.tables.query("take_turn"), {"tracking": self.tables.tracking, "corridor": self.corridor})
            stands = tracking_position(cursor, self.corridor, self.tables.tracking)
            if stands != page.after:
                return stands
            self.layers.measure("store", store_page, cursor, self.tables, self.corridor, page)
        if self._announce is not None:
            self._announce(announced_name(self.corridor), page.end)
        return page.end
