"""Builds all projections anew beside the live ones, then switches.

The live tables go on serving and following while the new ones are filled from the first event. At the end runners are stopped for a
moment, the new tables are brought to where the log stands, and take the old ones' names in the same transaction: a reader sees the old
set whole or the new one whole, and no commit is lost in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from eventsourcing.persistence import OperationalError
from psycopg2 import Error

from ledger.errors import Unavailable
from ledger.eventstore.activity import events_written, pace_beside
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.eventstore.log import Announce, Log
from ledger.eventstore.tracking import advance_tracking, reset_tracking, tracked_corridors, tracking_position
from ledger.pacing import Pace, Pages
from ledger.projections.page import fold_page, read_page, store_page
from ledger.projections.queries import LIVE, NEXT, QUERIES, TABLES
from ledger.projections.runner import PAGE_SIZE, Runner, announced_name

Progress = Callable[[str, int, int], None]
"""Told (corridor, position, head) after each page."""

_SWITCH_ATTEMPTS = 60
_BETWEEN_ATTEMPTS_SECONDS = 0.5
_LOCK_NOT_AVAILABLE = "55P03"


def rebuild(
    pool: PostgresPool, announce: Announce | None = None, progress: Progress | None = None, *, pace: Pace | None = None
) -> dict[str, int]:
    """Rebuilds the projections of every corridor that has any; where each one's stand afterwards. Gives way to writers unless another
    `pace` is given.

    Raises Unavailable when another rebuild runs, or readers never leave a moment to switch; the live tables are untouched then.
    """
    with _sole_rebuild(pool):
        pace = pace or pace_beside(pool, events_written(pool))
        try:
            _create_next(pool, pace)
            with pool.transaction() as cursor:
                for corridor in tracked_corridors(cursor, NEXT.tracking):
                    reset_tracking(cursor, corridor, NEXT.tracking)
            positions = _fill_and_switch(pool, progress, pace)
        finally:
            with pool.transaction() as cursor:
                cursor.execute(QUERIES["drop_next"], {"tables": list(TABLES)})
    if announce is not None:
        for corridor, position in positions.items():
            announce(announced_name(corridor), position)
    return positions


@contextmanager
def _sole_rebuild(pool: PostgresPool) -> Iterator[None]:
    with pool.connection() as connection:
        cursor = connection.cursor()
        [(begun,)] = cursor.rows(QUERIES["begin_rebuild"])
        if not begun:
            raise Unavailable("Another rebuild of these projections is running. Wait until it has ended.")
        try:
            yield
        finally:
            if not connection.closed:
                cursor.execute(QUERIES["end_rebuild"])


def _create_next(pool: PostgresPool, pace: Pace) -> None:
    """Empty tables, one after the other, since making all of them takes as long as some pages."""
    pages = Pages(pace, 1)
    for table in TABLES:
        with pool.transaction() as cursor:
            cursor.execute(QUERIES["create_next"], {"tables": [table]})
        pages.end()


def _fill_and_switch(pool: PostgresPool, progress: Progress | None, pace: Pace) -> dict[str, int]:
    for _ in range(_SWITCH_ATTEMPTS):
        with pool.transaction() as cursor:
            corridors = tracked_corridors(cursor, LIVE.tracking)
        for corridor in corridors:
            Runner(Log(pool, corridor), tables=NEXT, pace=pace).catch_up(progress=_of(corridor, progress))
        try:
            return _switch(pool)
        except OperationalError as error:
            if not (isinstance(error.__cause__, Error) and error.__cause__.pgcode == _LOCK_NOT_AVAILABLE):
                raise
        Event().wait(_BETWEEN_ATTEMPTS_SECONDS)
    raise Unavailable("Readers held the projections all the time, so the rebuilt ones could not take their place. Try again later.")


def _of(corridor: str, progress: Progress | None) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda position, head: progress(corridor, position, head)


def _switch(pool: PostgresPool) -> dict[str, int]:
    """The last pages, the new names and the new positions, in one transaction in which nobody else projects."""
    positions = {}
    with pool.transaction() as cursor:
        cursor.execute(QUERIES["stop_others"])
        for corridor in tracked_corridors(cursor, LIVE.tracking):
            positions[corridor] = _last_pages(cursor, Log(pool, corridor))
        cursor.execute(QUERIES["switch"], {"tables": list(TABLES)})
        for corridor, position in positions.items():
            advance_tracking(cursor, corridor, LIVE.tracking, position)
    return positions


def _last_pages(cursor: PostgresCursor, log: Log) -> int:
    """Brings the new tables at least as far as the live ones are; more may come to the log meanwhile, and is the runners' work."""
    live = tracking_position(cursor, log.corridor, LIVE.tracking)
    position = tracking_position(cursor, log.corridor, NEXT.tracking)
    while position < live:
        page = fold_page(cursor, NEXT, log.corridor, read_page(log, position, PAGE_SIZE))
        store_page(cursor, NEXT, log.corridor, page)
        position = page.end
    return position
