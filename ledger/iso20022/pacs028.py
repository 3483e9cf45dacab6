"""pacs.028, payment status request: a bank asks what became of a payment it sent.

Versions 01 to 15 are read, 03 is written. Each payment asked about is named by its UETR; a request that names none is refused as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from lxml import etree

from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.elements import add_agent, branch, leaf, root, to_bytes
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.errors import ElementRepeated
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.group_header import GroupFields, missing
from ledger.iso20022.original import add_original, read_original
from ledger.iso20022.parties import Agent
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import write_exact_instant
from ledger.iso20022.xml import MessageStream

VERSION = "pacs.028.001.03"
_GROUP = "FIToFIPmtStsReq/GrpHdr"
_ASKED = "FIToFIPmtStsReq/TxInf"
_READ_ONCE = frozenset(
    {"StsReqId", "OrgnlGrpInf", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR", "AccptncDtTm", "ClrSysRef"}
    | {"InstgAgt", "InstdAgt"}
)
_MAY_REPEAT = ("/AdrLine",)


@dataclass(frozen=True, slots=True)
class AskedTransfer:
    """A payment asked about. ``index`` counts from 1 within the request; ``request_id`` is the sender's own name for the question."""

    index: int
    uetr: UUID
    request_id: str | None = None
    original: OriginalMessage | None = None
    original_instruction_id: str | None = None
    original_end_to_end_id: str | None = None
    original_transaction_id: str | None = None
    accepted_at: datetime | None = None
    clearing_reference: str | None = None
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """A whole request, in its own order. ``version`` is the message as read; ``notes`` say what was tolerated."""

    message_id: str
    created_at: datetime
    asked: tuple[AskedTransfer | TransferFault, ...]
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None
    version: str = VERSION
    header: BusinessHeader | None = None
    notes: tuple[str, ...] = ()


def read_pacs028(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> StatusRequest:
    """The whole request: each payment asked about, or what is wrong with how it is named.

    Raises an `UnreadableMessage` when it cannot be taken as a whole: not XML, truncated, another message, without its group header or
    without a payment.
    """
    stream = MessageStream(source, "pacs.028", frozenset({_GROUP, _ASKED}), versions=range(1, 16), limits=limits)
    group: GroupFields | None = None
    asked: list[AskedTransfer | TransferFault] = []
    for path, fields in stream:
        if path == _GROUP:
            if group is not None:
                raise ElementRepeated("The request has two group headers.", field=_GROUP, way_out="Send one.")
            group = GroupFields(fields, _GROUP)
            group.check_once()
        else:
            asked.append(_read_asked(len(asked) + 1, fields))
    if group is None:
        raise missing("GrpHdr", _GROUP)
    if not asked:
        raise missing("TxInf", _ASKED)
    return StatusRequest(
        message_id=group.message_id(),
        created_at=group.instant("CreDtTm"),
        asked=tuple(asked),
        instructing_agent=group.agent("InstgAgt"),
        instructed_agent=group.agent("InstdAgt"),
        version=stream.version,
        header=stream.header,
        notes=tuple(stream.notes),
    )


def _read_asked(index: int, fields: Fields) -> AskedTransfer | TransferFault:
    checked = CheckedFields(fields, f"/Document/{_ASKED}[{index}]")
    uetr = checked.uetr("OrgnlUETR")
    checked.once(_READ_ONCE, _MAY_REPEAT)
    accepted_at = checked.instant("AccptncDtTm")
    instruction_id, end_to_end_id = checked.text("OrgnlInstrId"), checked.text("OrgnlEndToEndId")
    request_id, transaction_id, clearing = checked.text("StsReqId"), checked.text("OrgnlTxId"), checked.text("ClrSysRef")
    original = read_original(checked)
    instructing, instructed = checked.agent("InstgAgt"), checked.agent("InstdAgt")
    if checked.findings or uetr is None:
        return TransferFault(index, uetr, instruction_id, end_to_end_id, tuple(checked.findings))
    return AskedTransfer(
        index=index,
        uetr=uetr,
        request_id=request_id,
        original=original,
        original_instruction_id=instruction_id,
        original_end_to_end_id=end_to_end_id,
        original_transaction_id=transaction_id,
        accepted_at=accepted_at,
        clearing_reference=clearing,
        instructing_agent=instructing,
        instructed_agent=instructed,
    )


def write_pacs028(request: StatusRequest) -> bytes:
    """The request as pacs.028.001.03 in UTF-8; faults are left away.

    Raises ValueError when it asks about no payment or an instant lacks its offset.
    """
    asked = [one for one in request.asked if isinstance(one, AskedTransfer)]
    if not asked:
        raise ValueError("a request asks about at least one payment")
    document = root(VERSION, "Document")
    message = branch(document, "FIToFIPmtStsReq")
    header = branch(message, "GrpHdr")
    leaf(header, "MsgId", request.message_id)
    leaf(header, "CreDtTm", write_exact_instant(request.created_at))
    add_agent(header, "InstgAgt", request.instructing_agent)
    add_agent(header, "InstdAgt", request.instructed_agent)
    for one in asked:
        _add_asked(message, one)
    return to_bytes(document)


def _add_asked(parent: etree._Element, one: AskedTransfer) -> None:
    element = branch(parent, "TxInf")
    leaf(element, "StsReqId", one.request_id)
    add_original(element, one.original)
    leaf(element, "OrgnlInstrId", one.original_instruction_id)
    leaf(element, "OrgnlEndToEndId", one.original_end_to_end_id)
    leaf(element, "OrgnlTxId", one.original_transaction_id)
    leaf(element, "OrgnlUETR", str(one.uetr))
    if one.accepted_at is not None:
        leaf(element, "AccptncDtTm", write_exact_instant(one.accepted_at))
    leaf(element, "ClrSysRef", one.clearing_reference)
    add_agent(element, "InstgAgt", one.instructing_agent)
    add_agent(element, "InstdAgt", one.instructed_agent)
