"""Evidence: what a signed base says, when a key was in force, and why something is no evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.domain import ids
from ledger.evidence import BodyCipher, halves, joined
from ledger.evidence_check import digest_fits, read_base, wrong_with
from ledger.key_times import GRACE, KeyTimes
from ledger.signatures import verifies
from tests.unit.corridor_fixtures import P256_KEY

NINE = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
CORRIDOR, OTHER = "abb-psbc", "bkr-icbc"
COMMAND = ids.command_id(CORRIDOR, "abb", "pay-1")
# The base of RFC 9421 §2.5, as the service asks for it; the digest is that of {}.
BASE = """\
"@method": POST
"@target-uri": https://corridor.example/v1/corridors/abb-psbc/transfers/9f6f1e06/pay
"content-type": application/json
"content-digest": sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:
"idempotency-key": "pay-1"
"@signature-params": ("@method" "@target-uri" "content-type" "content-digest" "idempotency-key")\
;created=1774602000;keyid="abb-1";nonce="0123456789abcdef";tag="corridor\""""


def keys(principal: str = "abb", **facts: Any) -> KeyTimes:
    """Abb's key of one day."""
    times = KeyTimes()
    public_key = PRIVATE_KEY.public_key().public_bytes_raw().hex()
    times.take("SigningKeys.KeyRegistered.v1", registered(principal=principal, public_key=public_key, **facts))
    return times


def registered(**changes: Any) -> dict[str, Any]:
    return {
        "key_id": "abb-1", "principal": "abb", "algorithm": "ed25519", "public_key": "", "valid_from": "2026-03-27T08:00:00Z",
        "valid_until": "2026-03-28T08:00:00Z", "replaces": "", "replaced_until": None, "timestamp": "2026-03-27T08:30:00Z",
    } | changes  # fmt: skip


def wrong(base: str = BASE, **changes: Any) -> str | None:
    """What is wrong with the evidence, signed as it is unless the change says otherwise."""
    said: dict[str, Any] = {"corridor": CORRIDOR, "command": COMMAND, "partner": "abb", "recorded_at": NINE, "keys": keys()} | changes
    signature = said.pop("signature", PRIVATE_KEY.sign(base.encode()))
    return wrong_with(base.encode(), signature, **said)


def test_a_request_of_a_key_in_force_is_evidence_of_its_command() -> None:
    """All of it fits."""
    assert wrong() is None


def test_a_base_is_read_as_it_was_signed() -> None:
    """Who, when, which request; from the signed bytes and from nothing beside them."""
    stated = read_base(BASE.encode())
    assert stated is not None
    assert (stated.key_id, stated.created, stated.nonce, stated.idempotency_key) == ("abb-1", NINE, "0123456789abcdef", "pay-1")
    assert (stated.path, stated.components["@method"]) == ("/v1/corridors/abb-psbc/transfers/9f6f1e06/pay", "POST")


@pytest.mark.parametrize(
    "base",
    ["", "nonsense", BASE.replace("created", "made"), BASE.replace("1774602000", "9" * 15), BASE.rpartition("\n")[0], "\ud800"],
    ids=["nothing", "nonsense", "no instant", "no such instant", "no parameters", "no text"],
)
def test_what_is_no_base_is_said_to_be_none(base: str) -> None:
    """Whatever stands there, the checker goes on."""
    raw = base.encode(errors="surrogatepass")
    assert read_base(raw) is None
    assert wrong_with(raw, b"s" * 64, corridor=CORRIDOR, command=COMMAND, partner="abb", recorded_at=NINE, keys=keys()) == (
        "the signature base cannot be read"
    )


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"signature": b"s" * 64}, "the signature does not verify by key 'abb-1'"),
        ({"signature": b""}, "the signature does not verify by key 'abb-1'"),
        ({"base": BASE.replace("pay-1", "pay-2")}, "the request asked for another command"),
        ({"base": BASE.replace("abb-psbc", OTHER)}, "the request was made of another corridor"),
        ({"base": BASE.replace('"pay-1"', "pay-1;x=(")}, "the request asked for another command"),
        ({"keys": KeyTimes()}, "key 'abb-1' was never registered"),
        ({"keys": keys("psbc")}, "key 'abb-1' is psbc's, the receipt says abb"),
        ({"partner": "psbc"}, "key 'abb-1' is abb's, the receipt says psbc"),
        ({"command": UUID(int=1)}, "the request asked for another command"),
        (
            {"keys": keys(valid_from="2026-03-27T09:01:00Z")},
            "key 'abb-1' was not in force when the request was signed at 2026-03-27 09:00:00 UTC",
        ),
    ],
)
def test_what_is_no_evidence_is_named(changes: dict[str, Any], detail: str) -> None:
    """One thing wrong at a time."""
    assert wrong(**changes) == detail


def test_every_changed_byte_of_base_or_signature_is_found() -> None:
    """Each of them, one after another."""
    base, signature = BASE.encode(), PRIVATE_KEY.sign(BASE.encode())
    for whole, changed in (
        *((base[:i] + bytes([base[i] ^ 1]) + base[i + 1 :], signature) for i in range(len(base))),
        *((base, signature[:i] + bytes([signature[i] ^ 1]) + signature[i + 1 :]) for i in range(len(signature))),
    ):
        found = wrong_with(whole, changed, corridor=CORRIDOR, command=COMMAND, partner="abb", recorded_at=NINE, keys=keys())
        assert found is not None, whole


