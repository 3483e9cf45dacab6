"""pacs.002, payment status report: how a file of transfers, or a single one, is answered.

Only writing is here (version 10); the corridor is the one that answers. A file is answered whole: its group status and one status for
each transfer, with the reason as a code of the external set (ExternalStatusReason1Code).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lxml import etree

from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.elements import add_agent, branch, leaf, root, to_bytes
from ledger.iso20022.parties import Agent
from ledger.iso20022.values import write_instant

VERSION = "pacs.002.001.10"
_INFORMATION_MAX = 105  # Max105Text


@dataclass(frozen=True, slots=True)
class StatusReason:
    """Why: an external code or the sender's own word, and lines of information (cut to 105 characters each)."""

    code: str | None = None
    proprietary: str | None = None
    information: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferStatus:
    """Where one transfer stands: ACTC, PDNG, ACSP, ACCC, CPUC or RJCT, with the references its sender knows it by."""

    status: str
    uetr: UUID | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    transaction_id: str | None = None
    reason: StatusReason | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The answer to a message. ``original_message`` is its version, such as ``pacs.008.001.08``."""

    message_id: str
    created_at: datetime
    original_message_id: str
    original_message: str = "pacs.008.001.08"
    original_created_at: datetime | None = None
    original_count: int | None = None
    group_status: str | None = None
    reason: StatusReason | None = None
    transfers: tuple[TransferStatus, ...] = ()
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None


def rejection_of(fault: TransferFault) -> TransferStatus:
    """RJCT for a transfer that breaks a rule: the first rule's reason code, and rule id and element of each as information."""
    return TransferStatus(
        status="RJCT",
        uetr=fault.uetr,
        instruction_id=fault.instruction_id,
        end_to_end_id=fault.end_to_end_id,
        reason=StatusReason(
            code=fault.reason_code,
            information=tuple(f"{finding.rule} {finding.xpath.partition('/CdtTrfTxInf')[2]}" for finding in fault.findings),
        ),
    )


def group_status_of(statuses: Iterable[str]) -> str:
    """What a file's transfers come to together: RJCT when all are rejected, PART when some are, ACTC when none is."""
    rejected = {status == "RJCT" for status in statuses}
    if rejected == {True}:
        return "RJCT"
    return "PART" if rejected == {True, False} else "ACTC"


def write_pacs002(report: StatusReport) -> bytes:
    """The report as pacs.002.001.10 in UTF-8. Raises ValueError when an instant lacks its offset."""
    document = root(VERSION, "Document")
    message = branch(document, "FIToFIPmtStsRpt")
    header = branch(message, "GrpHdr")
    leaf(header, "MsgId", report.message_id)
    leaf(header, "CreDtTm", write_instant(report.created_at))
    add_agent(header, "InstgAgt", report.instructing_agent)
    add_agent(header, "InstdAgt", report.instructed_agent)
    group = branch(message, "OrgnlGrpInfAndSts")
    leaf(group, "OrgnlMsgId", report.original_message_id)
    leaf(group, "OrgnlMsgNmId", report.original_message)
    if report.original_created_at is not None:
        leaf(group, "OrgnlCreDtTm", write_instant(report.original_created_at))
    if report.original_count is not None:
        leaf(group, "OrgnlNbOfTxs", str(report.original_count))
    leaf(group, "GrpSts", report.group_status)
    _add_reason(group, report.reason)
    for transfer in report.transfers:
        element = branch(message, "TxInfAndSts")
        leaf(element, "OrgnlInstrId", transfer.instruction_id)
        leaf(element, "OrgnlEndToEndId", transfer.end_to_end_id)
        leaf(element, "OrgnlTxId", transfer.transaction_id)
        leaf(element, "OrgnlUETR", str(transfer.uetr) if transfer.uetr else None)
        leaf(element, "TxSts", transfer.status)
        _add_reason(element, transfer.reason)
    return to_bytes(document)


def _add_reason(parent: etree._Element, reason: StatusReason | None) -> None:
    if reason is None:
        return
    element = branch(parent, "StsRsnInf")
    if reason.code or reason.proprietary:
        leaf(branch(element, "Rsn"), "Cd" if reason.code else "Prtry", reason.code or reason.proprietary)
    for line in reason.information:
        leaf(element, "AddtlInf", line[:_INFORMATION_MAX])
