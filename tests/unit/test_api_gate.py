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
from api.errors import TooManyRequests
from api.gate import Gate
from api.limits import Limits, Rate
from api.message_signatures import Signature
from api.permissions import Permissions
from api.signed_head import SignedHead
from ledger.clock import SetClock
from ledger.domain.permissions import PERMISSIONS

YASMINA = "Yasmina Testouni"
SIGNATURE = Signature("theirs", (), {"keyid": "key"}, "", b"signature")
NO_PROXY = TrustedHop((), SetClock(datetime(2026, 3, 27, tzinfo=UTC)))


class AnybodyMay:
    """Stands in where who asks is not the question."""

    def signature(self, _head: object) -> Signature:
        return SIGNATURE

    async def identify(self, head: SignedHead, _signature: Signature, corridor: str) -> SimpleNamespace:
        return SimpleNamespace(key=SimpleNamespace(principal=head.fields.get("from", "abb"), public_key="00"), corridor=corridor)

    async def admit(self, claim: SimpleNamespace) -> Caller:
        return Caller("abb", "key", claim.corridor, tuple(PERMISSIONS))


def scope(path: str = "/v1/corridors/abb-psbc/transfers", **changes: Any) -> Scope:
    """A request as the server hands it over."""
    return {
        "type": "http", "method": "POST", "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
    } | changes  # fmt: skip


def gate(app: Any, **limits: Any) -> Any:
    """The gate, open to anybody, with limits that nothing here comes near."""
    figures = {"requests_per_second": 1_000, "commands_at_once": 100, "body_bytes": 100, "body_seconds": 30.0} | limits
    return Gate(
        app,
        authenticator=AnybodyMay(),  # type: ignore[arg-type]
        permissions=Permissions(),
        hop=NO_PROXY,
        limits=Limits(**figures),
        monotonic=lambda: 0.0,
    )


