"""Rows of ``vault.records`` in PostgreSQL's binary COPY format: ciphertexts reach the server untouched and unescaped.

The format is documented under "Binary Format" of the COPY command: a signature, then per row a field count and for each
field its length and its bytes, then a trailer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from ledger.privacy.records import RecordKind

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_TRAILER: Final = struct.pack("!h", -1)
_COLUMNS: Final = 4
_SUBJECT: Final = struct.Struct("!hi16si")
_LENGTH: Final = struct.Struct("!i")


class SealedRecord(NamedTuple):
    """A record as it is stored."""

    subject_id: UUID
    kind: RecordKind
    nonce: bytes
    ciphertext: bytes


def record_rows(records: Iterable[SealedRecord]) -> bytes:
    """The records as the data of one COPY."""
    parts = [_SIGNATURE]
    for subject_id, kind, nonce, ciphertext in records:
        kind_bytes = kind.encode()
        parts += (
            _SUBJECT.pack(_COLUMNS, 16, subject_id.bytes, len(kind_bytes)),
            kind_bytes,
            _LENGTH.pack(len(nonce)),
            nonce,
            _LENGTH.pack(len(ciphertext)),
            ciphertext,
        )
    parts.append(_TRAILER)
    return b"".join(parts)
