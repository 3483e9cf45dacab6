"""Who asks, step by step: by the head from keys that are known, then by the database whether they still count."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import OperationalError

from api.authentication import Authenticator, Caller
from api.errors import NonceReused, SignatureAlgorithmWrong, SignatureWrong, SigningKeyNotInForce, SigningKeyRevoked
from api.key_registry import FoundKey
from api.message_signatures import PrivateKey, algorithm_of, public_key_hex
from api.nonces import Nonce
from api.signed_head import SignedHead, joined
from api.signing import RequestSigner, idempotency_key
from ledger.clock import SetClock
from ledger.domain.public_keys import ECDSA_P256
from ledger.domain.signing_key_events import SigningKey
from ledger.errors import UnknownCorridor
from ledger.evidence import SignedRequest
from ledger.signatures import verifies

NINE = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
ABB = Caller("abb", "k1", "abb-psbc", ("initiate",))
ED_KEY = Ed25519PrivateKey.from_private_bytes(b"a key of tests, not of any bank!")
P256_KEY = derive_private_key(20260327, SECP256R1())


def key(key_id: str, private_key: PrivateKey, principal: str = "abb") -> SigningKey:
    """A registered key in force, for a day around nine."""
    return SigningKey(
        key_id=key_id,
        principal=principal,
        algorithm=algorithm_of(private_key),
        public_key=public_key_hex(private_key),
        valid_from=NINE - timedelta(days=1),
        valid_until=NINE + timedelta(days=1),
        permissions=("initiate",),
        people=("operator:ops", "officer:bo"),
        registered_at=NINE - timedelta(days=1),
    )


class Registry:
    """One corridor's keys, and how often they were asked for."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = {one.key_id: one for one in keys}
        self.looks = 0

    def find(self, key_id: str, corridor: str) -> FoundKey | None:
        self.looks += 1
        found = self.keys.get(key_id)
        return None if found is None else FoundKey(found, corridor == "abb-psbc")

    def change(self, key_id: str, **facts: Any) -> None:
        self.keys[key_id] = self.keys[key_id]._replace(**facts)


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

    def __init__(self, *keys: SigningKey) -> None:
        self.registry, self.nonces = Registry(*keys), Nonces()
        self.evidence: list[SignedRequest | None] = []

    def let_in(self, *heads: SignedHead, corridor: str = "abb-psbc", between: object = None) -> list[Caller | Exception]:
        """What becomes of requests that come one after the other; ``between`` happens after they were identified.

        The evidence that callers bring is laid aside.
        """

        async def story() -> list[Caller | Exception]:
            authenticator = Authenticator(self.registry, self.nonces, SetClock(NINE), age_seconds_max=60)
            outcomes: list[Caller | Exception] = []
            for head in heads:
                try:
                    claim = await authenticator.identify(head, authenticator.signature(head), corridor)
                    if callable(between):
                        between()
                    caller = await authenticator.admit(claim)
                    self.evidence.append(caller.signed)
                    outcomes.append(caller._replace(signed=None))
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
    assert door.let_in(signed("k1", private_key)) == [ABB]


@pytest.mark.parametrize("private_key", [ED_KEY, P256_KEY], ids=["Ed25519", "P-256"])
def test_who_is_let_in_brings_the_evidence_of_it(private_key: PrivateKey) -> None:
    """The base that was signed, byte for byte, and the signature: they verify again without the request."""
    door = Door(key("k1", private_key))
    head = signed("k1", private_key)
    door.let_in(head)
    [evidence] = door.evidence
    assert evidence is not None
    assert (evidence.key_id, evidence.created, evidence.nonce, evidence.body) == ("k1", NINE, "nonce-0000000000000001", None)
    assert evidence.base.decode() == "\n".join(
        [
            '"@method": POST',
            '"@target-uri": https://corridor.example/v1/corridors/abb-psbc/x',
            '"content-type": application/json',
            f'"content-digest": {head.value("content-digest")}',
            '"idempotency-key": "k"',
            f'"@signature-params": {head.value("signature-input").removeprefix("corridor=")}',
        ]
    )
    assert verifies(algorithm_of(private_key), public_key_hex(private_key), evidence.signature, evidence.base)


