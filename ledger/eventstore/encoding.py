"""Rows of `ledger.events` in PostgreSQL's binary COPY format, made together with their leaf hashes."""

import struct
from collections.abc import Sequence
from datetime import datetime

from ledger.eventstore.binary_copy import EPOCH, SIGNATURE, TRAILER
from ledger.eventstore.records import NewEvent
from ledger.transparency.leaf import leaf_bytes, unix_microseconds
from ledger.transparency.merkle import leaf_hash

_COLUMNS = 9
_LENGTH = struct.Struct("!i")
_POSTGRES_EPOCH = unix_microseconds(EPOCH)


def encode_events(corridor: str, start: int, events: Sequence[NewEvent], recorded_at: datetime) -> tuple[bytes, list[bytes]]:
    """The rows of one commit that follows position `start`, and their leaf hashes in order."""
    named = corridor.encode()
    numbers = struct.Struct(f"!hi{len(named)}siqiqi16siqi")
    recorded = struct.pack("!iqi", 8, unix_microseconds(recorded_at) - _POSTGRES_EPOCH, 32)
    boundary = start + len(events)
    parts = [SIGNATURE]
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
    parts.append(TRAILER)
    return b"".join(parts), leaves
