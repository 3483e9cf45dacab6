"""Small parts of reading a request: keys, nonces, cursors, what is quoted back, what a caller may see."""

from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.errors import DigestWrong, IdempotencyKeyMalformed, RequestInvalid
from api.idempotency import KEY_CHARACTERS_MAX, read_idempotency_key
from api.invalid_input import QUOTED_FIELDS, from_validation
from api.partner_view import sees_account, sees_event, sees_fact, sees_transfer, shown_refusal, shown_state
from api.reading import next_cursor, read_as_of, read_cursor
from api.schemas.transfers import TransferBody
from api.signed_head import SignedHead, check_digest, joined, required_components
from api.signing import RequestSigner, idempotency_key, random_nonce
from ledger.intake import PartyDetails

NINE = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=KEY_CHARACTERS_MAX))
def test_every_printable_key_survives_the_wire(key: str) -> None:
    """What a client quotes is what the ledger reads."""
    assert read_idempotency_key(idempotency_key(key)["Idempotency-Key"]) == key


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_key(field: str) -> None:
    """It is a key, or it is refused as none."""
    try:
        assert 1 <= len(read_idempotency_key(field)) <= KEY_CHARACTERS_MAX
    except RequestInvalid as refused:
        assert refused.field == "Idempotency-Key"


def test_a_byte_sequence_is_no_key() -> None:
    """A structured field of another kind is not taken for a string."""
    with pytest.raises(IdempotencyKeyMalformed):
        read_idempotency_key(":YQ==:")


def test_random_nonces_are_long_enough_and_differ() -> None:
    """128 bits each."""
    assert (len(random_nonce()), random_nonce() == random_nonce()) == (22, False)


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
def test_a_cursor_is_read_as_it_was_given(first: int, second: int) -> None:
    """Where one page ends the next begins."""
    assert read_cursor(next_cursor(first, second)) == (first, second)


@given(st.text(max_size=40))
def test_no_text_breaks_a_cursor_or_an_as_of(text: str) -> None:
    """Read, or refused by name."""
    for read, field in ((read_cursor, "cursor"), (read_as_of, "as_of")):
        try:
            read(text)
        except RequestInvalid as refused:
            assert refused.field == field


def test_as_of_is_a_position_or_an_instant_with_its_offset() -> None:
    """Digits, or RFC 3339."""
    assert (read_as_of(None), read_as_of("1208"), read_as_of("2026-03-27T10:00:00+01:00")) == (None, 1208, NINE)


def test_no_field_of_a_party_is_ever_quoted_back() -> None:
    """The list of fields whose values may be repeated and the fields of persons share no name but those of the transfer itself."""
    assert QUOTED_FIELDS & (set(PartyDetails.model_fields) - {"account"}) == set()
    assert QUOTED_FIELDS & {"debtor", "creditor", "remittance", "end_to_end_id", "reasons", "explanation", "code", "cause"} == set()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(min_size=4), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_stands_in_a_party_is_not_told(value: object) -> None:
    """Any JSON under any field of a person: the problem names the field and repeats nothing."""
    for field in ("name", "account", "country", "birth_date", "document"):
        try:
            TransferBody.model_validate({"debtor": {"name": "Yasmina", field: value}})
        except ValidationError as error:
            found = [e | {"loc": ("body", *e["loc"])} for e in error.errors() if e["loc"][0] == "debtor"]
            if found:
                problem = from_validation(RequestValidationError(found))
                assert (problem.value, problem.field.startswith("debtor")) == ("", True)
                if isinstance(value, str) and not value.isascii():
                    assert value not in str(problem)


