"""What a participant is to act upon as creditor agent, in log order: the guarantee behind every message and webhook."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ledger.projections.snapshot import Snapshot


class FeedEntry(NamedTuple):
    """One step of a transfer: "dispatched" (pay it), "recall_requested" (answer it), "cancelled" or "expired" (do not pay it)."""

    position: int
    boundary: int
    recorded_at: datetime
    kind: str
    uetr: UUID


def feed(at: Snapshot, participant: str, *, after: int = 0, size: int = 100) -> list[FeedEntry]:
    """At most `size` entries of a participant's feed after position `after`."""
    return [FeedEntry(*row) for row in at.rows("feed", participant=participant, after=after, size=size)]
