"""A bank's feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import Taken, with_example
from api.schemas.transfers import UETR
from ledger.projections.feed import FeedEntry, Kind

ENTRY: dict[str, Any] = {"position": 1208, "recorded_at": "2026-03-27T09:04:10Z", "kind": "paid", "uetr": UETR}


class FeedStep(BaseModel):
    """One thing that happened to one transfer. Ask for the transfer to see where it stands."""

    model_config = with_example(ENTRY)

    position: int = Field(description="Where the log has it; also what makes the entry one of a kind.")
    recorded_at: datetime
    kind: Kind
    uetr: UUID

    @classmethod
    def of(cls, entry: FeedEntry) -> FeedStep:
        """An entry as it is told."""
        return cls.model_validate({name: getattr(entry, name) for name in cls.model_fields})


class FeedPage(Taken):
    """A page of the caller's feed, in log order."""

    model_config = with_example({"position": 1210, "entries": [ENTRY], "next": 1208})

    entries: list[FeedStep]
    next: int = Field(description="What `after` of the next page is. The same as was asked when nothing new happened.")
