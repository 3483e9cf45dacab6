"""The projections of any number of corridors kept up to date, one thread a corridor."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Protocol

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.notifications import Listener, Notifier
from ledger.projections.runner import Runner

logger = logging.getLogger(__name__)


class Follower(Protocol):
    """Whoever keeps projections up to date: threads of this process, or a process beside it."""

    def follow(self, corridor: str) -> None:
        """Keeps this corridor up to date from now on; returns at once."""

    def hurry(self, corridor: str) -> None:
        """Somebody waits for what its log holds by now."""

    @property
    def failed(self) -> bool:
        """Whether the projections of a corridor have stopped for good: their log needs a newer version, or a rebuild."""

    def close(self) -> None:
        """Finishes the pages in hand and ends."""


class Following:
    """Threads of this process. ``on_stopped`` is told of a corridor whose projections have stopped for good. Closing it closes the
    listener, too."""

    def __init__(self, pool: PostgresPool, listener: Listener, on_stopped: Callable[[str], None] | None = None) -> None:
        self._pool = pool
        self._listener = listener
        self._on_stopped = on_stopped
        self._notifier = Notifier(pool.url)
        self._stop = Event()
        self._threads: dict[str, Thread] = {}
        self._lock = Lock()

    def follow(self, corridor: str) -> None:
        """Starts a thread for a corridor that has none yet."""
        with self._lock:
            if corridor not in self._threads and not self._stop.is_set():
                thread = Thread(target=self._run, args=(corridor,), name=f"projector {corridor}", daemon=True)
                self._threads[corridor] = thread
                thread.start()

    def hurry(self, corridor: str) -> None:
        """The next page of this corridor waits for nothing."""
        self._listener.hurry(corridor)

    @property
    def failed(self) -> bool:
        """Whether one of the threads has ended."""
        return not self._stop.is_set() and any(not thread.is_alive() for thread in self._threads.values())

    def close(self) -> None:
        """Finishes the pages in hand, ends the threads, and the listener that woke them."""
        with self._lock:
            self._stop.set()
        self._listener.close()
        for thread in self._threads.values():
            thread.join()
        self._notifier.close()

    def _run(self, corridor: str) -> None:
        runner = Runner(Log(self._pool, corridor), self._notifier.announce)
        try:
            runner.run_forever(self._stop, self._listener)
        except Exception:
            logger.exception("projections of %s stopped", corridor)
            if self._on_stopped is not None:
                self._on_stopped(corridor)
