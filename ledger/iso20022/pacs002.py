"""pacs.002, payment status report: how a file of transfers, or a single one, is answered.

Only writing is here (version 10); the corridor is the one that answers. A file is answered whole: its group status and one status for
each transfer, with the reason as a code of the external set (ExternalStatusReason1Code).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from xml.sax.saxutils import escape  # writes, and reads nothing

from lxml import etree

from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.elements import add_agent, branch, leaf, root, to_bytes
from ledger.iso20022.parties import Agent
from ledger.iso20022.values import write_instant

VERSION = "pacs.002.001.10"
_INFORMATION_MAX = 105  # Max105Text
# A carriage return in a text would be read as a line feed (XML 1.0, 2.11).
_RETURN = {"\r": "&#13;"}


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
    """The report as pacs.002.001.10 in UTF-8. Raises ValueError when an instant lacks its offset.

    Each transfer is written as its lines, so that ten thousand of them need no tree.
    """
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
    before, end, after = to_bytes(document).rpartition(b"  </FIToFIPmtStsRpt>")
    return b"".join([before, *map(_transfer_lines, report.transfers), end, after])


def _add_reason(parent: etree._Element, reason: StatusReason | None) -> None:
    if reason is None:
        return
    element = branch(parent, "StsRsnInf")
    if reason.code or reason.proprietary:
        leaf(branch(element, "Rsn"), "Cd" if reason.code else "Prtry", reason.code or reason.proprietary)
    for line in reason.information:
        leaf(element, "AddtlInf", line[:_INFORMATION_MAX])


def _transfer_lines(transfer: TransferStatus) -> bytes:
    """TxInfAndSts in the form in which `to_bytes` indents it. What is absent is left out."""
    uetr = str(transfer.uetr) if transfer.uetr else None
    return (
        "    <TxInfAndSts>\n"
        + _line("      ", "OrgnlInstrId", transfer.instruction_id)
        + _line("      ", "OrgnlEndToEndId", transfer.end_to_end_id)
        + _line("      ", "OrgnlTxId", transfer.transaction_id)
        + _line("      ", "OrgnlUETR", uetr)
        + _line("      ", "TxSts", transfer.status)
        + _reason_lines(transfer.reason)
        + "    </TxInfAndSts>\n"
    ).encode()


def _reason_lines(reason: StatusReason | None) -> str:
    if reason is None:
        return ""
    word = _line("          ", "Cd", reason.code) or _line("          ", "Prtry", reason.proprietary)
    inside = f"        <Rsn>\n{word}        </Rsn>\n" if word else ""
    inside += "".join([_line("        ", "AddtlInf", line[:_INFORMATION_MAX]) for line in reason.information])
    return f"      <StsRsnInf>\n{inside}      </StsRsnInf>\n" if inside else "      <StsRsnInf/>\n"


def _line(indent: str, name: str, text: str | None) -> str:
    return f"{indent}<{name}>{escape(text, _RETURN)}</{name}>\n" if text else ""
