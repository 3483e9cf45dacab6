"""The SQL of reconciliation, read from `queries.sql`: its own tables, and the projections read at one boundary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.queries import read_blocks

QUERIES = read_blocks(files("reconciliation").joinpath("queries.sql").read_text(encoding="utf-8"))


@contextmanager
def reading_through(cursor: PostgresCursor) -> Iterator[None]:
    """For statements about many lines of the ledger, within a transaction."""
    cursor.execute(QUERIES["one_by_one"], {"allowed": "off"})
    yield
    cursor.execute(QUERIES["one_by_one"], {"allowed": "on"})


def read_through(cursor: PostgresCursor, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of such a statement."""
    with reading_through(cursor):
        return cursor.rows(statement, values)


def open_through(cursor: PostgresCursor, statement: str, values: Mapping[str, Any]) -> None:
    """Opens a cursor, named in the statement, over many lines of the ledger, within a transaction."""
    with reading_through(cursor):
        cursor.execute(statement, values)
