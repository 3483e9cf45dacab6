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
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.domain.public_keys import ECDSA_P256, ED25519

TAG: Final = "corridor"
LABEL: Final = "corridor"
READ_COMPONENTS: Final = ("@method", "@target-uri")
COMMAND_COMPONENTS: Final = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
PARAMETERS: Final = ("created", "keyid", "nonce", "tag")

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


# Keys


def public_key_hex(key: PrivateKey) -> str:
    """What is registered of a private key; see `ledger.domain.public_keys`."""
    if isinstance(key, Ed25519PrivateKey):
        return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()


def algorithm_of(key: PrivateKey) -> str:
    """The one algorithm that a key signs by."""
    return ED25519 if isinstance(key, Ed25519PrivateKey) else ECDSA_P256
