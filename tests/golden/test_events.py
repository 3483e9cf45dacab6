"""Every event version that was ever stored still reads as its golden sample says (I13).

A sample is the exact state of a stored event, one file a topic. `write_samples` writes those of new events.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import JSONTranscoder
from pydantic import ValidationError
from pydantic_core import from_json

import ledger.domain
from ledger.domain.aggregate import CreatedEvent, Event
from ledger.domain.transfer_events import TransferAccepted
from ledger.eventstore.mapper import UPCASTERS, EventMapper, UnknownEvent
from tests.golden.write_samples import SAMPLES, story, write

STREAM, VERSION = UUID(int=1), 7
FILES = {path.stem: path for path in sorted(SAMPLES.glob("*.json"))}

# Stored by earlier versions and still read; nothing records them any more, so the story does not either.
NO_LONGER_RECORDED = {"Corridor.KeyRegistered.v1", "Corridor.KeyRevoked.v1"}

for module in pkgutil.iter_modules(ledger.domain.__path__):
    importlib.import_module(f"ledger.domain.{module.name}")


def kinds(base: type[Event] = Event) -> list[type[Event]]:
    """Every event class that has a topic."""
    below = [kind for child in base.__subclasses__() for kind in kinds(child)]
    return [*below, base] if "TOPIC" in base.__dict__ and base.__module__.startswith("ledger.") else below


KINDS = {kind.TOPIC: kind for kind in kinds()}


def mapper() -> EventMapper:
    return EventMapper(JSONTranscoder())


def state_of(topic: str) -> bytes:
    """The stored bytes of a sample; the file ends with a line end, the state does not."""
    return FILES[topic].read_bytes().removesuffix(b"\n")


def test_every_event_has_a_sample_and_every_sample_is_an_event() -> None:
    """A new event needs ``python -m tests.golden.write_samples``; a topic that was stored is never given up without an upcaster."""
    assert set(FILES) == set(KINDS) | set(UPCASTERS)


@pytest.mark.parametrize("topic", sorted(KINDS))
def test_a_sample_decodes_to_exactly_what_was_stored(topic: str) -> None:
    """Field by field, nothing added and nothing lost; stream and version come from the row."""
    event = mapper().decode(STREAM, VERSION, topic, state_of(topic))
    assert type(event) is KINDS[topic]
    assert event.model_dump(mode="json") == from_json(state_of(topic)) | {
        "originator_id": str(STREAM), "originator_version": VERSION,
    }  # fmt: skip


@pytest.mark.parametrize("topic", sorted(KINDS))
def test_a_sample_encodes_to_the_very_same_bytes(topic: str) -> None:
    """So that hashes made over stored bytes can be made again."""
    event = mapper().decode(STREAM, VERSION, topic, state_of(topic))
    assert mapper().encode(event) == (STREAM, VERSION, topic, state_of(topic))


@pytest.mark.parametrize("topic", sorted(KINDS))
def test_a_sample_reads_the_same_through_the_library(topic: str) -> None:
    """The eventsourcing library's own way to a stored event and back."""
    event = mapper().decode(STREAM, VERSION, topic, state_of(topic))
    assert mapper().to_domain_event(mapper().to_stored_event(event)) == event


@pytest.mark.parametrize("topic", sorted(topic for topic, kind in KINDS.items() if issubclass(kind, CreatedEvent)))
def test_a_first_event_still_makes_its_aggregate(topic: str) -> None:
    """Its aggregate is found by the name it was stored under."""
    aggregate: Any = mapper().decode(STREAM, 1, topic, state_of(topic)).mutate(None)
    assert (type(aggregate).TOPIC, aggregate.id, aggregate.version) == (topic.partition(".")[0], STREAM, 1)


@pytest.mark.parametrize("topic", sorted(KINDS))
def test_a_topic_says_aggregate_event_and_version(topic: str) -> None:
    """``Transfer.Initiated.v1``: readable in the log without this code."""
    aggregate, event, version = topic.split(".")
    assert (aggregate.isidentifier(), event.isidentifier(), version[0], version[1:].isdecimal()) == (True, True, "v", True)


@pytest.mark.parametrize("topic", sorted(KINDS))
def test_no_event_takes_a_field_it_does_not_know(topic: str) -> None:
    """An event of a newer version under an old name is refused, not read in part."""
    surprised = state_of(topic).removesuffix(b"}") + b',"surprise":1}'
    with pytest.raises(ValidationError, match="surprise"):
        mapper().decode(STREAM, VERSION, topic, surprised)


def test_an_old_version_passes_through_its_upcasters() -> None:
    """Two steps up: the first renamed the days to collect, the second made an instant of them."""

    class WithHistory(EventMapper):
        upcasters = {  # noqa: RUF012 - replaced for the test, as its docstring allows
            "Transfer.Accepted.v-1": ("Transfer.Accepted.v0", lambda state: {**without(state, "collect_by"), "until": state["collect_by"]}),
            "Transfer.Accepted.v0": ("Transfer.Accepted.v1", lambda state: {**without(state, "until"), "collect_until": state["until"]}),
        }

    now = state_of("Transfer.Accepted.v1")
    then = now.replace(b'"collect_until"', b'"collect_by"')
    assert then != now
    event = WithHistory(JSONTranscoder()).decode(STREAM, VERSION, "Transfer.Accepted.v-1", then)
    assert event == mapper().decode(STREAM, VERSION, "Transfer.Accepted.v1", now)
    assert type(event) is TransferAccepted


def without(state: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != field}


def test_an_event_of_the_future_is_refused_by_name() -> None:
    """With its place, so that the operator knows what was met and what to run."""
    with pytest.raises(UnknownEvent) as refused:
        mapper().decode(STREAM, VERSION, "Transfer.Accepted.v2", b"{}")
    assert str(refused.value) == (
        f"Event 7 of stream {STREAM} has topic 'Transfer.Accepted.v2', which this version does not know. "
        "Run a version at least as new as the one that wrote it."
    )


def test_the_story_records_every_event() -> None:
    """So that every new event finds its way into the samples."""
    assert {row.topic for row in story()[0].rows} == set(KINDS) - NO_LONGER_RECORDED


def test_samples_are_written_once(tmp_path: Path) -> None:
    """What is there stays as it is, whatever the story says today."""
    assert write(tmp_path) == sorted(set(KINDS) - NO_LONGER_RECORDED)
    changed = tmp_path / "Transfer.Paid.v1.json"
    changed.write_bytes(b"{}\n")
    assert write(tmp_path) == []
    assert changed.read_bytes() == b"{}\n"
