"""The two clients: one for threads, one for an event loop. They send and wait; what to send and how long to wait, `attempts` says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import TypedDict, TypeVar, Unpack, cast

import httpx

from api.corridor_client.asked import Asked, path_of
from api.corridor_client.attempts import AnswerCheck, Line, Outcome, Patience
from api.corridor_client.operations import Operations
from api.schemas.feed import FeedStep
from api.signing import RequestSigner
from ledger.clock import Clock

T = TypeVar("T")
TIMEOUT_SECONDS = 30.0


class Manner(TypedDict, total=False):
    """How a client asks. ``check``, where given, is asked about each answer before anything in it is believed.

    ``clock`` and ``chance`` are the real ones unless a test passes its own.
    """

    patience: Patience
    check: AnswerCheck | None
    clock: Clock
    chance: Callable[[], float]


class _Client(Operations):
    """What both know. ``timeout`` is in seconds, for each attempt; ``sleep`` is the real one unless a test passes its own."""

    def __init__(self, service_url: str, corridor: str, signer: RequestSigner, manner: Manner) -> None:
        url = httpx.URL(service_url)
        if url.scheme not in ("http", "https") or not url.host or url.query or url.userinfo:
            raise ValueError("The service's address is its scheme and host, such as https://corridor.example.")
        self._line = Line(str(url).rstrip("/") + path_of("/v1/corridors/{}", corridor), signer, **manner)


class CorridorClient(_Client):
    """Asks and waits for the answer. May be used by several threads at once."""

    def __init__(
        self,
        service_url: str,
        corridor: str,
        signer: RequestSigner,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        **manner: Unpack[Manner],
    ) -> None:
        super().__init__(service_url, corridor, signer, manner)
        self._http = httpx.Client(transport=transport, timeout=timeout)
        self._sleep = sleep

    def ask(self, asked: Asked[T]) -> T:
        """The answer to a question, asked as often as it takes. Raises what `failures` lists."""
        attempts = self._line.attempts(asked)
        outcome: Outcome = None
        while True:
            try:
                step = attempts.send(outcome)
            except StopIteration as answered:
                return cast(T, answered.value)
            outcome = None
            if isinstance(step, httpx.Request):
                try:
                    outcome = self._http.send(step)
                except httpx.RequestError as lost:
                    outcome = lost
            else:
                self._sleep(step)

    def feed(self, *, after: int = 0, limit: int | None = None) -> Iterator[FeedStep]:
        """Everything that happened after a position, up to now. Store the ``position`` of each step dealt with, and go on there."""
        while (page := self.feed_page(after=after, limit=limit)).entries:
            yield from page.entries
            after = page.next

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def __enter__(self) -> CorridorClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncCorridorClient(_Client):
    """The same for an event loop: its methods are awaited."""

    def __init__(
        self,
        service_url: str,
        corridor: str,
        signer: RequestSigner,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **manner: Unpack[Manner],
    ) -> None:
        super().__init__(service_url, corridor, signer, manner)
        self._http = httpx.AsyncClient(transport=transport, timeout=timeout)
        self._sleep = sleep

    async def ask(self, asked: Asked[T]) -> T:
        """The answer to a question, asked as often as it takes. Raises what `failures` lists."""
        attempts = self._line.attempts(asked)
        outcome: Outcome = None
        while True:
            try:
                step = attempts.send(outcome)
            except StopIteration as answered:
                return cast(T, answered.value)
            outcome = None
            if isinstance(step, httpx.Request):
                try:
                    outcome = await self._http.send(step)
                except httpx.RequestError as lost:
                    outcome = lost
            else:
                await self._sleep(step)

    async def feed(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[FeedStep]:
        """Everything that happened after a position, up to now. Store the ``position`` of each step dealt with, and go on there."""
        while (page := await self.feed_page(after=after, limit=limit)).entries:
            for step in page.entries:
                yield step
            after = page.next

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncCorridorClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()
