"""Who asks is decided first: each request that is not signed as it should be is refused with its own problem, and burns no key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.app import CORRIDOR_ROUTES
from api.gate import OPEN_PATHS
from api.message_signatures import COMMAND_COMPONENTS
from api.signing import idempotency_key
from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain import ids
from tests.acceptance.conftest import ServedCorridor, private_key, told, transfer, uetr
from tests.acceptance.signed_requests import altered, sign, sign_without, unsent
from tests.conftest import fresh_corridor


def problem(code: str, *said: str) -> dict[str, Any]:
    """The whole body of a refused signature: title, detail, field, way out, and the value where one is told."""
    names = ("title", "detail", "field", "way_out", "value")
    return {"type": f"/problems/{code}", "status": 401, "transient": False} | dict(zip(names, said, strict=False))


def test_every_route_and_every_other_path_is_closed_to_the_unsigned(served: ServedCorridor) -> None:
    """Each route with each of its methods, and paths that lead nowhere: 401 for all of them alike, but for the two open ones."""
    paths = {
        (method, served.path(route.path.replace("{uetr}", uetr(1)).replace("{number}", "1").replace("{account}", "abb:cash:MAD")))
        for module in CORRIDOR_ROUTES
        for route in module.router.routes
        for method in route.methods
    }
    elsewhere = {(method, path) for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH") for path in (
        "/", "/docs", "/redoc", "/openapi.json", "/v1", "/v1/corridors", f"/v1/corridors/{served.corridor}", served.path("/nothing"),
        served.path("/transfers/"), "/v1/corridors//transfers", "/health/", "//health", "/v1/corridors/%2E%2E/%2E%2E/health",
    )}  # fmt: skip
    answers = {
        (method, path): served.client.request(method, path, headers=idempotency_key("k") if method != "GET" else {}).status_code
        for method, path in paths | elsewhere
    }
    assert len(paths) == 53
    assert {asked: status for asked, status in answers.items() if status != 401} == {}
    assert {path: served.client.get(path).status_code for path in OPEN_PATHS} == {"/health": 200, "/ready": 200}


def test_an_unsigned_request_is_told_what_a_signature_has_to_cover(served: ServedCorridor) -> None:
    """401 with a challenge, and in Accept-Signature what RFC 9421 §5.1 asks for."""
    answer = served.client.send(unsent(served))
    assert told(answer, 401) == problem(
        "signature-missing", "The request is not signed", "Signature-Input and Signature are needed.", "signature",
        "Sign the request as the documentation shows.",
    )  # fmt: skip
    assert answer.headers["WWW-Authenticate"] == 'Signature realm="corridor"'
    assert answer.headers["Accept-Signature"] == (
        'corridor=("@method" "@target-uri" "content-type" "content-digest" "idempotency-key");created;keyid;nonce;tag="corridor"'
    )
    assert answer.headers["Content-Type"] == "application/problem+json"


WRONG = problem(
    "signature-wrong", "The signature is wrong", "The signature does not verify over this request.", "signature",
    "Sign method, target URI and fields exactly as they are sent, with the registered key.",
)  # fmt: skip
Refused = tuple[Callable[[ServedCorridor], httpx.Request], dict[str, Any]]


REFUSED: dict[str, Refused] = {
    "altered path": (altered(path=("/accept", "/pay")), WRONG),
    "altered method": (altered(method="PUT"), WRONG),
    "added query": (altered(path=("/accept", "/accept?x=1")), WRONG),
    "altered idempotency key": (altered(headers=idempotency_key("a2")), WRONG),
    "altered content type": (altered(headers={"Content-Type": "application/xml"}), WRONG),
    "altered body": (
        altered(body=b'{"cause":"other"}'),
        problem("digest-wrong", "The digest is not that of the body", "Content-Digest is not the sha-256 or sha-512 of the body.",
                "content-digest", "Compute it over the bytes that are sent, and sign it."),
    ),
    "altered body and digest": (
        altered(body=b"{ }", headers={"Content-Digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"}), WRONG,
    ),
    "wrong key under a known id": (lambda served: sign(served, unsent(served), key=private_key("a stranger's")), WRONG),
    "unknown key": (
        lambda served: sign(served, unsent(served), key_id="stranger"),
        problem("signing-key-unknown", "The signing key is not known", "The signing key is not registered.", "keyid",
                "Have the operator register the key.", "stranger"),
    ),
    "wrong tag": (
        lambda served: sign(served, unsent(served), tag="another-service"),
        problem("signature-tag-wrong", "The signature is not for this service", "No signature carries the tag of this service.", "tag",
                'Sign with the parameter tag="corridor".'),
    ),
    "too old": (
        lambda served: sign(served, unsent(served), created=served.clock() - timedelta(seconds=66)),
        problem("signature-too-old", "The signature is too old", "The signature was created more than 60 seconds ago.", "created",
                "Sign again and send at once."),
    ),
    "from the future": (
        lambda served: sign(served, unsent(served), created=served.clock() + timedelta(seconds=6)),
        problem("signature-from-the-future", "The signature is from the future", "The signature was created later than now.", "created",
                "Set the clock right and sign again."),
    ),
    "without nonce": (
        lambda served: sign(served, unsent(served), nonce=None),
        problem("signature-incomplete", "The signature leaves something out", "The signature lacks the parameter nonce.",
                "signature-input", "Sign with created keyid nonce tag.", "nonce"),
    ),
    "with a short nonce": (
        lambda served: sign(served, unsent(served), nonce="short"),
        problem("signature-incomplete", "The signature leaves something out", "The nonce has 5 characters.", "nonce",
                "Draw 16 to 128 random characters for each request."),
    ),
    "with an end of its own": (
        lambda served: sign(served, unsent(served), expires=served.clock() + timedelta(days=1)),
        problem("signature-malformed", "The signature cannot be read", "The signature states when it expires.", "expires",
                "Leave it out: the service fixes the window."),
    ),
    "unreadable": (
        lambda served: unsent(served, **{"Signature-Input": "corridor=(", "Signature": "corridor=:AA==:"}),
        problem("signature-malformed", "The signature cannot be read", "Signature-Input is not one readable signature with our tag.",
                "signature-input", "Send exactly one, as structured fields of RFC 9421 §4."),
    ),
    "two of them": (
        lambda served: sign(served, sign(served, unsent(served), label="one"), label="two", append_if_signature_exists=True,
                            use_existing_digest=True),
        problem("signature-malformed", "The signature cannot be read", "Signature-Input is not one readable signature with our tag.",
                "signature-input", "Send exactly one, as structured fields of RFC 9421 §4."),
    ),
    **{
        f"not covering {component}": (
            lambda served, component=component: sign_without(served, component),
            problem("signature-incomplete", "The signature leaves something out", f"The signature does not cover {component}.",
                    "signature-input", "Cover @method @target-uri content-type content-digest idempotency-key.", component),
        )
        for component in COMMAND_COMPONENTS
    },
}  # fmt: skip


@pytest.mark.parametrize("how", REFUSED)
def test_a_wrong_signature_is_refused_with_its_own_problem_and_burns_no_key(served: ServedCorridor, how: str) -> None:
    """The whole body, no event, and no receipt: the properly signed request then does what it asks under the same key."""
    make, expected = REFUSED[how]
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    position = served.head()
    answer = served.client.send(make(served))
    assert told(answer, 401) == expected
    assert served.head() == position
    assert served.service.ledger(served.corridor).log_store.receipt(ids.receipt_digest("psbc", "a1")) is None
    assert told(served.client.send(sign(served, unsent(served))), 200)["state"] == "accepted"


def test_a_signed_request_is_taken_once(served: ServedCorridor) -> None:
    """The very same bytes sent again are refused, whatever they ask; signed anew the command finds its answer."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    caught = sign(served, unsent(served))
    told(served.client.send(caught), 200)
    again = httpx.Request("POST", caught.url, content=caught.content, headers=caught.headers)
    assert told(served.client.send(again), 401) == problem(
        "nonce-reused", "The request was sent before", "A request with this nonce was taken before.", "nonce",
        "Sign each request anew, with a nonce of its own.",
    )  # fmt: skip
    assert served.client.send(sign(served, unsent(served))).headers["Idempotent-Replayed"] == "true"


