"""A table read through in parts: in the order in which its rows are stored, some blocks at a time.

One statement about a whole table cannot be paused, and sorts and sums of a long log take seconds. Rows that are only ever added lie in
about the order in which they were written, and any part of them is found without an index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.queries import QUERIES

FEW_EVENTS = 20_000
"""A corridor with no more is one part where the table has more blocks than it has events: there an index leads to its rows sooner."""
BLOCKS, LEAST_BLOCKS = 200, 8
"""Of a table whose rows are handed over: some thousands of rows, and as few as are worth a statement."""
_OF_THE_CORRIDOR = "corridor = %(corridor)s"
# By itself the planner may take an index on the corridor for each part, of a corridor it believes to have hardly a row.
_OF_A_PART = "corridor || '' = %(corridor)s AND ctid >= %(first)s::tid AND ctid < %(end)s::tid"


def in_parts(
    cursor: PostgresCursor, table: str, query: str, corridor: str, size: Callable[[], int], *, events: int | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of ``query``, part by part, about all rows that ``table`` has of a corridor, each in one part. ``query`` has {part} for
    the condition that makes a part; ``size`` is asked how many blocks the next one may have. ``events`` is how long the corridor's log
    is, where an index leads from a corridor to its rows.

    Every part is seen as the caller's transaction sees it, which must be one snapshot.
    """
    [(blocks,)] = cursor.rows(QUERIES["blocks_of"], {"table": table})
    if events is not None and events <= min(FEW_EVENTS, blocks):
        yield cursor.rows(query.replace("{part}", _OF_THE_CORRIDOR), {"corridor": corridor})
        return
    first = 0
    while first < blocks:
        end = first + size()
        values = {"corridor": corridor, "first": f"({first},0)", "end": f"({end},0)"}
        yield cursor.rows(query.replace("{part}", _OF_A_PART), values)
        first = end
