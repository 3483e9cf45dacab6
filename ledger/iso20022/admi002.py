"""admi.002, message reject: the answer to a message that cannot be taken as a whole, when nothing in it can be answered by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from ledger.iso20022.elements import branch, leaf, root, to_bytes
from ledger.iso20022.errors import ElementMissing, UnreadableMessage, ValueInvalid
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.values import read_instant, write_instant
from ledger.iso20022.xml import MessageStream

VERSION = "admi.002.001.01"
# The reference of a message that names none, or whose id cannot be read (RltdRef is required).
UNKNOWN_REFERENCE = "NOTPROVIDED"
_PART = "admi.002.001.01"
_REASON_MAX, _TEXT_MAX, _DATA_MAX = 35, 350, 20_000  # Max35Text, Max350Text, Max20000Text


@dataclass(frozen=True, slots=True)
class MessageReject:
    """``reference`` is the rejected message's id, ``reason`` the rejecting party's word for why, ``location`` where in it."""

    reference: str
    reason: str
    rejected_at: datetime | None = None
    location: str | None = None
    description: str | None = None
    data: str | None = None


def reject_of(error: UnreadableMessage, reference: str | None, rejected_at: datetime) -> MessageReject:
    """What to tell the sender of a message that ``error`` kept from being taken: the code, the element or line, and the way out."""
    location = ", ".join(part for part in (error.field, f"line {error.line}" if error.line else "") if part)
    return MessageReject(
        reference=reference or UNKNOWN_REFERENCE,
        reason=error.code[:_REASON_MAX],
        rejected_at=rejected_at,
        location=location[:_TEXT_MAX] or None,
        description=str(error)[:_TEXT_MAX],
    )


def read_admi002(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> MessageReject:
    """A message reject. Raises UnreadableMessage."""
    stream = MessageStream(source, message="admi.002", parts=frozenset({_PART}), versions=range(1, 2), limits=limits)
    found = [fields for _, fields in stream]
    if len(found) != 1:
        raise ElementMissing(f"The message has no {_PART}.", field=_PART, way_out="Send what was rejected and why.")
    [fields] = found
    stated = fields.text("Rsn/RjctnDtTm")
    rejected_at = read_instant(stated) if stated is not None else None
    if stated is not None and rejected_at is None:
        raise ValueInvalid("RjctnDtTm is no instant.", field="Rsn/RjctnDtTm", way_out="Write it like 2026-03-27T09:00:00Z.")
    return MessageReject(
        reference=_required(fields, "RltdRef/Ref", _REASON_MAX),
        reason=_required(fields, "Rsn/RjctgPtyRsn", _REASON_MAX),
        rejected_at=rejected_at,
        location=_text(fields, "Rsn/ErrLctn", _TEXT_MAX),
        description=_text(fields, "Rsn/RsnDesc", _TEXT_MAX),
        data=_text(fields, "Rsn/AddtlData", _DATA_MAX),
    )


def write_admi002(reject: MessageReject) -> bytes:
    """The reject as admi.002.001.01 in UTF-8. Raises ValueError when its instant lacks the offset."""
    document = root(VERSION, "Document")
    message = branch(document, _PART)
    leaf(branch(message, "RltdRef"), "Ref", reject.reference)
    reason = branch(message, "Rsn")
    leaf(reason, "RjctgPtyRsn", reject.reason)
    if reject.rejected_at is not None:
        leaf(reason, "RjctnDtTm", write_instant(reject.rejected_at))
    leaf(reason, "ErrLctn", reject.location)
    leaf(reason, "RsnDesc", reject.description)
    leaf(reason, "AddtlData", reject.data)
    return to_bytes(document)


def _text(fields: Fields, path: str, length_max: int) -> str | None:
    text = fields.text(path)
    if text is not None and len(text) > length_max:
        raise ValueInvalid(f"{path} has more than {length_max} characters.", field=path, way_out=f"Send at most {length_max}.")
    return text


def _required(fields: Fields, path: str, length_max: int) -> str:
    text = _text(fields, path, length_max)
    if text is None:
        raise ElementMissing(f"{path} is missing.", field=path, way_out="Send what was rejected and why.")
    return text
