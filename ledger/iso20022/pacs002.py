"""pacs.002, payment status report: where transfers stand, said by the bank that was asked to carry them out.

Versions 02 to 15 are read, 10 to 14 are written (`pacs002_writer`). Statuses and reasons are codes of external sets
(ExternalPaymentTransactionStatus1Code, ExternalStatusReason1Code); which of them mean something to a transfer is for the ledger to say.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import BinaryIO

from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.errors import ElementMissing, ElementRepeated, ValueInvalid
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits, safe
from ledger.iso20022.pacs002_writer import write_pacs002
from ledger.iso20022.parties import Agent, is_bic
from ledger.iso20022.rules import Rule
from ledger.iso20022.status_report import (
    REJECTED,
    GroupStatus,
    OriginalMessage,
    StatusReason,
    StatusReport,
    TransferStatus,
    group_status_of,
    rejection_of,
)
from ledger.iso20022.values import is_code, read_count, read_date, read_instant, read_uetr
from ledger.iso20022.xml import MessageStream

__all__ = [
    "REJECTED", "GroupStatus", "OriginalMessage", "StatusReason", "StatusReport", "TransferStatus", "group_status_of", "read_pacs002",
    "rejection_of", "write_pacs002",
]  # fmt: skip

# The message's own element was named after its version once.
_ROOTS = ("FIToFIPmtStsRpt", "pacs.002.001.02")
_HEADERS = frozenset(f"{root}/GrpHdr" for root in _ROOTS)
_GROUPS = frozenset(f"{root}/OrgnlGrpInfAndSts" for root in _ROOTS)
_TRANSFERS = frozenset(f"{root}/TxInfAndSts" for root in _ROOTS)
_VERSIONS = range(2, 16)
_READ_ONCE = frozenset(
    {"StsId", "OrgnlGrpInf", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR", "TxSts", "AccptncDtTm", "FctvIntrBkSttlmDt"}
    | {"AcctSvcrRef", "ClrSysRef", "InstgAgt", "InstdAgt"}
)
_ID_MAX = 35  # Max35Text


def read_pacs002(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> StatusReport:
    """The whole report: of its transactions those that break no rule, and beside them the faults of the others.

    Raises an `UnreadableMessage` when it cannot be taken as a whole: not XML, truncated, another message, or without its group header.
    """
    stream = MessageStream(source, "pacs.002", _HEADERS | _GROUPS | _TRANSFERS, versions=_VERSIONS, limits=limits)
    header: tuple[str, Fields] | None = None
    groups: list[GroupStatus] = []
    transfers: list[TransferStatus] = []
    faults: list[TransferFault] = []
    for path, fields in stream:
        if path in _HEADERS:
            if header is not None:
                raise ElementRepeated("The report has two group headers.", field=path, way_out="Send one.")
            header = path, fields
        elif path in _GROUPS:
            groups.append(_group(path, fields))
        else:
            one = _transfer(
                CheckedFields(fields, f"/Document/{path}[{len(transfers) + len(faults) + 1}]"), len(transfers) + len(faults) + 1
            )
            if isinstance(one, TransferFault):
                faults.append(one)
            else:
                transfers.append(one)
    if header is None:
        raise _missing("GrpHdr", f"{_ROOTS[0]}/GrpHdr")
    path, fields = header
    created_at = _group_instant(path, fields, "CreDtTm")
    if created_at is None:
        raise _missing("CreDtTm", f"{path}/CreDtTm")
    return StatusReport(
        message_id=_group_id(path, fields, "MsgId"),
        created_at=created_at,
        groups=tuple(groups),
        transfers=tuple(transfers),
        instructing_agent=_group_agent(path, fields, "InstgAgt"),
        instructed_agent=_group_agent(path, fields, "InstdAgt"),
        faults=tuple(faults),
        version=stream.version,
        header=stream.header,
        notes=tuple(stream.notes),
    )


# One transaction


def _transfer(checked: CheckedFields, index: int) -> TransferStatus | TransferFault:
    fields = checked.fields
    for path in dict.fromkeys(fields.repeated):
        if path in _READ_ONCE:
            checked.breach(Rule.ELEMENT_REPEATED, path)
    status_id = checked.text("StsId")
    original = _original(checked)
    instruction_id, end_to_end_id = checked.text("OrgnlInstrId"), checked.text("OrgnlEndToEndId")
    transaction_id = checked.text("OrgnlTxId")
    text = fields.text("OrgnlUETR")
    uetr = None if text is None else read_uetr(text)
    if text is not None and uetr is None:
        checked.breach(Rule.UETR_INVALID, "OrgnlUETR", text)
    status = fields.text("TxSts") or ""
    if not status:
        checked.breach(Rule.STATUS_MISSING, "TxSts")
    elif not is_code(status):
        checked.breach(Rule.STATUS_INVALID, "TxSts", status)
    read = TransferStatus(
        status=status,
        uetr=uetr,
        instruction_id=instruction_id,
        end_to_end_id=end_to_end_id,
        transaction_id=transaction_id,
        reasons=tuple(_reason(checked, sibling) for sibling in fields.siblings("StsRsnInf")),
        original=original,
        status_id=status_id,
        accepted_at=checked.instant("AccptncDtTm"),
        effective_date=_effective_date(checked),
        servicer_reference=checked.text("AcctSvcrRef"),
        clearing_reference=checked.text("ClrSysRef"),
        instructing_agent=checked.agent("InstgAgt"),
        instructed_agent=checked.agent("InstdAgt"),
        index=index,
    )
    return TransferFault(index, uetr, instruction_id, end_to_end_id, tuple(checked.findings)) if checked.findings else read


def _original(checked: CheckedFields) -> OriginalMessage | None:
    if not checked.fields.has("OrgnlGrpInf"):
        return None
    message_id, message = checked.text("OrgnlGrpInf/OrgnlMsgId"), checked.text("OrgnlGrpInf/OrgnlMsgNmId")
    return OriginalMessage(message_id or "", message or "", checked.instant("OrgnlGrpInf/OrgnlCreDtTm"))


def _reason(checked: CheckedFields, path: str) -> StatusReason:
    """One StsRsnInf; up to version 02 its elements had longer names."""
    return StatusReason(
        code=checked.text(f"{path}/Rsn/Cd", 4) or checked.text(f"{path}/StsRsn/Cd", 4),
        proprietary=checked.text(f"{path}/Rsn/Prtry") or checked.text(f"{path}/StsRsn/Prtry"),
        information=checked.texts(f"{path}/AddtlInf", 105) or checked.texts(f"{path}/AddtlStsRsnInf", 105),
        originator=checked.text(f"{path}/Orgtr/Nm", 140) or checked.text(f"{path}/StsOrgtr/Nm", 140),
        originator_bic=checked.bic(f"{path}/Orgtr/Id/OrgId/AnyBIC"),
    )


def _effective_date(checked: CheckedFields) -> date | None:
    """A date, or the date of an instant, since what counts is the business date."""
    text = checked.fields.text("FctvIntrBkSttlmDt/DtTm")
    if text is None:
        return checked.day("FctvIntrBkSttlmDt/Dt")
    instant = checked.instant("FctvIntrBkSttlmDt/DtTm")
    return None if instant is None else read_date(text.partition("T")[0])


# The message as a whole


def _group(path: str, fields: Fields) -> GroupStatus:
    message = fields.text("OrgnlMsgNmId")
    if message is None or len(message) > _ID_MAX:
        raise _invalid(f"{path}/OrgnlMsgNmId", "does not name the message that is answered")
    count = fields.text("OrgnlNbOfTxs")
    number = None if count is None else read_count(count)
    if count is not None and number is None:
        raise _invalid(f"{path}/OrgnlNbOfTxs", f"is {safe(count)}, not a number of at most 15 digits")
    status = fields.text("GrpSts")
    if status is not None and not is_code(status):
        raise _invalid(f"{path}/GrpSts", "is no code of at most 4 letters and digits")
    checked = CheckedFields(fields, f"/Document/{path}")
    reasons = tuple(_reason(checked, sibling) for sibling in fields.siblings("StsRsnInf"))
    if checked.findings:
        raise ValueInvalid(checked.findings[0].sentence, field=checked.findings[0].xpath, way_out="")
    return GroupStatus(
        OriginalMessage(_group_id(path, fields, "OrgnlMsgId"), message, _group_instant(path, fields, "OrgnlCreDtTm")),
        status=status,
        count=number,
        reasons=reasons,
    )


def _group_id(path: str, fields: Fields, name: str) -> str:
    text = fields.text(name)
    if text is None:
        raise _missing(name, f"{path}/{name}")
    if len(text) > _ID_MAX:
        raise _invalid(f"{path}/{name}", f"has more than {_ID_MAX} characters")
    return text


def _group_instant(path: str, fields: Fields, name: str) -> datetime | None:
    text = fields.text(name)
    if text is None:
        return None
    found = read_instant(text)
    if found is None:
        raise _invalid(f"{path}/{name}", f"is {safe(text)}, not a date and time such as 2026-03-27T09:30:00+01:00")
    return found


def _group_agent(path: str, fields: Fields, name: str) -> Agent | None:
    if not fields.has(name):
        return None
    at = f"{name}/FinInstnId"
    bic = fields.text(f"{at}/BICFI") or fields.text(f"{at}/BIC")
    if bic is not None and not is_bic(bic):
        raise _invalid(f"{path}/{at}/BICFI", f"is {safe(bic)}, not a BIC of 8 or 11 characters (ISO 9362)")
    return Agent(bic, fields.text(f"{at}/LEI"), fields.text(f"{at}/Nm"), fields.text(f"{at}/ClrSysMmbId/MmbId"))


def _missing(what: str, path: str) -> ElementMissing:
    return ElementMissing(f"The report lacks {what}.", field=path, way_out="Send the whole report, as its schema asks.")


def _invalid(path: str, why: str) -> ValueInvalid:
    return ValueInvalid(f"{path.rpartition('/')[2]} {why}.", field=path, way_out="Correct it.")
