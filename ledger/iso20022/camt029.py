"""camt.029, resolution of investigation: how a recall is answered.

Versions 02 to 13 are read; 09 to 13, which have the UETR, are written (`camt029_writer`). An answer stands in ``Sts/Conf`` for the whole
message, in ``TxCxlSts`` for one transfer, or in both, and then they agree. What is wrong with one transfer is noted with it, and the
others go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple
from uuid import UUID

from ledger.iso20022.camt029_writer import write_camt029
from ledger.iso20022.case_fields import CaseFields, missing, read_assignment, read_message_case, refuse_findings
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.cases import Assignment, Case, CaseReason, reason_word
from ledger.iso20022.errors import ElementRepeated
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.resolution import (
    ANSWER_BY_CONFIRMATION,
    ANSWER_BY_TRANSFER_STATUS,
    PARTLY,
    AnsweredGroup,
    AnsweredTransfer,
    CancellationDetails,
    RecallAnswer,
    Resolution,
    ResolvedBy,
)
from ledger.iso20022.rules import Rule
from ledger.iso20022.values import read_uetr
from ledger.iso20022.xml import MessageStream

__all__ = ["read_camt029", "write_camt029"]

# Version 02 still names the message by its number.
_ROOTS = ("RsltnOfInvstgtn", "camt.029.001.02")
_GROUP = "OrgnlGrpInfAndSts"
_PARTS = frozenset(f"{root}/{part}" for root in _ROOTS for part in ("Assgnmt", "RslvdCase", "Sts", "CxlDtls", "CxlDtls/TxInfAndSts"))


def read_camt029(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Resolution:
    """The whole message. Raises an `UnreadableMessage` when it cannot be taken as a whole."""
    reading = _Reading(MessageStream(source, "camt.029", _PARTS, limits=limits))
    for path, fields in reading.stream:
        reading.take(path, fields)
    return reading.resolution()


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    stream: MessageStream
    root: str = _ROOTS[0]
    assignment: Assignment | None = None
    case: Case | None = None
    status: CaseFields | None = None
    details: list[CancellationDetails] = field(default_factory=list)
    transfers: list[Fields] = field(default_factory=list)  # of the details that are open
    seen: set[tuple[UUID, str]] = field(default_factory=set)
    count: int = 0

    def take(self, path: str, fields: Fields) -> None:
        """One part of the message."""
        self.root, _, part = path.partition("/")
        xpath = f"/Document/{path}"
        if part == "CxlDtls/TxInfAndSts":
            self.transfers.append(fields)
        elif part == "CxlDtls":
            self._take_details(fields, xpath)
        elif part == "RslvdCase":
            self.case = read_message_case(fields, self.root, part)
        elif part == "Assgnmt":
            self._once(self.assignment, path)
            self.assignment = read_assignment(fields, xpath)
        else:
            self._once(self.status, path)
            self.status = CaseFields(fields, xpath)

    def resolution(self) -> Resolution:
        """The message, once all of it is read."""
        if self.assignment is None:
            raise missing(f"{self.root}/Assgnmt")
        if self.status is None:
            raise missing(f"{self.root}/Sts")
        if not any(one.transfers for one in self.details):
            place = CaseFields(Fields(), f"/Document/{self.root}")
            place.breach(CaseRule.TRANSFERS_NOT_NAMED, "CxlDtls/TxInfAndSts")
            findings = tuple(place.findings)
        else:
            findings = ()
        confirmation, duplicate_of = self.status.text("Conf", 4), self.status.case("DplctOf")
        assignment_cancelled, rejected = self.status.indicator("AssgnmtCxlConf"), _rejected_modifications(self.status)
        refuse_findings(self.status.findings)
        return Resolution(
            assignment=self.assignment,
            details=tuple(self.details),
            case=self.case,
            confirmation=confirmation,
            duplicate_of=duplicate_of,
            assignment_cancelled=assignment_cancelled,
            rejected_modifications=rejected,
            findings=findings,
            version=self.stream.version,
            header=self.stream.header,
            notes=tuple(self.stream.notes),
        )

    def _once(self, found: object, path: str) -> None:
        if found is not None:
            raise ElementRepeated(f"{path} stands twice.", field=path, way_out="Send it once.")

    def _take_details(self, fields: Fields, xpath: str) -> None:
        number = len(self.details) + 1
        xpath += f"[{number}]" if number > 1 else ""
        checked = CaseFields(fields, xpath)
        checked.check_repeated()
        group = _group(checked)
        case = (group.case if group else None) or self.case
        confirmation = self.status.fields.text("Conf") if self.status is not None else None  # it stands before the details
        above = _Above(case, group.reasons if group else (), confirmation, self.seen)
        transfers = []
        for place, transfer in enumerate(self.transfers, 1):
            self.count += 1
            transfers.append(_TransferFields(transfer, f"{xpath}/TxInfAndSts[{place}]", above).transfer(self.count))
        self.details.append(CancellationDetails(tuple(transfers), group, tuple(checked.findings)))
        self.transfers.clear()


def _rejected_modifications(status: CaseFields) -> tuple[CaseReason, ...]:
    return tuple(
        CaseReason(code=status.text(f"{path}/Cd", 4), proprietary=status.text(f"{path}/Prtry"))
        for path in status.fields.siblings("RjctdMod")
    )


def _group(checked: CaseFields) -> AnsweredGroup | None:
    message = checked.original_message(_GROUP)
    if message is None:
        return None
    return AnsweredGroup(
        message=message,
        cancellation_id=checked.text(f"{_GROUP}/OrgnlGrpCxlId"),
        case=checked.case(f"{_GROUP}/RslvdCase"),
        transfer_count=checked.count(f"{_GROUP}/OrgnlNbOfTxs"),
        control_sum=checked.decimal_sum(f"{_GROUP}/OrgnlCtrlSum"),
        status=checked.text(f"{_GROUP}/GrpCxlSts", 4),
        reasons=checked.reasons(f"{_GROUP}/CxlStsRsnInf"),
    )


class _Above(NamedTuple):
    """What stands above an answered transfer: case, reasons and Sts/Conf; and what was answered before it under which case."""

    case: Case | None
    reasons: tuple[CaseReason, ...]
    confirmation: str | None
    seen: set[tuple[UUID, str]]


class _TransferFields(CaseFields):
    """One TxInfAndSts, with what stands above it."""

    def __init__(self, fields: Fields, xpath: str, above: _Above) -> None:
        super().__init__(fields, xpath)
        self._above = above

    def transfer(self, index: int) -> AnsweredTransfer:
        """The answer for one transfer, and every rule that it breaks."""
        self.check_repeated()
        uetr = self.uetr("OrgnlUETR")
        own, why = self.case("RslvdCase"), self.reasons("CxlStsRsnInf")
        self.check_known_by(uetr, own or self._above.case, "RslvdCase", self._above.seen)
        answer = self._answer()
        if answer is RecallAnswer.REFUSED and not reason_word(why or self._above.reasons):
            self.breach(CaseRule.REFUSAL_REASON_MISSING, "CxlStsRsnInf/Rsn")
        return AnsweredTransfer(
            index=index,
            original=self.original(uetr),
            case=own,
            status_id=self.text("CxlStsId"),
            status=self.text("TxCxlSts", 4),
            answer=answer,
            reasons=why,
            resolved_by=self._resolved_by("RsltnRltdInf"),
            assigner=self.party_or_agent("Assgnr"),
            assignee=self.party_or_agent("Assgne"),
            findings=tuple(self.findings),
        )

    def _answer(self) -> RecallAnswer | None:
        """What the transfer's own status and that of the message come to."""
        status, whole = self.fields.text("TxCxlSts"), self._above.confirmation
        if status is None and whole is None:
            self.breach(CaseRule.ANSWER_MISSING, "TxCxlSts")
            return None
        own = ANSWER_BY_TRANSFER_STATUS.get(status or "")
        of_all = ANSWER_BY_CONFIRMATION.get(whole or "")
        if (status is not None and own is None) or (whole not in (None, PARTLY) and of_all is None):
            self.breach(CaseRule.ANSWER_UNKNOWN, "TxCxlSts", status or whole)
            return None
        if own is not None and of_all is not None and own is not of_all:
            self.breach(CaseRule.ANSWER_CONTRADICTS, "TxCxlSts", status)
            return None
        if own is None and of_all is None:
            self.breach(CaseRule.ANSWER_MISSING, "TxCxlSts")
        return own or of_all

    def _resolved_by(self, path: str) -> ResolvedBy | None:
        if not self.fields.has(path):
            return None
        text = self.fields.text(f"{path}/UETR")
        uetr = None if text is None else read_uetr(text)
        if text is not None and uetr is None:
            self.breach(Rule.UETR_INVALID, f"{path}/UETR", text)
        return ResolvedBy(
            end_to_end_id=self.text(f"{path}/EndToEndId"),
            transaction_id=self.text(f"{path}/TxId"),
            uetr=uetr,
            amount=self.amount(f"{path}/IntrBkSttlmAmt"),
            settlement_date=self.day(f"{path}/IntrBkSttlmDt"),
            clearing_channel=self.text(f"{path}/ClrChanl", 4),
        )
