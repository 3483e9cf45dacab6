"""A page of the log, turned into what it writes, on top of the page before it.

While one page is being stored the next one is read and folded already. It goes on with the rows the page before left in memory; rows that
page did not touch stand in the tables as they were.
"""

from __future__ import annotations

from typing import NamedTuple

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.log import Log
from ledger.eventstore.pages import read_text_page
from ledger.eventstore.tracking import advance_tracking
from ledger.projections.facts import Fact, read_facts, trail_rows
from ledger.projections.folding import Folding
from ledger.projections.folds import fold, needed
from ledger.projections.queries import Tables
from ledger.projections.writing import Written, encode, load_needed, load_standing, write


class ReadPage(NamedTuple):
    """Whole commits after position `after`, up to and with `end`."""

    after: int
    end: int
    facts: list[Fact]


class Page(NamedTuple):
    """What such commits write: to be stored where the tables stand at `after`, which then stand at `end`. `folding` is what the next page
    goes on with."""

    after: int
    end: int
    written: Written
    folding: Folding


def read_page(log: Log, after: int, size: int) -> ReadPage:
    """The page that follows a boundary; at the end of the log one without facts."""
    rows = read_text_page(log.pool, log.corridor, after, size)
    return ReadPage(after, rows[-1].position if rows else after, read_facts(rows))


def fold_page(cursor: PostgresCursor, tables: Tables, corridor: str, read: ReadPage, before: Folding | None = None) -> Page:
    """What a page comes to, on top of the tables alone or of the page `before`, stored or not. Raises UnknownEvent, FoldFailed."""
    streams = needed(read.facts)
    folding = load_standing(cursor, tables, corridor) if before is None else before.following(streams)
    load_needed(cursor, tables, folding, streams)
    fold(folding, read.facts)
    return Page(read.after, read.end, encode(folding, trail_rows(corridor, read.facts), streams.get("transfers", [])), folding)


def store_page(cursor: PostgresCursor, tables: Tables, corridor: str, page: Page) -> None:
    """Writes a page and the position, in the caller's transaction, which holds the turn and found the tables at `page.after`."""
    write(cursor, tables, corridor, page.written)
    advance_tracking(cursor, corridor, tables.tracking, page.end)
