"""What the service says is its own word about one request: a bank can check it at once and prove it later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

from api.answer_signing import NotProven, ServiceKeyKnown, check_answer
from api.message_signatures import TAG, read_signatures
from api.service_key import read_service_key
from tests.acceptance.conftest import ServedCorridor, transfer


def known(served: ServedCorridor) -> ServiceKeyKnown:
    """The service's key as a person told it to the bank."""
    key = read_service_key(served.service.settings)
    return ServiceKeyKnown(key.key_id, key.algorithm, key.public_key)


def asked_by(answer: httpx.Response) -> tuple[str, bytes]:
    """Label and signature of the request that was answered."""
    headers = answer.request.headers
    [signature] = read_signatures(headers["signature-input"], headers["signature"], tag=TAG)
    return signature.label, signature.value


def check(served: ServedCorridor, answer: httpx.Response, **changes: Any) -> None:
    """As a bank checks it; ``changes`` are what somebody on the way may have altered."""
    what: dict[str, Any] = {
        "status": answer.status_code, "fields": dict(answer.headers), "body": answer.content, "key": known(served),
        "not_before": served.clock(),
    }  # fmt: skip
    check_answer(**({"asked": asked_by(answer)} if "asked" not in changes else {}), **(what | changes))


def test_every_answer_to_a_bank_is_signed(served: ServedCorridor) -> None:
    """A command, its replay, a refusal, a read, a problem, and even the answer to a request that did not get in."""
    body = transfer(1)
    answers = [
        served.post("abb", "/transfers", body, "t1"),
        served.post("abb", "/transfers", body, "t1"),
        served.post("abb", "/transfers", transfer(1), "t2"),
        served.get("abb", "/terms"),
        served.get("abb", "/nothing"),
        served.post("abb", "/transfers", {}, "t3"),
        served.client.get(served.path("/terms"), auth=served.signer("abb", "nobody")),
    ]
    for answer in answers:
        check(served, answer)
    assert [answer.status_code for answer in answers] == [201, 201, 409, 200, 404, 400, 401]


def test_an_unsigned_request_is_answered_with_what_can_be_signed(served: ServedCorridor) -> None:
    """Status and digest; a bank that asked with a signature does not take this for its answer."""
    answer = served.client.get(served.path("/terms"))
    assert answer.headers["signature-input"].startswith('corridor=("@status" "content-digest");created=')
    with pytest.raises(NotProven, match="does not cover status, digest and the request"):
        check(served, answer, asked=("corridor", b"x" * 64))


def test_an_answer_that_somebody_altered_or_moved_is_not_taken(served: ServedCorridor) -> None:
    """Another status, another body, another request's answer, another key, an old answer: each is told apart."""
    answer, other = served.get("abb", "/terms"), served.get("abb", "/positions")
    wrong = ServiceKeyKnown(known(served).key_id, "ed25519", "00" * 32)
    for changes, said in (
        ({"status": 201}, "does not verify"),
        ({"body": answer.content + b" "}, "not the one that was signed"),
        ({"asked": asked_by(other)}, "does not verify"),
        ({"key": known(served)._replace(key_id="corridor-other")}, "by the service's key"),
        ({"key": wrong}, "does not verify"),
        ({"not_before": served.clock() + timedelta(seconds=1)}, "before the request was made"),
        ({"fields": {k: v for k, v in answer.headers.items() if k != "signature"}}, "carries no signature"),
    ):
        with pytest.raises(NotProven, match=said):
            check(served, answer, **changes)  # type: ignore[arg-type]


def test_another_implementation_reads_the_signature(served: ServedCorridor) -> None:
    """The library http-message-signatures, as a second opinion on form and base (RFC 9421 §2.4)."""

    class Key(HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> Any:
            key = read_service_key(served.service.settings)
            assert key_id == key.key_id
            return key.private_key.public_key()

    class Verifier(HTTPMessageVerifier):
        def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
            """The test's corridor lives in March."""

    answer = served.get("abb", "/terms")
    verifier = Verifier(signature_algorithm=algorithms.ED25519, key_resolver=Key())
    [result] = verifier.verify(answer, expect_tag=TAG, max_age=None)
    assert list(result.covered_components)[:-1] == ['"@status"', '"content-digest"', '"signature";req;key="corridor"']
