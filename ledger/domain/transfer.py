"""The life of a transfer: which step may follow which.

::

    initiated ─────────→ cleared → funded → dispatched → accepted → paid → returned (parts, up to the whole)
        └→ held ──cleared──┘ │        │          │           │
             └→ rejected ←───┘        └──────────┴───────────┴→ refused · cancelled · expired → refunded

Each public method names its rule's guards first and then records; the caller posts the entry that belongs to the step.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Literal, NoReturn
from uuid import UUID

from ledger import errors
from ledger.domain import transfer_events as events
from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.money import convert, convert_back, format_amount, round_fraction
from ledger.domain.posting import ReturnPart
from ledger.domain.pricing import ChargeBearer, Pricing
from ledger.domain.terms import RefundCause
from ledger.domain.transfer_events import Condition, Screened

TransferState = Literal[
    "initiated", "held", "cleared", "rejected", "funded", "dispatched", "accepted", "paid", "returned",
    "refused", "cancelled", "expired", "refunded",
]  # fmt: skip


# ExternalStatusReason1Code for a transfer whose rates lapsed before it was funded: aborted after a timeout.
RATES_LAPSED = "AB03"


def collection_code_digest(uetr: UUID, code_proof: str) -> str:
    """What the log keeps of a one-time collection code: SHA-256 over the UETR and the code's keyed proof, hex."""
    return sha256(uetr.bytes + code_proof.encode()).hexdigest()


