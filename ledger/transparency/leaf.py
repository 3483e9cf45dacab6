"""The entry of the Merkle log that stands for one row of the event log.

All integers are unsigned and big-endian unless said otherwise; nothing is ever re-serialised to verify a row.

| bytes | field |
|---|---|
| 1 | layout, 1 |
| 2 + n | corridor: length in bytes, then UTF-8 |
| 8 | position |
| 8 | boundary: the last position of the row's commit |
| 16 | stream id |
| 8 | stream version |
| 8 | recorded_at: signed microseconds since 1970-01-01T00:00:00Z |
| 2 + n | topic: length in bytes, then UTF-8 |
| 4 + n | state: length in bytes, then the stored bytes |
"""

import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

_LAYOUT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBERS = struct.Struct("!QQ16sQqH")


def leaf_bytes(  # noqa: PLR0917 - the fields of the layout, in its order up to the variable ones
    corridor: str,
    position: int,
    boundary: int,
    stream_id: UUID,
    stream_version: int,
    topic: str,
    recorded_at: datetime,
    state: bytes,
) -> bytes:
    """The bytes whose leaf hash proves one row of the log, in the layout above.

    `recorded_at` must carry a time zone; PostgreSQL keeps microseconds, so the value read back gives the same bytes.
    """
    named = topic.encode()
    numbers = _NUMBERS.pack(position, boundary, stream_id.bytes, stream_version, unix_microseconds(recorded_at), len(named))
    return b"".join((_corridor_prefix(corridor), numbers, named, len(state).to_bytes(4, "big"), state))


@lru_cache(maxsize=256)
def unix_microseconds(instant: datetime) -> int:
    """Whole microseconds from 1970-01-01T00:00:00Z to a time-zone aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=256)
def _corridor_prefix(corridor: str) -> bytes:
    named = corridor.encode()
    return struct.pack("!BH", _LAYOUT, len(named)) + named
