"""A transfer of a bank's own money as a message states it (pacs.009): plain data, checked but not judged.

Amounts are whole minor units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from ledger.iso20022.credit_transfer import GroupHeader, TransferFault
from ledger.iso20022.parties import Account, Agent, Party
from ledger.iso20022.values import Amount


class TransferUse(StrEnum):
    """What a transfer between banks is for (the three uses of CBPR+).

    A cover settles a customer transfer that went another way; an advice announces a transfer whose money comes by another bank.
    """

    CORE = "core"
    COVER = "cov"
    ADVICE = "adv"


@dataclass(frozen=True, slots=True)
class UnderlyingTransfer:
    """The customer transfer that a cover settles. All of it but the banks is personal."""

    debtor: Party
    debtor_agent: Agent
    creditor_agent: Agent
    creditor: Party
    debtor_account: Account | None = None
    creditor_account: Account | None = None
    remittance: tuple[str, ...] = field(default=(), repr=False)
    instructed: Amount | None = None


@dataclass(frozen=True, slots=True)
class InstitutionTransfer:
    """Money of one bank for another. ``index`` counts from 1 within its file.

    ``debtor`` and ``creditor`` are banks. ``underlying`` is there for a cover only. ``priority`` is how urgent the settlement is
    (HIGH, NORM, URGT), ``purpose`` a code of the external set (ExternalPurpose1Code).
    """

    index: int
    uetr: UUID
    end_to_end_id: str
    settlement: Amount
    settlement_date: date
    debtor: Agent
    creditor: Agent
    instruction_id: str | None = None
    transaction_id: str | None = None
    clearing_reference: str | None = None
    priority: str | None = None
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None
    previous_agents: tuple[Agent, ...] = ()
    intermediaries: tuple[Agent, ...] = ()
    debtor_account: Account | None = None
    debtor_agent: Agent | None = None
    creditor_agent: Agent | None = None
    creditor_account: Account | None = None
    purpose: str | None = None
    remittance: tuple[str, ...] = field(default=(), repr=False)
    underlying: UnderlyingTransfer | None = None


@dataclass(frozen=True, slots=True)
class InstitutionTransferFile:
    """A whole file: each of its transfers is either taken or named with its fault, in the file's order."""

    group: GroupHeader
    use: TransferUse
    outcomes: tuple[InstitutionTransfer | TransferFault, ...]
