"""A return of a payment as a message states it (pacs.004): plain data, checked but not judged.

How much may still be returned is for the ledger to decide. Amounts are whole minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from ledger.iso20022.credit_transfer import ChargeBearer, GroupHeader, TransferFault
from ledger.iso20022.parties import Agent, Party
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import Amount


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """Why: a code of the external set (ExternalReturnReason1Code) or the sender's own word, with lines of 105 characters at most.

    ``originator`` is who asked for the return; it may be a person.
    """

    code: str | None = None
    proprietary: str | None = None
    information: tuple[str, ...] = ()
    originator: Party | None = None


@dataclass(frozen=True, slots=True)
class ReturnCharge:
    """A charge that was taken, and by whom."""

    amount: Amount
    agent: Agent | None = None


@dataclass(frozen=True, slots=True)
class ReturnChain:
    """The way the money takes back, from the one who received it (now the debtor) to the one who had sent it.

    Either end is a bank or a customer. ``previous_agents`` have passed it on, ``intermediaries`` will; at most three each.
    """

    debtor: Party | Agent
    creditor: Party | Agent
    debtor_agent: Agent | None = None
    creditor_agent: Agent | None = None
    previous_agents: tuple[Agent, ...] = ()
    intermediaries: tuple[Agent, ...] = ()
    ultimate_debtor: Party | Agent | None = None
    initiating_party: Party | Agent | None = None
    ultimate_creditor: Party | Agent | None = None


@dataclass(frozen=True, slots=True)
class PaymentReturn:
    """A payment that comes back, or a part of it. ``index`` counts from 1 within its file.

    ``uetr`` and the ids with ``original_`` in their names are those of the payment. ``returned`` is the interbank settlement amount
    that comes back, ``returned_instructed`` the same in the currency in which it was instructed; ``exchange_rate`` leads from one to
    the other.
    """

    index: int
    uetr: UUID
    returned: Amount
    reasons: tuple[ReturnReason, ...]
    return_id: str | None = None
    original: OriginalMessage | None = None
    original_instruction_id: str | None = None
    original_end_to_end_id: str | None = None
    original_transaction_id: str | None = None
    original_clearing_reference: str | None = None
    original_settlement: Amount | None = None
    original_settlement_date: date | None = None
    settlement_date: date | None = None
    returned_instructed: Amount | None = None
    exchange_rate: Decimal | None = None
    compensation: Amount | None = None
    charge_bearer: ChargeBearer | None = None
    charges: tuple[ReturnCharge, ...] = ()
    clearing_reference: str | None = None
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None
    chain: ReturnChain | None = None


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A whole file: each of its returns is either taken or named with its fault, in the file's order.

    ``original`` is the message that all of them are about, where the file says it once.
    """

    group: GroupHeader
    outcomes: tuple[PaymentReturn | TransferFault, ...]
    original: OriginalMessage | None = None
