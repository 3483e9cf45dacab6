"""What the corridor tells a bank in messages: a function of the log, and of the vault for the parties.

Nothing is sent and nothing is remembered: whoever fetches the messages keeps the position they have come to. A message's id is made of
corridor, position and place among the messages of that position, so the same position gives the same bytes each time. A message
whose person was erased meanwhile is a gap: it stands in its place without a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from ledger.bootstrap import Service
from ledger.domain import transfer_events as events
from ledger.domain.aggregate import DecidedEvent
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.domain.terms import Terms
from ledger.iso20022.head001 import with_header
from ledger.jobs import up_to_date
from ledger.messages import credit_transfers_out, payment_returns_out, recalls_out, settlement_out, status_requests_out, statuses_out
from ledger.messages.headers import Announced, header_of
from ledger.messages.lives import Step, read_agreements, read_lives, read_terms_versions
from ledger.messages.told import Told, message_id
from ledger.projections.feed import FeedEntry, feed
from ledger.projections.snapshot import Snapshot

Look = Callable[[], AbstractContextManager[Snapshot]]
"""Opens a look at the projections."""

TOLD: Final[Mapping[type[DecidedEvent], Callable[[Step], Iterator[Told]]]] = {
    events.TransferInitiated: statuses_out.initiated,
    events.TransferDispatched: credit_transfers_out.dispatched,
    events.TransferAccepted: statuses_out.accepted,
    events.TransferPaid: statuses_out.paid,
    events.TransferRejected: statuses_out.rejected,
    events.TransferRefused: statuses_out.refused,
    events.TransferCancelled: statuses_out.cancelled,
    events.TransferExpired: statuses_out.expired,
    events.TransferReturned: payment_returns_out.returned,
    events.TransferRecallRequested: recalls_out.requested,
    events.TransferRecallAnswered: recalls_out.answered,
    events.TransferUnanswered: status_requests_out.unanswered,
}
"""Every event of a transfer that makes the corridor say something, and what: to either bank, in this order."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one bank. ``position`` is where the log has what it tells, ``index`` its place among the messages of that position.

    ``data`` is the document, in an envelope with its header where the terms say that the bank wants one; None marks a gap: a person in it
    was erased, and it cannot be written any more.
    """

    position: int
    index: int
    message: str
    version: str
    message_id: str
    uetr: UUID | None
    data: bytes | None = field(repr=False)


class Page(NamedTuple):
    """Messages in log order, and the boundary of the log up to which they were looked for."""

    messages: list[Outgoing]
    boundary: int


def messages_after(service: Service, corridor: str, participant: str, after: int, limit: int) -> list[Outgoing]:
    """The first messages to a bank after a log position, in log order: about ``limit``, since what one position tells stays together.

    Empty when there is none after it. Raises UnknownCorridor, or UnknownParticipant for anybody but a bank of the corridor.
    """
    terms = service.ledger(corridor).terms()
    if participant != SETTLEMENT_BANK:
        terms.participant(participant)
    return messages_seen(service, corridor, participant, lambda: up_to_date(service, corridor), after=after, limit=limit).messages


def messages_seen(service: Service, corridor: str, participant: str, look: Look, *, after: int, limit: int) -> Page:
    """As `messages_after`, as far as ``look`` shows the projections. No look is held while the log and the vault are read."""
    if participant == SETTLEMENT_BANK:
        return _settlement_seen(service, corridor, look, after=after, limit=limit)
    found: list[Outgoing] = []
    while True:
        with look() as at:
            boundary = at.boundary
            entries = feed(at, participant, after=after, size=limit)
        found.extend(_messages(service, corridor, participant, entries))
        if len(entries) < limit or len(found) >= limit:
            return Page(_whole_positions(found, limit), boundary)
        after = entries[-1].position


class _Spoken(NamedTuple):
    """What is said at one position, and what all of it has in common; ``at`` is to the second."""

    position: int
    at: datetime
    uetr: UUID | None
    terms: Terms
    told: Iterator[Told]


def _messages(service: Service, corridor: str, participant: str, entries: Sequence[FeedEntry]) -> Iterator[Outgoing]:
    lives = read_lives(service, corridor, {entry.uetr for entry in entries})
    for entry in entries:
        step = lives[entry.uetr].at(entry.position)
        says = TOLD.get(type(step.here.event))
        if says is not None:
            yield from _written(corridor, participant, _Spoken(entry.position, step.said_at, entry.uetr, step.terms, says(step)))


def _settlement_seen(service: Service, corridor: str, look: Look, *, after: int, limit: int) -> Page:
    """What the settlement bank is to pay out."""
    with look() as at:
        boundary, dues = at.boundary, settlement_out.due_after(at, after)[:limit]
    agreements = read_agreements(service, corridor)
    decided_under = read_terms_versions(service, corridor, {due.stream for due in dues})
    found: list[Outgoing] = []
    for due in dues:
        terms = agreements[decided_under[due.position]]
        spoken = _Spoken(due.position, due.at.replace(microsecond=0), None, terms, settlement_out.told(due, terms))
        found.extend(_written(corridor, SETTLEMENT_BANK, spoken))
    return Page(_whole_positions(found, limit), boundary)


def _written(corridor: str, participant: str, spoken: _Spoken) -> Iterator[Outgoing]:
    """Those of the messages of one position that are for this participant."""
    terms = spoken.terms
    for index, told in enumerate(spoken.told):
        if told.to == participant:
            version = terms.message_version(participant, told.message)
            its_id = message_id(corridor, spoken.position, index)
            document = told.write(version, its_id)
            under = terms.header_version(participant)
            if document is not None and under is not None:
                document = with_header(document, header_of(Announced(under, version, its_id, spoken.at), participant, terms))
            yield Outgoing(spoken.position, index, told.message, version, its_id, spoken.uetr, document)


def _whole_positions(found: list[Outgoing], limit: int) -> list[Outgoing]:
    end = limit
    while 0 < end < len(found) and found[end].position == found[end - 1].position:
        end += 1
    return found[:end]
