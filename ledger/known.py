"""The aggregates a writer knows, as the log holds them at one head."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import cast
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate

from ledger.domain.aggregate import Aggregate
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import Head, RecordedEvent

KNOWN_MAX = 50_000

Read = Callable[[Mapping[UUID, int]], Mapping[UUID, Sequence[RecordedEvent]]]
"""Reads streams, each after a version."""


class Known:
    """A cache of aggregates, the least recently used going first.

    Each is known as of an age of the log. When other writers are met a new age begins, and what was known in an older one is read on from
    the version it had before it is used again; nothing else of what they wrote is read. No aggregate in here is ever changed.
    """

    def __init__(self, mapper: EventMapper) -> None:
        self.head: Head | None = None
        self._mapper = mapper
        self._age = 0
        # A plain dictionary, whose order is that of use: another thread may look something up while this one remembers.
        self._entries: dict[UUID, tuple[int, Aggregate]] = {}
        self._shared: set[UUID] = set()

    def find(self, stream: UUID) -> Aggregate | None:
        """The aggregate as it stands at the head; None when that is not known."""
        age, aggregate = self._entries.get(stream, (-1, None))
        return aggregate if age == self._age else None

    def advance(self, head: Head, used: Iterable[Aggregate]) -> None:
        """The log now ends at ``head``, and there these aggregates stand."""
        self.head = head
        for aggregate in used:
            stream = aggregate.id
            self._entries.pop(stream, None)
            self._entries[stream] = self._age, aggregate
            if aggregate.SHARED:
                self._shared.add(stream)
        while len(self._entries) > KNOWN_MAX:
            oldest = next(iter(self._entries))
            del self._entries[oldest]
            self._shared.discard(oldest)

    def versions(self, streams: Iterable[UUID]) -> dict[UUID, int]:
        """After which version to read these streams, and those that most commands need."""
        return {stream: self._version(stream) for stream in (*streams, *self._shared)}

    def meet(self, head: Head) -> bool:
        """Whether other writers moved the head since; then all that is known belongs to an older age."""
        before, self.head = self.head, head
        if before is None or before.position == head.position:
            return False
        self._age += 1
        return True

    def load(self, streams: Collection[UUID], read: Read) -> dict[UUID, Aggregate | None]:
        """Aggregates brought up to where their streams end now; None for an empty one."""
        found = read({stream: self._version(stream) for stream in streams})
        return {stream: self.read_on(stream, found[stream]) for stream in streams}

    def read_on(self, stream: UUID, rows: Sequence[RecordedEvent]) -> Aggregate | None:
        """What an aggregate becomes by the events after its known version: a copy, since what is known may belong to another age still."""
        entry = self._entries.get(stream)
        aggregate = None if entry is None else entry[1].copy()
        for row, following in zip_longest(rows, rows[1:]):
            if following is not None and following.topic == row.topic and self._mapper.states_what_holds(row.topic):
                continue
            event = self._mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)
            aggregate = cast(Aggregate, cast(CanMutateAggregate[UUID], event).mutate(aggregate))
        return aggregate

    def _version(self, stream: UUID) -> int:
        entry = self._entries.get(stream)
        return 0 if entry is None else entry[1].version
