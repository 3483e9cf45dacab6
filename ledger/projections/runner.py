"""Follows the log of one corridor and keeps its projections.

A page of whole commits, what it comes to in every table, and the new position are one transaction: wherever the runner is killed, the next
one goes on from there and nothing is doubled. Any number of runners may follow one corridor; they take turns by a lock, and the second
one finds the work done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import NamedTuple

from eventsourcing.persistence import PersistenceError

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.log import Announce, Log
from ledger.eventstore.notifications import LOOK_EVERY_SECONDS, Listener
from ledger.eventstore.tracking import advance_tracking, tracking_position
from ledger.projections.facts import Fact, read_facts, trail_rows
from ledger.projections.folds import fold, needed
from ledger.projections.queries import LIVE, Tables
from ledger.projections.writing import load, write

logger = logging.getLogger(__name__)

PAGE_SIZE = 5_000
"""Events to a page: larger than any batch, small enough to hold in memory many times over."""

Progress = Callable[[int, int], None]
"""Told (position, head) after each page."""


class Page(NamedTuple):
    """Facts of whole commits: those after position `after`, up to and with `end`, and the rows of the audit trail they make."""

    after: int
    end: int
    facts: list[Fact]
    trail: list[str]


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

    def __init__(self, log: Log, announce: Announce | None = None, *, tables: Tables = LIVE, page_size: int = PAGE_SIZE) -> None:
        self.log = log
        self.corridor = log.corridor
        self.tables = tables
        self.page_size = page_size
        self._announce = announce

    def run_once(self) -> int:
        """Projects one page; the position then reached. Raises UnknownEvent when a newer version wrote the page."""
        return self._store(self.read(self.position()))

    def catch_up(self, until: int | None = None, progress: Progress | None = None) -> int:
        """Projects to the end of the log, or until the page that reaches position `until`; the position then reached.

        The next page is read while the one before is being stored.
        """
        head = self.log.head().position
        with ThreadPoolExecutor(1, thread_name_prefix="projections") as ahead:
            page = self.read(self.position())
            while page.facts:
                following = ahead.submit(self.read, page.end)
                position = self._store(page)
                head = max(head, position)
                if progress is not None:
                    progress(position, head)
                if until is not None and position >= until:
                    return position
                page = following.result()
                if page.after != position:  # another runner was here meanwhile
                    page = self.read(position)
            return page.after

    def run_forever(self, stop: Event, listener: Listener) -> None:
        """Follows the log until `stop` is set; outages of the database are waited out.

        Raises UnknownEvent when the log was written by a newer version.
        """
        while not stop.is_set():
            try:
                position = self.catch_up()
            except PersistenceError as error:
                logger.warning("projections of %s wait for the database: %s", self.corridor, type(error).__name__)
                stop.wait(LOOK_EVERY_SECONDS)
                continue
            while not stop.is_set() and not listener.wait(self.corridor, position + 1, LOOK_EVERY_SECONDS):
                pass

    def position(self) -> int:
        """How far the tables have come, from which every read counts."""
        with self.log.pool.transaction() as cursor:
            return tracking_position(cursor, self.corridor, self.tables.tracking)

    def lag(self) -> Lag:
        """How far the tables are behind the log."""
        projected = self.position()
        return Lag(self.log.head().position, projected)

    def read(self, after: int) -> Page:
        """The page of the log that follows a boundary, with all that can be made of it without looking at the tables."""
        events = self.log.read_page(after, self.page_size)
        facts = read_facts(events)
        return Page(after, events[-1].position if events else after, facts, trail_rows(self.corridor, facts))

    def _store(self, page: Page) -> int:
        """Writes a page, unless the tables do not stand where it begins; where they stand then."""
        if not page.facts:
            return page.after
        with self.log.pool.transaction() as cursor:
            cursor.execute(self.tables.query("take_turn"), {"tracking": self.tables.tracking, "corridor": self.corridor})
            stands = tracking_position(cursor, self.corridor, self.tables.tracking)
            if stands != page.after:
                return stands
            store(cursor, self.tables, self.corridor, page)
        if self._announce is not None:
            self._announce(announced_name(self.corridor), page.end)
        return page.end


def store(cursor: PostgresCursor, tables: Tables, corridor: str, page: Page) -> None:
    """What a page comes to and the position, in the caller's transaction, which holds the turn."""
    streams = needed(page.facts)
    folding = load(cursor, tables, corridor, streams)
    fold(folding, page.facts)
    write(cursor, tables, folding, page.trail, streams.get("transfers", []))
    advance_tracking(cursor, corridor, tables.tracking, page.end)
