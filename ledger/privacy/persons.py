"""Finding the same person again without keeping the document that identifies them.

Quotas count per person and year, so a second transfer must meet the first one's quota. The person's id is a keyed
digest of the identity document: equal for the same document, and without the key (which stands wrapped in the vault)
nobody can try out document numbers. It is a pseudonym, not anonymity: whoever holds the vault's keys and a document can
find its person.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import Final
from uuid import UUID

from ledger.privacy.errors import RecordUnfit
from ledger.privacy.framing import framed

_PURPOSE: Final = b"corridor/person/v1"


def person_id(index_key: bytes, participant: str, document: str) -> UUID:
    """The person's id at one participant: HMAC-SHA-256 of participant and document, as a UUID of version 8 (RFC 9562, 5.8).

    ``document`` names kind, country and number, as in ``passport MA AB123456``. Writing it with other spaces, hyphens,
    letter case, digits of another script or full-width forms gives the same person. Raises `RecordUnfit` when no letter
    or digit is left.
    """
    normal = normal_document(document)
    if not normal:
        raise RecordUnfit("The identity document is empty: give its kind, country and number.")
    message = framed(_PURPOSE, participant.encode(), normal.encode())
    number = int.from_bytes(hmac.digest(index_key, message, hashlib.sha256)[:16], "big")
    number = number & ~(0xF << 76) | (8 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=number)


def normal_document(document: str) -> str:
    """Letters and digits only, in one form: NFKC (Unicode UAX #15), case folded, decimal digits of every script as 0–9."""
    if document.isascii():
        # Compatibility forms and digits of other scripts are what the rest of the world's characters have.
        return "".join(filter(str.isalnum, document.lower()))
    folded = unicodedata.normalize("NFKC", document).casefold()
    return "".join(
        character if (digit := unicodedata.decimal(character, None)) is None else str(digit) for character in folded if character.isalnum()
    )
