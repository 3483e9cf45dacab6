"""A corridor that the planner's statistics have not heard of yet finds its streams as fast as an old one."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.queries import QUERIES
from ledger.eventstore.records import LOG_BEGINNING, NewEvent
from tests.integration.projected import as_owner

EVENTS = 2_000
BLOCKS_MAX = 16
"""What looking for one stream may touch, its account's events aside; going through the corridor's log touches a hundred."""
ASKED = {
    "load_streams": {"streams": [str(UUID(int=77))], "versions": [0]},
    "select_stream": {"stream_id": str(UUID(int=77))},
    "select_stored_events": {"stream_id": str(UUID(int=77)), "gt": 0, "lte": 10, "limit": 10},
    "select_stored_events_backwards": {"stream_id": str(UUID(int=77)), "gt": 0, "lte": 10, "limit": 10},
}


@pytest.fixture(scope="module")
def young(module_database_url: str) -> Any:
    """A log that began after the table was analysed: by the statistics, its corridor has hardly a row."""
    pool = PostgresPool(module_database_url)
    streams = [UUID(bytes=sha256(b"%d" % number).digest()[:16]) for number in range(EVENTS)]
    for code in ("long-known", "young"):
        with Log(pool, code).begin() as batch:
            batch.commit([NewEvent(stream, 1, "test:Happened", b"{}" * 150) for stream in streams], [], LOG_BEGINNING)
        if code == "long-known":
            owner = as_owner(module_database_url)
            owner.execute("ANALYZE ledger.events")
            owner.raw.connection.close()
    yield Log(pool, "young")
    pool.close()


@pytest.mark.parametrize("query", ASKED)
def test_a_stream_of_a_corridor_without_statistics_is_found_by_its_key(young: Log, query: str) -> None:
    """By the corridor alone it would be looked for in the whole of its log, once for each stream."""
    with young.pool.connection() as connection:
        cursor = connection.cursor()
        cursor.execute(QUERIES["begin_batch"])
        [([plan],)] = cursor.rows(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {QUERIES[query]}", {"corridor": young.corridor, **ASKED[query]})
        connection.rollback()
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] <= BLOCKS_MAX


def test_a_batch_of_a_corridor_without_statistics_finds_its_streams_by_their_keys(young: Log) -> None:
    """The prepared statement that a batch begins with is planned once a connection, and is held to the same."""
    values = {"corridor": young.corridor, "digests": "{}", "streams": f"{{{UUID(int=77)}}}", "versions": "{0}"}
    with young.pool.connection() as connection:
        connection.prepare_once(QUERIES["prepare_batch"])
        cursor = connection.cursor()
        cursor.execute(QUERIES["begin_batch"])
        statement = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + QUERIES["catch_up"]
        cursor.rows(statement, values)
        [([plan],)] = cursor.rows(statement, values)
        connection.rollback()
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] <= BLOCKS_MAX
