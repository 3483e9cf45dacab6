"""The log as it is stored, for those who check it: nothing here relies on positions being dense or boundaries being right.

Every function works inside the caller's transaction, so that all of them see the same log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.parts import in_parts
from ledger.eventstore.queries import QUERIES


class StoredRow(NamedTuple):
    """A row of the log, as it is."""

    position: int
    boundary: int
    stream_id: UUID
    stream_version: int
    topic: str
    state: bytes
    recorded_at: datetime
    leaf_hash: bytes


class StoredHead(NamedTuple):
    """The head of a corridor, as it is: `compact_range` unread."""

    position: int
    recorded_at: datetime
    tree_size: int
    root: bytes
    compact_range: bytes


class StoredReceipt(NamedTuple):
    """What ties a receipt to the log."""

    position: int
    command: UUID
    answer: bytes


def stored_head(cursor: PostgresCursor, corridor: str) -> StoredHead | None:
    """The corridor's head, or None where there is none."""
    rows = cursor.rows(QUERIES["head"], {"corridor": corridor})
    return StoredHead(*rows[0]) if rows else None


def stored_rows(cursor: PostgresCursor, corridor: str, after: int, size: int) -> list[StoredRow]:
    """At most `size` rows with a position above `after`, whatever gaps lie between them."""
    return [StoredRow(*row) for row in cursor.rows(QUERIES["stored_rows"], {"corridor": corridor, "after": after, "size": size})]


def stored_receipts(cursor: PostgresCursor, corridor: str, size: Callable[[], int], events: int) -> Iterator[list[StoredReceipt]]:
    """All receipts of a corridor whose log has so many events, in about the order of their positions; ``size`` as
    for `in_parts`."""
    for part in in_parts(cursor, "ledger.receipts", QUERIES["receipts_in_parts"], corridor, size, events=events):
        yield [StoredReceipt(*row) for row in part]


def repeated_commands(cursor: PostgresCursor, corridor: str) -> list[tuple[UUID, int]]:
    """Commands that have more than one receipt, with the position of the last one."""
    return [(command, position) for command, position in cursor.rows(QUERIES["repeated_commands"], {"corridor": corridor})]