def test_two_callers_may_draw_the_same_nonce(served: ServedCorridor) -> None:
    """A nonce belongs to its key."""
    for principal in ("abb", "psbc"):
        request = httpx.Request("GET", served.url + served.path("/terms"))
        sign(
            served, request, key_id=principal, nonce="the-same-nonce-for-both", body=None,
            covered_component_ids=("@method", "@target-uri"),
        )  # fmt: skip
        told(served.client.send(request), 200)


def test_a_read_with_a_body_is_refused(served: ServedCorridor) -> None:
    """What a read says stands in its target; a body beside it is nobody's."""
    request = httpx.Request("GET", served.url + served.path("/terms"), content=b"{}", headers={"Content-Type": "application/json"})
    sign(served, request, body=None, covered_component_ids=("@method", "@target-uri"))
    assert told(served.client.send(request), 401) == problem(
        "digest-wrong", "The digest is not that of the body", "A read carries no body.", "content-digest",
        "Send the body with a command.",
    )  # fmt: skip


def test_a_key_counts_from_its_registration_until_it_is_revoked(served: ServedCorridor) -> None:
    """Registered while the service runs it is good at once; outside its validity and after its revocation it is not."""

    def ask(key_id: str) -> httpx.Response:
        return served.client.get(served.path("/terms"), auth=served.signer("abb", key_id))

    outside = problem(
        "signing-key-not-in-force", "The signing key is not in force", "The signing key is outside its validity.", "keyid",
        "Sign with a key that is in force.", "abb-second",
    )  # fmt: skip
    assert ask("abb-second").json()["type"] == "/problems/signing-key-unknown"
    served.register("abb-second", "abb", after=timedelta(minutes=1), lasting=timedelta(minutes=1))
    assert told(ask("abb-second"), 401) == outside
    served.clock.advance(timedelta(minutes=1))
    told(ask("abb-second"), 200)
    served.clock.advance(timedelta(minutes=1))
    assert told(ask("abb-second"), 401) == outside
    served.clock.advance(timedelta(minutes=1))
    served.register("abb-third", "abb")
    told(ask("abb-third"), 200)
    for person, state in (("operator:ops", "suspended"), ("officer:bo", "revoked")):
        served.ask(c.RevokeKey(**served.said(person, "revoke"), key_id="abb-third", reason="lost"))
        for _ in range(2):
            assert told(ask("abb-third"), 401) == problem(
                "signing-key-revoked", "The signing key was taken back", f"The signing key was {state}.", "keyid",
                "Sign with a key that is in force.", "abb-third",
            )  # fmt: skip
    told(served.get("abb", "/terms"), 200)


