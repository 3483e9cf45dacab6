"""Who asks, step by step: by the head from keys that are known, then by the database whether they still count."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.authentication import Authenticator, Caller
from api.errors import NonceReused, SignatureAlgorithmWrong, SignatureWrong, SigningKeyRevoked
from api.key_registry import RegisteredKeys
from api.message_signatures import ECDSA_P256, PrivateKey, algorithm_of, public_key_hex
from api.nonces import Nonce
from api.signed_head import SignedHead, joined
from api.signing import RequestSigner, idempotency_key
from ledger.clock import SetClock
from ledger.errors import UnknownCorridor

NINE = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
ED_KEY = Ed25519PrivateKey.from_private_bytes(b"a key of tests, not of any bank!")
P256_KEY = derive_private_key(20260327, SECP256R1())


@dataclass(frozen=True)
class Key:
    """A registered key."""

    key_id: str
    principal: str
    algorithm: str
    public_key: str
    valid_from: datetime = NINE - timedelta(days=1)
    valid_until: datetime = NINE + timedelta(days=1)


def key(key_id: str, private_key: PrivateKey, principal: str = "abb") -> Key:
    return Key(key_id, principal, algorithm_of(private_key), public_key_hex(private_key))


class Registry:
    """Two corridors, and how often they were asked about."""

    def __init__(self, *keys: Key) -> None:
        self.keys = {one.key_id: one for one in keys}
        self.revoked: frozenset[str] = frozenset()
        self.looks = 0

    def of(self, corridor: str) -> RegisteredKeys | None:
        self.looks += 1
        return RegisteredKeys(self.keys, self.revoked) if corridor == "abb-psbc" else None  # type: ignore[arg-type]

    def elsewhere(self, key_id: str, corridor: str) -> Key | None:
        return self.keys.get(key_id) if corridor != "abb-psbc" else None

    def revoke(self, key_id: str) -> None:
        self.keys = {name: one for name, one in self.keys.items() if name != key_id}
        self.revoked |= {key_id}


class Nonces:
    """Remembers everything."""

    def __init__(self) -> None:
        self.taken: list[Nonce] = []

    def take(self, nonces: Sequence[Nonce], _now: datetime) -> list[bool]:
        new = [nonce not in self.taken for nonce in nonces]
        self.taken += nonces
        return new


class Door:
    """An authenticator over these keys, on a clock that stands."""

    def __init__(self, *keys: Key) -> None:
        self.registry, self.nonces = Registry(*keys), Nonces()

    def let_in(self, *heads: SignedHead, corridor: str = "abb-psbc", between: object = None) -> list[Caller | Exception]:
        """What becomes of requests that come one after the other; ``between`` happens after they were identified."""

        async def story() -> list[Caller | Exception]:
            authenticator = Authenticator(self.registry, self.nonces, SetClock(NINE), age_seconds_max=60)
            outcomes: list[Caller | Exception] = []
            for head in heads:
                try:
                    claim = await authenticator.identify(head, corridor)
                    if callable(between):
                        between()
                    outcomes.append(await authenticator.admit(claim))
                except Exception as error:
                    outcomes.append(error)
            authenticator.close()
            return outcomes

        return asyncio.run(story())


def signed(key_id: str, private_key: PrivateKey, nonce: str = "nonce-0000000000000001") -> SignedHead:
    """A command, signed properly."""
    request = httpx.Request("POST", "https://corridor.example/v1/corridors/abb-psbc/x", json={}, headers=idempotency_key("k"))
    RequestSigner(key_id, private_key, clock=lambda: NINE, nonce=lambda: nonce).sign(request)
    return SignedHead("POST", str(request.url), joined(request.headers.items()))


def with_field(head: SignedHead, name: str, value: str) -> SignedHead:
    return replace_fields(head, {**head.fields, name: value})


def replace_fields(head: SignedHead, fields: dict[str, str]) -> SignedHead:
    return head._replace(fields=fields)


@pytest.mark.parametrize("private_key", [ED_KEY, P256_KEY], ids=["Ed25519", "P-256"])
def test_both_algorithms_let_in(private_key: PrivateKey) -> None:
    """The registry says which one a key is of."""
    door = Door(key("k1", private_key))
    assert door.let_in(signed("k1", private_key)) == [Caller("abb", "k1", "abb-psbc")]


def test_a_known_key_is_not_looked_up_before_its_signature_is_checked_and_once_after() -> None:
    """The first request reads the registry, and admitting each reads it again: a revocation counts from its event on."""
    door = Door(key("k1", ED_KEY))
    first, second = (signed("k1", ED_KEY, f"nonce-000000000000000{n}") for n in (1, 2))
    assert door.let_in(first, second) == [Caller("abb", "k1", "abb-psbc")] * 2
    assert door.registry.looks == 3


def test_a_key_that_is_revoked_while_its_request_is_read_lets_nobody_in() -> None:
    """And its nonce is not taken; afterwards the key is known to be revoked."""
    door = Door(key("k1", ED_KEY))
    first, second = (signed("k1", ED_KEY, f"nonce-000000000000000{n}") for n in (1, 2))
    outcomes = door.let_in(first, second, between=lambda: door.registry.revoke("k1"))
    assert [type(outcome) for outcome in outcomes] == [SigningKeyRevoked, SigningKeyRevoked]
    assert door.nonces.taken == []


def test_a_key_that_was_replaced_under_its_id_does_not_count_on() -> None:
    """What verified must be the very key that is registered when the request is let in."""
    door = Door(key("k1", ED_KEY))

    def replaced() -> None:
        door.registry.keys = {"k1": replace(door.registry.keys["k1"], principal="psbc")}

    [outcome] = door.let_in(signed("k1", ED_KEY), between=replaced)
    assert type(outcome) is SigningKeyRevoked


def test_a_nonce_is_taken_once_and_only_by_a_request_whose_signature_verifies() -> None:
    """A forged request in between leaves the nonce to the one who drew it."""
    door = Door(key("k1", ED_KEY))
    proper = signed("k1", ED_KEY)
    forged = with_field(proper, "idempotency-key", '"other"')
    wrong, right, again = door.let_in(forged, proper, proper)
    assert (type(wrong), right, type(again)) == (SignatureWrong, Caller("abb", "k1", "abb-psbc"), NonceReused)


def test_the_algorithm_is_the_registrys_whatever_the_message_says() -> None:
    """An algorithm stated wrongly is refused as such; a signature of another algorithm under this key id is wrong; the right one may
    be stated."""
    door = Door(key("k1", ED_KEY), key("k2", P256_KEY))
    stated = with_field(signed("k1", ED_KEY), "signature-input", signed("k1", ED_KEY).fields["signature-input"] + f';alg="{ECDSA_P256}"')
    other_key = signed("k1", P256_KEY, "nonce-0000000000000002")
    assert [type(outcome) for outcome in door.let_in(stated, other_key)] == [SignatureAlgorithmWrong, SignatureWrong]
    assert door.nonces.taken == []


def test_what_a_signature_covers_must_have_been_sent() -> None:
    """A covered field that is not there has no value that anybody could have signed."""
    proper = signed("k1", ED_KEY)
    without = replace_fields(proper, {name: value for name, value in proper.fields.items() if name != "content-digest"})
    [outcome] = Door(key("k1", ED_KEY)).let_in(without)
    assert type(outcome) is SignatureWrong


def test_a_stranger_of_this_corridor_is_told_that_there_is_none() -> None:
    """Known elsewhere, signed properly: the nonce is taken, the corridor is not told of."""
    door = Door(key("k1", ED_KEY))
    head = signed("k1", ED_KEY)
    outcomes = door.let_in(head, head, corridor="abb-other")
    assert [type(outcome) for outcome in outcomes] == [UnknownCorridor, NonceReused]
