"""How a recall is answered (camt.029), as a message states it: plain data, read by `camt029`, written by `camt029_writer`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from ledger.iso20022.cases import Assignment, Case, CaseGroup, CaseReason, CaseTransfer, PartyOrAgent
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.rules import Finding

VERSION = "camt.029.001.09"


class RecallAnswer(StrEnum):
    """What becomes of a recall. Pending says that the answer will follow."""

    AGREED = "agreed"
    REFUSED = "refused"
    PENDING = "pending"

    @property
    def confirmation(self) -> str:
        """ExternalInvestigationExecutionConfirmation1Code, for the message as a whole."""
        return {"agreed": "CNCL", "refused": "RJCR", "pending": "PDCR"}[self.value]

    @property
    def transfer_status(self) -> str:
        """CancellationIndividualStatus1Code, for one transfer."""
        return {"agreed": "ACCR", "refused": "RJCR", "pending": "PDCR"}[self.value]


# What a message says as a whole, as an answer to each of its transfers. FTNA: forwarded to the next agent; CWFW: it will be cancelled.
ANSWER_BY_CONFIRMATION = {
    "CNCL": RecallAnswer.AGREED,
    "RJCR": RecallAnswer.REFUSED,
    "PDCR": RecallAnswer.PENDING,
    "PDNG": RecallAnswer.PENDING,
    "FTNA": RecallAnswer.PENDING,
    "CWFW": RecallAnswer.PENDING,
}
PARTLY = "PECR"
ANSWER_BY_TRANSFER_STATUS = {answer.transfer_status: answer for answer in RecallAnswer}


@dataclass(frozen=True, slots=True)
class ResolvedBy:
    """The payment by which a case was resolved, such as a return (RsltnRltdInf). ``amount`` in minor units with its currency."""

    end_to_end_id: str | None = None
    transaction_id: str | None = None
    uetr: UUID | None = None
    amount: tuple[int, str] | None = None
    settlement_date: date | None = None
    clearing_channel: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredTransfer(CaseTransfer):
    """The answer for one transfer; ``index`` counts from 1 within the message. With ``findings`` it cannot be taken.

    ``status`` is TxCxlSts as it stands; ``answer`` what it comes to together with what the message says as a whole.
    """

    status_id: str | None = None
    status: str | None = None
    answer: RecallAnswer | None = None
    resolved_by: ResolvedBy | None = None
    assigner: PartyOrAgent | None = None
    assignee: PartyOrAgent | None = None


@dataclass(frozen=True, slots=True)
class AnsweredGroup(CaseGroup):
    """What an answer says of the message in which the transfers came (OrgnlGrpInfAndSts)."""

    status: str | None = None


@dataclass(frozen=True, slots=True)
class CancellationDetails:
    """Transfers out of one message (CxlDtls). ``findings`` are of the group."""

    transfers: tuple[AnsweredTransfer, ...] = ()
    group: AnsweredGroup | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """A whole camt.029. One of ``confirmation``, ``duplicate_of``, ``assignment_cancelled`` and ``rejected_modifications`` says how the
    case stands; only the first can answer a recall.

    ``findings`` are of a message that names no transfer.
    """

    assignment: Assignment
    details: tuple[CancellationDetails, ...] = ()
    case: Case | None = None
    confirmation: str | None = None
    duplicate_of: Case | None = None
    assignment_cancelled: bool | None = None
    rejected_modifications: tuple[CaseReason, ...] = ()
    findings: tuple[Finding, ...] = ()
    version: str = VERSION
    header: BusinessHeader | None = None
    notes: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:
        """The assignment's id."""
        return self.assignment.id

    @property
    def transfers(self) -> tuple[AnsweredTransfer, ...]:
        """Every transfer in order, with the case and the reasons that its group or the message states where it has none of its own."""
        return tuple(transfer.within(one.group, self.case, one.findings) for one in self.details for transfer in one.transfers)
