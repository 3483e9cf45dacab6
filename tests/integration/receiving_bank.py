"""A bank's end of the webhooks: a real HTTP server that notes what it is told and answers as the test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple


class Told(NamedTuple):
    """One request as it came: its header fields, in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def entry(self) -> dict[str, Any]:
        entry: dict[str, Any] = json.loads(self.body)
        return entry


class ReceivingBank:
    """``answer`` decides the status and the header fields of each answer; ``told`` is what came, in its order."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.answer: Callable[[Told], tuple[int, dict[str, str]]] = lambda _told: (204, {})
        self._lock = Lock()
        bank = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    # Whoever sent it is gone.
                    self.close_connection = True
                    return
                told = Told(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                with bank._lock:
                    bank.told.append(told)
                status, headers = bank.answer(told)
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/corridor"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiving_bank() -> Iterator[ReceivingBank]:
    """A bank that takes everything until a test says otherwise."""
    bank = ReceivingBank()
    try:
        yield bank
    finally:
        bank.close()
