"""pacs.002: where a transfer stands, told to the debtor agent whenever that changes.

Every transfer is PDNG from its initiation on and stays so without another word until it goes onward, in the same breath or days later, or
ends: a transfer that is held, one that waits for a condition or for room and one that waits for nothing give the same messages in the same
order, at the same place. Only how long it takes differs.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain import transfer_events as events
from ledger.iso20022.pacs002 import StatusReason, StatusReport, TransferStatus, write_pacs002
from ledger.messages.lives import Step
from ledger.messages.told import Told, coded

# ExternalStatusReason1Code beside ACSP: the creditor agent has it and will credit it; the cash waits to be collected.
DELIVERED, NOT_CONFIRMED = "G005", "G002"


def initiated(step: Step) -> Iterator[Told]:
    """Technically accepted, and pending."""
    yield status(step, "ACTC")
    yield status(step, "PDNG")


def accepted(step: Step) -> Iterator[Told]:
    """An acceptance that comes after the payment changes nothing."""
    if not step.before(events.TransferPaid):
        yield status(step, "ACSP", NOT_CONFIRMED if step.life.initiated.payout_method == "cash" else DELIVERED)


def paid(step: Step) -> Iterator[Told]:
    """To an account, or in cash."""
    yield status(step, "CPUC" if step.life.initiated.payout_method == "cash" else "ACCC")


def rejected(step: Step) -> Iterator[Told]:
    """Before funding; after a hold the reason in the log is MS03 already, whatever it was."""
    event = step.here.event
    assert isinstance(event, events.TransferRejected)
    yield status(step, "RJCT", event.reason)


def refused(step: Step) -> Iterator[Told]:
    """By the creditor agent, for its own reason."""
    event = step.here.event
    assert isinstance(event, events.TransferRefused)
    yield status(step, "RJCT", event.reason)


def cancelled(step: Step) -> Iterator[Told]:
    """On the debtor's request."""
    yield status(step, "RJCT", "CUST")


def expired(step: Step) -> Iterator[Told]:
    """Nobody came for the cash, or the condition was not met."""
    yield status(step, "RJCT", "NOAS")


def status(step: Step, code: str, reason: str | None = None) -> Told:
    """The message that says so, under the references by which the debtor agent knows the transfer."""

    def write(version: str, message_id: str) -> bytes:
        known = step.life.references()
        transfer = TransferStatus(
            status=code,
            uetr=step.life.uetr,
            instruction_id=known.instruction_id,
            end_to_end_id=known.end_to_end_id,
            transaction_id=known.transaction_id,
            reasons=(StatusReason(*coded(reason)),) if reason else (),
            original=known.original,
            instructing_agent=step.agent(step.creditor_agent),
            instructed_agent=step.agent(step.debtor_agent),
        )
        return write_pacs002(StatusReport(message_id, step.said_at, transfers=(transfer,)), version)

    return Told(step.debtor_agent, "pacs.002", write)
