"""Writes camt.029 in versions 09 to 13, valid against the official schemas."""

from __future__ import annotations

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.case_elements import (
    add_assignment,
    add_case,
    add_case_fields,
    add_original_amount,
    add_party_or_agent,
    add_reasons,
    version_to_write,
)
from ledger.iso20022.elements import branch, leaf, root, to_bytes
from ledger.iso20022.original import add_original, add_original_fields
from ledger.iso20022.resolution import AnsweredGroup, AnsweredTransfer, Resolution, ResolvedBy

WRITTEN = tuple(f"camt.029.001.{number:02}" for number in range(9, 14))


def write_camt029(resolution: Resolution, version: str | None = None) -> bytes:
    """The message in UTF-8, in ``version`` or the one it was read in, where that has the UETR; else in version 09.

    Raises ValueError for a version that is not written, or an instant without its offset.
    """
    document = root(version_to_write(version, resolution.version, WRITTEN), "Document")
    message = branch(document, "RsltnOfInvstgtn")
    add_assignment(message, resolution.assignment)
    add_case(message, "RslvdCase", resolution.case)
    status = branch(message, "Sts")
    if resolution.duplicate_of is not None:
        add_case_fields(branch(status, "DplctOf"), resolution.duplicate_of)
    elif resolution.assignment_cancelled is not None:
        leaf(status, "AssgnmtCxlConf", "true" if resolution.assignment_cancelled else "false")
    for reason in resolution.rejected_modifications:
        leaf(branch(status, "RjctdMod"), "Cd" if reason.code else "Prtry", reason.word)
    leaf(status, "Conf", resolution.confirmation)
    for one in resolution.details:
        details = branch(message, "CxlDtls")
        if one.group is not None:
            _add_group(details, one.group)
        for transfer in one.transfers:
            _add_transfer(details, transfer)
    return to_bytes(document)


def _add_group(parent: etree._Element, group: AnsweredGroup) -> None:
    element = branch(parent, "OrgnlGrpInfAndSts")
    leaf(element, "OrgnlGrpCxlId", group.cancellation_id)
    add_case(element, "RslvdCase", group.case)
    add_original_fields(element, group.message)
    leaf(element, "OrgnlNbOfTxs", str(group.transfer_count) if group.transfer_count is not None else None)
    leaf(element, "OrgnlCtrlSum", format(group.control_sum, "f") if group.control_sum is not None else None)
    leaf(element, "GrpCxlSts", group.status)
    add_reasons(element, "CxlStsRsnInf", group.reasons)


def _add_transfer(parent: etree._Element, transfer: AnsweredTransfer) -> None:
    element, original = branch(parent, "TxInfAndSts"), transfer.original
    leaf(element, "CxlStsId", transfer.status_id)
    add_case(element, "RslvdCase", transfer.case)
    add_original(element, original.message)
    leaf(element, "OrgnlInstrId", original.instruction_id)
    leaf(element, "OrgnlEndToEndId", original.end_to_end_id)
    leaf(element, "OrgnlTxId", original.transaction_id)
    leaf(element, "OrgnlClrSysRef", original.clearing_reference)
    leaf(element, "OrgnlUETR", str(original.uetr) if original.uetr is not None else None)
    leaf(element, "TxCxlSts", transfer.status)
    add_reasons(element, "CxlStsRsnInf", transfer.reasons)
    _add_resolved_by(element, transfer.resolved_by)
    add_original_amount(element, original)
    add_party_or_agent(element, "Assgnr", transfer.assigner)
    add_party_or_agent(element, "Assgne", transfer.assignee)


def _add_resolved_by(parent: etree._Element, resolved_by: ResolvedBy | None) -> None:
    if resolved_by is None:
        return
    element = branch(parent, "RsltnRltdInf")
    leaf(element, "EndToEndId", resolved_by.end_to_end_id)
    leaf(element, "TxId", resolved_by.transaction_id)
    leaf(element, "UETR", str(resolved_by.uetr) if resolved_by.uetr is not None else None)
    if resolved_by.amount is not None:
        minor, currency = resolved_by.amount
        leaf(element, "IntrBkSttlmAmt", format_amount(minor, currency), Ccy=currency)
    if resolved_by.settlement_date is not None:
        leaf(element, "IntrBkSttlmDt", resolved_by.settlement_date.isoformat())
    leaf(element, "ClrChanl", resolved_by.clearing_channel)
