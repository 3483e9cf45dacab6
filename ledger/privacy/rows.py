"""Rows of ``vault.records`` in PostgreSQL's binary COPY format: ciphertexts reach the server untouched and unescaped."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from uuid import UUID

from ledger.eventstore.binary_copy import PIECE_BYTES, SIGNATURE, TRAILER
from ledger.privacy.records import RecordKind, Sealed

_COLUMNS: Final = 4
_SUBJECT: Final = struct.Struct("!hi16si")
_LENGTH: Final = struct.Struct("!i")


class SealedRecord(NamedTuple):
    """A record as it is stored."""

    subject_id: UUID
    kind: RecordKind
    sealed: Sealed


def record_rows(records: Iterable[SealedRecord]) -> Iterator[bytes]:
    """The records as the data of one COPY: all together but for large ones, which come part by part."""
    parts = [SIGNATURE]
    for subject_id, kind, (nonce, size, ciphertext) in records:
        kind_bytes = kind.encode()
        parts += (_SUBJECT.pack(_COLUMNS, 16, subject_id.bytes, len(kind_bytes)), kind_bytes, _LENGTH.pack(len(nonce)), nonce)
        parts.append(_LENGTH.pack(size))
        if size <= PIECE_BYTES:
            parts += ciphertext
        else:
            yield b"".join(parts)
            yield from ciphertext
            parts.clear()
    parts.append(TRAILER)
    yield b"".join(parts)
