"""HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530): the one profile that this service takes and gives.

A signature covers a list of components (``@method``, or serialised where one has parameters: ``"signature";req;key="corridor"``), whose
values the caller of this module supplies. Fields are read and written as structured fields (RFC 8941); the algorithm is always the one
that the key is registered with, never one that a message names.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256, sha512
from typing import Any, Final, NamedTuple, TypeAlias, cast

import http_sf
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519: Final = "ed25519"
ECDSA_P256: Final = "ecdsa-p256-sha256"
"""Names of the registry that RFC 9421 §6.2.2 opens; raw Ed25519 (RFC 8032), and r and s of 32 bytes each (RFC 9421 §3.3.4)."""

TAG: Final = "corridor"
LABEL: Final = "corridor"
READ_COMPONENTS: Final = ("@method", "@target-uri")
COMMAND_COMPONENTS: Final = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
PARAMETERS: Final = ("created", "keyid", "nonce", "tag")

PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey
PrivateKey: TypeAlias = Ed25519PrivateKey | EllipticCurvePrivateKey

_SCALAR_BYTES = 32
_ECDSA_SHA256 = ECDSA(SHA256())
_DIGESTS: Final = {"sha-256": sha256, "sha-512": sha512}


class Unreadable(ValueError):
    """A field is not the structured field that it should be."""


class Signature(NamedTuple):
    """One signature as a message carries it. ``parameters_line`` is what its base ends with: components and parameters, serialised."""

    label: str
    components: tuple[str, ...]
    parameters: Mapping[str, Any]
    parameters_line: str
    value: bytes


# Fields


def read_signatures(signature_input: str, signature: str, *, tag: str) -> list[Signature]:
    """The signatures of a message that carry ``tag``. Raises Unreadable."""
    try:
        inputs = cast(dict[str, Any], http_sf.parse(signature_input.encode(), tltype="dictionary"))
        values = cast(dict[str, Any], http_sf.parse(signature.encode(), tltype="dictionary"))
        return [_signature(label, one, values[label][0]) for label, one in inputs.items() if one[1].get("tag") == tag]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError):
        raise Unreadable from None


def _signature(label: str, covered: tuple[list[tuple[Any, dict[str, Any]]], dict[str, Any]], value: Any) -> Signature:
    members, parameters = covered
    if type(value) is not bytes or type(members) is not list:
        raise Unreadable
    components = tuple(name if not more else http_sf.ser((name, more)) for name, more in members)
    if not all(type(component) is str for component in components):
        raise Unreadable
    return Signature(label, components, parameters, http_sf.ser([cast(Any, covered)]), value)


def serialised(component: str) -> str:
    """A component as it stands in a signature; one with parameters of its own (``"signature";req``) comes as it is."""
    return component if component[0] == '"' else f'"{component}"'


def parameters_line(components: Iterable[str], parameters: Mapping[str, int | str]) -> str:
    """What a signature says that it covers, and how it was made (RFC 9421 §2.3)."""
    covered = " ".join(map(serialised, components))
    return f"({covered})" + "".join(
        f";{name}={value}" if isinstance(value, int) else f";{name}={_quoted(value)}" for name, value in parameters.items()
    )


def _quoted(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"A structured field carries printable ASCII only, not {text!r}.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def bytes_field(value: bytes) -> str:
    """A byte sequence of RFC 8941 §3.3.5."""
    return f":{base64.b64encode(value).decode()}:"


def content_digest(body: bytes) -> str:
    """The field of RFC 9530 for a body, by SHA-256."""
    return f"sha-256={bytes_field(sha256(body).digest())}"


def digest_matches(field: str, body: bytes) -> bool:
    """Whether a Content-Digest names the body by SHA-256 or SHA-512, and by every one of these that it gives."""
    try:
        stated = cast(dict[str, Any], http_sf.parse(field.encode(), tltype="dictionary"))
    except (ValueError, TypeError):
        return False
    known = [(name, member) for name, member in stated.items() if name in _DIGESTS]
    return bool(known) and all(member[0] == _DIGESTS[name](body).digest() for name, member in known)


# The base, and what is done with it


def signature_base(components: Sequence[str], values: Sequence[str], line: str) -> bytes:
    """What is signed (RFC 9421 §2.5): a line a component with its value, and the parameters' own."""
    lines = [f"{serialised(component)}: {value}" for component, value in zip(components, values, strict=True)]
    return "\n".join((*lines, f'"@signature-params": {line}')).encode()


def sign(key: PrivateKey, base: bytes) -> bytes:
    """The signature over a base, by the algorithm of the key's kind."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(base)
    r, s = decode_dss_signature(key.sign(base, _ECDSA_SHA256))
    return r.to_bytes(_SCALAR_BYTES, "big") + s.to_bytes(_SCALAR_BYTES, "big")


def verifies(key: PublicKey, signature: bytes, base: bytes) -> bool:
    """Whether the signature is that of the key over the base."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, base)
        elif len(signature) == 2 * _SCALAR_BYTES:
            r, s = int.from_bytes(signature[:_SCALAR_BYTES], "big"), int.from_bytes(signature[_SCALAR_BYTES:], "big")
            key.verify(encode_dss_signature(r, s), base, _ECDSA_SHA256)
        else:
            return False
    except InvalidSignature:
        return False
    return True


# Keys


def public_key_of(algorithm: str, key: str) -> PublicKey:
    """A registered key: in hex, raw for Ed25519, a point of X9.62 for P-256. Raises ValueError when it is none of that algorithm."""
    raw = bytes.fromhex(key)
    if algorithm == ED25519:
        return Ed25519PublicKey.from_public_bytes(raw)
    if algorithm == ECDSA_P256:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    raise ValueError(f"No key of algorithm {algorithm!r} is taken; {ED25519} and {ECDSA_P256} are.")


def public_key_hex(key: PrivateKey) -> str:
    """What is registered of a private key: `public_key_of` reads it."""
    if isinstance(key, Ed25519PrivateKey):
        return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()


def algorithm_of(key: PrivateKey | PublicKey) -> str:
    """The one algorithm that a key signs and verifies by."""
    return ED25519 if isinstance(key, Ed25519PrivateKey | Ed25519PublicKey) else ECDSA_P256
