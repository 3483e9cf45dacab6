"""What can happen to a corridor as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ledger.domain.aggregate import CreatedEvent, DecidedEvent
from ledger.domain.terms import Terms


class CorridorOpened(CreatedEvent):
    """Up to v1 the terms did not say which versions of messages a bank wants."""

    TOPIC = "Corridor.Opened.v2"
    agreement: Terms

    def apply(self, aggregate: Any) -> None:
        aggregate.code = self.agreement.code
        aggregate.agreements = (self.agreement,)


class CorridorTermsAmended(DecidedEvent):
    """Up to v1 the terms did not say which versions of messages a bank wants."""

    TOPIC = "Corridor.TermsAmended.v2"
    agreement: Terms

    def apply(self, aggregate: Any) -> None:
        aggregate.agreements = (*aggregate.agreements, self.agreement)


class CorridorKeyRegistered(DecidedEvent):
    """No longer recorded: a key that one operator registered alone, as earlier versions did. It lets nobody in any more; the keys in force
    are those of `signing_keys`, which two people registered."""

    TOPIC = "Corridor.KeyRegistered.v1"
    key_id: str
    principal: str
    algorithm: str
    public_key: str
    valid_from: datetime
    valid_until: datetime

    def apply(self, aggregate: Any) -> None:
        """It changes nothing."""


class CorridorKeyRevoked(DecidedEvent):
    """No longer recorded: the end of such a key."""

    TOPIC = "Corridor.KeyRevoked.v1"
    key_id: str
    reason: str

    def apply(self, aggregate: Any) -> None:
        """It changes nothing."""


class CorridorCycleClosed(DecidedEvent):
    """Cycle ``number`` ended at ``boundary``; the next one is open from there."""

    TOPIC = "Corridor.CycleClosed.v1"
    number: int
    boundary: int

    def apply(self, aggregate: Any) -> None:
        aggregate.last_cycle = self.number
        aggregate.last_boundary = self.boundary
        aggregate.unsettled_cycles = (*aggregate.unsettled_cycles, self.number)


class CorridorCycleSettled(DecidedEvent):
    TOPIC = "Corridor.CycleSettled.v1"
    number: int

    def apply(self, aggregate: Any) -> None:
        aggregate.unsettled_cycles = tuple(n for n in aggregate.unsettled_cycles if n != self.number)
