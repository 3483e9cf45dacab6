"""Which public keys can be registered: the two algorithms, their form, and the points that are no key at all.

Libraries that verify signatures take any 32 bytes for an Ed25519 key. Some of them are points of small order, under which a signature
can be made that is valid for many messages; these are refused before they can sign anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ledger.errors import KeyAlgorithmUnknown, KeyInvalid, KeyWeak

ED25519: Final = "ed25519"
ECDSA_P256: Final = "ecdsa-p256-sha256"

# Curve25519 in Edwards form (RFC 8032 §5.1).
_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)
_IDENTITY: Final = (0, 1, 1, 0)
_ED25519_BYTES: Final = 32

# P-256 (NIST SP 800-186 §3.2.1.3): y² = x³ − 3x + b over the field of _Q.
_Q: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_P256_BYTES: Final = 65

_Point = tuple[int, int, int, int]


def check_public_key(algorithm: str, public_key: str) -> None:
    """Raises unless the key can verify signatures of this algorithm (named as in the registry of RFC 9421 §6.2.2).

    ``public_key`` is lower-case hex: for ``ed25519`` the 32 bytes of RFC 8032 §5.1.5, for ``ecdsa-p256-sha256`` the 65 bytes of the
    uncompressed point (SEC 1 §2.3.3). Raises KeyAlgorithmUnknown, KeyInvalid, KeyWeak.
    """
    check = _CHECKS.get(algorithm)
    if check is None:
        raise KeyAlgorithmUnknown(
            f"Keys of algorithm {algorithm!r} are not taken.",
            field="algorithm",
            value=algorithm,
            way_out=f"Use a key of {' or '.join(_CHECKS)}.",
        )
    check(_bytes_of(public_key))


def _bytes_of(public_key: str) -> bytes:
    try:
        raw = bytes.fromhex(public_key)
    except ValueError:
        raw = b""
    if raw.hex() != public_key:
        raise _invalid("it is not written in lower-case hex")
    return raw


def _check_ed25519(raw: bytes) -> None:
    if len(raw) != _ED25519_BYTES:
        raise _invalid(f"an Ed25519 key has {_ED25519_BYTES} bytes, this one has {len(raw)}")
    point = _decoded(raw)
    if point is None:
        raise _invalid("these bytes are no point of the curve")
    if _is_identity(point) or not _is_identity(_times(_L, point)):
        raise KeyWeak(
            "The public key is a point outside the group of prime order: signatures under it prove nothing.",
            field="public_key",
            way_out="Make a new key pair with a library, and send its public key.",
        )


def _check_p256(raw: bytes) -> None:
    if len(raw) != _P256_BYTES or raw[0] != 4:
        raise _invalid(f"a P-256 key is an uncompressed point of {_P256_BYTES} bytes that begin with 04")
    x, y = int.from_bytes(raw[1:33]), int.from_bytes(raw[33:])
    if x >= _Q or y >= _Q or (y * y - (x**3 - 3 * x + _B)) % _Q:
        raise _invalid("these bytes are no point of the curve")


_CHECKS: Final[Mapping[str, Callable[[bytes], None]]] = {ED25519: _check_ed25519, ECDSA_P256: _check_p256}
ALGORITHMS: Final = tuple(_CHECKS)


def _invalid(why: str) -> KeyInvalid:
    return KeyInvalid(
        f"The public key cannot be read: {why}.", field="public_key", way_out="Send the key as `corridor keys generate` prints one."
    )


def _decoded(raw: bytes) -> _Point | None:
    """The point of 32 bytes (RFC 8032 §5.1.3) in extended coordinates; None when there is none, or it is not written the one way."""
    number = int.from_bytes(raw, "little")
    y, odd = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _sum(one: _Point, other: _Point) -> _Point:
    """RFC 8032 §5.1.4."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: _Point) -> _Point:
    result = _IDENTITY
    while factor:
        if factor & 1:
            result = _sum(result, point)
        point, factor = _sum(point, point), factor >> 1
    return result


def _is_identity(point: _Point) -> bool:
    x, y, z, _ = point
    return x % _P == 0 and (y - z) % _P == 0
