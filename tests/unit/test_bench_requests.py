"""What benches send is what partners send: requests that the gate takes, statements that the night job reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.authentication import Authenticator, Caller
from api.errors import SignatureWrong
from api.key_registry import FoundKey
from api.nonces import Nonce
from api.schemas.transfers import TransferBody
from api.signed_head import SignedHead, check_digest, joined
from api.signing import public_key_hex
from corridors import shipped_terms
from ledger.bench.presigned import KEY_ID, Signing, post, transfer
from ledger.bench.statement_lines import csv_statements, two_sides
from ledger.clock import SetClock
from ledger.domain.signing_key_events import SigningKey
from reconciliation.reported import read_statements

NOON = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(b"a key of tests, not of any bank!")
PATH = "/v1/corridors/bench-test/transfers"


class OneKey:
    """A registry that knows the bench's key."""

    def find(self, _key_id: str, _corridor: str) -> FoundKey:
        """The key of the one corridor there is."""
        key = SigningKey(
            key_id=KEY_ID,
            principal="abb",
            algorithm="ed25519",
            public_key=public_key_hex(PRIVATE_KEY),
            valid_from=NOON,
            valid_until=NOON.replace(year=2027),
            permissions=("initiate",),
            people=("operator:ops", "officer:amina"),
            registered_at=NOON,
        )
        return FoundKey(key, at_home=True)


def received(request: bytes) -> tuple[SignedHead, bytes]:
    """A request as a server sees it."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    fields = tuple((name.lower(), value) for name, _, value in (line.partition(": ") for line in lines))
    host = dict(fields)["host"]
    return SignedHead(method, f"http://{host}{path}", joined(fields)), body


class EveryNonce:
    """Takes whatever nonce there is."""

    def take(self, nonces: Sequence[Nonce], _now: datetime) -> list[bool]:
        """All of them are new."""
        return [True for _ in nonces]


def let_in(head: SignedHead) -> Caller:
    """Who asks, by the gate's own checks, on a clock that stands."""

    async def asked() -> Caller:
        authenticator = Authenticator(OneKey(), EveryNonce(), SetClock(NOON), age_seconds_max=60)
        try:
            return await authenticator.admit(await authenticator.identify(head, authenticator.signature(head), "bench-test"))
        finally:
            authenticator.close()

    return asyncio.run(asked())


def test_a_request_signed_beforehand_passes_the_gate_and_carries_a_valid_transfer() -> None:
    """Signature, digest and body are all as they should be."""
    request = post(Signing(PRIVATE_KEY, int(NOON.timestamp())), "127.0.0.1:8000", PATH, transfer("seed", 7), "key-7")
    head, body = received(request)
    caller = let_in(head)
    check_digest(head, body)
    assert (caller.principal, caller.key_id, head.value("idempotency-key")) == ("abb", KEY_ID, '"key-7"')
    assert TransferBody.model_validate_json(body).amount == "1000.00"


def test_a_request_changed_after_signing_does_not_pass() -> None:
    """The benches' requests are checked for real."""
    request = post(Signing(PRIVATE_KEY, int(NOON.timestamp())), "127.0.0.1:8000", PATH, transfer("seed", 7), "key-7")
    head, _ = received(request.replace(b"key-7", b"key-8"))
    with pytest.raises(SignatureWrong):
        let_in(head)


def test_two_sides_agree_but_for_the_planted_lines() -> None:
    """One in two hundred differs, each of the four classes in its turn."""
    sides = two_sides("seed", 2_000, date(2026, 4, 3), 5)
    expected = {line.uetr: line.amount for day in sides.expected for line in day}
    reported = {line.uetr: line.amount for day in sides.reported for line in day}
    assert sides.days == tuple(date(2026, 3, 30 + day) if day < 2 else date(2026, 4, day - 1) for day in range(5))
    assert len(sides.planted) == 10
    differing = {str(uetr) for uetr in expected.keys() | reported.keys() if expected.get(uetr) != reported.get(uetr)}
    twice = {str(line.uetr) for day in sides.reported for line in day if day.count(line) > 1}
    assert differing | twice == set(sides.planted)
    assert sides == two_sides("seed", 2_000, date(2026, 4, 3), 5)


def test_the_statements_of_a_bench_read_back_as_the_lines_they_were_made_of() -> None:
    """They open as the one before closed, and their lines come to what they moved."""
    terms = shipped_terms("abb-psbc")
    bank = terms.participant("psbc")
    sides = two_sides("seed", 400, date(2026, 4, 3), 2)
    files = list(csv_statements(sides, bank.statement_account, bank.currency, 10**9))
    statements = [statement for file in files for statement in read_statements(file, terms)]
    assert [[(line.references[0], line.amount, line.booking_date) for line in one.lines] for one in statements] == [
        [(str(line.uetr), line.amount, line.booked_on) for line in day] for day in sides.reported
    ]
    assert [one.statement.account for one in statements] == ["psbc:cash:CNY"] * 2
    assert (statements[0].statement.opening, statements[0].statement.closing) == (10**9, statements[1].statement.opening)
