"""What all aggregates and events of the ledger have in common.

An aggregate's public method guards, then records an event; the event's ``apply`` only assigns. Guards never run again when the
stream is replayed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast
from uuid import UUID

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate
from eventsourcing.utils import register_topic, resolve_topic
from pydantic import BaseModel, ConfigDict

AggregateT = TypeVar("AggregateT", bound=BaseAggregate[Any])


class Decision(NamedTuple):
    """Who decides what an aggregate is asked to do: it travels into every event.

    ``at`` is the instant of the commit (UTC), ``cause`` names what made the actor act (a message id, a case, an expired deadline) and
    ``terms`` is the version of the corridor's terms in force.
    """

    at: datetime
    actor: str
    command: UUID
    cause: str
    terms: int


class Event(BaseModel, CanMutateAggregate[UUID]):
    """A fact: immutable, validated, with an explicit topic whose last part is its schema version."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TOPIC: ClassVar[str]

    originator_id: UUID
    originator_version: int
    timestamp: datetime

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "TOPIC" in cls.__dict__:
            register_topic(cls.TOPIC, cls)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """The event that states ``values``, validated as by the constructor, which would take twice as long."""
        return cast(Self, cls.__pydantic_validator__.validate_python(values))

    def _as_dict(self) -> dict[str, Any]:
        return self.__dict__


class DecidedEvent(Event):
    """An event of one command: it names actor, command, cause, the terms version and the rule ids it was decided under."""

    actor: str
    command: UUID
    cause: str = ""
    terms: int
    rules: tuple[str, ...] = ()


class StatesWhatHolds(Event):
    """A fact that says what holds after it (a balance, a floor, a status): of several of one kind in a row the last one tells it all, and
    who reads need not be given those before it."""

    def mutate(self, aggregate: AggregateT | None) -> AggregateT | None:
        """As of any event, but the version before need not be known."""
        if aggregate is not None and aggregate.version < self.originator_version:
            aggregate.version = self.originator_version - 1
        return super().mutate(aggregate)


class CreatedEvent(DecidedEvent, CanInitAggregate[UUID]):
    """The first event of a stream."""

    originator_topic: str

    def mutate(self, aggregate: AggregateT | None) -> AggregateT | None:
        """The new aggregate. An ``__init__`` of ours takes nothing from the event, so nothing is looked for in it."""
        assert aggregate is None
        aggregate_class: type[AggregateT] = resolve_topic(self.originator_topic)
        created = aggregate_class.__new__(aggregate_class)
        created.__base_init__(self.originator_id, self.originator_version, self.timestamp)
        created.__init__()  # type: ignore[misc]
        self.apply(created)
        return created


class Aggregate(BaseAggregate[UUID]):
    """Base of the ledger's aggregates.

    Attributes are set in ``__init__`` and never annotated on the class: the library would turn the class into a dataclass.
    """

    TOPIC = ""
    # Whether most commands of a corridor meet this aggregate, whatever they are about.
    SHARED = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "TOPIC" in cls.__dict__:
            register_topic(cls.TOPIC, cls)

    def copy(self) -> Self:
        """Another aggregate that stands where this one does, with nothing pending. State is assigned, never changed in place, so both may
        share it."""
        twin = type(self).__new__(type(self))
        twin.__dict__ = self.__dict__.copy()
        twin._pending_events = []
        return twin

    @classmethod
    def begin(cls, event_class: type[CreatedEvent], stream: UUID, by: Decision, *, rules: tuple[str, ...] = (), **facts: Any) -> Self:
        """A new aggregate whose first event states ``facts``."""
        at, actor, command, cause, terms = by
        event = event_class.of({
            "originator_id": stream, "originator_version": cls.INITIAL_VERSION, "originator_topic": cls.TOPIC, "timestamp": at,
            "actor": actor, "command": command, "cause": cause, "terms": terms, "rules": rules, **facts,
        })  # fmt: skip
        created = cast(Self, event.mutate(None))
        created._pending_events.append(event)
        return created

    def record(self, event_class: type[DecidedEvent], by: Decision, *, rules: tuple[str, ...] = (), **facts: Any) -> None:
        """Appends the event that states ``facts`` and applies it."""
        at, actor, command, cause, terms = by
        self._append(event_class, at, {
            "originator_id": self._id, "originator_version": self._version + 1, "timestamp": at,
            "actor": actor, "command": command, "cause": cause, "terms": terms, "rules": rules, **facts,
        })  # fmt: skip

    def record_undecided(self, event_class: type[Event], at: datetime, **facts: Any) -> None:
        """Appends an event that no single command decided."""
        self._append(event_class, at, {"originator_id": self._id, "originator_version": self._version + 1, "timestamp": at, **facts})

    def _append(self, event_class: type[Event], at: datetime, values: dict[str, Any]) -> None:
        """The event is made for this very version, so what the library would check about that is so."""
        event = event_class.of(values)
        event.apply(self)
        self._version, self._modified_on = event.originator_version, at
        self._pending_events.append(event)
