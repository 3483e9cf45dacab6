"""The commands as data: everything anybody can ask of a corridor.

A command is decided in `handlers.py`, alone or among others of one batch. `streams` names the aggregates it will need, so that a batch
loads them in one query; a handler may still ask for more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ledger.domain import ids
from ledger.domain.break_events import BreakClass
from ledger.domain.case_events import Opinion
from ledger.domain.personal_data_events import ErasureReason, ReadingReason
from ledger.domain.posting import CashKind
from ledger.domain.pricing import ChargeBearer
from ledger.domain.public_keys import ED25519
from ledger.domain.terms import Terms
from ledger.domain.transfer_events import Condition, Screened

BREAKS_AT_ONCE = 250
"""Differences of one `RecordBreaks`."""


class Command(BaseModel):
    """Asked by ``actor`` under its own ``idempotency_key``; ``cause`` names what made it act (a message id, a deadline)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    # A commit of its own: its boundary must be the end of the commit before it.
    alone: ClassVar[bool] = False

    corridor: str
    actor: str
    idempotency_key: str
    cause: str = ""

    @property
    def id(self) -> UUID:
        """The id by which events and lines find back to the command."""
        return ids.command_id(self.corridor, self.actor, self.idempotency_key)

    def streams(self) -> Iterable[UUID]:
        """The streams the handler will need, beside the corridor's own."""
        return ()

    def begins(self) -> UUID | None:
        """The one of these streams that must not exist yet, since the handler begins it."""
        return None


class TransferCommand(Command):
    """A step in the life of one transfer."""

    uetr: UUID

    def streams(self) -> Iterable[UUID]:
        return (self.uetr,)


# The corridor


class OpenCorridor(Command):
    """Opens the corridor with its first terms, or amends them when they are newer."""

    alone: ClassVar[bool] = True
    agreement: Terms


class SetAccountStatus(Command):
    """One officer freezes an account, two open it again or close it. Alone, so that what was booked before stands before it in the log."""

    alone: ClassVar[bool] = True
    account: str
    status: Literal["open", "frozen", "closed"]

    def streams(self) -> Iterable[UUID]:
        return (ids.account_stream(self.corridor, self.account),)


# Keys


class KeyCommand(Command):
    """About one public key of the corridor, named by the id that signatures name it by."""

    key_id: str

    def streams(self) -> Iterable[UUID]:
        return (ids.keys_stream(self.corridor),)


class RegisterKey(KeyCommand):
    """One person proposes a key; ``public_key`` as in `public_keys`, ``principal`` is who signs with it (``abb``, ``officer:amina``)."""

    principal: str
    algorithm: str = ED25519
    public_key: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    permissions: tuple[str, ...]


class RotateKey(KeyCommand):
    """One person proposes a key that takes the place of ``replaces``, with its owner and permissions."""

    replaces: str
    algorithm: str = ED25519
    public_key: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    replaced_until: AwareDatetime


class ApproveKey(KeyCommand):
    """A second person lets the proposed key in, and brings its public key as its owner gave it."""

    public_key: str


class DeclineKey(KeyCommand):
    reason: str


class RevokeKey(KeyCommand):
    reason: str


class LiftKeySuspension(KeyCommand):
    reason: str


# Messages


class ReceiveMessage(Command):
    """A file of messages came in under its sender's ``message_id``: the receipt alone remembers it, so that one id has one content."""

    message_id: str


# Rates and quotes


class PublishRateSheet(Command):
    """``rates``: price of one unit of each currency in the actor's own currency."""

    sheet: str
    rates: dict[str, Decimal]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    source: str

    def streams(self) -> Iterable[UUID]:
        return (ids.rates_stream(self.corridor, self.actor),)


class AskQuote(Command):
    """``amount`` in minor units of ``currency``, which must be the debtor agent's."""

    quote: UUID
    creditor_agent: str
    amount: int
    currency: str
    charge_bearer: ChargeBearer = "DEBT"

    def streams(self) -> Iterable[UUID]:
        return (
            self.quote,
            ids.rates_stream(self.corridor, self.actor),
            ids.rates_stream(self.corridor, self.creditor_agent),
        )

    def begins(self) -> UUID:
        return self.quote


# The life of a transfer


class InitiateTransfer(TransferCommand):
    """Initiates, screens, funds and dispatches. ``amount`` is the instructed amount in minor units of ``currency``.

    The parties stand in the vault: ``debtor`` and ``creditor`` are subject ids, ``commitments`` hides their fields and names which are
    there (``debtor.name``). ``stated_settlement`` is the settlement amount the message itself states, if any (minor units).
    """

    creditor_agent: str
    product: str
    purpose: str
    evidence: tuple[str, ...] = ()
    charge_bearer: ChargeBearer = "DEBT"
    amount: int
    currency: str
    quote: UUID | None = None
    stated_settlement: int | None = None
    debtor: UUID
    creditor: UUID
    commitments: dict[str, str]
    screened: Screened
    condition: Condition | None = None
    collection_code_digest: str | None = None

    def streams(self) -> Iterable[UUID]:
        rates = (ids.rates_stream(self.corridor, self.actor), ids.rates_stream(self.corridor, self.creditor_agent))
        return (self.uetr, *rates) if self.quote is None else (self.uetr, *rates, self.quote)

    def begins(self) -> UUID:
        return self.uetr


class FundTransfer(TransferCommand):
    """Tries again to fund a cleared transfer that found no room under a floor."""


class MeetCondition(TransferCommand):
    reference: str


class AcceptTransfer(TransferCommand):
    pass


