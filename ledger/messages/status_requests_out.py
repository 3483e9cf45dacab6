"""pacs.028: what became of it? Asked of the creditor agent when it stayed silent longer than the terms let it."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.iso20022.pacs028 import AskedTransfer, StatusRequest, write_pacs028
from ledger.messages.lives import Step
from ledger.messages.told import Told


def unanswered(step: Step) -> Iterator[Told]:
    """The debtor agent is told nothing: nothing is known that it does not know."""
    yield Told(step.creditor_agent, "pacs.028", lambda _version, message_id: _write(step, message_id))


def _write(step: Step, message_id: str) -> bytes:
    sent = step.life.sent_on()
    asked = AskedTransfer(
        index=1,
        uetr=step.life.uetr,
        request_id=message_id,
        original=sent.original,
        original_instruction_id=sent.instruction_id,
        original_end_to_end_id=sent.end_to_end_id,
        instructing_agent=step.agent(step.debtor_agent),
        instructed_agent=step.agent(step.creditor_agent),
    )
    return write_pacs028(StatusRequest(message_id, step.said_at, (asked,)))
