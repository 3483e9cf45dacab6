"""Which messages made something happen, found by what the log says was its cause."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.bootstrap import Service
from ledger.messages.received import keys_of_cause
from ledger.privacy.received import ReceivedMessage, ReceivedMessages


def messages_behind(service: Service, corridor: str, asked: Iterable[tuple[str, str]]) -> list[ReceivedMessage]:
    """The messages among these causes, each named with the actor who asked, as they were received; the oldest first."""
    named = {(actor, *_kind_and_id(key)) for actor, cause in asked if cause for key in keys_of_cause(cause)}
    return ReceivedMessages(service.pool, service.vault).named(corridor, named)


def _kind_and_id(key: str) -> tuple[str, str]:
    message, _, message_id = key.partition("/")
    return message, message_id
