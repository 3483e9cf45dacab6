"""Part of I9: the stored bytes can still be read, each as an event of its topic."""

from __future__ import annotations

from uuid import UUID

from eventsourcing.persistence import JSONTranscoder
from pydantic import ValidationError

# Importing a module of events makes their topics known.
from ledger.domain import (  # noqa: F401
    account_events,
    break_events,
    case_events,
    corridor_events,
    cycle_events,
    movement_events,
    personal_data_events,
    quote_events,
    rates_events,
    retention_events,
    signing_key_events,
    transfer_events,
)
from ledger.errors import LedgerError
from ledger.eventstore.mapper import EventMapper

_MAPPER = EventMapper(JSONTranscoder())


def unreadable(stream_id: UUID, version: int, topic: str, state: bytes) -> str | None:
    """Why a row cannot be read as an event of its topic; None when it can. The message names fields, never their contents."""
    try:
        _MAPPER.decode(stream_id, version, topic, state)
    except ValidationError as error:
        fields = {".".join(map(str, fault["loc"])) or "document" for fault in error.errors()}
        return f"the bytes are no {topic}: {', '.join(sorted(fields))}"
    except LedgerError as error:
        return str(error)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return f"the bytes are no {topic}: {type(error).__name__}"
    return None
