"""While the service runs it keeps the projections of every opened corridor up to date, one thread a corridor.

Any number of processes may do so; the runners take turns. A corridor that is opened while the service runs is followed from the first
request about it on.
"""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.notifications import Listener, Notifier
from ledger.projections.runner import Runner

logger = logging.getLogger(__name__)


class Projector:
    """Runs the projections of this process, if it is one that does (``project``), and lets readers wait for them. Close it when done."""

    def __init__(self, pool: PostgresPool, *, project: bool) -> None:
        self._pool = pool
        self._project = project
        self.listener = Listener(pool.url)
        self._notifier = Notifier(pool.url)
        self._stop = Event()
        self._threads: dict[str, Thread] = {}
        self._lock = Lock()

    def follow(self, corridor: str) -> None:
        """Makes sure that an opened corridor is projected; returns at once."""
        if not self._project or corridor in self._threads:
            return
        with self._lock:
            if corridor not in self._threads and not self._stop.is_set():
                thread = Thread(target=self._run, args=(corridor,), name=f"projector {corridor}", daemon=True)
                self._threads[corridor] = thread
                thread.start()

    def follow_all(self) -> None:
        """Follows every corridor there is."""
        for corridor in self._corridors():
            self.follow(corridor)

    def lag_events(self) -> int:
        """By how many events the corridor that is furthest behind lags."""
        return max((Runner(Log(self._pool, corridor)).lag().events for corridor in self._corridors()), default=0)

    @property
    def failed(self) -> bool:
        """Whether the projections of a corridor have stopped for good: their log needs a newer version, or a rebuild."""
        return not self._stop.is_set() and any(not thread.is_alive() for thread in self._threads.values())

    def close(self) -> None:
        """Finishes the pages in hand and ends the threads."""
        with self._lock:
            self._stop.set()
        self.listener.close()
        for thread in self._threads.values():
            thread.join()
        self._notifier.close()

    def _corridors(self) -> list[str]:
        return Log(self._pool, "").corridors()

    def _run(self, corridor: str) -> None:
        runner = Runner(Log(self._pool, corridor), self._notifier.announce)
        try:
            runner.run_forever(self._stop, self.listener)
        except Exception:
            logger.exception("projections of %s stopped", corridor)
