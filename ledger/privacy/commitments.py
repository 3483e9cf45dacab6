"""Salted commitments: what the log says about a party without saying who it is.

For each field of a party the log holds ``SHA-256(framed("corridor/commitment/v1", salt, field, value))``: purpose,
salt, field name and value in UTF-8, each preceded by its length (`framing`). The salt is 256 random bits per field and
stands in the vault only, so a commitment cannot be guessed by trying names, equal values give unequal commitments, and
a field is opened (salt and value shown) without opening its neighbours. When the subject is erased the salts go with
it, and the commitment says nothing any more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

from pydantic import JsonValue

from ledger.privacy.entropy import Entropy
from ledger.privacy.errors import RecordAltered, RecordUnfit
from ledger.privacy.framing import LENGTH_BYTES, framed
from ledger.privacy.records import AS_JSON, EncodedRecord

SALT_BYTES: Final = 32
_PURPOSE: Final = b"corridor/commitment/v1"
_BEFORE_SALT: Final = framed(_PURPOSE) + SALT_BYTES.to_bytes(LENGTH_BYTES, "big")


@dataclass(frozen=True, slots=True)
class Opening:
    """What proves one committed field: show salt and value, and anyone can compute the commitment again.

    The value is personal and the salt protects it, so neither shows in ``repr``.
    """

    field: str
    salt: bytes = attribute(repr=False)
    value: str = attribute(repr=False)

    @property
    def commitment(self) -> bytes:
        """The commitment this opening opens, 32 bytes."""
        return commit(self.salt, self.field, self.value)


@dataclass(frozen=True, slots=True)
class PartyCommitments:
    """``commitments`` (field name to 64 hex digits) go into the event, ``openings`` into the vault."""

    commitments: Mapping[str, str]
    _opened: tuple[tuple[str, bytes, str], ...] = attribute(repr=False)

    @property
    def openings(self) -> tuple[Opening, ...]:
        """One for each field, in the order of the field names."""
        return tuple(Opening(*opened) for opened in self._opened)

    def as_record(self) -> dict[str, JsonValue]:
        """The openings as a vault record of kind ``party``; `openings_of` reads it back."""
        return {field: {"value": value, "salt": salt.hex()} for field, salt, value in self._opened}

    def encoded(self) -> EncodedRecord:
        """The same record as the vault keeps it. The fields and the names within stand in the order that `encode` would sort them into."""
        fields = [f'{_quoted(field)}:{{"salt":"{salt.hex()}","value":{_quoted(value)}}}' for field, salt, value in self._opened]
        return EncodedRecord(AS_JSON + f"{{{','.join(fields)}}}".encode())


def commit(salt: bytes, field: str, value: str) -> bytes:
    """The commitment to one field, 32 bytes. Raises `RecordUnfit` for a text that is not Unicode (a lone surrogate)."""
    return hashlib.sha256(framed(_PURPOSE, salt) + _framed_name(field) + framed(utf8(value, what=field))).digest()


def commit_party(fields: Mapping[str, str], entropy: Entropy = os.urandom) -> PartyCommitments:
    """Commits to every field of a party, each under a salt of its own, in the order of the field names.

    ``fields`` maps names like ``name``, ``date_of_birth``, ``town``, ``account`` to their exact text; the text is
    committed as it is, so whoever verifies needs the same characters.
    """
    salts = entropy(SALT_BYTES * len(fields))
    commitments, opened = {}, []
    for number, field in enumerate(sorted(fields)):
        value = fields[field]
        salt = salts[number * SALT_BYTES : (number + 1) * SALT_BYTES]
        # What `commit` does, with the parts that never change made once: a file commits to hundreds of thousands of fields.
        text = utf8(value, what=field)
        hashed = hashlib.sha256(_BEFORE_SALT + salt + _framed_name(field) + len(text).to_bytes(LENGTH_BYTES, "big") + text)
        commitments[field] = hashed.hexdigest()
        opened.append((field, salt, value))
    return PartyCommitments(commitments, tuple(opened))


def openings_of(record: object) -> tuple[Opening, ...]:
    """The openings in a vault record that `PartyCommitments.as_record` made.

    Raises `RecordAltered` for any other shape.
    """
    try:
        entries: dict[str, Any] = dict(record) if isinstance(record, Mapping) else {"": record}
        return tuple(Opening(name, bytes.fromhex(entry["salt"]), entry["value"]) for name, entry in entries.items())
    except (KeyError, TypeError, ValueError):
        raise RecordAltered("The party record does not hold a salt and a value for each field.") from None


def verify_opening(opening: Opening, commitment: bytes) -> bool:
    """Whether the opening opens this commitment (32 bytes)."""
    return hmac.compare_digest(opening.commitment, commitment)


def differing_fields(openings: Iterable[Opening], commitments: Mapping[str, str]) -> list[str]:
    """The names of the fields whose opening does not open the logged commitment, and of those present on one side only."""
    opened = {opening.field: opening.commitment.hex() for opening in openings}
    return sorted(name for name in opened.keys() | commitments.keys() if opened.get(name) != commitments.get(name))


@lru_cache(maxsize=256)
def _framed_name(field: str) -> bytes:
    return framed(utf8(field, what="field name"))


def utf8(text: str, *, what: str) -> bytes:
    """The text in UTF-8. Raises `RecordUnfit`, which names ``what`` and shows nothing of the text."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Raised anew without its cause, which would carry the whole text.
        raise RecordUnfit(f"The {what} holds a character that is no Unicode text (a lone surrogate).") from None
