"""What stops a step that would otherwise be due: the wrong actor, a condition, a missing proof, a freeze, a silence, a recall."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from ledger.domain import transfer_events as happened
from ledger.domain.transfer import Transfer
from ledger.errors import (
    CashProofMissing,
    ConditionNotDue,
    NotPermitted,
    NotYetExpired,
    QuoteExpired,
    RecallAlreadyAnswered,
    RecallAlreadyOpen,
    RecallUnknown,
    StepOutOfOrder,
    TransferFrozen,
    TransferUnanswered,
)
from tests.unit import transfer_lives as life
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CONDITION, DEADLINES, NOW, PRICING, PSBC, RESOLVER, by, uetr
from tests.unit.history import fact, recorded, recorded_nothing
from tests.unit.refusals import refuses

LATER = NOW + timedelta(seconds=1)


# Who


@pytest.mark.parametrize(
    ("step", "state", "stranger"),
    [
        (lambda t, who: t.meet_condition(who, CONDITION.reference), "funded", ABB),
        (lambda t, who: t.accept(who), "dispatched", ABB),
        (lambda t, who: t.pay(who), "accepted", ABB),
        (lambda t, who: t.refuse(who, "AC04"), "accepted", ABB),
        (lambda t, who: t.cancel(who), "funded", PSBC),
        (lambda t, who: t.return_part_of(who, return_id="RET-1", amount=1, today=None), "paid", ABB),
        (lambda t, who: t.request_recall(who, "R1", "DUPL"), "paid", PSBC),
        (lambda t, who: t.answer_recall(who, "R1", agreed=True, reason="CUST"), "paid", ABB),
        (lambda t, who: t.accept(who), "dispatched", AMINA),
    ],
    ids=["condition", "accept", "pay", "refuse", "cancel", "return", "recall", "answer", "an officer accepts"],
)
def test_only_the_bank_whose_step_it_is_takes_it(step: Callable[[Transfer, object], object], state: str, stranger: str) -> None:
    """The other bank, or an officer, is told who can."""
    transfer = life.in_state(state)
    refuses(NotPermitted, "actor", stranger, lambda: step(transfer, by(stranger)))
    recorded_nothing(transfer)


def test_only_the_debtor_agent_initiates() -> None:
    """Nobody sends on another bank's behalf."""
    said = {k: v for k, v in life.initiated().says.items() if k in INITIATE}
    refuses(NotPermitted, "debtor_agent", ABB, lambda: Transfer.initiate(uetr(), by(PSBC), **said))


INITIATE = (
    "product", "payout_method", "purpose", "evidence", "charge_bearer", "pricing", "quote", "debtor", "creditor", "commitments",
    "condition", "collection_code_digest", "cash_days_to_collect", "rules",
)  # fmt: skip


# Rates


def test_funding_needs_rates_that_are_still_valid() -> None:
    """The very last instant counts, the next one does not."""
    transfer = life.in_state("cleared")
    refuses(QuoteExpired, "quote", life.UETR, lambda: transfer.fund(by(ABB, at=PRICING.valid_until + timedelta(microseconds=1))))
    recorded_nothing(transfer)
    last = by(ABB, at=PRICING.valid_until)
    transfer.fund(last)
    recorded(transfer, fact(happened.TransferFunded, last), fact(happened.TransferDispatched, last))


# Release conditions


def test_a_condition_is_met_by_its_own_reference_only() -> None:
    """Another parcel's delivery sends nothing onward."""
    transfer = life.in_state("funded")
    refuses(ConditionNotDue, "reference", "OTHER", lambda: transfer.meet_condition(by(PSBC), "OTHER"))
    recorded_nothing(transfer)


def test_a_condition_is_not_met_after_its_deadline() -> None:
    """From then on the transfer can only expire; until then it cannot."""
    transfer = life.in_state("funded")
    deadline = CONDITION.deadline
    late = by(PSBC, at=deadline + timedelta(seconds=1))
    refuses(ConditionNotDue, "deadline", deadline.isoformat(), lambda: transfer.meet_condition(late, CONDITION.reference))
    refuses(NotYetExpired, "deadline", deadline.isoformat(), lambda: transfer.expire(by(DEADLINES, at=deadline)))
    recorded_nothing(transfer)
    punctual = by(PSBC, at=deadline)
    transfer.meet_condition(punctual, CONDITION.reference)
    recorded(
        transfer,
        fact(happened.TransferConditionMet, punctual, reference=CONDITION.reference),
        fact(happened.TransferDispatched, punctual),
    )


def test_a_met_condition_has_no_deadline_any_more() -> None:
    """Sent on and accepted, the transfer does not expire by the parcel's deadline."""
    transfer = life.transfer(*life.TO_FUNDED, life.CONDITION_MET, life.SENT_ON, life.ACCEPTED)
    refuses(StepOutOfOrder, "uetr", life.UETR, lambda: transfer.expire(by(DEADLINES, at=CONDITION.deadline + timedelta(days=1))))


# Cash


