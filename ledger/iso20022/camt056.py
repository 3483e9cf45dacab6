"""camt.056, FI to FI payment cancellation request: a debtor agent asks for transfers back.

Versions 01 to 11 are read; 08 to 11, which have the UETR, are written. A transfer is recalled by its UETR under a case id, which
stands with the transfer, with its group or with the message. What is wrong with one transfer is noted with it, and the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, NamedTuple
from uuid import UUID

from lxml import etree

from ledger.iso20022.case_elements import (
    add_assignment,
    add_case,
    add_original_amount,
    add_reasons,
    version_to_write,
)
from ledger.iso20022.case_fields import CaseFields, missing, read_assignment, read_message_case, refuse_findings
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.cases import Assignment, Case, CaseGroup, CaseReason, CaseTransfer, reason_word
from ledger.iso20022.code_sets import CodeSet, codes_in_force
from ledger.iso20022.elements import add_agent, branch, leaf, root, to_bytes
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.errors import ElementRepeated, TransferCountWrong
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.original import add_original, add_original_fields
from ledger.iso20022.parties import Agent
from ledger.iso20022.rules import Finding
from ledger.iso20022.xml import MessageStream

VERSION = "camt.056.001.08"
WRITTEN = tuple(f"camt.056.001.{number:02}" for number in range(8, 12))
_ROOT = "FIToFIPmtCxlReq"
_ASSIGNMENT, _CASE, _CONTROL = f"{_ROOT}/Assgnmt", f"{_ROOT}/Case", f"{_ROOT}/CtrlData"
_UNDERLYING, _TRANSFER = f"{_ROOT}/Undrlyg", f"{_ROOT}/Undrlyg/TxInf"
_GROUP = "OrgnlGrpInfAndCxl"


@dataclass(frozen=True, slots=True)
class RecalledTransfer(CaseTransfer):
    """One transfer that is asked back; ``index`` counts from 1 within the message. With ``findings`` it cannot be taken."""

    cancellation_id: str | None = None
    assigner: Agent | None = None
    assignee: Agent | None = None


@dataclass(frozen=True, slots=True)
class RecalledGroup(CaseGroup):
    """What a recall says of the message in which its transfers came (OrgnlGrpInfAndCxl)."""

    whole: bool | None = None


@dataclass(frozen=True, slots=True)
class Underlying:
    """Transfers out of one message. ``findings`` are of the group, or of a group that names no transfer."""

    transfers: tuple[RecalledTransfer, ...] = ()
    group: RecalledGroup | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Recall:
    """A whole camt.056. ``transfer_count`` and ``control_sum`` are what it states (CtrlData)."""

    assignment: Assignment
    underlying: tuple[Underlying, ...]
    case: Case | None = None
    transfer_count: int | None = None
    control_sum: Decimal | None = None
    version: str = VERSION
    header: BusinessHeader | None = None
    notes: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:
        """The assignment's id."""
        return self.assignment.id

    @property
    def transfers(self) -> tuple[RecalledTransfer, ...]:
        """Every transfer in order, with the case and the reasons that its group or the message states where it has none of its own."""
        return tuple(transfer.within(one.group, self.case, one.findings) for one in self.underlying for transfer in one.transfers)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of groups that name no transfer."""
        return tuple(finding for one in self.underlying if not one.transfers for finding in one.findings)


def read_camt056(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Recall:
    """The whole message. Raises an `UnreadableMessage` when it cannot be taken as a whole."""
    reading = _Reading(MessageStream(source, "camt.056", _PARTS, range(1, 12), limits))
    for path, fields in reading.stream:
        reading.take(path, fields)
    return reading.recall()


_PARTS = frozenset({_ASSIGNMENT, _CASE, _CONTROL, _UNDERLYING, _TRANSFER})


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    stream: MessageStream
    assignment: Assignment | None = None
    case: Case | None = None
    control: Fields | None = None
    underlying: list[Underlying] = field(default_factory=list)
    transfers: list[Fields] = field(default_factory=list)  # of the underlying that is open
    seen: set[tuple[UUID, str]] = field(default_factory=set)
    count: int = 0

    def take(self, path: str, fields: Fields) -> None:
        """One part of the message."""
        if path == _TRANSFER:
            self.transfers.append(fields)
        elif path == _UNDERLYING:
            self._take_underlying(fields)
        elif path == _ASSIGNMENT:
            if self.assignment is not None:
                raise ElementRepeated("Assgnmt stands twice.", field=_ASSIGNMENT, way_out="Send it once.")
            self.assignment = read_assignment(fields, f"/Document/{path}")
        elif path == _CASE:
            self.case = read_message_case(fields, _ROOT, "Case")
        else:
            self.control = fields

    def recall(self) -> Recall:
        """The message, once all of it is read."""
        if self.assignment is None:
            raise missing(_ASSIGNMENT)
        if not self.underlying:
            raise missing(_UNDERLYING)
        control = CaseFields(self.control or Fields(), f"/Document/{_CONTROL}")
        stated, control_sum = control.count("NbOfTxs"), control.decimal_sum("CtrlSum")
        refuse_findings(control.findings)
        if stated is not None and self.count and stated != self.count:
            raise TransferCountWrong(
                f"NbOfTxs says {stated}, the message has {self.count} transfers.",
                field=f"{_CONTROL}/NbOfTxs",
                value=stated,
                way_out="Send the whole message again.",
            )
        return Recall(
            assignment=self.assignment,
            underlying=tuple(self.underlying),
            case=self.case,
            transfer_count=stated,
            control_sum=control_sum,
            version=self.stream.version,
            header=self.stream.header,
            notes=tuple(self.stream.notes),
        )

    def _take_underlying(self, fields: Fields) -> None:
        number = len(self.underlying) + 1
        xpath = f"/Document/{_UNDERLYING}" + (f"[{number}]" if number > 1 else "")
        checked = CaseFields(fields, xpath)
        checked.check_repeated()
        # Without its head the message is unreadable anyway.
        codes = codes_in_force(CodeSet.CANCELLATION_REASON, self.assignment.created_at.date()) if self.assignment else None
        group = _group(checked, codes)
        if not self.transfers:
            checked.breach(CaseRule.TRANSFERS_NOT_NAMED, "TxInf")
        case = (group.case if group else None) or self.case
        reasons = group.reasons if group else ()
        transfers = []
        for place, transfer in enumerate(self.transfers, 1):
            self.count += 1
            part = CaseFields(transfer, f"{xpath}/TxInf[{place}]")
            transfers.append(_transfer(part, self.count, _Above(case, reasons, codes), self.seen))
        self.underlying.append(Underlying(tuple(transfers), group, tuple(checked.findings)))
        self.transfers.clear()


class _Above(NamedTuple):
    """What stands above a transfer and holds for it: case, reasons, and the codes that a reason may be."""

    case: Case | None
    reasons: tuple[CaseReason, ...]
    codes: frozenset[str] | None


def _group(checked: CaseFields, codes: frozenset[str] | None) -> RecalledGroup | None:
    if not checked.fields.has(_GROUP):
        return None
    message = checked.original_message(_GROUP)
    if message is None:
        return None
    return RecalledGroup(
        message=message,
        cancellation_id=checked.text(f"{_GROUP}/GrpCxlId"),
        case=checked.case(f"{_GROUP}/Case"),
        transfer_count=checked.count(f"{_GROUP}/NbOfTxs"),
        control_sum=checked.decimal_sum(f"{_GROUP}/CtrlSum"),
        whole=checked.indicator(f"{_GROUP}/GrpCxl"),
        reasons=checked.reasons(f"{_GROUP}/CxlRsnInf", codes),
    )


def _transfer(checked: CaseFields, index: int, above: _Above, seen: set[tuple[UUID, str]]) -> RecalledTransfer:
    """``seen`` is what was recalled before it under which case."""
    checked.check_repeated()
    uetr = checked.uetr("OrgnlUETR")
    own, why = checked.case("Case"), checked.reasons("CxlRsnInf", above.codes)
    checked.check_known_by(uetr, own or above.case, "Case", seen)
    if not reason_word(why or above.reasons) and not checked.findings:
        checked.breach(CaseRule.RECALL_REASON_MISSING, "CxlRsnInf/Rsn")
    return RecalledTransfer(
        index=index,
        original=checked.original(uetr),
        case=own,
        cancellation_id=checked.text("CxlId"),
        reasons=why,
        assigner=checked.agent("Assgnr"),
        assignee=checked.agent("Assgne"),
        findings=tuple(checked.findings),
    )


def write_camt056(recall: Recall, version: str | None = None) -> bytes:
    """The message in UTF-8, in ``version`` or the one it was read in, where that has the UETR; else in version 08.

    Raises ValueError for a version that is not written, or an instant without its offset.
    """
    document = root(version_to_write(version, recall.version, WRITTEN), "Document")
    message = branch(document, _ROOT)
    add_assignment(message, recall.assignment)
    add_case(message, "Case", recall.case)
    if recall.transfer_count is not None:
        control = branch(message, "CtrlData")
        leaf(control, "NbOfTxs", str(recall.transfer_count))
        leaf(control, "CtrlSum", format(recall.control_sum, "f") if recall.control_sum is not None else None)
    for one in recall.underlying:
        underlying = branch(message, "Undrlyg")
        if one.group is not None:
            _add_group(underlying, one.group)
        for transfer in one.transfers:
            _add_transfer(underlying, transfer)
    return to_bytes(document)


def _add_group(parent: etree._Element, group: RecalledGroup) -> None:
    element = branch(parent, _GROUP)
    leaf(element, "GrpCxlId", group.cancellation_id)
    add_case(element, "Case", group.case)
    add_original_fields(element, group.message)
    leaf(element, "NbOfTxs", str(group.transfer_count) if group.transfer_count is not None else None)
    leaf(element, "CtrlSum", format(group.control_sum, "f") if group.control_sum is not None else None)
    if group.whole is not None:
        leaf(element, "GrpCxl", "true" if group.whole else "false")
    add_reasons(element, "CxlRsnInf", group.reasons)


def _add_transfer(parent: etree._Element, transfer: RecalledTransfer) -> None:
    element, original = branch(parent, "TxInf"), transfer.original
    leaf(element, "CxlId", transfer.cancellation_id)
    add_case(element, "Case", transfer.case)
    add_original(element, original.message)
    leaf(element, "OrgnlInstrId", original.instruction_id)
    leaf(element, "OrgnlEndToEndId", original.end_to_end_id)
    leaf(element, "OrgnlTxId", original.transaction_id)
    leaf(element, "OrgnlUETR", str(original.uetr) if original.uetr is not None else None)
    leaf(element, "OrgnlClrSysRef", original.clearing_reference)
    add_original_amount(element, original)
    add_agent(element, "Assgnr", transfer.assigner)
    add_agent(element, "Assgne", transfer.assignee)
    add_reasons(element, "CxlRsnInf", transfer.reasons)
