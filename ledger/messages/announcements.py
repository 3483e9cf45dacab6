"""Pay-ins that a bank announces (camt.057): each is expected from then on, and none is ever booked on the announcement.

A participant's treasury announces its own money; the settlement bank announces whose money will come by the debtor's BIC. An announced
receipt is known by its message's id, its notification's and its own.
"""

from __future__ import annotations

from ledger.commands import AnnouncePayIn
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.errors import UnknownParticipant
from ledger.iso20022.camt057 import AnnouncedReceipt, Announcement, Expectation, read_camt057
from ledger.messages import outcomes
from ledger.messages.asking import ask_all
from ledger.messages.outcomes import Named
from ledger.messages.received import Came, Incoming
from ledger.messages.replies import acknowledge
from ledger.messages.taken import Outcome, Taken


def take_in_announcement(incoming: Incoming) -> Taken:
    """Takes in a camt.057; the reply is a pacs.002 that says which of its receipts are expected now."""
    announcement = read_camt057(incoming.data, incoming.limits)
    sender = announcement.sender.bic if announcement.sender is not None else None
    came = incoming.receive(announcement.message_id, sender, field="GrpHdr/MsgSndr")
    references = _references(incoming.actor, announcement)
    asked = [_asked(incoming, came, receipt, references[receipt.index]) for receipt in announcement.receipts]
    decided = iter(ask_all(incoming, came, [one for one in asked if isinstance(one, AnnouncePayIn)]))
    items = [
        one if isinstance(one, Outcome) else outcomes.answered(_named(receipt), next(decided))
        for receipt, one in zip(announcement.receipts, asked, strict=True)
    ]
    return acknowledge(incoming, came, announcement.created_at, items)


def _references(actor: str, announcement: Announcement) -> dict[int, str]:
    """What each receipt is known by in the ledger; no bank's own reference looks like it."""
    return {
        receipt.index: f"announced:{actor}:{announcement.message_id}/{one.id}/{receipt.id}"
        for one in announcement.notifications
        for receipt in one.receipts
    }


def _named(receipt: AnnouncedReceipt) -> Named:
    return Named(receipt.index, receipt.uetr, receipt.id, receipt.end_to_end_id)


def _asked(incoming: Incoming, came: Came, receipt: AnnouncedReceipt, reference: str) -> AnnouncePayIn | Outcome:
    """The command for a receipt, or the answer to one that cannot have a command."""
    if receipt.findings:
        return outcomes.faulty_part(_named(receipt), receipt.findings[0])
    try:
        participant = _participant(incoming, receipt.expectation)
    except UnknownParticipant as refusal:
        return outcomes.rejected(_named(receipt), refusal.code, "Dbtr", str(refusal))
    assert receipt.amount is not None and receipt.expectation.expected_on is not None
    minor, currency = receipt.amount
    account = receipt.expectation.account
    return AnnouncePayIn(
        corridor=incoming.corridor,
        actor=incoming.actor,
        idempotency_key=came.key_of(receipt.index),
        cause=came.cause,
        participant=participant,
        amount=minor,
        currency=currency,
        reference=reference,
        expected_on=receipt.expectation.expected_on,
        account=account.number if account is not None else None,
    )


def _participant(incoming: Incoming, expectation: Expectation) -> str:
    """Whose money it is. Raises UnknownParticipant where the settlement bank names no bank of the corridor as the debtor."""
    if incoming.actor != SETTLEMENT_BANK:
        return incoming.actor
    debtor = expectation.debtor.bic if expectation.debtor is not None else None
    through = expectation.debtor_agent.bic if expectation.debtor_agent is not None else None
    return incoming.terms.participant_of_bic(debtor or through or "")
