"""A file of statements as a row of `reconciliation.files` in PostgreSQL's binary COPY format: its bytes reach the server untouched.

The format is documented under "Binary Format" of the COPY command: a signature, then per row a field count and for each field its length
and its bytes, then a trailer.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime

from ledger.transparency.leaf import unix_microseconds

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_TRAILER = struct.pack("!h", -1)
# timestamptz counts microseconds from the first day of the year 2000.
_POSTGRES_EPOCH = unix_microseconds(datetime(2000, 1, 1, tzinfo=UTC))


def file_row(corridor: str, digest: bytes, received_at: datetime, body: bytes) -> bytes:
    """The data of one COPY of the columns corridor, digest, received_at, body."""
    received = struct.pack("!q", unix_microseconds(received_at) - _POSTGRES_EPOCH)
    fields = (corridor.encode(), digest, received, body)
    lengths_and_fields = (part for one in fields for part in (struct.pack("!i", len(one)), one))
    return b"".join((_SIGNATURE, struct.pack("!h", len(fields)), *lengths_and_fields, _TRAILER))
