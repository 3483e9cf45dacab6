"""A bank's signed request as evidence: what is kept of it beside its receipt, and how its body is kept so that it can be erased.

Signature base and signature are kept as they are; the base names the key, the time, the target and the digest of the body, and says
nothing personal. The body of a request without personal data is sealed under a key of the corridor and kept with them. One that speaks
of people is kept by the vault, under their keys: with two parties in two halves, neither of which tells anything alone, so that erasing
either of them makes the body unreadable for good. A body that carries a random field of its sender's then leaves a digest that cannot be
guessed back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ledger.eventstore.records import Evidence
from ledger.privacy.keys import KEY_BYTES, NONCE_BYTES

_KEY_PURPOSE: Final = b"corridor/evidence-body/v1"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request whose signature was verified: the base that was signed (RFC 9421 §2.5), the signature over it, and what of the base the
    gate used. ``body`` is what is kept of the body; None keeps nothing."""

    key_id: str
    created: datetime
    nonce: str
    base: bytes
    signature: bytes
    body: bytes | None = None

    def with_body(self, body: bytes | None) -> SignedRequest:
        """The same request with what is to be kept of its body."""
        return replace(self, body=body)

    def in_the_vault(self, subject: UUID | None, other: UUID | None = None) -> Evidence:
        """Evidence whose body the vault keeps, with one subject or in two halves; with none, nobody keeps it."""
        return Evidence(self.base, self.signature, None, subject, other)

    def sealed(self, cipher: BodyCipher, command: UUID) -> Evidence:
        """Evidence with its body, if there is one to be kept."""
        body = None if self.body is None else cipher.seal(command, self.body)
        return Evidence(self.base, self.signature, body, None, None)


class BodyCipher:
    """Seals bodies without personal data (AES-256-GCM, NIST SP 800-38D), each bound to its command, under a key of the corridor."""

    def __init__(self, corridor_key: bytes) -> None:
        self._cipher = AESGCM(HKDFExpand(SHA256(), KEY_BYTES, _KEY_PURPOSE).derive(corridor_key))

    def seal(self, command: UUID, body: bytes) -> bytes:
        """Nonce and ciphertext with its tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, body, command.bytes)

    def open(self, command: UUID, sealed: bytes) -> bytes | None:
        """The body; None when this was not sealed for the command."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], command.bytes)
        except (InvalidTag, ValueError):
            return None


def halves(body: bytes) -> tuple[bytes, bytes]:
    """A body in two parts of its own length: random bytes of the operating system, and the body combined with them (exclusive or)."""
    pad = os.urandom(len(body))
    return pad, joined(pad, body)


def joined(one: bytes, other: bytes) -> bytes:
    """What two halves come to. Raises ValueError when they are not of one length."""
    if len(one) != len(other):
        raise ValueError("Two halves of a body are of one length.")
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
