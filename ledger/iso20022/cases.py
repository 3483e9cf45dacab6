"""What recalls and their answers have in common: cases, who hands them to whom, the transfer they are about, and why.

Plain data: `case_fields` reads it, `case_elements` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from ledger.iso20022.parties import Agent, Party
from ledger.iso20022.rules import Finding
from ledger.iso20022.status_report import OriginalMessage


@dataclass(frozen=True, slots=True)
class PartyOrAgent:
    """Whoever stands where either a customer or a bank may stand (Party40Choice): one of the two."""

    agent: Agent | None = None
    party: Party | None = None

    @property
    def bic(self) -> str | None:
        """The BIC of either."""
        return self.agent.bic if self.agent is not None else self.party.bic if self.party is not None else None


@dataclass(frozen=True, slots=True)
class Case:
    """A case and who opened it; ``reopened`` where an answered one is taken up again (ReopCaseIndctn)."""

    id: str
    creator: PartyOrAgent | None = None
    reopened: bool | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who hands the message's cases to whom. ``id`` is the message's own id."""

    id: str
    assigner: PartyOrAgent
    assignee: PartyOrAgent
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OriginalTransfer:
    """The transfer as the message names it. ``amount`` is its settlement amount in minor units with the currency."""

    uetr: UUID | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    transaction_id: str | None = None
    clearing_reference: str | None = None
    amount: tuple[int, str] | None = None
    settlement_date: date | None = None
    message: OriginalMessage | None = None


@dataclass(frozen=True, slots=True)
class CaseReason:
    """Why: a code of the external set or the sender's own word, who asked for it, and lines of information."""

    code: str | None = None
    proprietary: str | None = None
    originator: Party | None = None
    information: tuple[str, ...] = field(default=(), repr=False)

    @property
    def word(self) -> str:
        """The code, or the sender's own word; empty where there is neither."""
        return self.code or self.proprietary or ""


def reason_word(reasons: tuple[CaseReason, ...]) -> str:
    """The first reason that has a word; empty where none has."""
    return next((reason.word for reason in reasons if reason.word), "")


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """What a recall, or an answer to one, says of the message in which the transfers came."""

    message: OriginalMessage
    cancellation_id: str | None = None
    case: Case | None = None
    transfer_count: int | None = None
    control_sum: Decimal | None = None
    reasons: tuple[CaseReason, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseTransfer:
    """What a recall, or an answer to one, says of one transfer; ``index`` counts from 1 within the message. With ``findings`` it cannot be
    taken."""

    index: int
    original: OriginalTransfer
    case: Case | None = None
    reasons: tuple[CaseReason, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def uetr(self) -> UUID | None:
        """The transfer's UETR, None only beside a finding."""
        return self.original.uetr

    @property
    def code(self) -> str:
        """The first reason's code; empty where none has one."""
        return next((reason.code for reason in self.reasons if reason.code), "")

    @property
    def reason(self) -> str:
        """The code, or the sender's own word, for the first reason; empty where there is none."""
        return reason_word(self.reasons)

    def within(self, group: CaseGroup | None, case: Case | None, findings: tuple[Finding, ...]) -> Self:
        """The same, with the case and the reasons that its group or the message states where it has none of its own."""
        return replace(
            self,
            case=self.case or (group.case if group else None) or case,
            reasons=self.reasons or (group.reasons if group else ()),
            findings=(*self.findings, *findings),
        )
