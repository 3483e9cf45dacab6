"""Which step may follow which: every step is tried in every state of a transfer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from ledger.domain import transfer_events as happened
from ledger.domain.posting import ReturnPart
from ledger.domain.transfer import Transfer
from ledger.errors import ReturnExceedsPayment, StepOutOfOrder
from tests.unit import transfer_lives as life
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CLEAR, CONDITION, DEADLINES, HIT, NOW, PSBC, RESOLVER, by
from tests.unit.history import Fact, fact, facts_known, recorded, recorded_nothing
from tests.unit.refusals import refuses

AFTER_DEADLINE = by(DEADLINES, at=CONDITION.deadline + timedelta(seconds=1))
PART = ReturnPart(payout=180_00, settlement=25_00, instructed=250_00)


def returns_a_part(transfer: Transfer) -> None:
    """Both halves of a return, as the handler calls them."""
    part = transfer.return_part_of(by(PSBC), return_id="RET-9", amount=180_00, today=None)
    assert part is not None
    transfer.return_part(by(PSBC), return_id="RET-9", reason="AC04", part=part)


STEPS: dict[str, Callable[[Transfer], object]] = {
    "hold": lambda t: t.hold(by(ABB), "hold-1", HIT),
    "clear": lambda t: t.clear(by(ABB), CLEAR),
    "clear the hold": lambda t: t.clear_hold(by(BAO), "hold-1"),
    "reject": lambda t: t.reject(by(ABB), "AB03"),
    "fund": lambda t: t.fund(by(ABB)),
    "meet the condition": lambda t: t.meet_condition(by(PSBC), CONDITION.reference),
    "accept": lambda t: t.accept(by(PSBC)),
    "pay": lambda t: t.pay(by(PSBC)),
    "refuse": lambda t: t.refuse(by(PSBC), "AC04"),
    "cancel": lambda t: t.cancel(by(ABB)),
    "expire": lambda t: t.expire(AFTER_DEADLINE),
    "refund": lambda t: t.refund(by(PSBC), "refused", fee_given_back=True),
    "return": returns_a_part,
    "recall": lambda t: t.request_recall(by(ABB), "R1", "DUPL"),
    "freeze": lambda t: t.freeze(by(AMINA), "freeze-1"),
    "lift the freeze": lambda t: t.lift_freeze(by(BAO), "freeze-1"),
    "flag unanswered": lambda t: t.flag_unanswered(by(RESOLVER), NOW),
    "note answered": lambda t: t.note_answered(by(PSBC)),
}

EXPIRED = fact(happened.TransferExpired, AFTER_DEADLINE, lapsed="condition")
LEGAL: dict[tuple[str, str], tuple[Fact, ...]] = {
    ("hold", "initiated"): (life.HELD,),
    ("clear", "initiated"): (life.CLEARED,),
    ("clear the hold", "held"): (life.HOLD_CLEARED,),
    ("reject", "initiated"): (life.REJECTED,),
    ("reject", "held"): (fact(happened.TransferRejected, by(ABB), reason="MS03"),),
    ("reject", "cleared"): (life.REJECTED,),
    ("fund", "cleared"): (life.FUNDED, life.DISPATCHED),
    ("meet the condition", "funded"): (life.CONDITION_MET, life.SENT_ON),
    ("accept", "dispatched"): (life.ACCEPTED,),
    # The partner's ACCC may come before its ACSP, which is then kept without effect.
    ("accept", "paid"): (life.ACCEPTED,),
    ("pay", "dispatched"): (life.PAID,),
    ("pay", "accepted"): (life.PAID,),
    ("refuse", "dispatched"): (life.REFUSED,),
    ("refuse", "accepted"): (life.REFUSED,),
    ("cancel", "cleared"): (life.CANCELLED,),
    ("cancel", "funded"): (life.CANCELLED,),
    ("expire", "funded"): (EXPIRED,),
    **{("refund", ended): (life.REFUNDED,) for ended in ("refused", "cancelled", "expired")},
    ("return", "paid"): (life.returned("RET-9", *PART),),
    **{("recall", sent): (life.RECALL_REQUESTED,) for sent in ("dispatched", "accepted", "paid", "returned")},
    **{("freeze", in_flight): (life.FROZEN,) for in_flight in ("funded", "dispatched", "accepted")},
    **{("flag unanswered", waiting): (life.UNANSWERED,) for waiting in ("dispatched", "accepted")},
}
# Where another rule than the order of steps says no, or the refusal names the transfer instead of its state.
OTHERWISE: dict[tuple[str, str], tuple[type[Exception], str, object]] = {
    ("expire", "accepted"): (StepOutOfOrder, "uetr", life.UETR),
    ("return", "returned"): (ReturnExceedsPayment, "amount", "180.00"),
    **{(step, state): (StepOutOfOrder, "uetr", life.UETR) for step in ("lift the freeze", "note answered") for state in life.LIVES},
}
ALL = [(step, state) for step in STEPS for state in life.LIVES]
ILLEGAL = [pair for pair in ALL if pair not in LEGAL]


@pytest.mark.parametrize(("step", "state"), LEGAL, ids=[f"{step} when {state}" for step, state in LEGAL])
def test_a_legal_step_records_exactly_its_events(step: str, state: str) -> None:
    """Given a transfer in a state, when the step is taken, then these events and no others; a replay gives the same transfer."""
    transfer = life.in_state(state)
    STEPS[step](transfer)
    recorded(transfer, *LEGAL[step, state])
    assert facts_known(transfer) == facts_known(life.transfer(*life.LIVES[state], *LEGAL[step, state]))


@pytest.mark.parametrize(("step", "state"), ILLEGAL, ids=[f"{step} when {state}" for step, state in ILLEGAL])
def test_any_other_step_is_refused_by_name(step: str, state: str) -> None:
    """Given a transfer in a state, when the step does not follow from it, then a refusal and no event."""
    transfer = life.in_state(state)
    refusal, field, value = OTHERWISE.get((step, state), (StepOutOfOrder, "state", state))
    refuses(refusal, field, value, lambda: STEPS[step](transfer))
    recorded_nothing(transfer)


def test_an_acceptance_after_the_payment_changes_nothing() -> None:
    """It is kept, and the transfer is paid as before."""
    transfer = life.in_state("paid")
    before = facts_known(transfer)
    transfer.accept(by(PSBC))
    assert facts_known(transfer) == {**before, "_version": before["_version"] + 1}


def test_a_funded_transfer_with_a_condition_is_not_sent_on() -> None:
    """It stays funded until its condition is met."""
    transfer = life.transfer(life.WITH_CONDITION, life.CLEARED)
    transfer.fund(by(ABB))
    recorded(transfer, life.FUNDED)


def test_a_transfer_that_was_never_funded_has_nothing_to_refund() -> None:
    """Cancelled before funding is its end; a refund would give away money that never came."""
    transfer = life.transfer(*life.TO_CLEARED, life.CANCELLED)
    refuses(StepOutOfOrder, "state", "cancelled", lambda: transfer.refund(by(ABB), "cancelled", fee_given_back=False))
    recorded_nothing(transfer)
