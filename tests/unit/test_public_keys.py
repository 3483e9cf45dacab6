"""Which public keys are taken, and what each other one is refused as."""

from __future__ import annotations

import pytest

from ledger.domain.public_keys import ECDSA_P256, ED25519, check_public_key
from ledger.errors import KeyAlgorithmUnknown, KeyInvalid, KeyWeak, Refusal
from tests.unit.corridor_fixtures import ED25519_KEYS, P256_KEY
from tests.unit.refusals import refuses

# The eight points whose order divides the cofactor, written the one way of RFC 8032 §5.1.2.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


@pytest.mark.parametrize(("algorithm", "key"), [*((ED25519, key) for key in ED25519_KEYS), (ECDSA_P256, P256_KEY)])
def test_real_public_keys_are_taken(algorithm: str, key: str) -> None:
    """Those that RFC 8032 publishes, and the base point of P-256."""
    check_public_key(algorithm, key)


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_points_of_small_order_are_weak(key: str) -> None:
    """Under such a key one signature is valid for many messages."""
    refuses(KeyWeak, "public_key", "", lambda: check_public_key(ED25519, key))


def test_a_point_with_a_part_of_small_order_is_weak() -> None:
    """A key of RFC 8032 plus the point of order two: y and x both change their sign."""
    number = int.from_bytes(bytes.fromhex(ED25519_KEYS[0]), "little")
    y, odd = number & (2**255 - 1), number >> 255
    mixed = (2**255 - 19 - y | (1 - odd) << 255).to_bytes(32, "little").hex()
    refuses(KeyWeak, "public_key", "", lambda: check_public_key(ED25519, mixed))


@pytest.mark.parametrize(
    ("algorithm", "key", "refusal", "field", "value"),
    [
        ("rsa-pss-sha512", ED25519_KEYS[0], KeyAlgorithmUnknown, "algorithm", "rsa-pss-sha512"),
        ("ecdsa-p384-sha384", P256_KEY, KeyAlgorithmUnknown, "algorithm", "ecdsa-p384-sha384"),
        ("hmac-sha256", "00" * 32, KeyAlgorithmUnknown, "algorithm", "hmac-sha256"),
        ("", ED25519_KEYS[0], KeyAlgorithmUnknown, "algorithm", ""),
        (ED25519, "", KeyInvalid, "public_key", ""),
        (ED25519, ED25519_KEYS[0][:-2], KeyInvalid, "public_key", ""),
        (ED25519, ED25519_KEYS[0].upper(), KeyInvalid, "public_key", ""),
        (ED25519, "zz" * 32, KeyInvalid, "public_key", ""),
        (ED25519, "ab" * 32, KeyInvalid, "public_key", ""),
        # y is not below the prime, so the point has another, shorter name.
        (ED25519, "ff" * 31 + "7f", KeyInvalid, "public_key", ""),
        # x is nought and said to be odd.
        (ED25519, "01" + "00" * 30 + "80", KeyInvalid, "public_key", ""),
        (ED25519, P256_KEY, KeyInvalid, "public_key", ""),
        (ECDSA_P256, ED25519_KEYS[0], KeyInvalid, "public_key", ""),
        (ECDSA_P256, "02" + P256_KEY[2:66], KeyInvalid, "public_key", ""),
        (ECDSA_P256, "06" + P256_KEY[2:], KeyInvalid, "public_key", ""),
        (ECDSA_P256, P256_KEY[:-1] + "4", KeyInvalid, "public_key", ""),
        (ECDSA_P256, "04" + "00" * 64, KeyInvalid, "public_key", ""),
        (ECDSA_P256, "04" + "ff" * 64, KeyInvalid, "public_key", ""),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_by_name(algorithm: str, key: str, refusal: type[Refusal], field: str, value: str) -> None:
    """Another algorithm, another length, another way of writing, or no point of the curve at all."""
    refuses(refusal, field, value, lambda: check_public_key(algorithm, key))
