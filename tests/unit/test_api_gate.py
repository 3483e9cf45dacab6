"""The one way in: what breaks behind it is answered without telling anything, and told to the operator without naming anybody."""

import asyncio
import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.authentication import Caller
from api.client_certificate import TrustedHop
from api.gate import Gate
from api.permissions import Permissions
from ledger.clock import SetClock
from ledger.domain.permissions import PERMISSIONS

YASMINA = "Yasmina Testouni"
NO_PROXY = TrustedHop((), SetClock(datetime(2026, 3, 27, tzinfo=UTC)))


class AnybodyMay:
    """Stands in where who asks is not the question."""

    async def identify(self, _head: object, corridor: str) -> SimpleNamespace:
        return SimpleNamespace(key=SimpleNamespace(principal="abb"), corridor=corridor)

    async def admit(self, claim: SimpleNamespace) -> Caller:
        return Caller("abb", "key", claim.corridor, tuple(PERMISSIONS))


def scope(path: str = "/v1/corridors/abb-psbc/transfers", **changes: Any) -> Scope:
    """A request as the server hands it over."""
    return {
        "type": "http", "method": "POST", "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
    } | changes  # fmt: skip


def passed_through(app: Any, asked: Scope, body: bytes = b"", body_bytes_max: int = 100) -> list[Message]:
    """What the gate sends for one request whose body comes in two parts."""
    sent: list[Message] = []
    parts: list[Message] = [
        {"type": "http.request", "body": body[:3], "more_body": True},
        {"type": "http.request", "body": body[3:], "more_body": False},
    ]

    async def receive() -> Message:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    gate: Any = Gate(app, authenticator=AnybodyMay(), permissions=Permissions(), hop=NO_PROXY, body_bytes_max=body_bytes_max)  # type: ignore[arg-type]
    asyncio.run(gate(asked, receive, send))
    return sent


def test_a_fault_is_answered_with_500_and_logged_without_what_it_was_about(caplog: pytest.LogCaptureFixture) -> None:
    """The message of an exception may quote a person; neither answer nor log repeat it. The log says where it failed."""

    async def breaks(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError(YASMINA)

    with caplog.at_level(logging.ERROR):
        start, body = passed_through(breaks, scope(query_string=YASMINA.encode()))
    assert (start["status"], b"service-failed" in body["body"], YASMINA.encode() in body["body"]) == (500, True, False)
    assert (YASMINA in caplog.text, "ValueError at test_api_gate.py:" in caplog.text) == (False, True)


def test_a_fault_after_the_answer_began_ends_the_connection() -> None:
    """A second answer cannot be sent, and half of one must not look whole."""

    async def breaks_late(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError(YASMINA)

    with pytest.raises(ConnectionAbortedError):
        passed_through(breaks_late, scope())


def test_the_body_is_read_once_and_handed_on_whole() -> None:
    """Behind the gate it is there in one piece, and in the request's state for fingerprint and digest."""
    seen: dict[str, Any] = {}

    async def reads(asked: Scope, receive: Receive, send: Send) -> None:
        seen.update(first=await receive(), second=await receive(), state=asked["state"])
        await send({"type": "http.response.start", "status": 204, "headers": []})

    passed_through(reads, scope())
    assert seen == {
        "first": {"type": "http.request", "body": b"", "more_body": False},
        "second": {"type": "http.disconnect"},
        "state": {"caller": Caller("abb", "key", "abb-psbc", tuple(PERMISSIONS)), "body": b"", "fields": {}},
    }


def test_a_body_that_turns_out_too_large_is_refused_whatever_was_declared() -> None:
    """What counts is what comes."""
    start, body = passed_through(None, scope(), body=b"x" * 11, body_bytes_max=10)
    assert (start["status"], b"body-too-large" in body["body"]) == (413, True)
    declared = scope(headers=[(b"content-length", b"11")])
    start, _ = passed_through(None, declared, body_bytes_max=10)
    assert start["status"] == 413


def test_a_caller_who_hangs_up_is_not_answered() -> None:
    """Nobody is there, nothing went wrong."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    gate: Any = Gate(None, authenticator=AnybodyMay(), permissions=Permissions(), hop=NO_PROXY, body_bytes_max=10)  # type: ignore[arg-type]
    asyncio.run(gate(scope(), receive, send))
    assert sent == []


def test_what_is_not_http_is_not_let_in() -> None:
    """A websocket gets no answer at all."""
    assert passed_through(None, scope() | {"type": "websocket"}) == []
