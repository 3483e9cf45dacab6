"""A file of statements as a row of `reconciliation.files` in PostgreSQL's binary COPY format: its bytes reach the server untouched."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime

from ledger.eventstore.binary_copy import EPOCH, SIGNATURE, TRAILER
from ledger.transparency.leaf import unix_microseconds

_POSTGRES_EPOCH = unix_microseconds(EPOCH)


def file_row(corridor: str, digest: bytes, received_at: datetime, body: bytes) -> Iterator[bytes]:
    """The data of one COPY of the columns corridor, digest, received_at, body."""
    received = struct.pack("!q", unix_microseconds(received_at) - _POSTGRES_EPOCH)
    fields = (corridor.encode(), digest, received, body)
    yield SIGNATURE + struct.pack("!h", len(fields))
    for field in fields:
        yield struct.pack("!i", len(field))
        yield field
    yield TRAILER
