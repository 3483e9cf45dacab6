"""A snapshot that somebody keeps open must not make the head of a corridor hard to find."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from ledger.eventstore.activity import events_written
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.queries import QUERIES
from ledger.eventstore.records import LOG_BEGINNING, NewEvent

COMMITS = 400
BLOCKS_MAX = 8
"""What finding one row may touch; going through the rows of all those commits touches several times as many."""
STREAM = UUID(int=7)


@pytest.fixture(scope="module")
def held(database_url: str) -> Any:
    """A log of some hundred commits, all of them made while somebody kept a snapshot open."""
    pool = PostgresPool(database_url)
    log = Log(pool, "held-snapshot")
    with pool.transaction("REPEATABLE READ, READ ONLY") as cursor:
        cursor.rows("SELECT count(*) FROM ledger.heads")
        for version in range(1, COMMITS + 1):
            with log.begin() as batch:
                batch.commit([NewEvent(STREAM, version, "test:Happened", b"{}")], [], LOG_BEGINNING)
        yield log
    pool.close()


def blocks(log: Log, statement: str) -> int:
    """How many pages of tables and indexes a statement touches in a batch's transaction, which is rolled back."""
    with log.pool.connection() as connection:
        connection.prepare_once(QUERIES["prepare_batch"])
        cursor = connection.cursor()
        cursor.execute(QUERIES["begin_batch"])
        asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
        values = {"corridor": log.corridor, "before": COMMITS}
        cursor.rows(asked, values)  # planned, and its hints set, by the first that asks
        [([plan],)] = cursor.rows(asked, values)
        connection.rollback()
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize("query", ["lock_head", "hold_head", "head"])
def test_the_head_is_found_at_once_however_many_rows_a_snapshot_keeps(held: Log, query: str) -> None:
    """Locking it, holding it and reading it touch a page or two, not one for each score of commits."""
    assert blocks(held, QUERIES[query]) <= BLOCKS_MAX


def test_how_much_was_written_is_found_by_a_look_at_each_corridor_s_newest_head(held: Log) -> None:
    """Whoever gives way to writers asks that ten times a second, also while a snapshot of its own keeps every replaced head."""
    [(events, corridors)] = held.pool.rows("SELECT sum(position), count(*) FROM ledger.heads")
    assert events_written(held.pool) == events
    assert blocks(held, QUERIES["events_written"]) <= BLOCKS_MAX * corridors


def test_a_corridor_never_gets_a_second_head(held: Log) -> None:
    """Whoever makes one where there is one already changes nothing, at whatever position that stands."""
    values = {"corridor": held.corridor, "recorded_at": LOG_BEGINNING, "root": b"", "compact_range": b""}
    with held.pool.transaction() as cursor:
        cursor.execute(QUERIES["create_head"], values)
    assert held.pool.rows("SELECT position FROM ledger.heads WHERE corridor = %(corridor)s", {"corridor": held.corridor}) == [(COMMITS,)]
