"""Commands that wait for their answer, and how the answer gets back to who waits.

Callers are threads, which wait on a future of `concurrent.futures`, or tasks of an event loop, which wait on one of asyncio's. Answers
of one commit reach a loop together, by one call into it, however many of its tasks they wake.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Iterable
from concurrent.futures import Future

from ledger.answers import Answered, Request

Outcome = Answered | Exception


class Waiting:
    """A request in the batcher's hands. ``attempts`` counts how often the log refused a batch it was in; ``loop``
    is the event loop of the task that waits, None for a thread."""

    __slots__ = ("alone", "attempts", "digest", "future", "loop", "request")

    def __init__(
        self, request: Request, future: Future[Answered] | asyncio.Future[Answered], loop: AbstractEventLoop | None = None
    ) -> None:
        self.request = request
        self.digest = request.digest
        self.alone = request.command.alone
        self.future = future
        self.loop = loop
        self.attempts = 0


def deliver(outcomes: Iterable[tuple[Waiting, Outcome]]) -> None:
    """Hands every caller its answer or what went wrong."""
    loops: dict[AbstractEventLoop, list[tuple[Waiting, Outcome]]] = {}
    for waiting, outcome in outcomes:
        if waiting.loop is None:
            _settle(waiting, outcome)
        else:
            loops.setdefault(waiting.loop, []).append((waiting, outcome))
    for loop, theirs in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_all, theirs)
        except RuntimeError:
            # The loop was closed: nobody waits there any more, and the receipts answer whoever asks again.
            continue


def _settle_all(outcomes: list[tuple[Waiting, Outcome]]) -> None:
    for waiting, outcome in outcomes:
        if not waiting.future.done():
            _settle(waiting, outcome)


def _settle(waiting: Waiting, outcome: Outcome) -> None:
    if isinstance(outcome, Exception):
        waiting.future.set_exception(outcome)
    else:
        waiting.future.set_result(outcome)
