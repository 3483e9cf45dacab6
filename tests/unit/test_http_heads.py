"""A head that never ends is refused all the same, and what stands behind a body counts as the lines before it do."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from api.http_heads import HEAD_BYTES_MAX, BoundedHeads


class Written(asyncio.Transport):
    """A connection that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.answer = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.answer += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Nothing comes here by itself."""

    def resume_reading(self) -> None:
        """As above."""


async def _never(_scope: Any, _receive: Any, _send: Any) -> None:
    await asyncio.get_running_loop().create_future()


def told(*parts: bytes) -> tuple[bytes, bool]:
    """The status line that is written to a connection on which these parts come, and whether it is closed then."""

    async def story() -> tuple[bytes, bool]:
        transport, connection = Written(), BoundedHeads(Config(_never), ServerState(), {})
        connection.connection_made(transport)
        for part in parts:
            if not transport.closed:
                connection.data_received(part)
        told = transport.answer.partition(b"\r\n")[0], transport.closed
        connection.connection_lost(None)
        return told

    return asyncio.run(story())


REFUSED = (b"HTTP/1.1 431 Request Header Fields Too Large", True)
HEAD = b"POST / HTTP/1.1\r\nHost: corridor\r\n"
LONG = b"a" * (HEAD_BYTES_MAX + 1)


def test_a_line_that_does_not_end_is_refused_as_soon_as_it_is_too_long() -> None:
    """A name, a value and an address without an end, and a line behind a body in chunks."""
    assert told(HEAD + b"X", LONG) == REFUSED
    assert told(HEAD + b"X-Line: a", LONG[:-100], b"a" * 100) == REFUSED
    assert told(b"GET /", LONG[:1000], LONG) == REFUSED
    assert told(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: a", LONG) == REFUSED


def test_a_body_is_no_part_of_the_head() -> None:
    """However long it is; whether it may be so long is decided elsewhere."""
    assert told(HEAD + b"Content-Length: 999999\r\n\r\n", LONG, LONG) == (b"", False)


def test_what_is_no_http_is_told_so() -> None:
    """As without the bounds."""
    assert told(b"\x16\x03\x01") == (b"HTTP/1.1 400 Bad Request", True)