class Transfer(Aggregate):
    """Decides the steps of one transfer. Amounts never change after initiation."""

    TOPIC = "Transfer"

    def __init__(self) -> None:
        self.state: TransferState = "initiated"
        self.product = ""
        self.payout_method: Literal["account", "cash"] = "account"
        self.pricing: Pricing
        self.debtor: UUID
        self.creditor: UUID
        self.condition: Condition | None = None
        self.collection_code_digest: str | None = None
        self.cash_days_to_collect = 0
        self.collect_until: datetime | None = None
        self.case: str | None = None
        self.was_held = False
        self.was_funded = False
        self.frozen = False
        self.unanswered = False
        self.reason = ""
        self.ended_by = ""
        self.returns: dict[str, ReturnPart] = {}
        self.recalls: dict[str, Literal["open", "agreed", "declined"]] = {}

    # Before money moves

    @classmethod
    def initiate(
        cls,
        uetr: UUID,
        by: Decision,
        *,
        product: str,
        payout_method: Literal["account", "cash"],
        purpose: str,
        evidence: tuple[str, ...],
        charge_bearer: ChargeBearer,
        pricing: Pricing,
        quote: UUID | None,
        debtor: UUID,
        creditor: UUID,
        commitments: dict[str, str],
        condition: Condition | None = None,
        collection_code_digest: str | None = None,
        cash_days_to_collect: int = 0,
        rules: tuple[str, ...] = (),
    ) -> Transfer:
        """The debtor agent's statement that it holds the money. Terms, limits and quote were checked by the caller."""
        if by.actor != pricing.debtor_agent:
            raise errors.NotPermitted(
                f"{by.actor} cannot send for {pricing.debtor_agent}.", field="debtor_agent", value=pricing.debtor_agent,
                way_out="Only the debtor agent initiates its transfers.",
            )  # fmt: skip
        if payout_method == "cash" and collection_code_digest is None:
            raise errors.CashProofMissing(
                f"{uetr} is to be paid in cash, which needs a one-time collection code.", field="collection_code",
                way_out="Send the digest of the code that the debtor receives.",
            )  # fmt: skip
        return cls.begin(
            events.TransferInitiated, uetr, by, rules=rules,
            product=product, payout_method=payout_method, purpose=purpose, evidence=evidence, charge_bearer=charge_bearer,
            pricing=pricing, quote=quote, debtor=debtor, creditor=creditor, commitments=commitments, condition=condition,
            collection_code_digest=collection_code_digest, cash_days_to_collect=cash_days_to_collect,
        )  # fmt: skip

    def hold(self, by: Decision, case: str, screened: Screened) -> None:
        """Screening found something: two officers decide."""
        self._check_state("hold", "initiated")
        self.record(events.TransferHeld, by, case=case, screened=screened)

    def clear(self, by: Decision, screened: Screened) -> None:
        """Screening found nothing."""
        self._check_state("clear", "initiated")
        self.record(events.TransferCleared, by, screened=screened)

    def clear_hold(self, by: Decision, case: str) -> None:
        """Two officers cleared the hold."""
        self._check_state("clear", "held")
        self.record(events.TransferCleared, by, case=case)

    def reject(self, by: Decision, reason: str) -> None:
        """Ends the transfer before funding. After a hold the reason told is always MS03, so that it tips nobody off."""
        self._check_state("reject", "initiated", "held", "cleared")
        self.record(events.TransferRejected, by, reason="MS03" if self.was_held else reason)

    def quote_lapsed(self, at: datetime) -> bool:
        """Whether the rates that the amounts were fixed at are no longer valid."""
        return at > self.pricing.valid_until

    # Money in flight

    def check_can_fund(self, by: Decision) -> None:
        """Raises StepOutOfOrder, or QuoteExpired: the caller then rejects."""
        self._check_state("fund", "cleared")
        if self.quote_lapsed(by.at):
            raise errors.QuoteExpired(
                f"The rates of {self.id} were valid until {self.pricing.valid_until:%Y-%m-%d %H:%M:%S}Z.",
                field="quote", value=self.id, way_out="Start anew with a new UETR and a new quote.",
            )  # fmt: skip

    def fund(self, by: Decision) -> None:
        """The debtor agent's liability becomes the corridor's, and the transfer is sent onward unless it waits for a condition."""
        self.check_can_fund(by)
        self.record(events.TransferFunded, by)
        if self.condition is None:
            self.record(events.TransferDispatched, by)

    def meet_condition(self, by: Decision, reference: str) -> None:
        """The agreed confirmer says that the parcel was delivered or the document presented; the transfer goes on."""
        self._check_state("meet the condition of", "funded")
        self._check_not_frozen()
        condition = self.condition
        if condition is None or condition.reference != reference:
            raise errors.ConditionNotDue(
                f"{self.id} waits for no condition with reference {reference!r}.", field="reference", value=reference,
                way_out="Name the reference the transfer was initiated with.",
            )  # fmt: skip
        self._check_actor(by, condition.confirmed_by)
        if by.at > condition.deadline:
            raise errors.ConditionNotDue(
                f"The deadline of {self.id}'s condition passed at {condition.deadline:%Y-%m-%d %H:%M:%S}Z.", field="deadline",
                value=condition.deadline.isoformat(), way_out="The transfer expires and is refunded.",
            )  # fmt: skip
        self.record(events.TransferConditionMet, by, reference=reference)
        self.record(events.TransferDispatched, by)

    def accept(self, by: Decision) -> None:
        """The creditor agent will pay. An acceptance that arrives after the payment is recorded without effect."""
        self._check_actor(by, self.pricing.creditor_agent)
        self._check_state("accept", "dispatched", "paid")
        cash = self.payout_method == "cash" and self.state == "dispatched"
        self.record(events.TransferAccepted, by, collect_until=by.at + timedelta(days=self.cash_days_to_collect) if cash else None)

    def pay(self, by: Decision, *, identity_checked: bool = False, code: str = "") -> None:
        """The creditor has the money, or for cash: may have it now. Cash needs an identity check and the one-time code. A collection
        deadline that passed does not matter while nobody has expired the transfer: log order decides."""
        self._check_actor(by, self.pricing.creditor_agent)
        self._check_state("pay", "dispatched", "accepted")
        self._check_not_frozen()
        if self.payout_method == "cash" and not self._cash_proven(identity_checked, code):
            raise errors.CashProofMissing(
                f"Cash of {self.id} is handed over after an identity check and with the code the debtor received.",
                field="code", way_out="Check the creditor's identity document and enter the code again.",
            )  # fmt: skip
        self.record(events.TransferPaid, by, method=self.payout_method, paid_to_creditor=self.pricing.paid_to_creditor)

    # Money that does not arrive

    def refuse(self, by: Decision, reason: str) -> None:
        """The creditor agent will not pay."""
        self._check_actor(by, self.pricing.creditor_agent)
        self._check_state("refuse", "dispatched", "accepted")
        self._check_not_frozen()
        self.record(events.TransferRefused, by, reason=reason)

    def cancel(self, by: Decision) -> None:
        """The debtor agent takes it back before it was sent onward."""
        self._check_actor(by, self.pricing.debtor_agent)
        if self.state in ("dispatched", "accepted"):
            raise errors.StepOutOfOrder(
                f"{self.id} was sent to {self.pricing.creditor_agent}.", field="state", value=self.state,
                way_out="Ask for a recall; the creditor agent answers it.",
            )  # fmt: skip
        self._check_state("cancel", "cleared", "funded")
        self._check_not_frozen()
        self.record(events.TransferCancelled, by)

    def expire(self, by: Decision) -> None:
        """Uncollected cash, or a condition whose deadline passed. Raises NotYetExpired before that."""
        self._check_state("expire", "funded", "accepted")
        self._check_not_frozen()
        self._check_answered()
        deadline = self.condition.deadline if self.state == "funded" and self.condition else self.collect_until
        if deadline is None:
            raise errors.StepOutOfOrder(
                f"{self.id} has no deadline: only uncollected cash and unmet conditions expire.", field="uetr", value=self.id,
                way_out="Ask for a recall instead.",
            )  # fmt: skip
        if by.at <= deadline:
            raise errors.NotYetExpired(
                f"{self.id} waits until {deadline:%Y-%m-%d %H:%M:%S}Z.", field="deadline", value=deadline.isoformat(),
                way_out="Try again after that.",
            )  # fmt: skip
        self.record(events.TransferExpired, by, lapsed="condition" if self.state == "funded" else "collection")

    def refund_cause(self, ended_by: Literal["refused", "cancelled", "expired"]) -> RefundCause:
        """Which line of the tariff decides about the fee when the transfer ends so."""
        return "condition_lapsed" if ended_by == "expired" and self.state == "funded" else ended_by

    def refund(self, by: Decision, cause: RefundCause, *, fee_given_back: bool) -> None:
        """The debtor's money goes back; follows refused, cancelled and expired at once."""
        self._check_state("refund", "refused", "cancelled", "expired")
        if not self.was_funded:
            self._refuse_step("refund", ("funded",))
        p = self.pricing
        self.record(
            events.TransferRefunded,
            by,
            refund_cause=cause,
            fee_given_back=fee_given_back,
            refunded_to_debtor=p.instructed + (p.fee if fee_given_back else 0),
        )

    def return_part_of(self, by: Decision, *, return_id: str, amount: int, today: tuple[Decimal, Decimal] | None) -> ReturnPart | None:
        """What a part of ``amount`` (minor units of the creditor agent's currency) is in the three currencies.

        At the original rate, part k is round(all parts so far × original ratio) − what was returned before, so the last part closes
        exactly; ``today`` gives (debtor rate, creditor rate) instead when the corridor's policy says so. The cap holds in each of the
        three currencies. None when this return id is already booked with the same amount.
        """
        self._check_actor(by, self.pricing.creditor_agent)
        if return_id in self.returns:
            if self.returns[return_id].payout == amount:
                return None
            raise errors.ReturnAlreadyBooked(
                f"Return {return_id!r} of {self.id} was booked with another amount.",
                field="return_id",
                value=return_id,
                way_out="Use a new return id for another part.",
            )
        self._check_state("return", "paid", "returned")
        return self._return_part(amount, today)

    def return_part(self, by: Decision, *, return_id: str, reason: str, part: ReturnPart) -> None:
        """Part of the payment comes back; guarded by `return_part_of`."""
        self.record(events.TransferReturned, by, return_id=return_id, reason=reason, part=part)

    def _return_part(self, amount: int, today: tuple[Decimal, Decimal] | None) -> ReturnPart:
        p, done = self.pricing, self.returned
        if done.payout + amount > p.paid_to_creditor:
            left = format_amount(p.paid_to_creditor - done.payout, p.creditor_currency)
            raise errors.ReturnExceedsPayment(
                f"{left} {p.creditor_currency} of {self.id} can still be returned.", field="amount",
                value=format_amount(amount, p.creditor_currency), way_out=f"Return at most {left}.",
            )  # fmt: skip
        if today is None:
            so_far = Fraction(done.payout + amount, p.payout)
            # Parts before an amendment may have gone at another rate: a part never takes anything back again.
            settlement = max(0, round_fraction(so_far * p.settlement, p.rounding) - done.settlement)
            instructed = max(0, round_fraction(so_far * p.instructed, p.rounding) - done.instructed)
        else:
            settlement = convert(amount, p.creditor_currency, p.settlement_currency, source_per_target=today[1], rounding=p.rounding)
            settlement = min(settlement, p.settlement - done.settlement)
            instructed = convert_back(settlement, p.settlement_currency, p.debtor_currency, target_per_source=today[0], rounding=p.rounding)
            instructed = min(instructed, p.instructed - done.instructed)
        return ReturnPart(amount, settlement, instructed)

    @property
    def returned(self) -> ReturnPart:
        """The sum of all parts returned so far."""
        parts = self.returns.values()
        return ReturnPart(sum(p.payout for p in parts), sum(p.settlement for p in parts), sum(p.instructed for p in parts))

    # Recall

    def request_recall(self, by: Decision, recall: str, reason: str) -> None:
        """The debtor agent asks for the money back (camt.056). Known by (UETR, case id)."""
        self._check_actor(by, self.pricing.debtor_agent)
        if recall in self.recalls:
            raise errors.RecallAlreadyOpen(
                f"Recall {recall!r} of {self.id} exists.", field="recall", value=recall, way_out="Use a new case id."
            )
        self._check_state("recall", "dispatched", "accepted", "paid", "returned")
        self.record(events.TransferRecallRequested, by, recall=recall, reason=reason)

    def recall_cancels(self, by: Decision, recall: str, *, agreed: bool) -> bool:
        """Whether answering so cancels the transfer: agreed, and not yet paid. Raises RecallUnknown or RecallAlreadyAnswered."""
        self.check_recall_open(by, recall)
        cancels = agreed and self.state in ("dispatched", "accepted")
        if cancels:
            self._check_not_frozen()
            self._check_answered()
        return cancels

    def check_recall_open(self, by: Decision, recall: str) -> None:
        """Raises NotPermitted, RecallUnknown or RecallAlreadyAnswered unless the recall waits for this actor's answer."""
        self._check_actor(by, self.pricing.creditor_agent)
        if recall not in self.recalls:
            raise errors.RecallUnknown(
                f"{self.id} has no recall {recall!r}.", field="recall", value=recall, way_out="Name the case id of the request."
            )
        if self.recalls[recall] != "open":
            raise errors.RecallAlreadyAnswered(
                f"Recall {recall!r} of {self.id} was answered.", field="recall", value=recall, way_out="Nothing is left to do."
            )

    def answer_recall(self, by: Decision, recall: str, *, agreed: bool, reason: str) -> None:
        """The creditor agent answers (camt.029)."""
        cancels = self.recall_cancels(by, recall, agreed=agreed)
        self.record(events.TransferRecallAnswered, by, recall=recall, agreed=agreed, reason=reason)
        if cancels:
            self.record(events.TransferCancelled, by, recall=recall)

    # Compliance and silence

    def freeze(self, by: Decision, case: str) -> None:
        """A hit after funding stops it where it is."""
        self.check_can_freeze()
        self.record(events.TransferFrozen, by, case=case)

    def check_can_freeze(self) -> None:
        """Only money in flight can be frozen, and only once at a time."""
        self._check_state("freeze", "funded", "dispatched", "accepted")
        self._check_not_frozen()

    def lift_freeze(self, by: Decision, case: str) -> None:
        """Two officers let it go on."""
        if not self.frozen:
            raise errors.StepOutOfOrder(f"{self.id} is not frozen.", field="uetr", value=self.id, way_out="Nothing is left to do.")
        self.record(events.TransferFreezeLifted, by, case=case)

    def flag_unanswered(self, by: Decision, since: datetime) -> None:
        """The partner stayed silent: until it answers nothing is cancelled or expired."""
        self._check_state("flag", "dispatched", "accepted")
        self._check_answered()
        self.record(events.TransferUnanswered, by, since=since)

    def note_answered(self, by: Decision) -> None:
        """The partner says that it has neither paid nor refused yet."""
        self.check_unanswered()
        self.record(events.TransferAnswered, by)

    def check_unanswered(self) -> None:
        """Raises StepOutOfOrder unless the flag *unknown* is set."""
        if not self.unanswered:
            raise errors.StepOutOfOrder(f"{self.id} is not flagged unknown.", field="uetr", value=self.id, way_out="Nothing is left to do.")

    # Guards

    def _check_state(self, step: str, *allowed: TransferState) -> None:
        if self.state not in allowed:
            self._refuse_step(step, allowed)

    def _refuse_step(self, step: str, allowed: tuple[str, ...]) -> NoReturn:
        raise errors.StepOutOfOrder(
            f"Cannot {step} {self.id}: it is {self.state}.", field="state", value=self.state,
            way_out=f"This step follows {' or '.join(allowed)}.",
        )  # fmt: skip

    def _check_not_frozen(self) -> None:
        if self.frozen:
            raise errors.TransferFrozen(
                f"{self.id} cannot go on at present.", field="uetr", value=self.id, way_out="Try again later with a new key."
            )

    def _check_answered(self) -> None:
        if self.unanswered:
            raise errors.TransferUnanswered(
                f"{self.pricing.creditor_agent} has not said whether it paid {self.id}.", field="uetr", value=self.id,
                way_out="Resolve the unknown outcome first.",
            )  # fmt: skip

    def _check_actor(self, by: Decision, participant: str) -> None:
        if by.actor != participant:
            raise errors.NotPermitted(
                f"{by.actor} cannot do this to {self.id}; {participant} can.", field="actor", value=by.actor,
                way_out=f"Let {participant} send the command.",
            )  # fmt: skip

    def _cash_proven(self, identity_checked: bool, code: str) -> bool:
        return identity_checked and collection_code_digest(self.id, code) == self.collection_code_digest
