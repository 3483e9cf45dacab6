"""What figures are held against, besides pgbench: bare PostgreSQL doing the least that the same work takes, in the same cluster.

All of them work in tables of their own, dropped afterwards, with the cluster's own settings: durable like what is measured.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from time import perf_counter
from uuid import UUID

from psycopg2 import extensions, sql

from ledger.bench.figures import median
from ledger.eventstore.connections import connect

Line = tuple[UUID, int]
"""A reference and an amount in minor units."""

_EVENT_BYTES = 600
_COPY_PART = 50_000
_numbers = count(1)


def insert_and_commit_seconds(owner_url: str, inserts: int) -> float:
    """The median of so many single-row inserts of an event's size, each committed, one after another on one connection."""
    with _table(owner_url, "position bigint PRIMARY KEY, state bytea NOT NULL") as (cursor, table):
        insert = sql.SQL("INSERT INTO {} VALUES (%s, %s)").format(table)
        state = bytes(_EVENT_BYTES)
        seconds = []
        for position in range(inserts):
            began = perf_counter()
            cursor.execute(insert, [position, state])
            seconds.append(perf_counter() - began)
        return median(seconds)


def copy_and_join_seconds(owner_url: str, theirs: Iterable[Line], ours: Iterable[Line]) -> tuple[float, int]:
    """COPY of both sets, ANALYZE, FULL OUTER JOIN on the reference without an index; seconds, and how many rows differ.

    The rows are text before the clock runs: what is measured is the database.
    """
    columns = "reference uuid NOT NULL, amount bigint NOT NULL"
    texts = [_copy_parts(lines) for lines in (theirs, ours)]
    with _table(owner_url, columns) as (cursor, first), _table(owner_url, columns) as (other, second):
        began = perf_counter()
        for one, table, parts in ((cursor, first, texts[0]), (other, second, texts[1])):
            one.execute("BEGIN")
            for part in parts:
                one.copy_expert(sql.SQL("COPY {} FROM STDIN").format(table), io.BytesIO(part))
            one.execute("COMMIT")
            one.execute(sql.SQL("ANALYZE {}").format(table))
        cursor.execute(
            sql.SQL(
                "SELECT count(*) FROM {} AS theirs FULL OUTER JOIN {} AS ours USING (reference) WHERE theirs.amount IS DISTINCT FROM ours.amount"
            ).format(first, second)
        )
        [differ] = cursor.fetchone() or (0,)
        return perf_counter() - began, differ


def _copy_parts(lines: Iterable[Line]) -> list[bytes]:
    parts, rows = [], []
    for reference, amount in lines:
        rows.append(f"{reference}\t{amount}\n")
        if len(rows) == _COPY_PART:
            parts.append("".join(rows).encode())
            rows = []
    return [*parts, "".join(rows).encode()]


@contextmanager
def _table(owner_url: str, columns: str) -> Iterator[tuple[extensions.cursor, sql.Identifier]]:
    """A table of this connection's own schema-less name, on a connection of its own that commits each statement."""
    with closing(connect(owner_url)) as connection, connection.cursor() as cursor:
        table = sql.Identifier("public", f"bench_{connection.get_backend_pid()}_{next(_numbers)}")
        cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(columns)))
        try:
            yield cursor, table
        finally:
            cursor.execute(sql.SQL("DROP TABLE {}").format(table))
