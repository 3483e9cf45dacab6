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


class FoundKey(NamedTuple):
    """A key with how it stands (`SigningKey.state`), and whether it is one of the very corridor that was asked for."""

    key: SigningKey
    at_home: bool


class _Known(NamedTuple):
    """The keys of one corridor as its log had them at an instant or later (seconds on the monotonic clock)."""

    as_of: float
    registry: SigningKeys | None

    @property
    def keys(self) -> Mapping[str, SigningKey]:
        return {} if self.registry is None else self.registry.keys


class KeyRegistry:
    """The keys of every corridor in one database. Safe to share between threads; blocks on the database when it has to look."""

    def __init__(self, pool: PostgresPool, *, monotonic: Monotonic = time.monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._mapper = EventMapper(JSONTranscoder())
        self._known: dict[str, _Known] = {}
        self._corridors: tuple[float, frozenset[str]] = (float("-inf"), frozenset())
        self._lock = Lock()

    def find(self, key_id: str, corridor: str) -> FoundKey | None:
        """The key that a signature names: of this corridor, or else one in force in another; None when nobody registered it."""
        for age_max in (FRESH_SECONDS, LOOK_AGAIN_SECONDS):
            if corridor in self._opened(age_max):
                key = self._keys(corridor, age_max).get(key_id)
                if key is not None:
                    return FoundKey(key, at_home=True)
        for other in self._opened(FRESH_SECONDS):
            key = self._keys(other, FRESH_SECONDS).get(key_id)
            if key is not None and key.state == "in force":
                return FoundKey(key, at_home=False)
        return None

    def _keys(self, corridor: str, age_max: float) -> Mapping[str, SigningKey]:
        known = self._known.get(corridor)
        now = self._monotonic()
        if known is None or now - known.as_of >= age_max:
            known = self._look(corridor, now)
        return known.keys

    def _look(self, corridor: str, now: float) -> _Known:
        before = self._known.get(corridor)
        version = 0 if before is None or before.registry is None else before.registry.version
        # Asked outside the lock: a database that does not answer must not make the others wait.
        rows = Log(self._pool, corridor).read_streams({ids.keys_stream(corridor): version})
        with self._lock:
            known = self._known.get(corridor)
            registry = None if known is None else known.registry
            for row in rows[ids.keys_stream(corridor)]:
                if row.stream_version == (1 if registry is None else registry.version + 1):
                    event = self._mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)
                    # A copy: who holds the mapping of before must not see half of a change.
                    registry = cast(
                        SigningKeys, cast("CanMutateAggregate[UUID]", event).mutate(None if registry is None else registry.copy())
                    )
            as_of = now if known is None else max(now, known.as_of)
            looked = self._known[corridor] = _Known(as_of, registry)
        return looked

    def _opened(self, age_max: float) -> frozenset[str]:
        """The corridors there are. What is known of them is bounded by it, whatever codes strangers make up."""
        as_of, corridors = self._corridors
        now = self._monotonic()
        if now - as_of >= age_max:
            corridors = frozenset(Log(self._pool, "").corridors())
            self._corridors = (now, corridors)
        return corridors
