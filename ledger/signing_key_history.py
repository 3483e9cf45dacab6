"""Who did what about a public key, as the log has it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, cast

from ledger.application import Ledger
from ledger.domain import ids
from ledger.domain.aggregate import DecidedEvent
from ledger.eventstore.mapper import EventMapper


class KeyHistoryEntry(NamedTuple):
    """One event about a key: where and when, who, what (its topic's own word) and why where a reason was given."""

    position: int
    at: datetime
    actor: str
    what: str
    reason: str


def history_of(ledger: Ledger, key_id: str) -> list[KeyHistoryEntry]:
    """All events about one key, those about the key that followed it among them, in the order of the log."""
    mapper = cast(EventMapper, ledger.mapper)
    entries = []
    for row in ledger.log_store.select_stream(ids.keys_stream(ledger.corridor_code)):
        event: Any = mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)
        if isinstance(event, DecidedEvent) and key_id in (getattr(event, "key_id", ""), getattr(event, "replaces", "")):
            what = row.topic.split(".")[1].removeprefix("Key")
            entries.append(KeyHistoryEntry(row.position, row.recorded_at, event.actor, what, _reason(event, key_id)))
    return entries


def _reason(event: Any, key_id: str) -> str:
    if getattr(event, "replaces", "") == key_id:
        return f"followed by {event.key_id}"
    return cast(str, getattr(event, "reason", ""))
