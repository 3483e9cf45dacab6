"""A subject's records: what may be stored, and how one record is sealed.

A record is a text, bytes, or anything JSON can say. It is sealed with AES-256-GCM (NIST SP 800-38D) under a key derived
from the subject's key; subject id and kind are authenticated with it, so a ciphertext moved to another subject, or to
another kind of the same one, does not open.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from pydantic import JsonValue

from ledger.eventstore.binary_copy import PIECE_BYTES
from ledger.privacy.errors import RecordAltered, RecordUnfit
from ledger.privacy.framing import framed
from ledger.privacy.keys import KEY_BYTES, NONCE_BYTES


class EncodedRecord(bytes):
    """What `encode` would make of a value, made already by someone who knows the value's shape and could do it faster."""


RecordValue: TypeAlias = JsonValue | bytes

_TAG_BYTES: Final = 16
_KEY_PURPOSE: Final = b"corridor/record-key/v1"
_PURPOSE: Final = b"corridor/record/v1"
_AS_BYTES: Final = b"b"
AS_JSON: Final = b"j"
_JSON: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class RecordKind(StrEnum):
    """What a record is about; a subject has at most one record of each kind."""

    PARTY = "party"
    """Name, address, birth and documents of a person, with the salts of their commitments."""
    ACCOUNT = "account"
    """Account number or card at a bank."""
    MESSAGE = "message"
    """A payment message as it was received or sent."""
    BODY = "body"
    """The body of a signed request, its exact bytes."""
    REFERENCE = "reference"
    """Remittance text and references that may name a person."""


class Records(dict[RecordKind, RecordValue]):
    """The records of one subject by kind; ``repr`` shows the kinds only, so that a log line or traceback stays silent."""

    def __repr__(self) -> str:
        return f"Records({', '.join(sorted(self))})"

    __str__ = __repr__


def encode(kind: RecordKind, value: object) -> bytes:
    """The value's bytes, one form for one value. Raises `RecordUnfit` for what is neither bytes nor JSON."""
    if isinstance(value, EncodedRecord):
        return value
    if isinstance(value, bytes):
        return _AS_BYTES + value
    try:
        text = _JSON.encode(value)  # raises for what refers to itself, so that looking through it ends
        _check_no_float(value)
        return AS_JSON + text.encode()
    except (TypeError, ValueError, RecursionError):
        # Raised anew without its cause, which may carry the value.
        raise RecordUnfit(
            f"A record of kind '{kind}' must be bytes, text, or JSON of texts, integers, lists and objects; amounts are decimal strings."
        ) from None


def decode(kind: RecordKind, encoded: bytes) -> RecordValue:
    """The value again. Raises `RecordAltered` for bytes `encode` cannot have made."""
    if encoded[:1] == _AS_BYTES:
        return encoded[1:]
    if encoded[:1] == AS_JSON:
        value: RecordValue = json.loads(encoded[1:])
        return value
    raise RecordAltered(f"A record of kind '{kind}' was stored in an unknown form.")


class Sealed(NamedTuple):
    """Nonce and ciphertext of a record, and how many bytes the ciphertext has with its tag."""

    nonce: bytes
    size: int
    ciphertext: Iterable[bytes]


class RecordCipher:
    """Seals and opens the records of one subject."""

    def __init__(self, subject_id: UUID, subject_key: bytes) -> None:
        self._subject_id = subject_id
        self._bound = framed(_PURPOSE, subject_id.bytes)
        self._key = HKDFExpand(SHA256(), KEY_BYTES, _KEY_PURPOSE).derive(subject_key)
        self._cipher = AESGCM(self._key)

    def seal(self, kind: RecordKind, encoded: bytes) -> tuple[bytes, bytes]:
        """Nonce and ciphertext (with its tag)."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, encoded, self._bound_to(kind))

    def seal_in_parts(self, kind: RecordKind, encoded: bytes) -> Sealed:
        """What `seal` gives; the ciphertext of a large record comes part by part, as it is asked for, and only once."""
        if len(encoded) <= PIECE_BYTES:
            nonce, ciphertext = self.seal(kind, encoded)
            return Sealed(nonce, len(ciphertext), (ciphertext,))
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(nonce, len(encoded) + _TAG_BYTES, self._parts(kind, nonce, encoded))

    def _parts(self, kind: RecordKind, nonce: bytes, encoded: bytes) -> Iterator[bytes]:
        encryptor = Cipher(AES(self._key), GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(self._bound_to(kind))
        for begin in range(0, len(encoded), PIECE_BYTES):
            yield encryptor.update(encoded[begin : begin + PIECE_BYTES])
        yield encryptor.finalize() + encryptor.tag

    def open(self, kind: RecordKind, nonce: bytes, ciphertext: bytes) -> bytes:
        """The encoded record. Raises `RecordAltered` when these bytes were not sealed for this subject and kind."""
        try:
            return self._cipher.decrypt(nonce, ciphertext, self._bound_to(kind))
        except (InvalidTag, ValueError):
            raise RecordAltered(
                f"The {kind} record of subject {self._subject_id} does not authenticate: it was changed, or belongs to another"
                " subject. Restore it from a backup.",
                self._subject_id,
            ) from None

    def _bound_to(self, kind: RecordKind) -> bytes:
        return self._bound + framed(kind.encode())


def _check_no_float(value: object) -> None:
    """JSON would take a float; an amount that passed as one would come back as another amount."""
    left = [value]
    while left:
        looked_at = left.pop()
        if isinstance(looked_at, float):
            raise TypeError
        if isinstance(looked_at, dict):
            for key, item in looked_at.items():
                if type(key) is not str and not isinstance(key, str):
                    raise TypeError
                if type(item) is not str:  # most are texts, and need no second look
                    left.append(item)
        elif isinstance(looked_at, list | tuple):
            left.extend(looked_at)
