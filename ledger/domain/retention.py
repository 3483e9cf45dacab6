"""When the people of a transfer are forgotten: so many years after the last thing that happened to it, as the terms say."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.retention_events import RetentionEnded
from ledger.domain.transfer import Transfer
from ledger.errors import NotPermitted, RetentionRunning

JOB: Final = "system:retention"
ENDED: Final = ("paid", "returned", "rejected", "refunded", "cancelled")


class Retention(Aggregate):
    """The end of keeping one transfer's people: a stream of one event."""

    TOPIC = "Retention"

    @classmethod
    def end(cls, stream: UUID, by: Decision, *, transfer: Transfer, subjects: tuple[UUID, ...], years: int) -> Retention:
        """Raises NotPermitted unless the job asks, and RetentionRunning while the transfer goes on, is frozen, or ended too short a time
        ago."""
        if by.actor != JOB:
            raise NotPermitted(f"{by.actor} ends no retention.", field="actor", value=by.actor, way_out="Let officers erase a person.")
        last_changed = transfer.modified_on
        if transfer.state not in ENDED or transfer.frozen or last_changed > years_before(by.at, years):
            raise RetentionRunning(
                f"{transfer.id} is {'frozen' if transfer.frozen else transfer.state} since {last_changed:%Y-%m-%d}; its people are kept "
                f"for {years} years after its end.",
                field="uetr",
                value=transfer.id,
                way_out="Wait for the end of that time, or let two officers erase a person.",
            )
        parties = (transfer.debtor, transfer.creditor)
        kept = dict.fromkeys((*parties, *subjects))
        return cls.begin(RetentionEnded, stream, by, uetr=transfer.id, subjects=tuple(kept), last_changed=last_changed, years=years)


def years_before(instant: datetime, years: int) -> datetime:
    """The same day and time so many years earlier; the first of March where there is no 29th of February."""
    try:
        return instant.replace(year=instant.year - years)
    except ValueError:
        return instant.replace(year=instant.year - years, month=3, day=1)
