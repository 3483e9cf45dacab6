"""Checking a signature against a registered public key; what both the API and whoever re-verifies evidence rest on."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.domain.public_keys import ECDSA_P256

_COORDINATE_BYTES = 32

LoadedKey = Ed25519PublicKey | ec.EllipticCurvePublicKey


@lru_cache(maxsize=1_024)
def load_public_key(algorithm: str, public_key: str) -> LoadedKey:
    """The key as the library takes it, from the form in which the registry keeps it (`ledger.domain.public_keys`)."""
    raw = bytes.fromhex(public_key)
    if algorithm == ECDSA_P256:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    return Ed25519PublicKey.from_public_bytes(raw)


def verifies(algorithm: str, public_key: str, signature: bytes, message: bytes) -> bool:
    """Whether this is the key's signature of the message: RFC 8032 §5.1.7, or r and s of 32 bytes each (RFC 9421 §3.3.4)."""
    key = load_public_key(algorithm, public_key)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
            return True
        if len(signature) != 2 * _COORDINATE_BYTES:
            return False
        r, s = int.from_bytes(signature[:_COORDINATE_BYTES]), int.from_bytes(signature[_COORDINATE_BYTES:])
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
