"""The event store: a persistence module for the event sourcing library, on PostgreSQL through psycopg2."""

from ledger.eventstore.factory import CorridorFactory

__all__ = ["CorridorFactory"]
