"""Pages of the log as text, for readers that turn rows into rows: nothing is read into a value that goes on as text."""

from __future__ import annotations

from typing import NamedTuple

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.queries import QUERIES


class TextRow(NamedTuple):
    """An event. `recorded_at` is as PostgreSQL writes an instant, in UTC; `state` is the stored JSON."""

    position: int
    boundary: int
    recorded_at: str
    stream: str
    topic: str
    state: str


def read_text_page(pool: PostgresPool, corridor: str, after: int, size: int) -> list[TextRow]:
    """Whole commits after position `after`, a boundary: as many as fit `size` events, or the next one alone if it is larger.

    Empty at the end of the log. Raises DataError when a state is no text.
    """
    rows = pool.rows(QUERIES["read_text_page"], {"corridor": corridor, "after": after, "size": size})
    return list(map(TextRow._make, rows))