def test_accepted_cash_can_be_collected_for_the_agreed_days() -> None:
    """The acceptance says until when."""
    transfer = life.transfer(life.IN_CASH, life.CLEARED, life.FUNDED, life.DISPATCHED)
    transfer.accept(by(PSBC))
    recorded(transfer, life.ACCEPTED_FOR_CASH)


@pytest.mark.parametrize(
    ("identity_checked", "code"), [(False, life.CODE), (True, ""), (True, "9876543210"), (False, "")], ids=["id", "none", "wrong", "both"]
)
def test_cash_is_paid_only_with_identity_and_code(identity_checked: bool, code: str) -> None:
    """Neither proof alone is enough."""
    transfer = life.transfer(*life.TO_CASH_WAITING)
    refuses(CashProofMissing, "code", "", lambda: transfer.pay(by(PSBC), identity_checked=identity_checked, code=code))
    recorded_nothing(transfer)


def test_cash_is_paid_with_both_proofs_even_after_the_days_to_collect() -> None:
    """While nobody has expired it, log order decides and the payment is first."""
    transfer = life.transfer(*life.TO_CASH_WAITING)
    late = by(PSBC, at=life.COLLECT_UNTIL + timedelta(days=1))
    transfer.pay(late, identity_checked=True, code=life.CODE)
    recorded(transfer, fact(happened.TransferPaid, late, method="cash", paid_to_creditor=720_00))


def test_a_code_opens_its_own_transfer_only() -> None:
    """The digest covers the UETR, so one code never serves two transfers."""
    other = life.initiated(
        product="account_to_cash", payout_method="cash", collection_code_digest=life.collection_code_digest(uetr(2), life.CODE)
    )
    transfer = life.transfer(other, *life.TO_CASH_WAITING[1:])
    refuses(CashProofMissing, "code", "", lambda: transfer.pay(by(PSBC), identity_checked=True, code=life.CODE))


def test_cash_without_a_collection_code_is_never_initiated() -> None:
    """Nobody could ever collect it."""
    said = {k: v for k, v in life.IN_CASH.says.items() if k in INITIATE} | {"collection_code_digest": None}
    refuses(CashProofMissing, "collection_code", "", lambda: Transfer.initiate(uetr(), by(ABB), **said))


def test_uncollected_cash_expires_after_its_days_and_not_before() -> None:
    """The last day counts whole."""
    transfer = life.transfer(*life.TO_CASH_WAITING)
    last = life.COLLECT_UNTIL
    refuses(NotYetExpired, "deadline", last.isoformat(), lambda: transfer.expire(by(DEADLINES, at=last)))
    recorded_nothing(transfer)
    late = by(DEADLINES, at=last + timedelta(seconds=1))
    transfer.expire(late)
    recorded(transfer, fact(happened.TransferExpired, late, lapsed="collection"))


# Compliance after funding


@pytest.mark.parametrize(
    ("step", "lived"),
    [
        (lambda t: t.meet_condition(by(PSBC), CONDITION.reference), life.TO_FUNDED),
        (lambda t: t.cancel(by(ABB)), life.TO_FUNDED),
        (lambda t: t.expire(by(DEADLINES, at=CONDITION.deadline + timedelta(days=1))), life.TO_FUNDED),
        (lambda t: t.pay(by(PSBC)), life.TO_ACCEPTED),
        (lambda t: t.refuse(by(PSBC), "AC04"), life.TO_ACCEPTED),
        (lambda t: t.freeze(by(AMINA), "freeze-2"), life.TO_ACCEPTED),
        (lambda t: t.answer_recall(by(PSBC), "R1", agreed=True, reason="CUST"), (*life.TO_ACCEPTED, life.RECALL_REQUESTED)),
    ],
    ids=["condition", "cancel", "expire", "pay", "refuse", "freeze", "recall"],
)
def test_a_frozen_transfer_stays_in_flight(step: Callable[[Transfer], object], lived: tuple[life.Fact, ...]) -> None:
    """It is neither paid, expired nor refunded, and the refusal tips nobody off; once lifted, it goes on."""
    frozen = life.transfer(*lived, life.FROZEN)
    refuses(TransferFrozen, "uetr", life.UETR, lambda: step(frozen))
    recorded_nothing(frozen)
    lifted = life.transfer(*lived, life.FROZEN, life.FREEZE_LIFTED)
    step(lifted)
    assert lifted.pending_events


def test_a_frozen_transfer_may_still_be_accepted() -> None:
    """Accepting moves no money, and to refuse it would tip the other bank off."""
    transfer = life.transfer(*life.TO_DISPATCHED, life.FROZEN)
    transfer.accept(by(PSBC))
    recorded(transfer, life.ACCEPTED)


def test_a_freeze_is_lifted() -> None:
    """Two officers' decision ends it."""
    transfer = life.transfer(*life.TO_ACCEPTED, life.FROZEN)
    transfer.lift_freeze(by(BAO), "freeze-1")
    recorded(transfer, life.FREEZE_LIFTED)
    assert (transfer.frozen, transfer.case) == (False, None)


# Silence


