"""Work that costs about the same for one as for many: whatever comes while a group is worked on becomes the next group.

There is no timer: on an idle system a group of one begins at once, and the busier it is the larger the groups become.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from ledger.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")

GROUP_MAX = 256


class Gathering(Generic[T, R]):
    """Groups of tasks' items, worked on one group at a time, or a few, in threads of its own. Used from one event loop.

    ``work`` answers a group in its order: for each item a result, or the exception that concerns this item alone; what it raises
    concerns every item of the group.
    """

    def __init__(
        self, name: str, work: Callable[[Sequence[T]], Sequence[R | Exception]], *, group_max: int = GROUP_MAX, groups_at_once: int = 1
    ) -> None:
        self._work = work
        self._group_max = group_max
        self._waiting: deque[tuple[T, Future[R]]] = deque()
        self._threads = ThreadPoolExecutor(groups_at_once, thread_name_prefix=name)
        self._idle = groups_at_once
        self._beginning = False
        self._closed = False

    async def ask(self, item: T) -> R:
        """The result for one item. A task that is cancelled stops waiting; its item is worked on all the same."""
        if self._closed:
            raise Unavailable("This process is closing. Try again.")
        loop = get_running_loop()
        future: Future[R] = loop.create_future()
        self._waiting.append((item, future))
        if self._idle and not self._beginning:
            self._beginning = True
            # Not at once: other tasks that are ready to run may have something for the same group.
            loop.call_soon(self._begin, loop)
        return await future

    def close(self) -> None:
        """Finishes the group in hand; what waits behind it is refused."""
        self._closed = True
        self._threads.shutdown()

    def _begin(self, loop: AbstractEventLoop) -> None:
        self._beginning = False
        self._idle -= 1
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._group_max))]
        try:
            self._threads.submit(self._run, loop, group)
        except RuntimeError:
            self._end(loop, group, Unavailable("This process is closing. Try again."))

    def _run(self, loop: AbstractEventLoop, group: list[tuple[T, Future[R]]]) -> None:
        outcome: Sequence[R | Exception] | Exception
        try:
            outcome = self._work([item for item, _ in group])
        except Exception as error:
            outcome = error
        loop.call_soon_threadsafe(self._end, loop, group, outcome)

    def _end(self, loop: AbstractEventLoop, group: list[tuple[T, Future[R]]], outcome: Sequence[R | Exception] | Exception) -> None:
        self._idle += 1
        if self._waiting and not self._beginning:
            self._begin(loop)
        results = [outcome] * len(group) if isinstance(outcome, Exception) else outcome
        for (_, future), result in zip(group, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