def test_a_bank_sees_its_own_and_the_corridors_and_no_more() -> None:
    """One rule for accounts, one for transfers, one for what compliance leaves no trace of."""
    assert [sees_account("abb", a) for a in ("abb:cash:MAD", "corridor:in_flight:USD", "psbc:cash:CNY", "psbc:position:USD")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [sees_account("bank:settlement", a) for a in ("corridor:settlement_bank:USD", "corridor:in_flight:USD", "abb:cash:MAD")] == [
        True, False, False,
    ]  # fmt: skip
    assert [sees_transfer(who, "abb", "psbc") for who in ("abb", "psbc", "officer:a", "operator:o", "bank:settlement", "other")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip
    topics = ("Transfer.Held.v1", "Transfer.Cleared.v1", "Transfer.Frozen.v1", "ComplianceCase.Opened.v1", "Transfer.Paid.v1")
    assert [sees_event("abb", topic) for topic in topics] == [False, False, False, False, True]
    assert [sees_event("officer:a", topic) for topic in topics] == [True] * 5
    assert (sees_fact("psbc", "collection_code_digest"), sees_fact("officer:a", "collection_code_digest")) == (False, True)


def test_a_state_before_dispatch_is_pending_to_a_bank() -> None:
    """Whatever it waits for; refusals that quote the state say no more either."""
    states = ("initiated", "held", "cleared", "funded", "dispatched", "paid", "refunded")
    assert [shown_state("abb", state) for state in states] == ["pending"] * 4 + ["dispatched", "paid", "refunded"]
    assert [shown_state("officer:a", state) for state in states] == list(states)
    refusal = {"field": "state", "value": "held", "detail": "Cannot cancel x: it is held.", "way_out": "", "code": "c"}
    assert shown_refusal("abb", refusal) == {**refusal, "value": "pending", "detail": "Cannot cancel x: it is pending."}
    assert shown_refusal("officer:a", refusal) == refusal
    assert shown_refusal("abb", {**refusal, "field": "account"}) == {**refusal, "field": "account"}


def head(method: str, *headers: tuple[str, str]) -> SignedHead:
    return SignedHead(method, "https://corridor.example/v1", joined(headers))


def test_a_read_covers_two_components_and_a_command_all_that_it_sends() -> None:
    """What a command does not send cannot be covered; that it is missing is said once it is known who asks."""
    assert required_components(head("GET", ("idempotency-key", '"k"'))) == ("@method", "@target-uri")
    assert required_components(head("POST")) == ("@method", "@target-uri", "content-digest")
    assert required_components(head("POST", ("content-type", "a/b"), ("idempotency-key", '"k"'))) == (
        "@method", "@target-uri", "content-type", "content-digest", "idempotency-key",
    )  # fmt: skip


def test_a_digest_is_of_these_bytes_by_sha_256_or_sha_512() -> None:
    """RFC 9530; other algorithms, several with one wrong, and none at all are refused."""
    abc = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"
    check_digest(head("POST", ("content-digest", abc)), b"abc")
    check_digest(head("GET"), b"")
    for value in ("md5=:kAFQmDzST7DWlj99KOF/cg==:", f"{abc}, sha-512=:AAAA:", "", abc.replace("ung", "xng")):
        with pytest.raises(DigestWrong):
            check_digest(head("POST", ("content-digest", value)), b"abc")


def test_a_request_is_signed_anew_each_time_it_is_sent() -> None:
    """A client that repeats a request draws a new nonce, or it would be taken for a replay."""
    nonces = iter(["first-nonce-000000", "second-nonce-00000"])
    signer = RequestSigner("k", Ed25519PrivateKey.from_private_bytes(b"k" * 32), clock=lambda: NINE, nonce=lambda: next(nonces))
    request = httpx.Request("POST", "https://corridor.example/v1/x", json={}, headers=idempotency_key("k"))
    signer.sign(request)
    first = request.headers["Signature-Input"]
    signer.sign(request)
    assert first == (
        'corridor=("@method" "@target-uri" "content-type" "content-digest" "idempotency-key")'
        ';created=1774602000;keyid="k";nonce="first-nonce-000000";tag="corridor"'
    )
    assert request.headers["Signature-Input"] == first.replace("first-nonce-000000", "second-nonce-00000")