@pytest.mark.parametrize(
    ("step", "lived"),
    [
        (
            lambda t: t.expire(by(DEADLINES, at=life.COLLECT_UNTIL + timedelta(days=1))),
            life.TO_CASH_WAITING,
        ),
        (lambda t: t.answer_recall(by(PSBC), "R1", agreed=True, reason="CUST"), (*life.TO_ACCEPTED, life.RECALL_REQUESTED)),
        (lambda t: t.flag_unanswered(by(RESOLVER), NOW), life.TO_ACCEPTED),
    ],
    ids=["expire", "recall", "flag again"],
)
def test_while_the_outcome_is_unknown_nothing_is_cancelled_or_expired(
    step: Callable[[Transfer], object], lived: tuple[life.Fact, ...]
) -> None:
    """The partner may have paid."""
    transfer = life.transfer(*lived, life.UNANSWERED)
    refuses(TransferUnanswered, "uetr", life.UETR, lambda: step(transfer))
    recorded_nothing(transfer)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda t: t.pay(by(PSBC)), life.PAID),
        (lambda t: t.refuse(by(PSBC), "AC04"), life.REFUSED),
        (lambda t: t.note_answered(by(PSBC)), life.ANSWERED),
        (lambda t: t.accept(by(PSBC)), life.ACCEPTED),
    ],
    ids=["paid", "refused", "pending", "accepted"],
)
def test_any_answer_lifts_the_flag(answer: Callable[[Transfer], object], expected: life.Fact) -> None:
    """Whatever the partner says, it is silent no more."""
    transfer = life.transfer(*life.TO_DISPATCHED, life.UNANSWERED)
    assert transfer.unanswered
    answer(transfer)
    recorded(transfer, expected)
    assert not transfer.unanswered


# Recall


def answered(agreed: bool) -> life.Fact:
    return fact(happened.TransferRecallAnswered, by(PSBC), recall="R1", agreed=agreed, reason="CUST" if agreed else "NOOR")


@pytest.mark.parametrize("state", ["dispatched", "accepted"])
def test_a_recall_agreed_before_payment_cancels(state: str) -> None:
    """The creditor agent has not paid and will not."""
    transfer = life.transfer(*life.LIVES[state], life.RECALL_REQUESTED)
    transfer.answer_recall(by(PSBC), "R1", agreed=True, reason="CUST")
    recorded(transfer, answered(True), life.CANCELLED_BY_RECALL)


@pytest.mark.parametrize("state", ["paid", "returned"])
def test_a_recall_agreed_after_payment_only_announces_a_return(state: str) -> None:
    """It never reverses by itself."""
    transfer = life.transfer(*life.LIVES[state], life.RECALL_REQUESTED)
    transfer.answer_recall(by(PSBC), "R1", agreed=True, reason="CUST")
    recorded(transfer, answered(True))
    assert transfer.state == state


@pytest.mark.parametrize("state", ["dispatched", "accepted", "paid", "returned"])
def test_a_declined_recall_changes_nothing(state: str) -> None:
    """The transfer goes on as if it had not been asked for."""
    transfer = life.transfer(*life.LIVES[state], life.RECALL_REQUESTED)
    transfer.answer_recall(by(PSBC), "R1", agreed=False, reason="NOOR")
    recorded(transfer, answered(False))
    assert transfer.state == state


def test_a_recall_is_asked_once_and_answered_once() -> None:
    """It is known by UETR and case id (I6)."""
    transfer = life.transfer(*life.TO_PAID, life.RECALL_REQUESTED)
    refuses(RecallAlreadyOpen, "recall", "R1", lambda: transfer.request_recall(by(ABB), "R1", "DUPL"))
    refuses(RecallUnknown, "recall", "R2", lambda: transfer.answer_recall(by(PSBC), "R2", agreed=True, reason="CUST"))
    recorded_nothing(transfer)
    done = life.transfer(*life.TO_PAID, life.RECALL_REQUESTED, answered(False))
    refuses(RecallAlreadyAnswered, "recall", "R1", lambda: done.answer_recall(by(PSBC), "R1", agreed=True, reason="CUST"))
    refuses(RecallAlreadyOpen, "recall", "R1", lambda: done.request_recall(by(ABB), "R1", "DUPL"))
    recorded_nothing(done)


def test_a_second_recall_under_another_case_id_may_be_asked() -> None:
    """Each case has its own answer."""
    transfer = life.transfer(*life.TO_PAID, life.RECALL_REQUESTED, answered(False))
    transfer.request_recall(by(ABB), "R2", "FRAD")
    recorded(transfer, fact(happened.TransferRecallRequested, by(ABB), recall="R2", reason="FRAD"))
    assert transfer.recalls == {"R1": "declined", "R2": "open"}


# After a hold


def test_after_a_hold_every_rejection_says_the_same() -> None:
    """Whatever the true reason, the partner hears MS03, so that nobody is tipped off."""
    transfer = life.transfer(life.INITIATED, life.HELD, life.HOLD_CLEARED)
    transfer.reject(by(ABB), "AB03")
    recorded(transfer, fact(happened.TransferRejected, by(ABB), reason="MS03"))
