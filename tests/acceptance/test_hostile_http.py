"""HTTP as nobody should send it: read in one way or refused, never guessed at, and never a fault of the service."""

from __future__ import annotations

import re
import socket

import httpx
import pytest

from api.app import CORRIDOR_ROUTES
from api.gate import OPEN_PATHS
from api.http_heads import HEAD_BYTES_MAX, HEAD_LINES_MAX, BoundedHeads
from tests.acceptance.conftest import ServedCorridor, told, uetr

UNUSED = ("TRACE", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "LOCK", "PURGE", "SEARCH", "QUERY")
NO_METHODS = ("CONNECT", "BREW", "get")
POST = b"POST /v1/corridors/abb-psbc/transfers HTTP/1.1\r\nHost: corridor\r\n"
BEHIND = b"GET /health HTTP/1.1\r\nHost: corridor\r\nConnection: close\r\n\r\n"
"""A request that somebody hides in the body of another one; its answer is the last on its connection."""
LENGTH = str(len(BEHIND)).encode()


def statuses(served: ServedCorridor, sent: bytes) -> list[int]:
    """The status of every answer to what is sent on one connection, until the service closes it."""
    address = httpx.URL(served.url)
    with socket.create_connection((address.host, address.port or 80), timeout=30) as connection, connection.makefile("rb") as answers:
        connection.sendall(sent)
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers.read())]


def test_no_method_works_but_those_of_the_table(served: ServedCorridor) -> None:
    """Unsigned they are as closed as everything; to a bank's key each is told that it is no method of this path, TRACE too."""
    paths = {served.path(route.path) for module in CORRIDOR_ROUTES for route in module.router.routes}
    paths = {path.replace("{uetr}", uetr(1)).replace("{number}", "1") for path in paths}
    unsigned = {(method, path): served.client.request(method, path).status_code for method in UNUSED for path in paths}
    assert {asked: status for asked, status in unsigned.items() if status != 401} == {}
    for method in UNUSED:
        signed = served.client.request(method, served.path("/terms"), auth=served.signer("abb"))
        assert (told(signed, 405)["type"], signed.headers["Allow"]) == ("/problems/method-not-allowed", "GET")
        for path in OPEN_PATHS:
            assert served.client.request(method, path).status_code == 405
    assert [statuses(served, f"{method} /health HTTP/1.1\r\nHost: corridor\r\n\r\n".encode()) for method in NO_METHODS] == [
        [405],
        [400],
        [400],
    ]


TWO_FRAMINGS: dict[str, bytes] = {
    "length, then chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + BEHIND,
    "chunks, then length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + BEHIND,
    "two lengths": b"Content-Length: 0\r\nContent-Length: " + LENGTH + b"\r\n\r\n" + BEHIND,
    "a list of lengths": b"Content-Length: 0, 4\r\n\r\n" + BEHIND,
    "a length with a sign": b"Content-Length: +0\r\n\r\n" + BEHIND,
    "a negative length": b"Content-Length: -1\r\n\r\n" + BEHIND,
    "chunks under another name": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + BEHIND,
    "chunks not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + BEHIND,
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + BEHIND,
    "a chunk without a size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + BEHIND,
}


@pytest.mark.parametrize("how", TWO_FRAMINGS)
def test_a_body_that_could_end_in_two_places_is_refused(served: ServedCorridor, how: str) -> None:
    """One answer, 400, and the connection ends: what was hidden behind is never read as a request."""
    assert statuses(served, POST + TWO_FRAMINGS[how]) == [400]


def test_what_stands_behind_a_body_is_the_next_request_and_no_part_of_it(served: ServedCorridor) -> None:
    """The same bytes with one framing are two requests: refused as unsigned, and answered."""
    assert statuses(served, POST + b"Content-Length: 0\r\n\r\n" + BEHIND) == [401, 200]
    assert statuses(served, POST + b"Content-Length: " + LENGTH + b"\r\n\r\n" + BEHIND + BEHIND) == [401, 200]


BROKEN_LINES: dict[str, bytes] = {
    "a lone carriage return": b"X-One: a\rX-Two: b",
    "a lone line feed": b"X-One: a\nX-Two: b",
    "a folded line": b"X-One: a\r\n X-Two: b",
    "a zero byte": b"X-One: a\0b",
    "no name": b": a",
    "a blank in the name": b"X One: a",
}


