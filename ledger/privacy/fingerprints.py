"""Fingerprints of requests: the same request is recognised, and its content cannot be guessed from what the log keeps.

A fingerprint is HMAC-SHA-256 (RFC 2104) over purpose, method, path and body bytes, each preceded by its length. A plain
hash would let anyone with the log try out likely bodies, so the key is secret: derived (HKDF-Expand, RFC 5869) from the
vault key of the subject the request speaks of, and gone when that subject is erased; or, for a request without personal
data, the corridor's own key.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ledger.privacy.framing import LENGTH_BYTES, framed

FINGERPRINT_BYTES: Final = 32
_HASHED_IN_ONE_GO_MAX: Final = 64 * 1024
_PURPOSE: Final = b"corridor/fingerprint/v1"
_KEY_PURPOSE: Final = b"corridor/fingerprint-key/v1"


def fingerprint(key: bytes, method: str, path: str, body: bytes) -> bytes:
    """The fingerprint of a request, 32 bytes.

    ``path`` is taken with its query, ``body`` as the exact bytes that were sent.
    """
    before_body = framed(_PURPOSE, method.upper().encode(), path.encode(errors="surrogatepass"))
    if len(body) < _HASHED_IN_ONE_GO_MAX:
        return hmac.digest(key, before_body + framed(body), hashlib.sha256)
    # A file is not copied only to have its length put before it.
    hashed = hmac.new(key, before_body + len(body).to_bytes(LENGTH_BYTES, "big"), hashlib.sha256)
    hashed.update(body)
    return hashed.digest()


def fingerprint_key(subject_key: bytes) -> bytes:
    """The key for fingerprints of requests about a subject: it is of no use for reading the subject's records."""
    return HKDFExpand(SHA256(), FINGERPRINT_BYTES, _KEY_PURPOSE).derive(subject_key)


def matches(stored: bytes, key: bytes, method: str, path: str, body: bytes) -> bool:
    """Whether this request has the stored fingerprint; compared without giving away by its time how far they agree."""
    return hmac.compare_digest(stored, fingerprint(key, method, path, body))
