"""What is still to be told: entries of the banks' feeds, kept in PostgreSQL until their bank took them.

Whoever is killed in the middle of a delivery loses nothing: its claim ends, and another worker delivers the entry again. So a bank may
hear of an entry twice, and tells by its position that it did; it never hears of a younger entry of a transfer before an older one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple
from uuid import UUID

from ledger.errors import Malformed
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.queries import read_blocks

QUERIES = read_blocks(files("api.webhooks").joinpath("queries.sql").read_text(encoding="utf-8"))

STATES = ("due", "delivered", "dead", "dismissed")
ATTEMPTS_MAX = 16
"""Attempts before an entry is given up: eleven hours of a bank that does not answer."""
FIRST_WAIT = timedelta(seconds=5)
WAIT_MAX = timedelta(hours=2)
CLAIM = timedelta(seconds=60)
"""How long a worker keeps an entry; longer than a delivery can take."""
KEPT_FOR = timedelta(days=30)
_PAGE = 1_000


class Delivery(NamedTuple):
    """One entry on its way. ``attempts`` counts the present one; ``last_status`` is the HTTP status of the last answer, if any came."""

    corridor: str
    participant: str
    position: int
    recorded_at: datetime
    kind: str
    uetr: UUID
    state: str
    attempts: int
    due_at: datetime
    last_status: int | None
    last_error: str
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """What makes it one of a kind, whoever delivers it and however often."""
        return f"{self.corridor}/{self.participant}/{self.position}"


class Reader(NamedTuple):
    """A participant of a corridor that is told by webhook."""

    corridor: str
    participant: str


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that failed; None when that was the last."""
    return None if attempts >= ATTEMPTS_MAX else min(FIRST_WAIT * 2 ** (attempts - 1), WAIT_MAX)


class Queue:
    """The queue of one database; any number of workers may take from it."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def begin(self, readers: Iterable[Reader]) -> None:
        """From now on these are told; what happened before is in their feeds."""
        with self._pool.transaction() as cursor:
            for reader in readers:
                cursor.execute(QUERIES["begin_reading"], reader._asdict())

    def fill(self, readers: Iterable[Reader], now: datetime) -> int:
        """Takes over what is new in the feeds of these readers; how many entries."""
        count = 0
        for reader in readers:
            seen = _PAGE
            while seen == _PAGE:
                with self._pool.transaction() as cursor:
                    [(seen, queued)] = cursor.rows(QUERIES["queue_feed"], {**reader._asdict(), "now": now, "size": _PAGE})
                count += queued
        return count

    def claim(self, readers: Collection[Reader], now: datetime, size: int) -> list[Delivery]:
        """At most ``size`` entries to deliver now, oldest first, each kept from other workers for `CLAIM`."""
        names = [f"{reader.corridor} {reader.participant}" for reader in readers]
        with self._pool.transaction() as cursor:
            rows = cursor.rows(QUERIES["claim"], {"now": now, "until": now + CLAIM, "readers": names, "size": size})
        return sorted((Delivery(*row) for row in rows), key=lambda delivery: delivery.position)

    def delivered(self, delivery: Delivery, status: int, now: datetime) -> None:
        """The bank took it."""
        self._say("delivered", delivery, status=status, now=now)

    def failed(self, delivery: Delivery, now: datetime, *, status: int | None, error: str, wait_at_least: timedelta) -> bool:
        """The bank did not take it. Whether it is tried again, after `wait_after` or as long as the bank asked for."""
        wait = wait_after(delivery.attempts)
        due_at = None if wait is None else now + max(wait, min(wait_at_least, WAIT_MAX))
        self._say("failed", delivery, status=status, error=error[:200], due_at=due_at, now=now)
        return due_at is not None

    def deliveries(self, corridor: str, *, states: Collection[str], participant: str | None = None, size: int = 500) -> list[Delivery]:
        """What stands in the queue, in log order."""
        wanted = {"corridor": corridor, "states": list(states), "participant": participant, "size": size}
        return [Delivery(*row) for row in self._pool.rows(QUERIES["deliveries"], wanted)]

    def resend(self, corridor: str, participant: str, position: int, now: datetime) -> None:
        """Tries an entry again at once, whatever became of it. Raises Malformed when there is none."""
        self._decide("resend", corridor, participant, position, now)

    def dismiss(self, corridor: str, participant: str, position: int, now: datetime) -> None:
        """Ends an entry that was not delivered, so that younger ones of its transfer go on. Raises Malformed when there is none."""
        self._decide("dismiss", corridor, participant, position, now)

    def forget(self, now: datetime) -> None:
        """Removes what ended more than `KEPT_FOR` ago."""
        with self._pool.transaction() as cursor:
            cursor.execute(QUERIES["forget"], {"before": now - KEPT_FOR})

    def _say(self, query: str, delivery: Delivery, **values: Any) -> None:
        of = {"corridor": delivery.corridor, "participant": delivery.participant, "position": delivery.position}
        with self._pool.transaction() as cursor:
            cursor.execute(QUERIES[query], {**of, **values})

    def _decide(self, query: str, corridor: str, participant: str, position: int, now: datetime) -> None:
        of = {"corridor": corridor, "participant": participant, "position": position, "now": now}
        with self._pool.transaction() as cursor:
            if not cursor.rows(QUERIES[query], of):
                raise Malformed(
                    f"There is nothing to {query} at position {position} for {participant} of {corridor}. "
                    "List the queue with `corridor webhooks list`."
                )
