"""Who may sign: the keys that each corridor has let in, as its events say.

What is known is at most `FRESH_SECONDS` old when a request is let in by it: the first request after that asks the log for what is new
in the stream of the corridor's keys, which is one lookup by its index and almost always finds nothing. So a request costs no trip to the
database in the common case, and a suspension or revocation counts in every process within that time of its commit, whatever becomes of
notifications. A key that nobody knows is looked up at once, so that a new one can be used as soon as it is approved; strangers can cause
twenty such lookups a second and no more. When the database does not answer, nobody is let in by what was known before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import JSONTranscoder

from ledger.domain import ids
from ledger.domain.signing_key_events import SigningKey
from ledger.domain.signing_keys import SigningKeys
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import EventMapper

FRESH_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.05

Monotonic = Callable[[], float]


class RegisteredKeys(NamedTuple):
    """The keys of one corridor: those in force, by id, and the ids of those that were suspended or revoked."""

    keys: Mapping[str, SigningKey]
    revoked: frozenset[str]


_NO_KEYS = RegisteredKeys({}, frozenset())


class _Known(NamedTuple):
    """The keys of one corridor as its log had them at an instant or later (seconds on the monotonic clock)."""

    as_of: float
    aggregate: SigningKeys | None
    keys: RegisteredKeys


class KeyRegistry:
    """The keys of every corridor in one database. Safe to share between threads; blocks on the database when it has to look."""

    def __init__(self, pool: PostgresPool, *, monotonic: Monotonic = time.monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._mapper = EventMapper(JSONTranscoder())
        self._known: dict[str, _Known] = {}
        self._corridors: tuple[float, frozenset[str]] = (float("-inf"), frozenset())
        self._lock = Lock()

    def of(self, corridor: str, knowing: str = "") -> RegisteredKeys | None:
        """The keys of a corridor; None when it was never opened. Where the key ``knowing`` is not among them, they are looked up anew."""
        found = self._of(corridor, FRESH_SECONDS)
        if knowing and (found is None or not (knowing in found.keys or knowing in found.revoked)):
            found = self._of(corridor, LOOK_AGAIN_SECONDS)
        return found

    def elsewhere(self, key_id: str, corridor: str) -> SigningKey | None:
        """The key in force that any other corridor has registered under this id, if one has."""
        for other in self._opened(FRESH_SECONDS):
            registered = self._of(other, FRESH_SECONDS) if other != corridor else None
            if registered is not None and key_id in registered.keys:
                return registered.keys[key_id]
        return None

    def _of(self, corridor: str, age_max: float) -> RegisteredKeys | None:
        if corridor not in self._opened(age_max):
            return None
        known = self._known.get(corridor)
        now = self._monotonic()
        if known is None or now - known.as_of >= age_max:
            known = self._look(corridor, now)
        return known.keys

    def _look(self, corridor: str, now: float) -> _Known:
        stream = ids.keys_stream(corridor)
        before = self._known.get(corridor)
        version = 0 if before is None or before.aggregate is None else before.aggregate.version
        # Asked outside the lock: a database that does not answer must not make the others wait.
        rows = Log(self._pool, corridor).read_streams({stream: version})[stream]
        with self._lock:
            known = self._known.get(corridor) or _Known(now, None, _NO_KEYS)
            aggregate = known.aggregate
            for row in rows:
                if row.stream_version == (1 if aggregate is None else aggregate.version + 1):
                    event = self._mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)
                    aggregate = cast(SigningKeys, cast("CanMutateAggregate[UUID]", event).mutate(aggregate))
            keys = _registered(aggregate) if rows and aggregate is not None else known.keys
            looked = self._known[corridor] = _Known(max(now, known.as_of), aggregate, keys)
        return looked

    def _opened(self, age_max: float) -> frozenset[str]:
        """The corridors there are. What is known of them is bounded by it, whatever codes strangers make up."""
        as_of, corridors = self._corridors
        now = self._monotonic()
        if now - as_of >= age_max:
            corridors = frozenset(Log(self._pool, "").corridors())
            self._corridors = (now, corridors)
        return corridors


def _registered(aggregate: SigningKeys) -> RegisteredKeys:
    in_force = {key_id: key for key_id, key in aggregate.keys.items() if key.state == "in force"}
    return RegisteredKeys(in_force, frozenset(aggregate.keys.keys() - in_force.keys()))
