"""A key does what two people registered it for, whoever its owner is, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from api.message_signatures import READ_COMPONENTS, TAG
from api.signing import idempotency_key, public_key_hex
from ledger import commands as c
from tests.acceptance.conftest import FRIDAY_MORNING, ServedCorridor, private_key, told, transfer, uetr

P256 = ec.derive_private_key(1, ec.SECP256R1())
P256_PUBLIC = (
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def not_permitted(key_id: str, may: str, needed: str) -> dict[str, Any]:
    return {
        "type": "/problems/key-not-permitted",
        "title": "The key may not be used for this",
        "status": 403,
        "detail": f"Key {key_id} may {may}; this needs {needed}.",
        "field": "keyid",
        "value": key_id,
        "way_out": "Sign with a key that may, or have one registered.",
        "transient": False,
    }


def by(served: ServedCorridor, key_id: str, path: str, body: Any, key: str) -> httpx.Response:
    """A command signed with one of several keys of a bank."""
    return served.client.post(served.path(path), json=body, headers=idempotency_key(key), auth=served.signer("abb", key_id))


def test_a_bank_gives_each_of_its_systems_a_key_for_its_work(served: ServedCorridor) -> None:
    """The reporting system reads and sends nothing; what it tried burnt no idempotency key and left nothing in the log."""
    served.register("abb-reports", "abb", may=("read", "statements"))
    before = served.head()
    refused = by(served, "abb-reports", "/transfers", transfer(), "t1")
    assert told(refused, 403) == not_permitted("abb-reports", "read, statements", "initiate")
    assert served.head() == before
    told(by(served, "abb", "/transfers", transfer(), "t1"), 201)
    at_least = {"at_least": served.head()}
    seen = served.client.get(served.path(f"/transfers/{uetr(1)}"), params=at_least, auth=served.signer("abb", "abb-reports"))
    assert told(seen, 200)["uetr"] == uetr(1)


def test_a_key_without_reading_reads_nothing(served: ServedCorridor) -> None:
    """Not even what is there: unknown and known are told alike."""
    served.register("abb-sender", "abb", may=("initiate",))
    told(by(served, "abb-sender", "/transfers", transfer(), "t1"), 201)
    for path in (f"/transfers/{uetr(1)}", f"/transfers/{uetr(9)}", "/accounts", "/accounts/abb:cash:MAD"):
        needed = "statements" if path.startswith("/accounts") else "read"
        answer = served.client.get(served.path(path), auth=served.signer("abb", "abb-sender"))
        assert told(answer, 403) == not_permitted("abb-sender", "initiate", needed)


def test_nobodys_key_opens_what_belongs_to_others(served: ServedCorridor) -> None:
    """A bank announces no prefund, closes no cycle and freezes no account; an officer sends no transfer."""
    movement = {"participant": "abb", "amount": "1.00", "currency": "USD", "reference": "F1"}
    of_a_bank = "initiate, pay, rates, treasury, read, statements"
    asked = [
        ("abb", "/prefunds", movement, of_a_bank, "settle"),
        ("abb", "/cycles", {}, of_a_bank, "operate"),
        ("abb", "/accounts/abb:cash:MAD/status", {"status": "frozen"}, of_a_bank, "decide"),
        ("officer:amina", "/transfers", transfer(), "read, statements, decide", "initiate"),
        ("operator:ops", f"/transfers/{uetr(1)}/freeze", {}, "read, statements, operate", "decide"),
        ("bank:settlement", "/withdrawals", movement, "read, statements, settle", "treasury"),
    ]
    answers = [told(served.post(who, path, body, f"{n}"), 403) for n, (who, path, body, _, _) in enumerate(asked)]
    assert answers == [not_permitted(who, may, needed) for who, _, _, may, needed in asked]


def test_what_a_key_may_is_decided_before_what_is_asked_is_looked_at(served: ServedCorridor) -> None:
    """A body that would be refused tells nothing to a key that may not send it."""
    answer = told(served.post("officer:amina", "/transfers", {"amount": "nonsense"}, "t1"), 403)
    assert answer["type"] == "/problems/key-not-permitted"


def test_a_key_of_p256_signs_as_well(served: ServedCorridor) -> None:
    """The algorithm comes from the registry; a message that names another one is refused."""
    served.register("abb-p256", "abb", public_key=("ecdsa-p256-sha256", P256_PUBLIC))

    def ask(algorithm: Any = algorithms.ECDSA_P256_SHA256, key: Any = P256, **more: Any) -> httpx.Response:
        request = httpx.Request("GET", served.url + served.path("/terms"))
        resolver = MappingKeyResolver(public_keys={}, private_keys={"abb-p256": key})
        HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=resolver).sign(
            request, key_id="abb-p256", created=served.clock(), nonce=f"nonce-{next(served.nonces):016}", tag=TAG,
            covered_component_ids=READ_COMPONENTS, body=None, **({"include_alg": False} | more),
        )  # fmt: skip
        return served.client.send(request)

    told(ask(), 200)
    told(ask(include_alg=True), 200)
    confused = ask(algorithms.HMAC_SHA256, bytes.fromhex(P256_PUBLIC), include_alg=True)
    assert told(confused, 401)["type"] == "/problems/signature-algorithm-wrong"
    other = ask(key=ec.derive_private_key(2, ec.SECP256R1()))
    assert told(other, 401)["type"] == "/problems/signature-wrong"


def test_during_a_rotation_both_keys_sign_and_afterwards_the_new_one_alone(served: ServedCorridor) -> None:
    """A bank changes its systems one after another, and nobody waits."""
    new = public_key_hex(private_key("abb-new"))
    served.ask(
        c.RotateKey(
            **served.said("operator:ops", "rotate"),
            key_id="abb-new",
            replaces="abb",
            public_key=new,
            valid_from=FRIDAY_MORNING,
            valid_until=FRIDAY_MORNING + timedelta(days=365),
            replaced_until=FRIDAY_MORNING + timedelta(minutes=10),
        )
    )
    answers = []
    for approve in (True, False, False):
        for key_id in ("abb", "abb-new"):
            answer = served.client.get(served.path("/terms"), auth=served.signer("abb", key_id))
            answers.append((key_id, answer.status_code, answer.json().get("type", "")))
        if approve:
            served.ask(c.ApproveKey(**served.said("officer:bo", "approve"), key_id="abb-new", public_key=new))
        else:
            served.clock.advance(timedelta(minutes=10))
    assert answers == [
        ("abb", 200, ""), ("abb-new", 401, "/problems/signing-key-unknown"),
        ("abb", 200, ""), ("abb-new", 200, ""),
        ("abb", 401, "/problems/signing-key-not-in-force"), ("abb-new", 200, ""),
    ]  # fmt: skip
