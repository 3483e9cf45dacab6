"""How busy the writers of a database are, for whoever works in the background and gives way to them."""

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.queries import QUERIES
from ledger.pacing import FULL_SPEED, GiveWay, Pace

MUCH = 5_000
"""Events; work on fewer is done before anybody could be given way to."""


def events_written(pool: PostgresPool) -> int:
    """How many events all logs of the database hold; a number that only grows, while somebody writes."""
    [(events,)] = pool.rows(QUERIES["events_written"])
    return int(events)


def pace_beside(pool: PostgresPool, events: int) -> Pace:
    """For work on so many events: it gives way to the writers of the database, unless there is little of it."""
    return GiveWay(lambda: events_written(pool)) if events > MUCH else FULL_SPEED
