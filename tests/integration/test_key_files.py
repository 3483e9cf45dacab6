"""Key files: made so that only their owner reads them, and read in every form in which partners send a public key."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ledger.domain.public_keys import ECDSA_P256, ED25519, check_public_key
from ledger.errors import KeyAlgorithmUnknown, Malformed
from ledger.key_files import PublicKey, generate, read_public_key
from tests.unit.corridor_fixtures import ED25519_KEYS, P256_KEY

P256 = ec.derive_private_key(1, ec.SECP256R1()).public_key()


def pem(key: Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("algorithm", [ED25519, ECDSA_P256])
def test_a_key_pair_is_made_for_its_owner_only(tmp_path: Path, algorithm: str) -> None:
    """The file holds the private key, mode 0600; what is told is the public key, which the ledger would take."""
    file = tmp_path / "key.pem"
    made = generate(file, algorithm)
    check_public_key(*made)
    private_key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(private_key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey)
    (tmp_path / "public.pem").write_text(pem(private_key.public_key()))
    assert (made.algorithm, oct(file.stat().st_mode)[-3:]) == (algorithm, "600")
    assert read_public_key(str(tmp_path / "public.pem")) == made


def test_no_key_is_made_over_another_one(tmp_path: Path) -> None:
    """A key that is lost by a slip of the hand locks a bank out."""
    generate(tmp_path / "key.pem", ED25519)
    with pytest.raises(Malformed, match="Name a new file"):
        generate(tmp_path / "key.pem", ED25519)
    with pytest.raises(KeyAlgorithmUnknown, match="rsa"):
        generate(tmp_path / "other.pem", "rsa")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ED25519_KEYS[0], PublicKey(ED25519, ED25519_KEYS[0])),
        (f"  {ED25519_KEYS[0].upper()}\n", PublicKey(ED25519, ED25519_KEYS[0])),
        (P256_KEY, PublicKey(ECDSA_P256, P256_KEY)),
        ("03" + P256_KEY[2:66], PublicKey(ECDSA_P256, P256_KEY)),
        (pem(P256), PublicKey(ECDSA_P256, P256_KEY)),
        (pem(Ed25519PublicKey.from_public_bytes(bytes.fromhex(ED25519_KEYS[1]))), PublicKey(ED25519, ED25519_KEYS[1])),
    ],
    ids=["hex", "with spaces and capitals", "P-256", "P-256, compressed", "P-256 in PEM", "Ed25519 in PEM"],
)
def test_a_public_key_is_read_in_each_form(tmp_path: Path, text: str, expected: PublicKey) -> None:
    """From a file, and what is hex as it is given."""
    (tmp_path / "key").write_text(text)
    assert read_public_key(str(tmp_path / "key")) == expected
    if not text.startswith("-----"):
        assert read_public_key(text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (pem(ec.generate_private_key(ec.SECP384R1()).public_key()), "secp384r1"),
        (pem(rsa.generate_private_key(65537, 2048).public_key()), "RSA-2048"),
    ],
)
def test_a_key_of_another_algorithm_is_refused_by_its_name(tmp_path: Path, text: str, named: str) -> None:
    """So that a partner knows what was wrong with it."""
    (tmp_path / "key").write_text(text)
    with pytest.raises(KeyAlgorithmUnknown, match=named):
        read_public_key(str(tmp_path / "key"))


def test_a_private_key_is_not_taken_for_a_public_one(tmp_path: Path) -> None:
    """Whoever hands it over is told that it is spoilt; nothing of it is repeated."""
    generate(tmp_path / "key.pem", ED25519)
    with pytest.raises(Malformed) as refused:
        read_public_key(str(tmp_path / "key.pem"))
    assert str(refused.value) == (
        "This is a private key. Never hand it over: whoever has seen it can sign. Make a new key pair and send the public key alone."
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "neither hex nor a readable file"), ("no-such-file", "neither hex nor a readable file"), ("02" + "ff" * 32, "no point of P-256")],
)
def test_what_is_no_key_at_all_is_said_to_be_none(text: str, why: str) -> None:
    """Neither hex nor a file, or hex that stands for no point."""
    with pytest.raises(Malformed, match=why):
        read_public_key(text)


def test_a_file_with_anything_else_is_no_key(tmp_path: Path) -> None:
    """A certificate, say."""
    (tmp_path / "key").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(Malformed, match="no public key in PEM"):
        read_public_key(str(tmp_path / "key"))
