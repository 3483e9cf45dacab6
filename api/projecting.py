"""While the service runs it keeps the projections of every opened corridor up to date, in a process beside it or in threads of its own.

Any number of processes may do so; the runners take turns. A corridor that is opened while the service runs is followed from the first
request about it on.
"""

from __future__ import annotations

import logging
from typing import Literal, TypeAlias

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.notifications import Listener
from ledger.projections.beside import Beside
from ledger.projections.following import Follower, Following
from ledger.projections.runner import Runner

logger = logging.getLogger(__name__)

Projecting: TypeAlias = Literal["here", "beside", "elsewhere"]
"""Who keeps the projections: threads of this process, a process that it starts beside itself, or somebody else altogether."""


class Projector:
    """Has the projections kept as this process is to (``projecting``), and lets readers wait for them. Close it when done."""

    def __init__(self, pool: PostgresPool, *, projecting: Projecting) -> None:
        self._pool = pool
        self.listener = Listener(pool.url)
        self._follower = _follower(pool, self.listener, projecting)
        self._followed: frozenset[str] = frozenset()

    def follow(self, corridor: str) -> None:
        """Makes sure that an opened corridor is projected; returns at once."""
        if self._follower is not None and corridor not in self._followed:
            self._follower.follow(corridor)
            self._followed |= {corridor}

    def follow_all(self) -> None:
        """Follows every corridor there is."""
        for corridor in self._corridors():
            self.follow(corridor)

    def hurry(self, corridor: str) -> None:
        """Somebody waits for what the corridor's log holds by now."""
        if self._follower is not None:
            self._follower.hurry(corridor)

    def lag_events(self) -> int:
        """By how many events the corridor that is furthest behind lags."""
        return max((Runner(Log(self._pool, corridor)).lag().events for corridor in self._corridors()), default=0)

    @property
    def failed(self) -> bool:
        """Whether the projections of a corridor have stopped for good: their log needs a newer version, or a rebuild."""
        return self._follower is not None and self._follower.failed

    def close(self) -> None:
        """Finishes the pages in hand and ends what was started."""
        if self._follower is not None:
            self._follower.close()
        self.listener.close()

    def _corridors(self) -> list[str]:
        return Log(self._pool, "").corridors()


def _follower(pool: PostgresPool, listener: Listener, projecting: Projecting) -> Follower | None:
    if projecting == "elsewhere":
        return None
    if projecting == "beside":
        try:
            return Beside(pool.url)
        except OSError as error:
            logger.warning("no process that projects can be started, threads of this one do it: %s", type(error).__name__)
    return Following(pool, listener)
