"""Whatever is wrong with a signed request has a problem type of its own, is logged under it, and burns no idempotency key."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import NamedTuple

import httpx
import pytest
from http_message_signatures import ContentDigest, algorithms

from api.message_signatures import COMMAND_COMPONENTS
from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.settings import Settings
from tests.acceptance.conftest import PRINCIPALS, ServedCorridor, private_key, told, transfer
from tests.acceptance.signed_requests import altered, client_certificate, sign, sign_without, unsent

THIS_MACHINE = (ip_network("127.0.0.1/32"),)


class Certified(NamedTuple):
    """Two processes of one service, each behind a proxy that tells whose certificate a connection showed."""

    served: ServedCorridor
    other: ServedCorridor

    def sent(self, request: httpx.Request, *, over_connection_of: tuple[str, ...] = PRINCIPALS) -> httpx.Response:
        """What the first process answers."""
        request.headers["Client-Cert"] = client_certificate(*over_connection_of, now=self.served.clock())
        return self.served.client.send(request)

    def sent_to_the_other(self, request: httpx.Request) -> httpx.Response:
        """What the second process answers to the very bytes that the first one was sent."""
        elsewhere = request.url.copy_with(port=httpx.URL(self.other.url).port)
        return self.other.client.send(httpx.Request(request.method, elsewhere, content=request.content, headers=request.headers))


@pytest.fixture
def certified(service: Service, acceptance_settings: Settings, corridor: str, clock: SetClock) -> Iterator[Certified]:
    """An open corridor with a dispatched transfer, served twice, where certificates are asked for."""
    hop = acceptance_settings.model_copy(update={"trusted_proxies": THIS_MACHINE})
    with Service(hop, clock=clock) as second:
        served = ServedCorridor(service, corridor, clock, settings_for=lambda _url: hop)
        other = ServedCorridor(second, corridor, clock)
        try:
            served.open()
            shown = {"Client-Cert": client_certificate(*PRINCIPALS, now=clock())}
            told(served.post("abb", "/transfers", transfer(), "t1", **shown), 201)
            yield Certified(served, other)
        finally:
            other.close()
            served.close()


Sending = Callable[[Certified], httpx.Response]


def _taken_already(certified: Certified) -> httpx.Request:
    """A request whose nonce is taken, and which left its idempotency key alone since nobody could read its body."""
    request = sign(certified.served, unsent(certified.served, body=b"["))
    told(certified.sent(request), 400)
    return request


def _by_a_revoked_key(certified: Certified) -> httpx.Response:
    served = certified.served
    served.register("psbc-lost", "psbc")
    for person in ("operator:ops", "officer:bo"):
        served.ask(c.RevokeKey(**served.said(person, "revoke"), key_id="psbc-lost", reason="lost"))
    return certified.sent(sign(served, unsent(served), key_id="psbc-lost"))


def _with_another_algorithm(certified: Certified) -> httpx.Response:
    request = sign(certified.served, unsent(certified.served), include_alg=True)
    stated = request.headers["Signature-Input"]
    assert f'alg="{algorithms.ED25519.algorithm_id}"' in stated
    request.headers["Signature-Input"] = stated.replace(algorithms.ED25519.algorithm_id, algorithms.HMAC_SHA256.algorithm_id)
    return certified.sent(request)


def _aged(seconds: int) -> Sending:
    return lambda it: it.sent(sign(it.served, unsent(it.served), created=it.served.clock() - timedelta(seconds=seconds)))


REFUSED: dict[str, tuple[str, Sending]] = {
    "replayed request": ("nonce-reused", lambda it: it.sent(_taken_already(it))),
    "altered body": ("digest-wrong", lambda it: it.sent(altered(body=b'{"cause":"other"}')(it.served))),
    "altered body and digest": (
        "signature-wrong",
        lambda it: it.sent(altered(body=b"[]", headers={"Content-Digest": ContentDigest.create(b"[]")})(it.served)),
    ),
    "altered path": ("signature-wrong", lambda it: it.sent(altered(path=("/accept", "/pay"))(it.served))),
    **{
        f"missing component {component}": (
            "signature-incomplete", lambda it, component=component: it.sent(sign_without(it.served, component)),
        )
        for component in COMMAND_COMPONENTS
    },
    "wrong tag": ("signature-tag-wrong", lambda it: it.sent(sign(it.served, unsent(it.served), tag="another-service"))),
    "expired": ("signature-too-old", _aged(66)),
    "from the future": ("signature-from-the-future", _aged(-6)),
    "revoked key": ("signing-key-revoked", _by_a_revoked_key),
    "unknown key": ("signing-key-unknown", lambda it: it.sent(sign(it.served, unsent(it.served), key_id="stranger"))),
    "key of the other bank under this one's name": (
        "signature-wrong", lambda it: it.sent(sign(it.served, unsent(it.served), key=private_key("abb"))),
    ),
    "right key over the other bank's connection": (
        "client-certificate-foreign",
        lambda it: it.sent(sign(it.served, unsent(it.served)), over_connection_of=("abb",)),
    ),
    "algorithm confusion": ("signature-algorithm-wrong", _with_another_algorithm),
    "duplicate nonce in another process": ("nonce-reused", lambda it: it.sent_to_the_other(_taken_already(it))),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_told_as_its_own_problem_and_logged_and_burns_no_key(
    certified: Certified, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """401 of this type, one line and one count of that type, no receipt; signed properly the command is then done under the same key."""
    code, send = REFUSED[what]
    served = certified.served
    with caplog.at_level(logging.WARNING, logger="api.request_log"):
        answer = send(certified)
        assert told(answer, 401)["type"] == f"/problems/{code}"
        log = served.service.ledger(served.corridor).log_store
        assert [log.receipt(ids.receipt_digest(bank, "a1")) for bank in ("psbc", "abb")] == [None, None]
        done = certified.sent(sign(served, unsent(served)))
    assert (told(done, 200)["state"], done.headers.get("Idempotent-Replayed")) == ("accepted", None)
    # A process writes the line of a request before it reads the next one.
    told(certified.other.client.get("/health"), 200)
    logged = [vars(record) for record in caplog.records if record.name == "api.request_log"]
    assert [(line["status"], line["problem"]) for line in logged] == [(401, code)]
    apps = (served.app, certified.other.app)
    assert [kind for app in apps for kind in app.state.failures.read().items()] == [(code, 1)]


def test_a_key_of_the_other_bank_does_nothing_in_this_banks_place(certified: Certified) -> None:
    """Signed properly by the sending bank, an acceptance is refused as not its own to give; the receiving bank's key is untouched by it."""
    served = certified.served
    refused = told(certified.sent(sign(served, unsent(served), key_id="abb")), 403)
    assert (refused["type"], refused["instance"][:9]) == ("/problems/not-permitted", "urn:uuid:")
    assert told(certified.sent(sign(served, unsent(served))), 200)["state"] == "accepted"
