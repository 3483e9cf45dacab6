"""Rows of ``vault.records`` in PostgreSQL's binary COPY format: ciphertexts reach the server untouched and unescaped."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from uuid import UUID

from ledger.eventstore.binary_copy import SIGNATURE, TRAILER
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
    """The records as the data of one COPY, part by part."""
    yield SIGNATURE
    for subject_id, kind, sealed in records:
        kind_bytes = kind.encode()
        yield _SUBJECT.pack(_COLUMNS, 16, subject_id.bytes, len(kind_bytes))
        yield kind_bytes
        yield _LENGTH.pack(len(sealed.nonce))
        yield sealed.nonce
        yield _LENGTH.pack(sealed.size)
        yield from sealed.ciphertext
    yield TRAILER
