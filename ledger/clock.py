"""The clock is passed in: real in production, seeded in demos, tests and simulations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class SetClock:
    """A clock that stands where it was set and moves only when told; a second run replays the same instants."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Moves on and tells the new instant."""
        self._now += by
        return self._now

    def set(self, instant: datetime) -> datetime:
        """Moves to an instant; never back."""
        self._now = max(self._now, instant.astimezone(UTC))
        return self._now
