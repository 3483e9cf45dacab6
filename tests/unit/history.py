"""Given events, when a method is called, then events: how tests of one aggregate are written.

A history is a list of facts; `given` gives them stream and version, encodes and decodes them, and replays them into the aggregate.
`recorded` compares what the aggregate recorded afterwards with the facts expected, whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder

from ledger.domain.aggregate import Aggregate, CreatedEvent, DecidedEvent, Decision, Event
from ledger.eventstore.mapper import EventMapper

AggregateT = TypeVar("AggregateT", bound=Aggregate)


class Fact(NamedTuple):
    """An event that does not know its stream and version yet."""

    event_class: type[Event]
    says: dict[str, Any]


def fact(event_class: type[DecidedEvent], by: Decision, *, rules: tuple[str, ...] = (), **says: Any) -> Fact:
    """What ``by`` decided."""
    decided = {"timestamp": by.at, "actor": by.actor, "command": by.command, "cause": by.cause, "terms": by.terms, "rules": rules}
    if issubclass(event_class, CreatedEvent):
        decided["originator_topic"] = event_class.TOPIC.partition(".")[0]
    return Fact(event_class, decided | says)


def events(stream: UUID, facts: Iterable[Fact], *, after: int = 0) -> list[Event]:
    """The facts as events of a stream that had ``after`` events before."""
    return [
        event_class(originator_id=stream, originator_version=version, **says)
        for version, (event_class, says) in enumerate(facts, after + 1)
    ]


def given(kind: type[AggregateT], stream: UUID, *facts: Fact) -> AggregateT:
    """The aggregate that these facts made, through their stored bytes."""
    aggregate = replayed(events(stream, facts))
    assert isinstance(aggregate, kind)
    return aggregate


def replayed(happened: Iterable[Event]) -> Any:
    """What a replay of these events, encoded and decoded, gives."""
    mapper, aggregate = EventMapper(JSONTranscoder()), None
    for event in happened:
        aggregate = mapper.decode(*mapper.encode(event)).mutate(aggregate)
    return aggregate


def recorded(aggregate: Aggregate, *facts: Fact) -> None:
    """Exactly these facts came after what was given, whole."""
    happened = list(aggregate.pending_events)
    assert happened == events(aggregate.id, facts, after=aggregate.version - len(happened))


def recorded_nothing(aggregate: Aggregate) -> None:
    """A refused command leaves no event."""
    assert list(aggregate.pending_events) == []


def facts_known(aggregate: Aggregate) -> dict[str, Any]:
    """All that the aggregate knows, as a replay would give it: what it still has to append is not part of it."""
    return {name: value for name, value in vars(aggregate).items() if name != "_pending_events"}
