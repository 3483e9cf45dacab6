"""Key pairs in files: made for a partner, and read as a partner sends them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_public_key

from ledger.domain.public_keys import ECDSA_P256, ED25519
from ledger.errors import KeyAlgorithmUnknown, Malformed

_HEX = re.compile(r"[0-9A-Fa-f]{2,}")
_COMPRESSED_HEX_DIGITS = 66
_P256_HEX_DIGITS = (_COMPRESSED_HEX_DIGITS, 130)


class PublicKey(NamedTuple):
    """Algorithm and hex, as the registry keeps them (`ledger.domain.public_keys`)."""

    algorithm: str
    public_key: str


def generate(file: Path, algorithm: str) -> PublicKey:
    """Makes a key pair; the private key goes into a new file (PEM, PKCS #8) that only its owner can read.

    Raises KeyAlgorithmUnknown, and Malformed when the file is there already.
    """
    private_key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    if algorithm == ED25519:
        private_key = Ed25519PrivateKey.generate()
    elif algorithm == ECDSA_P256:
        private_key = ec.generate_private_key(ec.SECP256R1())
    else:
        raise KeyAlgorithmUnknown(
            f"Keys of algorithm {algorithm!r} are not made here.",
            field="algorithm",
            value=algorithm,
            way_out=f"Use {ED25519} or {ECDSA_P256}.",
        )
    try:
        file.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise Malformed(f"{file} cannot be made: {error.strerror}.", field="file", value=file, way_out="Name a new file.") from None
    file.write_bytes(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return _registered_form(private_key.public_key())


def read_public_key(said: str) -> PublicKey:
    """A public key in hex, or in a file as PEM or hex.

    Raises Malformed when it cannot be read or is a private key, KeyAlgorithmUnknown for one of a kind that is not taken.
    """
    text = said.strip()
    if not _HEX.fullmatch(text):
        try:
            text = Path(text).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            raise _unreadable("neither hex nor a readable file") from None
    if "PRIVATE KEY" in text:
        raise Malformed(
            "This is a private key.",
            field="public_key",
            way_out="Never hand it over: whoever has seen it can sign. Make a new key pair and send the public key alone.",
        )
    if _HEX.fullmatch(text):
        return _from_hex(text.lower())
    try:
        return _registered_form(load_pem_public_key(text.encode()))
    except (ValueError, UnsupportedAlgorithm):
        raise _unreadable("no public key in PEM") from None


def _from_hex(digits: str) -> PublicKey:
    """The length tells the algorithm; whether it is a key at all, the ledger decides."""
    if len(digits) == _COMPRESSED_HEX_DIGITS:
        try:
            return _registered_form(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(digits)))
        except ValueError:
            raise _unreadable("no point of P-256") from None
    return PublicKey(ECDSA_P256 if len(digits) in _P256_HEX_DIGITS else ED25519, digits)


def _registered_form(key: object) -> PublicKey:
    match key:
        case Ed25519PublicKey():
            return PublicKey(ED25519, key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex())
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return PublicKey(ECDSA_P256, key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex())
        case ec.EllipticCurvePublicKey():
            name = key.curve.name
        case RSAPublicKey():
            name = f"RSA-{key.key_size}"
        case _:
            name = type(key).__name__
    raise KeyAlgorithmUnknown(
        f"This is a key of {name}.", field="algorithm", value=name, way_out=f"Use a key of {ED25519} or {ECDSA_P256}."
    )


def _unreadable(why: str) -> Malformed:
    return Malformed(
        f"The public key cannot be read: {why}.", field="public_key", way_out="Give it in hex, or name a file that holds it in hex or PEM."
    )
