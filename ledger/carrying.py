"""The commit that is on its way by a process beside this one, and whether such a process is worth having.

All of it belongs to the thread that decides.
"""

from __future__ import annotations

import logging
from time import perf_counter
from typing import ClassVar

from ledger.draft import Decided
from ledger.errors import OutcomeUnknown
from ledger.eventstore.carrier import Carrier
from ledger.eventstore.log import Log
from ledger.eventstore.records import Head
from ledger.layers import Layers
from ledger.meter import Meter

logger = logging.getLogger(__name__)


class Carrying:
    """One corridor's commits, one at a time. ``decided`` is the one that is on its way; ``carrier`` the process, once there is one."""

    SPLIT_MIN: ClassVar[int] = 24
    """Commands that are worth a commit of their own while others wait."""
    CARRY_FROM: ClassVar[int] = 256
    """Commands that waited for commits, or with them, beyond the SPLIT_MIN that each needed, before a process of its own carries them."""

    def __init__(self, log: Log, layers: Layers, meter: Meter) -> None:
        self.decided: Decided | None = None
        self.carrier: Carrier | None = None
        self._log = log
        self._layers = layers
        self._meter = meter
        self._kept_waiting = 0
        self._sent_at = 0.0
        self._busy_before = 0.0

    def note_queue(self, commands: int) -> None:
        """A commit went out without a carrier while so many waited for it, or with it. When that goes on, a carrier is started."""
        if self.carrier is None and commands >= 2 * self.SPLIT_MIN:
            self._kept_waiting += commands - self.SPLIT_MIN
            if self._kept_waiting >= self.CARRY_FROM:
                self._kept_waiting = 0
                try:
                    self.carrier = Carrier(self._log.pool.url, self._log.corridor)
                except (OSError, OutcomeUnknown) as error:
                    # The thread that decides goes on carrying by itself, and tries again when as many have waited.
                    logger.warning("no process to carry commits can be started: %s", type(error).__name__)

    @property
    def is_ready(self) -> bool:
        """Whether the next commit can be carried."""
        try:
            return self.carrier is not None and self.carrier.is_ready
        except OutcomeUnknown:
            self.dismiss()
            return False

    def send(self, head: Head, decided: Decided) -> bool:
        """Sends what was decided on a head on its way. False when there is nobody to carry it; raises OutcomeUnknown."""
        if self.carrier is None:
            return False
        self._sent_at = perf_counter()
        self._layers.measure("send", self.carrier.take, head, decided.addition)
        self.decided = decided
        return True

    @property
    def is_over(self) -> bool:
        """Whether nothing is on its way any more, or its outcome is there to be had without waiting."""
        return self.decided is None or self.carrier is None or self.carrier.has_outcome

    def land(self) -> tuple[Head, Decided] | None:
        """Waits for the outcome of what is on its way, if anything is: the head it made. Raises CarriedInVain."""
        carrier, carried, self.decided = self.carrier, self.decided, None
        if carrier is None or carried is None:
            return None
        try:
            head = self._layers.measure("send", carrier.outcome)
        except Exception as error:
            raise CarriedInVain(carried, error) from error
        finally:
            self._layers.busy["carry"] = self._busy_before + carrier.busy
        self._meter.committed(len(carried.taken), perf_counter() - self._sent_at)
        if carried.addition.events:
            self._log.announce(self._log.corridor, head.position)
        return head, carried

    def dismiss(self) -> None:
        """Lets the process finish, and end; another one is started when it is worth one again."""
        carrier, self.carrier, self._kept_waiting = self.carrier, None, 0
        if carrier is not None:
            self._busy_before += carrier.busy
            carrier.close()


class CarriedInVain(Exception):
    """What was carried was not kept, or it is not known whether it was."""

    def __init__(self, decided: Decided, error: Exception) -> None:
        super().__init__(str(error))
        self.decided = decided
        self.error = error
