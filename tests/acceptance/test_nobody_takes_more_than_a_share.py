"""Limits: a partner in a loop and a line that trickles are turned away with a way out, and burn no idempotency key."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from api.signing import idempotency_key
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.settings import Settings
from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr

Serve = Callable[..., ServedCorridor]


@pytest.fixture
def serve(acceptance_settings: Settings, clock: SetClock, corridor: str) -> Iterator[Serve]:
    """Serves an open corridor under other limits than usual."""
    services: list[tuple[ServedCorridor, Service]] = []

    def serve(**limits: int) -> ServedCorridor:
        service = Service(acceptance_settings.model_copy(update=limits), clock=clock)
        # A clock that stands: nobody gets his share back while the test runs.
        served = ServedCorridor(service, corridor, clock, monotonic=lambda: 0.0)
        services.append((served, service))
        served.open()
        return served

    yield serve
    for served, service in services:
        served.close()
        service.close()


def test_a_key_that_sends_too_much_is_told_to_wait(serve: Serve) -> None:
    """The third of two a second: 429 with Retry-After, signed like any answer; the other bank is not concerned, and the key not burnt."""
    served = serve(requests_per_second_max=2)
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    told(served.get("abb", "/terms"), 200)
    refused = served.post("abb", "/transfers", transfer(2), "t2")
    assert told(refused, 429) == {
        "type": "/problems/too-many-requests",
        "title": "Too many requests",
        "status": 429,
        "detail": "A key may send 2 requests a second.",
        "field": "keyid",
        "way_out": "Wait a second, and send more slowly.",
        "transient": True,
    }
    assert (refused.headers["Retry-After"], "Signature" in refused.headers) == ("1", True)
    assert served.service.ledger(served.corridor).log_store.receipt(ids.receipt_digest("abb", "t2")) is None
    told(served.get("psbc", "/terms"), 200)


def test_a_forged_request_takes_nothing_from_a_keys_share(serve: Serve) -> None:
    """Only what is signed by the key counts against it, or anybody could silence a bank."""
    served = serve(requests_per_second_max=1)
    stranger = served.signer("a stranger")
    for _ in range(3):
        request = httpx.Request("GET", served.url + served.path("/terms"))
        stranger.sign(request)
        request.headers["Signature-Input"] = request.headers["Signature-Input"].replace("a stranger", "abb")
        assert told(served.client.send(request), 401)["type"] == "/problems/signature-wrong"
    told(served.get("abb", "/terms"), 200)


def test_a_body_that_does_not_arrive_is_not_waited_for(serve: Serve) -> None:
    """408 after the time that was set; sent whole, the same command goes through under the same key."""
    served = serve(body_seconds_max=1)
    request = httpx.Request("POST", served.url + served.path("/transfers"), json=transfer(1), headers=idempotency_key("t1"))
    served.signer("abb").sign(request)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    address = httpx.URL(served.url)
    with socket.create_connection((address.host, address.port or 80), timeout=30) as connection:
        connection.sendall(f"POST {request.url.raw_path.decode()} HTTP/1.1\r\n{head}\r\n".encode() + request.content[:10])
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert served.service.ledger(served.corridor).log_store.receipt(ids.receipt_digest("abb", "t1")) is None
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)


def test_a_flood_of_one_bank_leaves_the_other_ones_commands_in(serve: Serve) -> None:
    """With two places of four taken by bodies that do not come, a third command of the same bank is told to wait and burns no key; the
    other bank's command is done meanwhile, and so is the refused one once there is room."""
    served = serve(commands_waiting_max=4)
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    address = httpx.URL(served.url)
    waiting: list[tuple[socket.socket, bytes]] = []
    with ExitStack() as flood:
        for number in (2, 3):
            request = httpx.Request(
                "POST", served.url + served.path("/transfers"), json=transfer(number), headers=idempotency_key(f"t{number}")
            )
            served.signer("abb").sign(request)
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            connection = flood.enter_context(socket.create_connection((address.host, address.port or 80), timeout=30))
            connection.sendall(f"POST {request.url.raw_path.decode()} HTTP/1.1\r\n{head}Expect: 100-continue\r\n\r\n".encode())
            # Whoever is told to go on has a place.
            assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            waiting.append((connection, request.content))
        refused = served.post("abb", "/transfers", transfer(4), "t4")
        assert (told(refused, 429)["type"], refused.headers["Retry-After"]) == ("/problems/share-taken", "1")
        assert told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1"), 200)["state"] == "accepted"
        told(served.get("abb", "/terms"), 200)
        for connection, body in waiting:
            connection.sendall(body)
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
    done = served.post("abb", "/transfers", transfer(4), "t4")
    assert (told(done, 201)["uetr"], done.headers.get("Idempotent-Replayed")) == (uetr(4), None)
