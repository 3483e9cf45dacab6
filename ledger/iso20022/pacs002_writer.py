"""Writes pacs.002, valid against the official schemas of versions 10 to 14."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from xml.sax.saxutils import escape  # writes, and reads nothing

from lxml import etree

from ledger.iso20022.elements import add_agent, branch, leaf, root, to_bytes
from ledger.iso20022.envelope import ISO_PREFIX
from ledger.iso20022.original import add_original_fields
from ledger.iso20022.parties import Agent
from ledger.iso20022.status_report import OriginalMessage, StatusReason, StatusReport, TransferStatus
from ledger.iso20022.values import write_exact_instant

VERSION = "pacs.002.001.10"
_NAMESPACE = f' xmlns="{ISO_PREFIX}{VERSION}"'
_INFORMATION_MAX = 105  # Max105Text
# A carriage return in a text would be read as a line feed (XML 1.0, 2.11).
_RETURN = {"\r": "&#13;"}


def write_pacs002(report: StatusReport, version: str = VERSION) -> bytes:
    """The report as a pacs.002 of this version in UTF-8. Raises ValueError when an instant lacks its offset.

    Each transfer is written as its lines, so that ten thousand of them need no tree.
    """
    document = root(version, "Document")
    message = branch(document, "FIToFIPmtStsRpt")
    header = branch(message, "GrpHdr")
    leaf(header, "MsgId", report.message_id)
    leaf(header, "CreDtTm", write_exact_instant(report.created_at))
    add_agent(header, "InstgAgt", report.instructing_agent)
    add_agent(header, "InstdAgt", report.instructed_agent)
    for group in report.groups:
        element = branch(message, "OrgnlGrpInfAndSts")
        add_original_fields(element, group.original)
        if group.count is not None:
            leaf(element, "OrgnlNbOfTxs", str(group.count))
        leaf(element, "GrpSts", group.status)
        for reason in group.reasons:
            _add_reason(element, reason)
    before, end, after = to_bytes(document).rpartition(b"  </FIToFIPmtStsRpt>")
    return b"".join([before, *map(_transfer_lines, report.transfers), end, after])


def _add_reason(parent: etree._Element, reason: StatusReason) -> None:
    element = branch(parent, "StsRsnInf")
    if reason.originator or reason.originator_bic:
        originator = branch(element, "Orgtr")
        leaf(originator, "Nm", reason.originator)
        if reason.originator_bic:
            leaf(branch(branch(originator, "Id"), "OrgId"), "AnyBIC", reason.originator_bic)
    if reason.code or reason.proprietary:
        leaf(branch(element, "Rsn"), "Cd" if reason.code else "Prtry", reason.code or reason.proprietary)
    for line in reason.information:
        leaf(element, "AddtlInf", line[:_INFORMATION_MAX])


def _transfer_lines(transfer: TransferStatus) -> bytes:
    """TxInfAndSts in the form in which `to_bytes` indents it. What is absent is left out."""
    uetr = str(transfer.uetr) if transfer.uetr else None
    accepted_at = write_exact_instant(transfer.accepted_at) if transfer.accepted_at else None
    return (
        "    <TxInfAndSts>\n"
        + _line("      ", "StsId", transfer.status_id)
        + _original_lines(transfer.original)
        + _line("      ", "OrgnlInstrId", transfer.instruction_id)
        + _line("      ", "OrgnlEndToEndId", transfer.end_to_end_id)
        + _line("      ", "OrgnlTxId", transfer.transaction_id)
        + _line("      ", "OrgnlUETR", uetr)
        + _line("      ", "TxSts", transfer.status)
        + "".join(map(_reason_lines, transfer.reasons))
        + _line("      ", "AccptncDtTm", accepted_at)
        + _date_lines(transfer)
        + _line("      ", "AcctSvcrRef", transfer.servicer_reference)
        + _line("      ", "ClrSysRef", transfer.clearing_reference)
        + _agent_lines("InstgAgt", transfer.instructing_agent)
        + _agent_lines("InstdAgt", transfer.instructed_agent)
        + "    </TxInfAndSts>\n"
    ).encode()


def _date_lines(transfer: TransferStatus) -> str:
    if transfer.effective_date is None:
        return ""
    day = _line("        ", "Dt", transfer.effective_date.isoformat())
    return f"      <FctvIntrBkSttlmDt>\n{day}      </FctvIntrBkSttlmDt>\n"


@lru_cache(maxsize=64)
def _agent_lines(name: str, agent: Agent | None) -> str:
    """The same few banks stand in every transfer."""
    return "" if agent is None else _element_lines(lambda parent: add_agent(parent, name, agent))


def _reason_lines(reason: StatusReason) -> str:
    if reason.originator or reason.originator_bic:
        return _element_lines(lambda parent: _add_reason(parent, reason))
    word = _line("          ", "Cd", reason.code) or _line("          ", "Prtry", reason.proprietary)
    inside = f"        <Rsn>\n{word}        </Rsn>\n" if word else ""
    inside += "".join([_line("        ", "AddtlInf", line[:_INFORMATION_MAX]) for line in reason.information])
    return f"      <StsRsnInf>\n{inside}      </StsRsnInf>\n" if inside else "      <StsRsnInf/>\n"


def _original_lines(original: OriginalMessage | None) -> str:
    return "" if original is None else _element_lines(lambda parent: add_original_fields(branch(parent, "OrgnlGrpInf"), original))


def _element_lines(add: Callable[[etree._Element], None]) -> str:
    """The one element that `add` makes in a TxInfAndSts, as its lines."""
    parent = root(VERSION, "TxInfAndSts")
    add(parent)
    etree.indent(parent, level=2)
    written = etree.tostring(parent[0], encoding="unicode", with_tail=False)
    return f"      {written.replace(_NAMESPACE, '', 1)}\n"


def _line(indent: str, name: str, text: str | None) -> str:
    return f"{indent}<{name}>{escape(text, _RETURN)}</{name}>\n" if text else ""
