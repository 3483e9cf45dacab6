"""Reading what one has just written: waiting until the projections have come to a position of the log."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from ledger.errors import ReadTooEarly
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.notifications import Listener
from ledger.eventstore.tracking import tracking_position
from ledger.projections.queries import LIVE
from ledger.projections.runner import announced_name

LOOK_AGAIN_SECONDS = 0.2
"""How long a notification that was lost, or never sent, can keep a reader waiting."""


def at_least(
    pool: PostgresPool,
    listener: Listener,
    corridor: str,
    position: int,
    timeout: float,
    *,
    hurry: Callable[[str], None] | None = None,
) -> int:
    """Waits until a corridor's projections have reached `position`; where they stand then. `timeout` in seconds; whoever projects is asked
    to `hurry` with the corridor.

    Raises ReadTooEarly when they have not come so far in time.
    """
    deadline = monotonic() + timeout
    while True:
        with pool.connection() as connection:
            stands = tracking_position(connection.cursor(), corridor, LIVE.tracking)
        if stands >= position:
            return stands
        left = deadline - monotonic()
        if left <= 0:
            raise ReadTooEarly(
                f"The projections of {corridor} stand at {stands}, not yet at {position}. Ask again shortly, or without a position."
            )
        if hurry is not None:
            hurry(corridor)
        listener.wait(announced_name(corridor), position, min(left, LOOK_AGAIN_SECONDS))