def test_files_and_sheets_are_known_by_their_content() -> None:
    """Their commands are not named by the key that was signed; who signed what is checked all the same."""
    for path in ("messages", "rate-sheets"):
        base = BASE.replace("transfers/9f6f1e06/pay", path)
        assert wrong(base, command=UUID(int=1)) is None
        assert wrong(base, command=UUID(int=1), signature=b"s" * 64) == "the signature does not verify by key 'abb-1'"


# When a key was in force


def at(*minutes: float, times: KeyTimes) -> list[bool]:
    """Whether the key was in force at these minutes past nine, with nothing between signing and commit."""
    return [times.keys["abb-1"].in_force_between(NINE + m * MINUTE, NINE + m * MINUTE) for m in minutes]


def test_a_key_is_in_force_from_its_registration_to_its_end() -> None:
    """Not before two people let it in, whatever validity it was given; a moment longer, since clocks differ."""
    times = keys()
    grace = GRACE / MINUTE
    assert at(-60, -30.01, -30, 0, 23 * 60 - 0.01, times=times) == [False, False, True, True, True]
    assert at(23 * 60 + grace - 0.01, 23 * 60 + grace, times=times) == [True, False]


def test_a_suspension_ends_it_and_a_lifting_begins_it_anew() -> None:
    """And the second suspension ends it again."""
    times = keys()
    times.take("SigningKeys.KeySuspended.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:10:00Z"})
    times.take("SigningKeys.KeySuspensionLifted.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:20:00Z"})
    times.take("SigningKeys.KeySuspended.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:30:00Z"})
    times.take("SigningKeys.KeyRevoked.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:40:00Z"})
    assert at(9, 11, 19, 21, 29, 31, 41, times=times) == [True, False, False, True, True, False, False]


def test_a_request_signed_in_time_is_evidence_though_it_was_committed_later() -> None:
    """It passed the gate by a key that was in force."""
    times = keys()
    times.take("SigningKeys.KeySuspended.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:00:30Z"})
    assert wrong(keys=times, recorded_at=NINE + MINUTE) is None


def test_a_key_that_is_followed_ends_when_the_overlap_does() -> None:
    """And a suspension of it that is lifted makes it no longer."""
    times = keys()
    following = registered(key_id="abb-2", replaces="abb-1", replaced_until="2026-03-27T10:00:00Z")
    times.take("SigningKeys.KeyRegistered.v1", following)
    times.take("SigningKeys.KeySuspended.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:10:00Z"})
    times.take("SigningKeys.KeySuspensionLifted.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:20:00Z"})
    assert at(5, 15, 25, 59, 61, times=times) == [True, False, True, True, False]


def test_facts_about_keys_nobody_registered_change_nothing() -> None:
    """A log that was tampered with may hold them."""
    times = KeyTimes()
    for step in ("KeySuspended", "KeySuspensionLifted", "KeyRevoked", "KeyDeclined", "Begun"):
        times.take(f"SigningKeys.{step}.v1", {"key_id": "abb-1", "timestamp": "2026-03-27T09:10:00Z"})
    assert times.keys == {}


# Signatures and bodies


def test_a_signature_of_p256_is_r_and_s_of_32_bytes_each() -> None:
    """RFC 9421 §3.3.4; in any other form it is none."""
    key = ec.derive_private_key(1, ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(b"base", ec.ECDSA(SHA256())))
    signature = r.to_bytes(32) + s.to_bytes(32)
    found = [verifies("ecdsa-p256-sha256", P256_KEY, one, b"base") for one in (signature, signature[:-1], b"\0" * 64, signature[::-1])]
    assert found == [True, False, False, False]
    assert not verifies("ecdsa-p256-sha256", P256_KEY, signature, b"other")


@pytest.mark.parametrize(
    ("field", "body", "fits"),
    [
        ("sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:", b"{}", True),
        ("sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:", b"{} ", False),
        ("sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:, sha-512=:AAAA:", b"{}", False),
        ("md5=:AAAA:", b"{}", False),
        ("nonsense(", b"{}", False),
    ],
)
def test_a_digest_is_compared_with_the_body(field: str, body: bytes, fits: bool) -> None:
    """By every algorithm it names that is known, and by one at least."""
    known = "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"
    stated = read_base(BASE.replace(known, field).encode())
    assert stated is not None
    assert digest_fits(stated, body) is fits


def test_a_sealed_body_opens_for_its_command_alone() -> None:
    """Moved to another command, changed or cut, it does not open."""
    cipher = BodyCipher(b"k" * 32)
    sealed = cipher.seal(COMMAND, b"{}")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    assert cipher.open(COMMAND, sealed) == b"{}"
    assert [cipher.open(UUID(int=1), sealed), cipher.open(COMMAND, changed), cipher.open(COMMAND, b"")] == [None] * 3
    assert BodyCipher(b"l" * 32).open(COMMAND, sealed) is None


@pytest.mark.parametrize("body", [b"", b"\0\0", b'{"debtor": {"name": "Yasmina"}}'])
def test_two_halves_make_the_body_and_one_makes_nothing(body: bytes) -> None:
    """Of its own length each, and drawn anew each time."""
    one, other = halves(body)
    assert joined(one, other) == joined(other, one) == body
    assert {len(one), len(other)} == {len(body)}
    if len(body) > 2:
        assert halves(body)[0] != one


def test_halves_of_two_bodies_make_none() -> None:
    """Said, and not half joined."""
    with pytest.raises(ValueError, match="of one length"):
        joined(b"a", b"ab")
