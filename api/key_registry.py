"""Who may sign: the keys that each corridor has registered, as its events say, brought up to date at every look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import JSONTranscoder

from ledger.clock import Clock
from ledger.domain import ids
from ledger.domain.corridor import Corridor
from ledger.domain.corridor_events import CorridorKeyRegistered
from ledger.errors import Unavailable
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.notifications import Listener
from ledger.eventstore.recorders import CorridorApplicationRecorder

_CORRIDOR_CODE = re.compile(r"[a-z]{2,8}-[a-z]{2,8}")


class RegisteredKeys(NamedTuple):
    """The keys of one corridor at the head of its log."""

    keys: Mapping[str, CorridorKeyRegistered]
    revoked: frozenset[str]


class KeyRegistry:
    """The keys of every corridor in one database. Safe to share between threads.

    A revocation counts from the moment its event is in the log: each look asks the log for what is new in the corridor's stream.
    """

    def __init__(self, pool: PostgresPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._mapper = EventMapper(JSONTranscoder())
        self._known: dict[str, Corridor] = {}
        self._lock = Lock()

    def of(self, corridor: str) -> RegisteredKeys | None:
        """The keys of a corridor; None when it was never opened."""
        if not _CORRIDOR_CODE.fullmatch(corridor):
            return None
        recorder = CorridorApplicationRecorder(Log(self._pool, corridor), _no_listener, self._clock)
        known = self._known.get(corridor)
        # Asked outside the lock: a database that does not answer must not make the others wait.
        rows = recorder.select_events(ids.corridor_stream(corridor), gt=0 if known is None else known.version)
        with self._lock:
            known = self._known.get(corridor)
            for row in rows:
                if row.originator_version == (1 if known is None else known.version + 1):
                    event = self._mapper.to_domain_event(row)
                    known = cast(Corridor | None, cast("CanMutateAggregate[UUID]", event).mutate(known))
            if known is None:
                return None
            self._known[corridor] = known
            return RegisteredKeys(known.keys, known.revoked_keys)

    def elsewhere(self, key_id: str, corridor: str) -> CorridorKeyRegistered | None:
        """The key that any other corridor has registered under this id, if one has."""
        for other in Log(self._pool, corridor).corridors():
            registered = self.of(other) if other != corridor else None
            if registered is not None and key_id in registered.keys:
                return registered.keys[key_id]
        return None


def _no_listener() -> Listener:
    raise Unavailable("The key registry follows the log by looking, not by listening.")
