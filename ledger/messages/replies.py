"""The pacs.002 that answers a message: what became of each of its transactions. Asked again it is the same, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from textwrap import wrap

from ledger.iso20022.pacs002 import GroupStatus, OriginalMessage, StatusReason, StatusReport, TransferStatus, group_status_of, write_pacs002
from ledger.messages.received import Came, Incoming
from ledger.messages.taken import Outcome, Taken

_MESSAGE_ID_MAX = 35  # Max35Text
_LINE_MAX = 105  # Max105Text


def acknowledge(incoming: Incoming, came: Came, created_at: datetime, items: Sequence[Outcome]) -> Taken:
    """The answer to a message that was made at ``created_at``, with the pacs.002 that says it."""
    return incoming.answer(came, items, status_reply(incoming, came, created_at, items))


def status_reply(incoming: Incoming, came: Came, created_at: datetime, items: Iterable[Outcome]) -> bytes:
    """The answer to a message that was made at ``created_at``, in the version its sender wanted to be sent when the message came."""
    transfers = tuple(status_of(item) for item in items)
    group = GroupStatus(
        OriginalMessage(came.message_id, incoming.version, created_at),
        status=group_status_of(transfer.status for transfer in transfers),
        count=len(transfers),
    )
    report = StatusReport(reply_id("STS", came.key), came.received_at, groups=(group,), transfers=transfers)
    return write_pacs002(report, reply_version(incoming, came))


def reply_version(incoming: Incoming, came: Came, message: str = "pacs.002") -> str:
    """The version of a reply that the sender wanted on the day on which the message came, by its own calendar's terms."""
    corridor = incoming.ledger.corridor_or_none()
    assert corridor is not None  # its terms were read when the message came in
    day = incoming.terms.settlement.calendar.local(came.received_at).date()
    return corridor.terms_on(day).message_version(incoming.actor, message)


def status_of(item: Outcome) -> TransferStatus:
    """One transaction's answer; a rejected one names the rule, the element at fault and what to do."""
    reasons = (StatusReason(item.reason, information=explained(item)),) if item.rejected or item.reason else ()
    return TransferStatus(item.status, item.uetr, item.instruction_id, item.end_to_end_id, reasons=reasons)


def explained(item: Outcome) -> tuple[str, ...]:
    """Why a transaction was rejected, in lines: the rule and the element at fault, then the sentence. Empty for one that was not."""
    if not item.rejected or not item.rule:
        return ()
    return (f"{item.rule} {item.field}".strip()[:_LINE_MAX], *wrap(item.sentence, _LINE_MAX))


def reply_id(prefix: str, answered: str) -> str:
    """A message id of our own, made of what it answers: ``STS-pacs.004-R1``, or a digest where that is too long."""
    readable = f"{prefix}-{answered.replace('/', '-', 1)}"
    return readable if len(readable) <= _MESSAGE_ID_MAX else f"{prefix}-{sha256(answered.encode()).hexdigest()[: _MESSAGE_ID_MAX - 4]}"
