"""pacs.028 from a debtor agent: is it paid? Answered by a pacs.002 with where each transfer stood when the question came.

A bank is told of its own transfers only; another's is answered like one that does not exist.
"""

from __future__ import annotations

from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.pacs002 import StatusReport, TransferStatus, write_pacs002
from ledger.iso20022.pacs028 import AskedTransfer, StatusRequest, read_pacs028
from ledger.messages import outcomes
from ledger.messages.outcomes import Named
from ledger.messages.present_status import Seen, present_status, transfers_at
from ledger.messages.received import Came, Incoming
from ledger.messages.replies import reply_id, reply_version, status_of
from ledger.messages.taken import Outcome, Taken


def take_in_status_request(incoming: Incoming) -> Taken:
    """Takes in a pacs.028; the reply is its pacs.002, which names the messages that the transfers came in as the question does."""
    incoming.terms.participant(incoming.actor)
    request = read_pacs028(incoming.data, incoming.limits)
    came = incoming.receive(request.message_id, request.instructing_agent.bic if request.instructing_agent else None)
    seen = transfers_at(incoming.ledger, ((one.uetr, came.position) for one in request.asked if isinstance(one, AskedTransfer)))
    items = tuple(
        outcomes.faulty(one) if isinstance(one, TransferFault) else _told(one, seen.get((one.uetr, came.position)), incoming.actor)
        for one in request.asked
    )
    return incoming.answer(came, items, _reply(incoming, came, request, items))


def _told(one: AskedTransfer, seen: Seen | None, actor: str) -> Outcome:
    named = Named(one.index, one.uetr, one.original_instruction_id, one.original_end_to_end_id)
    if seen is None or seen.transfer.pricing.debtor_agent != actor:
        return outcomes.unknown(named)
    present = present_status(seen.transfer)
    return outcomes.taken(named, present.status, reason=present.reason)


def _reply(incoming: Incoming, came: Came, request: StatusRequest, items: tuple[Outcome, ...]) -> bytes:
    transfers = tuple(_status(one, item) for one, item in zip(request.asked, items, strict=True))
    report = StatusReport(reply_id("STS", came.key), came.received_at, transfers=transfers)
    return write_pacs002(report, reply_version(incoming, came))


def _status(one: AskedTransfer | TransferFault, item: Outcome) -> TransferStatus:
    status = status_of(item)
    if isinstance(one, TransferFault):
        return status
    return TransferStatus(
        status.status,
        status.uetr,
        status.instruction_id,
        status.end_to_end_id,
        one.original_transaction_id,
        reasons=status.reasons,
        original=one.original,
    )