class PayTransfer(TransferCommand):
    """``code`` is the keyed proof of the one-time code (`Intake.code_proof`), for cash only."""

    identity_checked: bool = False
    code: str = ""


class RefuseTransfer(TransferCommand):
    """``reason``: ISO 20022 ExternalStatusReason1Code."""

    reason: str


class CancelTransfer(TransferCommand):
    pass


class ExpireTransfer(TransferCommand):
    pass


class ReturnTransfer(TransferCommand):
    """``amount`` in minor units of the creditor agent's currency; ``reason``: ISO 20022 ExternalReturnReason1Code."""

    return_id: str
    amount: int
    reason: str


class RequestRecall(TransferCommand):
    """``reason``: ISO 20022 ExternalCancellationReason1Code."""

    recall: str
    reason: str


class AnswerRecall(TransferCommand):
    """``reason``: ISO 20022 ExternalPaymentCancellationRejection1Code. ``pending`` says only that the answer will follow; ``agreed`` says
    nothing then."""

    recall: str
    agreed: bool
    reason: str
    pending: bool = False


class FlagUnanswered(TransferCommand):
    """The partner's answer was due ``since`` and has not come."""

    since: AwareDatetime


class ResolveUnanswered(TransferCommand):
    """The creditor agent says what became of a silent transfer; ``pending`` lifts the flag only."""

    outcome: Literal["paid", "refused", "pending"]
    reason: str = ""
    identity_checked: bool = False
    code: str = ""


class FreezeTransfer(TransferCommand):
    """An officer stops a transfer in flight."""


class GiveOpinion(Command):
    """An officer's opinion on a case. ``reasons`` is the commitment to the officer's words."""

    case: str
    opinion: Opinion
    reasons: str

    def streams(self) -> Iterable[UUID]:
        return (ids.case_stream(self.corridor, self.case),)


# Personal data


class ReadPersonalData(TransferCommand):
    """The actor is to be shown the parties of the transfer. ``reason`` is case when ``case`` names one."""

    reason: ReadingReason
    case: str = ""

    def streams(self) -> Iterable[UUID]:
        return (self.uetr, ids.case_stream(self.corridor, self.case)) if self.case else (self.uetr,)


class ReadReceivedMessage(Command):
    """The actor is to be shown the bytes of a message as it was received; ``message`` is the subject of the vault that holds them.
    ``reason`` is case when ``case`` names one."""

    message: UUID
    reason: ReadingReason
    case: str = ""

    def streams(self) -> Iterable[UUID]:
        return (ids.case_stream(self.corridor, self.case),) if self.case else ()


class ErasePerson(Command):
    """Two officers destroy the key of a ``subject`` of the vault."""

    subject: UUID
    reason: ErasureReason

    def streams(self) -> Iterable[UUID]:
        return (ids.person_stream(self.corridor, self.subject),)


class EndRetention(TransferCommand):
    """The retention job ends the keeping of a transfer's people. ``subjects`` of the vault, beside its parties, hold what officers wrote
    about it."""

    subjects: tuple[UUID, ...] = ()

    def streams(self) -> Iterable[UUID]:
        return (self.uetr, ids.retention_stream(self.corridor, self.uetr))


# Settlement and treasury


class MovementCommand(Command):
    """``amount`` in minor units; ``reference`` is the bank's own and makes the movement unique."""

    participant: str
    amount: int
    currency: str
    reference: str

    def streams(self) -> Iterable[UUID]:
        return (ids.movement_stream(self.corridor, self.reference),)


class FundPosition(MovementCommand):
    pass


class AnnouncePayIn(MovementCommand):
    """``account``: the number of the account it is announced for, where the announcement names one."""

    expected_on: date
    account: str | None = None


class RequestWithdrawal(MovementCommand):
    pass


class ChargeSettlement(MovementCommand):
    pass


class MoveCash(MovementCommand):
    kind: CashKind


class ConfirmWithdrawal(Command):
    reference: str
    bank_reference: str

    def streams(self) -> Iterable[UUID]:
        return (ids.movement_stream(self.corridor, self.reference),)


class CloseCycle(Command):
    alone: ClassVar[bool] = True


class CycleCommand(Command):
    """A payment of a cycle, confirmed by the settlement bank (``amount`` in minor units of the settlement currency)."""

    cycle: int
    participant: str
    amount: int
    bank_reference: str

    def streams(self) -> Iterable[UUID]:
        return (ids.cycle_stream(self.corridor, self.cycle),)


class ConfirmPayIn(CycleCommand):
    pass


class ConfirmPayOut(CycleCommand):
    pass


# Reconciliation


class BreakCommand(Command):
    break_id: str

    def streams(self) -> Iterable[UUID]:
        return (ids.break_stream(self.corridor, self.break_id),)


class FoundBreak(BaseModel):
    """``difference``: what the statement has more than the ledger on ``account``, debit positive, minor units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    break_id: str
    break_class: BreakClass
    account: str
    difference: int
    statement: str
    reference: str
    business_date: date


class RecordBreaks(Command):
    """Differences under one receipt, at most `BREAKS_AT_ONCE`: all are recorded, or none."""

    found: Annotated[tuple[FoundBreak, ...], Field(min_length=1, max_length=BREAKS_AT_ONCE)]

    def streams(self) -> Iterable[UUID]:
        return [ids.break_stream(self.corridor, one.break_id) for one in self.found]


class ParkBreak(BreakCommand):
    pass


class ResolveBreak(BreakCommand):
    """``to_account`` is where a parked difference belongs; empty for a break that was never parked."""

    to_account: str = ""
    explanation: str
