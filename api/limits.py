"""What the service takes at most: requests of one key a second, commands and files at once, bytes of a body, seconds for a body to arrive.

Each is refused with a way out before anything is done, so that a partner in a loop, or a line that trickles, costs the others nothing. All
are counted by each process for itself.
"""

from __future__ import annotations

from asyncio import timeout
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from starlette.types import Receive

from api.errors import BodyTooLarge, RequestTooSlow, ShareTaken, TooManyRequests
from ledger.errors import Overloaded
from ledger.settings import Settings

Monotonic = Callable[[], float]

COMMAND, FILE = "commands", "files"
FILES_PATH = "/messages"
FILES_AT_ONCE = 4
"""Of one principal. A file is worked on by a thread of its own, and its transfers take a thousand places in the queue of the ledger, where
ten thousand are: all files of one bank leave more than half of them to others."""


class ClientGone(Exception):
    """The connection closed before the request was there: nobody is left to answer."""


class Limits(NamedTuple):
    """The figures; see `Settings`."""

    requests_per_second: int
    commands_at_once: int
    body_bytes: int
    body_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """As the process was told."""
        return cls(
            settings.requests_per_second_max, settings.commands_waiting_max, settings.max_body_bytes, float(settings.body_seconds_max)
        )


class Rate:
    """Requests a second by key. A key that was silent may send a second's worth at once."""

    def __init__(self, per_second: int, monotonic: Monotonic) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self._left: dict[str, tuple[float, float]] = {}

    def check(self, key: str) -> None:
        """Counts one request. Raises TooManyRequests."""
        now = self._monotonic()
        left, as_of = self._left.get(key, (float(self._per_second), now))
        left = min(float(self._per_second), left + (now - as_of) * self._per_second)
        if left < 1:
            raise TooManyRequests(
                f"A key may send {self._per_second} requests a second.", field="keyid", way_out="Wait a second, and send more slowly."
            )
        self._left[key] = left - 1, now


class Commands:
    """How many commands are inside, all together and of each principal.

    A principal has half of the places, whatever is free: who floods takes those and is turned away, and the others find room. Before it is
    known whose command it is, it counts among all.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._inside = 0
        self._shares = {COMMAND: (at_once + 1) // 2, FILE: FILES_AT_ONCE}
        self._inside_of: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Counts a command while it is inside. Raises Overloaded."""
        if self._inside >= self._at_once:
            raise Overloaded(f"{self._inside} commands are inside.")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    @contextmanager
    def one_more_of(self, principal: str, path: str) -> Iterator[None]:
        """Counts a command, or a file of them, among its principal's while it is inside. Raises ShareTaken."""
        kind = FILE if path.endswith(FILES_PATH) else COMMAND
        if self._inside_of[principal, kind] >= self._shares[kind]:
            raise ShareTaken(
                f"So many of yours are inside at once: {self._shares[kind]} {kind}.",
                field="keyid",
                value=kind,
                way_out="Wait for their answers, then send this again with the same key.",
            )
        self._inside_of[principal, kind] += 1
        try:
            yield
        finally:
            self._inside_of[principal, kind] -= 1


async def read_body(receive: Receive, declared: str, limits: Limits) -> bytes:
    """The whole body; ``declared`` is its Content-Length. Raises BodyTooLarge, RequestTooSlow, ClientGone."""
    if declared.isdecimal() and int(declared) > limits.body_bytes:
        raise _too_large(limits)
    parts: list[bytes] = []
    size = 0
    try:
        async with timeout(limits.body_seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limits.body_bytes:
                    raise _too_large(limits)
                if not message.get("more_body", False):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise RequestTooSlow(
            f"The body was not there after {limits.body_seconds:g} seconds.", field="body", way_out="Send it again over a better line."
        ) from None


def _too_large(limits: Limits) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body has more than {limits.body_bytes} bytes.",
        field="body",
        way_out="Split it: a file of messages can be sent in parts.",
    )
