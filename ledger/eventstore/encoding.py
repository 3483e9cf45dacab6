"""Rows of `ledger.events` in PostgreSQL's binary COPY format, made together with their leaf hashes.

The format is documented under "Binary Format" of the COPY command: a signature, then per row a field count and for each
field its length and its big-endian bytes. It spares the server all parsing and takes `state` untouched.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime

from ledger.eventstore.records import NewEvent
from ledger.transparency.leaf import leaf_bytes, unix_microseconds
from ledger.transparency.merkle import leaf_hash

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_TRAILER = struct.pack("!h", -1)
_COLUMNS = 9
_LENGTH = struct.Struct("!i")
# timestamptz counts microseconds from the first day of the year 2000.
_POSTGRES_EPOCH = unix_microseconds(datetime(2000, 1, 1, tzinfo=UTC))


def encode_events(corridor: str, start: int, events: Sequence[NewEvent], recorded_at: datetime) -> tuple[bytes, list[bytes]]:
    """The rows of one commit that follows position `start`, and their leaf hashes in order."""
    named = corridor.encode()
    numbers = struct.Struct(f"!hi{len(named)}siqiqi16siqi")
    recorded = struct.pack("!iqi", 8, unix_microseconds(recorded_at) - _POSTGRES_EPOCH, 32)
    boundary = start + len(events)
    parts = [_SIGNATURE]
    leaves: list[bytes] = []
    for position, (stream_id, stream_version, topic, state) in enumerate(events, start + 1):
        leaf = leaf_hash(leaf_bytes(corridor, position, boundary, stream_id, stream_version, topic, recorded_at, state))
        leaves.append(leaf)
        topic_bytes = topic.encode()
        parts += (
            numbers.pack(
                _COLUMNS, len(named), named, 8, position, 8, boundary, 16, stream_id.bytes, 8, stream_version,
                len(topic_bytes),
            ),
            topic_bytes,
            _LENGTH.pack(len(state)),
            state,
            recorded,
            leaf,
        )  # fmt: skip
    parts.append(_TRAILER)
    return b"".join(parts), leaves
