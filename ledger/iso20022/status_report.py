"""Where transfers stand, as a message states it (pacs.002): plain data, checked but not judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.parties import Agent

REJECTED = "RJCT"


@dataclass(frozen=True, slots=True)
class StatusReason:
    """Why: an external code or the sender's own word, and lines of information (cut to 105 characters each when written).

    ``originator`` and ``originator_bic`` say who decided so, by name or by BIC.
    """

    code: str | None = None
    proprietary: str | None = None
    information: tuple[str, ...] = ()
    originator: str | None = field(default=None, repr=False)
    originator_bic: str | None = None


@dataclass(frozen=True, slots=True)
class OriginalMessage:
    """The message that is answered. ``message`` is its version, such as ``pacs.008.001.08``."""

    message_id: str
    message: str = "pacs.008.001.08"
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """Where a message stands as a whole. ``count`` is the number of its transfers."""

    original: OriginalMessage
    status: str | None = None
    count: int | None = None
    reasons: tuple[StatusReason, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferStatus:
    """Where one transfer stands: ACTC, PDNG, ACSP, ACCC, CPUC, RJCT …, with the references its sender knows it by.

    ``original`` names the message it came in, where the report says that for each transfer. ``effective_date`` is the interbank
    settlement date that holds. ``index`` counts from 1 within the report and is no part of what is stated.
    """

    status: str
    uetr: UUID | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    transaction_id: str | None = None
    reasons: tuple[StatusReason, ...] = ()
    original: OriginalMessage | None = None
    status_id: str | None = None
    accepted_at: datetime | None = None
    effective_date: date | None = None
    servicer_reference: str | None = None
    clearing_reference: str | None = None
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None
    index: int = field(default=0, compare=False)

    @property
    def reason_code(self) -> str | None:
        """The code of the first reason that has one."""
        return next((reason.code for reason in self.reasons if reason.code), None)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The answer to one or more messages. ``faults`` are those of its transactions that break a rule; they stand beside the others."""

    message_id: str
    created_at: datetime
    groups: tuple[GroupStatus, ...] = ()
    transfers: tuple[TransferStatus, ...] = ()
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None
    faults: tuple[TransferFault, ...] = ()
    version: str = field(default="", compare=False)
    header: BusinessHeader | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)


def rejection_of(fault: TransferFault) -> TransferStatus:
    """RJCT for a transfer that breaks a rule: the first rule's reason code, and rule id and element of each as information."""
    lines = tuple(f"{finding.rule} {finding.xpath.partition('/CdtTrfTxInf')[2]}" for finding in fault.findings)
    return TransferStatus(
        status=REJECTED,
        uetr=fault.uetr,
        instruction_id=fault.instruction_id,
        end_to_end_id=fault.end_to_end_id,
        reasons=(StatusReason(code=fault.reason_code, information=lines),),
    )


def group_status_of(statuses: Iterable[str]) -> str:
    """What a file's transfers come to together: RJCT when all are rejected, PART when some are, ACTC when none is."""
    rejected = {status == REJECTED for status in statuses}
    if rejected == {True}:
        return REJECTED
    return "PART" if rejected == {True, False} else "ACTC"
