"""What happened to a participant's own transfers, in log order: the guarantee behind every message and webhook."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from ledger.projections.snapshot import Snapshot

Kind = Literal[
    "initiated", "rejected", "dispatched", "accepted", "paid", "refused", "cancelled", "expired", "refunded", "returned", "unanswered",
    "recall_requested", "recall_answered",
]  # fmt: skip
"""Every kind of entry; before its dispatch only the debtor agent hears of a transfer, and of a refund only it."""


class FeedEntry(NamedTuple):
    """One step of a transfer; see `Kind`.

    The creditor agent acts upon "dispatched" (pay it), "recall_requested" and "unanswered" (answer it), "cancelled" and "expired" (do not
    pay it). What compliance does is in nobody's feed.
    """

    position: int
    boundary: int
    recorded_at: datetime
    kind: Kind
    uetr: UUID


def feed(at: Snapshot, participant: str, *, after: int = 0, size: int = 100) -> list[FeedEntry]:
    """At most `size` entries of a participant's feed after position `after`."""
    return [FeedEntry(*row) for row in at.rows("feed", participant=participant, after=after, size=size)]
