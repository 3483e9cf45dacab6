"""Taking turns with other processes that write to the same corridor.

Each would be refused by the log whenever another one was faster, so processes that have met each other ask for a turn first, and let it
go after a moment. A process that is alone never asks.
"""

from __future__ import annotations

from time import monotonic

from ledger.eventstore.lease import Lease

TURN_SECONDS = 0.03
LINGER_SECONDS = 0.004
"""How long a turn is kept while nothing waits: the callers that were just answered are about to ask again."""
TURNS_ALONE_MAX = 20
"""Turns in which no other writer was met before this process takes itself to be alone."""


class Turns:
    """Whose turn it is, as far as this process knows. Used by the thread that decides."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._ends: float | None = None
        self._wanted = 0

    @property
    def wanted(self) -> bool:
        """Whether a turn has to be asked for before writing."""
        return self._wanted > 0 and self._ends is None

    @property
    def held(self) -> bool:
        return self._ends is not None

    def patience(self) -> float:
        """Seconds to wait for something more to write in this turn."""
        return 0.0 if self._ends is None else max(0.0, min(LINGER_SECONDS, self._ends - monotonic()))

    def begin(self) -> None:
        """Waits for the turn."""
        self._lease.take()
        self._ends = monotonic() + TURN_SECONDS

    def end(self) -> None:
        """Lets the next process write."""
        self._lease.give()
        self._ends = None

    def note(self, *, met_others: bool) -> None:
        """What was found when this process last looked at the head under its lock."""
        if met_others:
            self._wanted = TURNS_ALONE_MAX
        elif self.held:
            self._wanted -= 1