async def empty(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers with nothing."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def passed_through(app: Any, asked: Scope, body: bytes = b"", **limits: Any) -> list[Message]:
    """What the gate sends for one request whose body comes in two parts."""
    return asyncio.run(sent_through(gate(app, **limits), asked, body))


async def sent_through(standing: Any, asked: Scope, body: bytes = b"") -> list[Message]:
    """What a gate sends for one request."""
    sent: list[Message] = []
    parts: list[Message] = [
        {"type": "http.request", "body": body[:3], "more_body": True},
        {"type": "http.request", "body": body[3:], "more_body": False},
    ]

    async def receive() -> Message:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await standing(asked, receive, send)
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


def test_a_key_sends_so_many_requests_a_second_and_no_more() -> None:
    """429 with Retry-After, before the body is read; another key is not concerned, and time gives back what was used."""
    clock = [0.0]
    rate = Rate(2, lambda: clock[0])
    refused = []
    for now, key in (
        (0.0, "a"),
        (0.0, "a"),
        (0.0, "a"),
        (0.0, "b"),
        (0.4, "a"),
        (0.5, "a"),
        (0.6, "a"),
        (9.0, "a"),
        (9.0, "a"),
        (9.0, "a"),
    ):
        clock[0] = now
        try:
            rate.check(key)
        except TooManyRequests:
            refused.append((now, key))
    assert refused == [(0.0, "a"), (0.4, "a"), (0.6, "a"), (9.0, "a")]
    standing = gate(empty, requests_per_second=1)

    async def two() -> list[Message]:
        await sent_through(standing, scope())
        return await sent_through(standing, scope())

    start, body = asyncio.run(two())
    assert (start["status"], dict(start["headers"])[b"retry-after"], b"too-many-requests" in body["body"]) == (429, b"1", True)


def test_so_many_commands_are_inside_and_no_more() -> None:
    """503 with Retry-After for the one too many; reads go on; there is room again when one is through."""
    waiting: list[asyncio.Future[None]] = []

    async def waits(asked: Scope, _receive: Receive, send: Send) -> None:
        if asked["method"] == "POST":
            waiting.append(asyncio.get_running_loop().create_future())
            await waiting[-1]
        await empty(asked, _receive, send)

    async def story() -> list[int]:
        standing = gate(waits, commands_at_once=1)
        first = asyncio.ensure_future(sent_through(standing, scope()))
        while not waiting:
            await asyncio.sleep(0)
        refused = await sent_through(standing, scope())
        read = await sent_through(standing, scope(method="GET"))
        waiting[0].set_result(None)
        passed = await first
        assert dict(refused[0]["headers"])[b"retry-after"] == b"1"
        return [refused[0]["status"], read[0]["status"], passed[0]["status"], standing._commands._inside]

    assert asyncio.run(story()) == [503, 204, 204, 0]


def test_one_bank_that_floods_leaves_room_for_the_other() -> None:
    """Half of the places are one bank's: 429 with Retry-After for what comes beyond, while the other bank's command finds room, and so do
    the first one's reads and, beside commands, its files, four of them."""
    waiting: list[asyncio.Future[None]] = []

    async def waits(asked: Scope, _receive: Receive, send: Send) -> None:
        if asked["method"] == "POST":
            waiting.append(asyncio.get_running_loop().create_future())
            await waiting[-1]
        await empty(asked, _receive, send)

    async def story() -> list[int]:
        standing = gate(waits, commands_at_once=8)
        file = scope("/v1/corridors/abb-psbc/messages")
        other = scope(headers=[(b"from", b"psbc")])
        sent = [asyncio.ensure_future(sent_through(standing, asked)) for asked in [scope()] * 4 + [other]]
        while len(waiting) < 5:
            await asyncio.sleep(0)
        refused = await sent_through(standing, scope())
        assert (dict(refused[0]["headers"])[b"retry-after"], b"share-taken" in refused[1]["body"]) == (b"1", True)
        read = await sent_through(standing, scope(method="GET"))
        for one in waiting:
            one.set_result(None)
        waiting.clear()
        passed = [await one for one in sent]
        files = [asyncio.ensure_future(sent_through(standing, asked)) for asked in [file] * 4 + [scope()]]
        while len(waiting) < 5:
            await asyncio.sleep(0)
        fifth = await sent_through(standing, file)
        for one in waiting:
            one.set_result(None)
        passed += [await one for one in files]
        assert (standing._commands._inside, standing._commands._inside_of.total()) == (0, 0)
        return [refused[0]["status"], read[0]["status"], fifth[0]["status"], *(messages[0]["status"] for messages in passed)]

    assert asyncio.run(story()) == [429, 204, 429, *[204] * 10]


def test_a_body_that_trickles_is_not_waited_for() -> None:
    """408 when it is not there in time, and nobody behind the gate hears of it."""

    async def story() -> list[Message]:
        sent: list[Message] = []
        never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        parts: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]

        async def receive() -> Message:
            return parts.pop() if parts else await never

        async def send(message: Message) -> None:
            sent.append(message)

        await gate(None, body_seconds=0.0)(scope(), receive, send)
        return sent

    start, body = asyncio.run(story())
    assert (start["status"], b"request-too-slow" in body["body"]) == (408, True)


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
        "state": {"caller": Caller("abb", "key", "abb-psbc", tuple(PERMISSIONS)), "body": b"", "fields": {}, "signature": SIGNATURE},
    }


def test_a_body_that_turns_out_too_large_is_refused_whatever_was_declared() -> None:
    """What counts is what comes."""
    start, body = passed_through(None, scope(), body=b"x" * 11, body_bytes=10)
    assert (start["status"], b"body-too-large" in body["body"]) == (413, True)
    declared = scope(headers=[(b"content-length", b"11")])
    start, _ = passed_through(None, declared, body_bytes=10)
    assert start["status"] == 413


def test_a_caller_who_hangs_up_is_not_answered() -> None:
    """Nobody is there, nothing went wrong."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(gate(None)(scope(), receive, send))
    assert sent == []


def test_what_is_not_http_is_not_let_in() -> None:
    """A websocket gets no answer at all."""
    assert passed_through(None, scope() | {"type": "websocket"}) == []
