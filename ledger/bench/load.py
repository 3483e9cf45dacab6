"""The load: callers that each wait for an answer before they go on, and filling a log fast.

Both sides of a ratio are loaded by the same code, so that it says something about what is measured and not about the callers.
"""

from __future__ import annotations

import asyncio
from asyncio import TaskGroup
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from hashlib import sha256
from itertools import count, islice
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from ledger.application import Ledger
from ledger.batching import Answered, Request
from ledger.bench.engine import complete_life
from ledger.bench.plan import Progress

CALLERS = 64
_LIVES_AT_ONCE = 21
"""As many commands as 64 callers have waiting, so that a filled log has commits of the size that a busy one has."""
_CHUNKS_WAITING = 2
_RESULT = b'{"result"'


class Driven(NamedTuple):
    """What a load came to. Instants are of the machine's monotonic clock, which all processes share; ``waits`` are the seconds that each
    command waited for its answer; ``events`` is by how many the log grew."""

    began: float
    ended: float
    transfers: int
    events: int
    waits: list[float]
    replayed: int = 0

    @property
    def transfers_per_second(self) -> float:
        return self.transfers / (self.ended - self.began)

    @property
    def events_per_second(self) -> float:
        return self.events / (self.ended - self.began)


def lives(corridor: str, seed: str, transfers: int) -> list[list[Request]]:
    """The commands of so many complete transfers, prepared."""
    return list(islice(_lives(corridor, seed), transfers))


def drive(ledger: Ledger, transfers: list[list[Request]], callers: int = CALLERS) -> Driven:
    """Leads every transfer to its end, each caller one at a time. An answer that is a refusal fails: a bench never asks for one."""
    waits: list[float] = []
    waiting = iter(transfers)
    replayed = 0

    async def caller() -> None:
        nonlocal replayed
        for life in waiting:
            for request in life:
                asked = monotonic()
                answered = await _answer(ledger, request)
                waits.append(monotonic() - asked)
                replayed += answered.replayed

    async def all_callers() -> None:
        async with TaskGroup() as group:
            for _ in range(callers):
                group.create_task(caller())

    head = ledger.log_store.head().position
    began = monotonic()
    asyncio.run(all_callers())
    ended = monotonic()
    return Driven(began, ended, len(transfers), ledger.log_store.head().position - head, waits, replayed)


def fill(ledger: Ledger, seed: str, events: int, progress: Progress) -> int:
    """Writes complete transfers until the log has so many events, or a few more; how many transfers."""
    source, written, shown = _lives(ledger.corridor_code, seed), 0, 0
    sent: deque[list[Future[Answered]]] = deque()
    reached = ledger.log_store.head().position
    while reached < events:
        sent.append(ledger.submit_all([request for life in islice(source, _LIVES_AT_ONCE) for request in life]))
        written += _LIVES_AT_ONCE
        if len(sent) > _CHUNKS_WAITING:
            reached = _all_answered(sent.popleft())
        if reached * 10 // events > shown:
            shown = reached * 10 // events
            progress(f"writing: {reached:,} of {events:,} events")
    while sent:
        _all_answered(sent.popleft())
    return written


def _lives(corridor: str, seed: str) -> Iterator[list[Request]]:
    for number in count():
        yield complete_life(corridor, uetr(seed, number))


def uetr(seed: str, number: int) -> UUID:
    """The reference of a transfer of a load: the same each time for the same seed."""
    return UUID(bytes=sha256(f"{seed}/{number}".encode()).digest()[:16], version=4)


async def _answer(ledger: Ledger, request: Request) -> Answered:
    answered = await ledger.ask(request)
    assert answered.receipt.answer.startswith(_RESULT), answered.receipt.answer
    return answered


def _all_answered(futures: Iterable[Future[Answered]]) -> int:
    """Where the log stood after the last of them."""
    reached = 0
    for future in futures:
        answered = future.result()
        assert answered.receipt.answer.startswith(_RESULT), answered.receipt.answer
        reached = answered.receipt.position
    return reached
