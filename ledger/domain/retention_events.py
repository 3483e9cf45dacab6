"""What happens when the time for keeping personal data has passed. Ids only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.domain.aggregate import CreatedEvent


class RetentionEnded(CreatedEvent):
    """Nothing happened to a transfer since ``last_changed``, longer ago than the terms keep it (``years``). The vault destroys the keys of
    its ``subjects`` afterwards, and again after each restore: its parties, and what officers wrote about it."""

    TOPIC = "Retention.Ended.v1"
    uetr: UUID
    subjects: tuple[UUID, ...]
    last_changed: datetime
    years: int

    def apply(self, aggregate: Any) -> None:
        pass
