"""What a request's head may be: so many lines, so many bytes, so many seconds.

The server reads a head whole before anybody decides about it, so these limits stand in the server itself, in front of every other one. A
proxy has limits of its own; these hold without one, and against whoever reaches the service around it.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LINES_MAX = 100
HEAD_BYTES_MAX = 32 * 1024
"""Of request line and header lines together. A signed command has about two kilobytes, a client certificate at most some six more."""
HEAD_SECONDS_MAX = 10.0

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%s"
)


class HeadTooLarge(Exception):
    """Ends the parsing of a request; never seen outside of this module."""


class BoundedHeads(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it with httptools: 431 to a head that is too large, and no wait for one that does not come.

    A connection that sends its head too slowly, or nothing at all, is closed without an answer: nothing was asked yet.
    """

    seconds: ClassVar[float] = HEAD_SECONDS_MAX

    _lines = 0
    _bytes = 0
    _heard = 0
    _told_nothing = 0
    _too_large = False
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn declares it
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        heard = self._heard
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._wait_for_head()
        super().data_received(data)
        # The parser keeps a line until it ends: what nothing came of yet counts as well, but for the read in which the line began.
        self._told_nothing = self._told_nothing + len(data) if self._heard == heard else 0
        if self._bytes + self._told_nothing > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._refuse()

    def send_400_response(self, msg: str) -> None:
        if self._too_large:
            self._refuse()
        else:
            super().send_400_response(msg)

    # What the parser tells

    def on_message_begin(self) -> None:
        self._heard += 1
        self._lines = self._bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # The lines behind a body in chunks count with those before it.
        self._lines += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._heard += 1
        self._head_is_there()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._heard += 1
        super().on_body(body)

    def _count(self, size: int) -> None:
        self._heard += 1
        self._bytes += size
        if self._lines > HEAD_LINES_MAX or self._bytes > HEAD_BYTES_MAX:
            self._too_large = True
            raise HeadTooLarge

    def _refuse(self) -> None:
        words = b"A head has at most %d lines and %d bytes." % (HEAD_LINES_MAX, HEAD_BYTES_MAX)
        self.transport.write(_TOO_LARGE % (len(words), words))
        self.transport.close()

    # The clock

    def _wait_for_head(self) -> None:
        self._head_is_there()
        self._deadline = self.loop.call_later(self.seconds, self._give_up)

    def _head_is_there(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
