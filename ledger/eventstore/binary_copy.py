"""What stands around rows in PostgreSQL's binary COPY format, and large data on its way there.

The format is documented under "Binary Format" of the COPY command: a signature, then per row a field count and for each field its length
and its big-endian bytes, then a trailer. It spares the server all parsing and takes bytes untouched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
TRAILER: Final = struct.pack("!h", -1)
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Where timestamptz counts its microseconds from."""
PIECE_BYTES: Final = 1024 * 1024
"""What is sent at once. The driver keeps a copy, or two, of it."""


def in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of all parts in pieces of PIECE_BYTES: small parts together, large ones cut, and no more held than a piece and a part."""
    some: list[bytes] = []
    room = PIECE_BYTES
    for part in parts:
        begin = 0
        while len(part) - begin >= room:
            yield b"".join((*some, part[begin : begin + room]))
            begin += room
            some, room = [], PIECE_BYTES
        rest = part[begin:] if begin else part
        some.append(rest)
        room -= len(rest)
    if room < PIECE_BYTES:
        yield b"".join(some)