def test_a_known_key_is_not_looked_up_before_its_signature_is_checked_but_when_it_is_let_in() -> None:
    """The first request finds its key, and letting in each finds it again: a suspension counts as soon as the registry knows."""
    door = Door(key("k1", ED_KEY))
    first, second = (signed("k1", ED_KEY, f"nonce-000000000000000{n}") for n in (1, 2))
    assert door.let_in(first, second) == [ABB] * 2
    assert door.registry.looks == 3


@pytest.mark.parametrize("state", ["suspended", "revoked"])
def test_a_key_that_is_taken_back_while_its_request_is_read_lets_nobody_in(state: str) -> None:
    """And its nonce is not taken. Put back in force it lets in again."""
    door = Door(key("k1", ED_KEY))
    first, second = (signed("k1", ED_KEY, f"nonce-000000000000000{n}") for n in (1, 2))
    outcomes = door.let_in(first, second, between=lambda: door.registry.change("k1", state=state))
    assert [str(outcome) for outcome in outcomes] == [f"The signing key was {state}. Sign with a key that is in force."] * 2
    assert [type(outcome) for outcome in outcomes] == [SigningKeyRevoked] * 2
    assert door.nonces.taken == []
    door.registry.change("k1", state="in force")
    assert door.let_in(first) == [ABB]


def test_what_is_known_of_a_key_is_brought_up_to_date_when_it_lets_in() -> None:
    """Permissions and validity are those of now; another public key under the same id does not count for what the old one signed."""
    door = Door(key("k1", ED_KEY))
    first = signed("k1", ED_KEY)
    assert door.let_in(first, between=lambda: door.registry.change("k1", permissions=("pay",))) == [ABB._replace(permissions=("pay",))]
    for facts, expected in (({"valid_until": NINE}, SigningKeyNotInForce), ({"public_key": public_key_hex(ED_KEY)[::-1]}, SignatureWrong)):
        door = Door(key("k1", ED_KEY))
        [outcome] = door.let_in(first, between=lambda: door.registry.change("k1", **facts))  # noqa: B023 - called within this round
        assert type(outcome) is expected


def test_a_nonce_is_taken_once_and_only_by_a_request_whose_signature_verifies() -> None:
    """A forged request in between leaves the nonce to the one who drew it."""
    door = Door(key("k1", ED_KEY))
    proper = signed("k1", ED_KEY)
    forged = with_field(proper, "idempotency-key", '"other"')
    wrong, right, again = door.let_in(forged, proper, proper)
    assert (type(wrong), right, type(again)) == (SignatureWrong, ABB, NonceReused)


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


class Down:
    """A registry or a book of nonces whose database is away."""

    def find(self, _key_id: str, _corridor: str) -> FoundKey | None:
        raise OperationalError("away")

    def take(self, _nonces: Sequence[Nonce], _now: datetime) -> list[bool]:
        raise OperationalError("away")


def test_nobody_is_let_in_while_the_database_cannot_be_asked() -> None:
    """Neither a new key nor one that was known, and not without its nonce: what fails while it is decided who asks lets nobody in."""
    head = signed("k1", ED_KEY)
    unknown, known, nonces = (Door(key("k1", ED_KEY)) for _ in range(3))
    unknown.registry = Down()  # type: ignore[assignment]
    nonces.nonces = Down()  # type: ignore[assignment]

    def goes_away() -> None:
        known.registry.find = Down().find  # type: ignore[method-assign]

    outcomes = [unknown.let_in(head), known.let_in(head, between=goes_away), nonces.let_in(head)]
    assert [[type(outcome) for outcome in one] for one in outcomes] == [[OperationalError]] * 3
    assert known.nonces.taken == []
