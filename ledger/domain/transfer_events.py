"""The facts of a transfer's life, in the order in which they can happen."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from ledger.domain.aggregate import CreatedEvent, DecidedEvent
from ledger.domain.posting import ReturnPart
from ledger.domain.pricing import ChargeBearer, Pricing
from ledger.domain.terms import RefundCause


class Condition(BaseModel):
    """What a funded transfer waits for before it is sent onward, who says that it is met, and until when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["parcel_delivered", "document_presented"]
    reference: str
    confirmed_by: str
    deadline: AwareDatetime


class Screened(BaseModel):
    """That screening was done: against which list, and whether it found anything. What it found is hidden in ``commitment`` (salted
    SHA-256, hex); the words stand in the vault, since a witness reads the whole log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    list_name: str
    list_version: str
    outcome: Literal["clear", "hit"]
    commitment: str


class TransferInitiated(CreatedEvent):
    """``debtor`` and ``creditor`` are subject ids of the vault; ``commitments`` hide their fields (salted SHA-256, hex)."""

    TOPIC = "Transfer.Initiated.v1"
    product: str
    payout_method: Literal["account", "cash"]
    purpose: str
    evidence: tuple[str, ...]
    charge_bearer: ChargeBearer
    pricing: Pricing
    quote: UUID | None
    debtor: UUID
    creditor: UUID
    commitments: dict[str, str]
    condition: Condition | None = None
    collection_code_digest: str | None = None
    cash_days_to_collect: int = 0

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "initiated"
        aggregate.product = self.product
        aggregate.payout_method = self.payout_method
        aggregate.pricing = self.pricing
        aggregate.debtor = self.debtor
        aggregate.creditor = self.creditor
        aggregate.condition = self.condition
        aggregate.collection_code_digest = self.collection_code_digest
        aggregate.cash_days_to_collect = self.cash_days_to_collect


class TransferHeld(DecidedEvent):
    TOPIC = "Transfer.Held.v1"
    case: str
    screened: Screened

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "held"
        aggregate.case = self.case
        aggregate.was_held = True


class TransferCleared(DecidedEvent):
    """Screening found nothing, or two officers cleared the hold (``case``)."""

    TOPIC = "Transfer.Cleared.v1"
    screened: Screened | None = None
    case: str | None = None

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "cleared"
        aggregate.case = None


class TransferRejected(DecidedEvent):
    """Ended before funding; books nothing. ``reason`` is an ISO 20022 ExternalStatusReason1Code, always MS03 after a hold."""

    TOPIC = "Transfer.Rejected.v1"
    reason: str

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "rejected"
        aggregate.reason = self.reason


class TransferFunded(DecidedEvent):
    TOPIC = "Transfer.Funded.v1"

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "funded"
        aggregate.was_funded = True


class TransferConditionMet(DecidedEvent):
    TOPIC = "Transfer.ConditionMet.v1"
    reference: str

    def apply(self, aggregate: Any) -> None:
        aggregate.condition = None


class TransferDispatched(DecidedEvent):
    """Placed in the creditor agent's feed; no proof of receipt."""

    TOPIC = "Transfer.Dispatched.v1"

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "dispatched"


class TransferAccepted(DecidedEvent):
    """The creditor agent will pay. ``collect_until`` is set for cash: uncollected cash expires then."""

    TOPIC = "Transfer.Accepted.v1"
    collect_until: datetime | None = None

    def apply(self, aggregate: Any) -> None:
        aggregate.collect_until = self.collect_until
        if aggregate.state == "dispatched":
            aggregate.state = "accepted"
        aggregate.unanswered = False


class TransferPaid(DecidedEvent):
    """``paid_to_creditor`` in minor units of the creditor agent's currency; ``method`` says account credit or cash hand-over."""

    TOPIC = "Transfer.Paid.v1"
    method: Literal["account", "cash"]
    paid_to_creditor: int

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "paid"
        aggregate.unanswered = False


class TransferRefused(DecidedEvent):
    """The creditor agent will not pay. ``reason`` is an ISO 20022 ExternalStatusReason1Code."""

    TOPIC = "Transfer.Refused.v1"
    reason: str

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "refused"
        aggregate.reason = self.reason
        aggregate.ended_by = "refused"
        aggregate.unanswered = False


class TransferCancelled(DecidedEvent):
    """By the debtor agent before dispatch, after it only by the answer to a recall (``recall``)."""

    TOPIC = "Transfer.Cancelled.v1"
    recall: str | None = None

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "cancelled"
        aggregate.reason = "CUST"
        aggregate.ended_by = "cancelled"


class TransferExpired(DecidedEvent):
    """Cash was not collected, or the condition's deadline passed."""

    TOPIC = "Transfer.Expired.v1"
    lapsed: Literal["collection", "condition"]

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "expired"
        aggregate.reason = "NOAS"
        aggregate.ended_by = "expired"


class TransferRefunded(DecidedEvent):
    """The debtor's money went back before payout. ``refunded_to_debtor`` in minor units of the debtor agent's currency."""

    TOPIC = "Transfer.Refunded.v1"
    refund_cause: RefundCause
    fee_given_back: bool
    refunded_to_debtor: int

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "refunded"


class TransferReturned(DecidedEvent):
    """One part of a return: known by (UETR, ``return_id``)."""

    TOPIC = "Transfer.Returned.v1"
    return_id: str
    reason: str
    part: ReturnPart

    def apply(self, aggregate: Any) -> None:
        aggregate.state = "returned"
        aggregate.returns = {**aggregate.returns, self.return_id: self.part}


class TransferFrozen(DecidedEvent):
    """Compliance stopped it after funding: neither paid, expired nor refunded until two officers lift it."""

    TOPIC = "Transfer.Frozen.v1"
    case: str

    def apply(self, aggregate: Any) -> None:
        aggregate.case = self.case
        aggregate.frozen = True


class TransferFreezeLifted(DecidedEvent):
    TOPIC = "Transfer.FreezeLifted.v1"
    case: str

    def apply(self, aggregate: Any) -> None:
        aggregate.case = None
        aggregate.frozen = False


class TransferUnanswered(DecidedEvent):
    """The partner did not answer: the flag *unknown* is set until it does. ``since`` is when the answer was due."""

    TOPIC = "Transfer.Unanswered.v1"
    since: datetime

    def apply(self, aggregate: Any) -> None:
        aggregate.unanswered = True


class TransferAnswered(DecidedEvent):
    """The flag *unknown* is lifted without another step: the partner says it has neither paid nor refused."""

    TOPIC = "Transfer.Answered.v1"

    def apply(self, aggregate: Any) -> None:
        aggregate.unanswered = False


class TransferRecallRequested(DecidedEvent):
    """A request (camt.056) that the creditor agent answers; it never reverses by itself."""

    TOPIC = "Transfer.RecallRequested.v1"
    recall: str
    reason: str

    def apply(self, aggregate: Any) -> None:
        aggregate.recalls = {**aggregate.recalls, self.recall: "open"}


class TransferRecallAnswered(DecidedEvent):
    TOPIC = "Transfer.RecallAnswered.v1"
    recall: str
    agreed: bool
    reason: str

    def apply(self, aggregate: Any) -> None:
        aggregate.recalls = {**aggregate.recalls, self.recall: "agreed" if self.agreed else "declined"}
