"""The aggregates a writer knows, as the log holds them at one head."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate

from ledger.domain.aggregate import Aggregate
from ledger.eventstore.log import Batch
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import Head, RecordedEvent

KNOWN_MAX = 50_000


class Known:
    """A cache of aggregates, the least recently used going first. Nothing in it is ever changed in place except by the log's own events."""

    def __init__(self, mapper: EventMapper) -> None:
        self.head: Head | None = None
        self._mapper = mapper
        # A plain dictionary, whose order is that of use: another thread may look something up while this one remembers.
        self._aggregates: dict[UUID, Aggregate] = {}

    def find(self, stream: UUID) -> Aggregate | None:
        return self._aggregates.get(stream)

    def advance(self, head: Head, used: Iterable[Aggregate]) -> None:
        """The log now ends at ``head``, and there these aggregates stand."""
        self.head = head
        for aggregate in used:
            self._aggregates.pop(aggregate.id, None)
            self._aggregates[aggregate.id] = aggregate
        while len(self._aggregates) > KNOWN_MAX:
            del self._aggregates[next(iter(self._aggregates))]

    def catch_up(self, batch: Batch) -> None:
        """Takes in what other writers appended, as far as it concerns what is known."""
        if batch.stale:
            self._aggregates.clear()
        for event in batch.others:
            aggregate = self._aggregates.get(event.stream_id)
            if aggregate is not None and event.stream_version == aggregate.version + 1:
                self._apply(aggregate, event)
        self.head = batch.head

    def build(self, events: Iterable[RecordedEvent]) -> Aggregate | None:
        """The aggregate of a whole stream; None when the stream is empty."""
        aggregate = None
        for event in events:
            aggregate = self._apply(aggregate, event)
        return aggregate

    def _apply(self, aggregate: Aggregate | None, row: RecordedEvent) -> Aggregate:
        event = self._mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)
        return cast(Aggregate, cast(CanMutateAggregate[UUID], event).mutate(aggregate))
