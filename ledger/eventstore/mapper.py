"""Events to the exact bytes that are stored and hashed, and back.

Stream id and version stand in the row, not in the bytes. The schema version is the last part of the topic; an older one passes through
its upcasters, a newer one is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent
from eventsourcing.utils import TopicError, resolve_topic
from msgspec import json
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from ledger.domain.aggregate import Event, StatesWhatHolds
from ledger.errors import LedgerError
from ledger.eventstore.records import NewEvent

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def _with_message_versions(state: dict[str, Any]) -> dict[str, Any]:
    """Terms that said nothing of the versions of messages: every bank is sent the usual ones."""
    agreement = state["agreement"]
    participants = {key: {**participant, "messages": {}} for key, participant in agreement["participants"].items()}
    return {**state, "agreement": {**agreement, "settlement": {**agreement["settlement"], "messages": {}}, "participants": participants}}


# Old topic -> (the next topic, what turns the old state into the new one). Every version that was ever stored stays here for good.
UPCASTERS: dict[str, tuple[str, Upcaster]] = {
    "Corridor.Opened.v1": ("Corridor.Opened.v2", _with_message_versions),
    "Corridor.TermsAmended.v1": ("Corridor.TermsAmended.v2", _with_message_versions),
}


class UnknownEvent(LedgerError):
    """A stored event has a topic this version does not know: it was written by a newer one."""


def read_state(topic: str, state: bytes | str) -> tuple[str, dict[str, Any]]:
    """The newest topic and the fields of a stored state, upcast but not validated: for readers that want facts, not events.

    Raises ValueError when the bytes are not JSON.
    """
    fields = from_json(state)
    while topic in UPCASTERS:
        topic, upcast = UPCASTERS[topic]
        fields = upcast(fields)
    return topic, fields


def _fields(model: BaseModel) -> dict[str, Any]:
    """The fields of a model in their order, without what it may have cached beside them."""
    held = model.__dict__
    names = type(model).__pydantic_fields__
    return held if len(held) == len(names) else {name: held[name] for name in names}


# Writes the very bytes that pydantic's own serializer would, in a third of the time; a test holds the two against each other.
_to_json = json.Encoder(enc_hook=_fields).encode


class EventMapper(Mapper[UUID]):
    """The library's mapper protocol on pydantic events. ``upcasters`` is replaced only by tests."""

    upcasters = UPCASTERS

    def encode(self, event: Event) -> NewEvent:
        """The row of an event: what the log appends."""
        fields = _fields(event).copy()
        return NewEvent(fields.pop("originator_id"), fields.pop("originator_version"), event.TOPIC, _to_json(fields))

    def decode(self, stream_id: UUID, stream_version: int, topic: str, state: bytes) -> Event:
        """The event of a row. Raises UnknownEvent for a topic from the future."""
        while topic in self.upcasters:
            topic, upcast = self.upcasters[topic]
            state = to_json(upcast(from_json(state)))
        try:
            event_class = cast(type[Event], resolve_topic(topic))
        except TopicError:
            raise UnknownEvent(
                f"Event {stream_version} of stream {stream_id} has topic {topic!r}, which this version does not know. "
                "Run a version at least as new as the one that wrote it."
            ) from None
        # Splicing the row's columns into the object reads the bytes once, without a dictionary in between.
        row = b'{"originator_id":"%s","originator_version":%d,' % (str(stream_id).encode(), stream_version)
        return event_class.__pydantic_validator__.validate_json(row + state[1:])  # type: ignore[no-any-return]

    def states_what_holds(self, topic: str) -> bool:
        """Whether of several such events in a row only the last has to be read."""
        return topic not in self.upcasters and issubclass(resolve_topic(topic), StatesWhatHolds)

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        new = self.encode(cast(Event, domain_event))
        return StoredEvent(originator_id=new.stream_id, originator_version=new.stream_version, topic=new.topic, state=new.state)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        stream_id = cast(UUID, stored_event.originator_id)
        return self.decode(stream_id, stored_event.originator_version, stored_event.topic, stored_event.state)
