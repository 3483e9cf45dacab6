"""Where a transfer stood at a position of the log, as its debtor agent is told (the status table of the corridor).

A hold, a condition, a cut-off and a wait for room give the same status, so that a hold tips nobody off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, cast
from uuid import UUID

from ledger.application import Ledger
from ledger.domain.aggregate import DecidedEvent
from ledger.domain.transfer import Transfer
from ledger.domain.transfer_events import TransferDispatched
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import RecordedEvent
from ledger.messages.statuses_out import DELIVERED, NOT_CONFIRMED


class Seen(NamedTuple):
    """A transfer, and whether it had been sent onward: before that its creditor agent knows nothing of it."""

    transfer: Transfer
    sent_onward: bool

    def known_to(self, participant: str) -> bool:
        """Whether this bank has, or was sent, the transfer."""
        pricing = self.transfer.pricing
        return participant == pricing.debtor_agent or (participant == pricing.creditor_agent and self.sent_onward)


class PresentStatus(NamedTuple):
    """A code of the external set, and the reason beside it where there is one."""

    status: str
    reason: str = ""


Stand = tuple[UUID, int]
"""A transfer and a position of the log."""


def transfers_at(ledger: Ledger, stands: Iterable[Stand]) -> dict[Stand, Seen]:
    """Transfers as each stood at a position, in one read for all of them; those that were not there yet are left out."""
    wanted = set(stands)
    mapper = cast(EventMapper, ledger.mapper)
    streams = ledger.log_store.read_streams(dict.fromkeys((uetr for uetr, _ in wanted), 0))
    found: dict[Stand, Seen] = {}
    for uetr, position in wanted:
        seen = _seen(mapper, [row for row in streams[uetr] if row.position <= position])
        if seen is not None:
            found[uetr, position] = seen
    return found


def _seen(mapper: EventMapper, rows: Iterable[RecordedEvent]) -> Seen | None:
    transfer: Transfer | None = None
    sent_onward = False
    for row in rows:
        event = cast(DecidedEvent, mapper.decode(row.stream_id, row.stream_version, row.topic, row.state))
        transfer = event.mutate(transfer)
        sent_onward = sent_onward or isinstance(event, TransferDispatched)
    return None if transfer is None else Seen(transfer, sent_onward)


def present_status(transfer: Transfer) -> PresentStatus:
    """What a pacs.002 says of it."""
    cash = transfer.payout_method == "cash"
    match transfer.state:
        case "initiated":
            return PresentStatus("ACTC")
        case "held" | "cleared" | "funded":
            return PresentStatus("PDNG")
        case "dispatched":
            return PresentStatus("ACSP")
        case "accepted":
            return PresentStatus("ACSP", NOT_CONFIRMED if cash else DELIVERED)
        case "paid" | "returned":
            return PresentStatus("CPUC" if cash else "ACCC")
        case _:
            return PresentStatus("RJCT", transfer.reason)
