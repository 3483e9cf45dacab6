"""A customer credit transfer as a message states it (pacs.008): plain data, checked but not judged.

Whether the corridor takes the currency, the purpose or the amount is for the ledger to decide. Amounts are whole minor units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.parties import Account, Agent, Party
from ledger.iso20022.rules import Finding


class Product(StrEnum):
    """How the money is handed in and out; a message says it in PmtTpInf/LclInstrm/Prtry, account to account where it says nothing."""

    ACCOUNT_TO_ACCOUNT = "account_to_account"
    CASH_TO_ACCOUNT = "cash_to_account"
    ACCOUNT_TO_CASH = "account_to_cash"
    CASH_TO_CASH = "cash_to_cash"
    MERCHANT_QR = "merchant_qr"

    @property
    def takes_cash(self) -> bool:
        """Whether the debtor hands in cash."""
        return self in (Product.CASH_TO_ACCOUNT, Product.CASH_TO_CASH)

    @property
    def pays_cash(self) -> bool:
        """Whether the creditor collects cash."""
        return self in (Product.ACCOUNT_TO_CASH, Product.CASH_TO_CASH)


class ChargeBearer(StrEnum):
    """Who bears the charges (ChargeBearerType1Code); SLEV is not used in a corridor."""

    DEBTOR = "DEBT"
    SHARED = "SHAR"
    CREDITOR = "CRED"


class ConditionKind(StrEnum):
    """What a release condition waits for."""

    PARCEL_DELIVERED = "parcel_delivered"
    DOCUMENT_PRESENTED = "document_presented"


@dataclass(frozen=True, slots=True)
class ReleaseCondition:
    """What must happen before a funded transfer is sent on, and until when.

    ``reference`` names the parcel or document, ``confirmed_by`` is the BIC of the bank whose word counts.
    """

    kind: ConditionKind
    reference: str
    confirmed_by: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """What one bank takes from the transfer, in minor units of ``currency``."""

    minor: int
    currency: str
    agent: Agent


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """One transfer. ``index`` counts from 1 within its file.

    ``instructed_minor`` is what the debtor sends: InstdAmt, or the settlement amount where there is none. ``settlement_minor`` is
    IntrBkSttlmAmt; where ``states_settlement`` is false it only repeats the instructed amount and says nothing about a rate.
    ``exchange_rate`` multiplies the instructed into the settlement amount. ``accepted_at`` is when the debtor's bank took it in.
    ``evidence`` names what that bank holds for the purpose, in the words of the corridor's terms. ``payout_minor`` is what the creditor
    receives, in ``payout_currency``, where that was fixed before; ``charges`` are what banks took or take from it.
    """

    index: int
    uetr: UUID
    end_to_end_id: str
    instructed_minor: int
    instructed_currency: str
    settlement_minor: int
    settlement_currency: str
    settlement_date: date
    charge_bearer: ChargeBearer
    debtor: Party
    debtor_agent: Agent
    creditor_agent: Agent
    creditor: Party
    debtor_account: Account | None = None
    creditor_account: Account | None = None
    instruction_id: str | None = None
    transaction_id: str | None = None
    exchange_rate: Decimal | None = None
    accepted_at: datetime | None = None
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None
    purpose: str | None = None
    category_purpose: str | None = None
    product: Product = Product.ACCOUNT_TO_ACCOUNT
    evidence: tuple[str, ...] = ()
    release_condition: ReleaseCondition | None = None
    charges: tuple[Charge, ...] = ()
    payout_minor: int | None = None
    payout_currency: str | None = None
    remittance: tuple[str, ...] = field(default=(), repr=False)

    @property
    def states_settlement(self) -> bool:
        """Whether the message fixes a settlement amount in another currency than the instructed one."""
        return self.settlement_currency != self.instructed_currency


@dataclass(frozen=True, slots=True)
class TransferFault:
    """A transfer that cannot be taken, with every rule it breaks; the first one answers for it.

    ``uetr`` is None where the transfer has none that could be read. Nothing personal is in it.
    """

    index: int
    uetr: UUID | None
    instruction_id: str | None
    end_to_end_id: str | None
    findings: tuple[Finding, ...]

    @property
    def rule(self) -> str:
        """Id of the first rule broken."""
        return self.findings[0].rule

    @property
    def xpath(self) -> str:
        """Where it was looked at."""
        return self.findings[0].xpath

    @property
    def sentence(self) -> str:
        """What is wrong and the way out."""
        return self.findings[0].sentence

    @property
    def reason_code(self) -> str:
        """ExternalStatusReason1Code for the answer."""
        return self.findings[0].reason_code


@dataclass(frozen=True, slots=True)
class GroupHeader:
    """What a file of transfers says of itself. ``control_sum`` adds settlement amounts irrespective of currency.

    ``version`` is the message as read, such as ``pacs.008.001.08``; ``notes`` say what was tolerated.
    """

    message_id: str
    created_at: datetime
    transfer_count: int
    settlement_method: str
    control_sum: Decimal | None = None
    settlement_date: date | None = None
    instructing_agent: Agent | None = None
    instructed_agent: Agent | None = None
    version: str = "pacs.008.001.08"
    header: BusinessHeader | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreditTransferFile:
    """A whole file: each of its transfers is either taken or named with its fault, in the file's order."""

    group: GroupHeader
    outcomes: tuple[CreditTransfer | TransferFault, ...]

    @property
    def transfers(self) -> tuple[CreditTransfer, ...]:
        """Those that can be taken."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, CreditTransfer))

    @property
    def faults(self) -> tuple[TransferFault, ...]:
        """Those that cannot."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, TransferFault))