def test_an_unknown_corridor_and_another_banks_corridor_get_the_same_answer(
    served: ServedCorridor, service: Service, clock: SetClock
) -> None:
    """A bank cannot find out which corridors there are: the bodies differ in nothing but the code it asked for."""
    other = ServedCorridor(service, fresh_corridor(), clock)
    try:
        other.open()
        ledger = service.ledger(other.corridor)
        served.register("only-here", "abb")
        unknown = fresh_corridor()

        def ask(corridor: str, method: str = "GET", path: str = "/terms") -> httpx.Response:
            request = httpx.Request(method, f"{served.url}/v1/corridors/{corridor}{path}", headers=idempotency_key("k"))
            covered = ("@method", "@target-uri") if method == "GET" else ("@method", "@target-uri", "content-digest", "idempotency-key")
            body = None if method == "GET" else b""
            return served.client.send(sign(served, request, key_id="only-here", covered_component_ids=covered, body=body))

        told(ask(served.corridor), 200)
        position = ledger.log_store.head().position
        for method, path in (("GET", "/terms"), ("POST", "/cycles"), ("GET", "/nothing")):
            bodies = {told(ask(code, method, path), 404)["detail"].replace(code, "…") for code in (other.corridor, unknown)}
            assert bodies == {"There is no corridor '…' for you."}
        assert told(ask(unknown), 404) == {
            "type": "/problems/unknown-corridor",
            "title": "There is no such corridor",
            "status": 404,
            "detail": f"There is no corridor {unknown!r} for you.",
            "field": "corridor",
            "value": unknown,
            "way_out": "Use the code of a corridor your bank belongs to.",
            "transient": False,
        }
        assert ledger.log_store.head().position == position
    finally:
        other.close()


def test_a_corridor_code_that_is_none_is_answered_like_an_unknown_one(served: ServedCorridor) -> None:
    """Nothing that a path can hold breaks the look-up."""
    for code in ("a", "%00", "abb-psbc%00", "x" * 300, "..", "%F0%9F%92%A9"):
        request = httpx.Request("GET", f"{served.url}/v1/corridors/{code}/terms")
        sign(served, request, body=None, covered_component_ids=("@method", "@target-uri"))
        assert served.client.send(request).json()["type"] in ("/problems/unknown-corridor", "/problems/signature-missing")


def test_a_body_over_the_limit_is_not_read(served: ServedCorridor) -> None:
    """413, declared or not; nothing of it is kept."""
    large = b" " * (1024 * 1024 + 1)
    expected = {
        "type": "/problems/body-too-large",
        "title": "The body is too large",
        "status": 413,
        "detail": "The body has more than 1048576 bytes.",
        "field": "body",
        "way_out": "Split it: a file of messages can be sent in parts.",
        "transient": False,
    }
    assert told(served.client.send(sign(served, unsent(served, body=large))), 413) == expected
    undeclared = sign(served, unsent(served, body=large))
    headers = {name: value for name, value in undeclared.headers.items() if name != "content-length"}
    chunks = (large[at : at + 65536] for at in range(0, len(large), 65536))
    assert told(served.client.send(httpx.Request("POST", undeclared.url, content=chunks, headers=headers)), 413) == expected


def test_a_signed_request_to_nowhere_learns_that_there_is_nothing(served: ServedCorridor) -> None:
    """To those who may ask, unknown paths and methods are told as what they are."""
    assert told(served.get("abb", "/nothing"), 404) == {
        "type": "/problems/route-unknown",
        "title": "There is nothing here",
        "status": 404,
        "detail": "No route has this path.",
        "field": "path",
        "value": served.path("/nothing")[:64],
        "way_out": "See the OpenAPI document.",
        "transient": False,
    }
    answer = served.client.delete(served.path("/terms"), auth=served.signer("abb"))
    assert told(answer, 405) == {
        "type": "/problems/method-not-allowed",
        "title": "The method is not allowed",
        "status": 405,
        "detail": "DELETE is not a method of this path.",
        "field": "method",
        "value": "DELETE",
        "way_out": "See Allow for those that are.",
        "transient": False,
    }
    assert answer.headers["Allow"] == "GET"