@pytest.mark.parametrize("how", BROKEN_LINES)
def test_a_header_that_could_be_two_is_refused(served: ServedCorridor, how: str) -> None:
    """A line ends with CR LF and with nothing less, so no value can carry another header in."""
    assert statuses(served, b"GET /health HTTP/1.1\r\nHost: corridor\r\n" + BROKEN_LINES[how] + b"\r\n\r\n") == [400]


def test_nothing_that_was_sent_becomes_a_header_of_the_answer(served: ServedCorridor) -> None:
    """Line ends written into path, query and idempotency key come back in no header."""
    for path in ("/nothing%0d%0aX-Injected:%20a", "/transfers?state=%0d%0aX-Injected:%20a", "/transfers?cursor=%0d%0aX-Injected:%20a"):
        answer = served.client.get(served.path(path), auth=served.signer("abb"))
        assert answer.status_code in (400, 404)
        assert "X-Injected" not in answer.headers


def test_only_http_1_is_spoken(served: ServedCorridor) -> None:
    """HTTP/2 and the upgrade to it end at the proxy: the service answers in HTTP/1.1 or not at all."""
    assert statuses(served, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == [400]
    upgrade = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    assert statuses(served, b"GET /health HTTP/1.1\r\nHost: corridor\r\n" + upgrade) == [200]


def test_an_answer_states_the_length_it_has(served: ServedCorridor) -> None:
    """Every kind of answer, empty ones too: Content-Length once, that many bytes, and no chunks beside it."""
    answers = [
        served.client.get("/health"),
        served.client.get(served.path("/terms")),
        served.client.head("/health"),
        served.get("abb", "/terms"),
        served.get("abb", "/nothing"),
        served.post("abb", "/quotes", {}, "q1"),
    ]
    for answer in answers:
        lengths = answer.headers.get_list("content-length")
        expected = len(answer.content) if answer.request.method != "HEAD" else int(lengths[0])
        assert (lengths, "transfer-encoding" in answer.headers) == ([str(expected)], False)


TOO_LARGE: dict[str, bytes] = {
    "one line more than the most": b"X-Line: a\r\n" * HEAD_LINES_MAX + b"\r\n",
    "lines of more bytes together": b"".join(b"X-Line-%d: %s\r\n" % (number, b"a" * 1000) for number in range(33)) + b"\r\n",
    "one line too long": b"X-Line: " + b"a" * HEAD_BYTES_MAX + b"\r\n\r\n",
    "lines behind a body in chunks": b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X-Line: a\r\n" * HEAD_LINES_MAX + b"\r\n",
}


@pytest.mark.parametrize("how", TOO_LARGE)
def test_a_head_is_bounded_in_lines_and_bytes(served: ServedCorridor, how: str) -> None:
    """431 and the connection ends."""
    assert statuses(served, b"POST /health HTTP/1.1\r\nHost: corridor\r\n" + TOO_LARGE[how])[-1] == 431


def test_an_address_is_bounded_with_its_head(served: ServedCorridor) -> None:
    """A request line that does not end is refused as soon as it is longer than a head may be."""
    assert statuses(served, b"GET /" + b"a" * 2 * HEAD_BYTES_MAX) == [431]


def test_the_largest_head_that_may_be_is_read(served: ServedCorridor) -> None:
    """As many lines as there may be, Host and Connection among them."""
    lines = b"X-Line: a\r\n" * (HEAD_LINES_MAX - 2)
    assert statuses(served, b"GET /health HTTP/1.1\r\nHost: corridor\r\nConnection: close\r\n" + lines + b"\r\n") == [200]


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: corr", BEHIND.replace(b"close", b"keep-alive") + b"GET"]
)
def test_a_head_that_does_not_come_is_not_waited_for(served: ServedCorridor, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """The connection ends with no answer to it: nothing was asked. What was asked before it is answered."""
    monkeypatch.setattr(BoundedHeads, "seconds", 0.5)
    assert statuses(served, sent) == [200] * sent.count(b"\r\n\r\n") * sent.startswith(b"GET")
