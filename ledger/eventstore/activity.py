"""How busy the writers of a database are, for whoever works in the background and gives way to them."""

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.queries import QUERIES


def events_written(pool: PostgresPool) -> int:
    """How many events all logs of the database hold; a number that only grows, while somebody writes."""
    [(events,)] = pool.rows(QUERIES["events_written"])
    return int(events)
