"""How a transfer ends: paid, refused, cancelled, expired; and what each does to the money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import commands as c
from ledger.domain import break_events, ids
from ledger.domain import transfer_events as happened
from ledger.domain.aggregate import Event
from ledger.domain.reconciliation_break import ReconciliationBreak
from ledger.domain.transfer import Transfer, collection_code_digest
from ledger.errors import (
    CashProofMissing,
    ConditionNotDue,
    NotPermitted,
    NotYetExpired,
    RecallUnknown,
    StepOutOfOrder,
    TransferUnanswered,
    TransferUnknown,
)
from tests.unit.corridor_fixtures import (
    ABB,
    CONDITION,
    CORRIDOR,
    DEADLINES,
    MONDAY,
    NOW,
    PSBC,
    RESOLVER,
    ask,
    by,
    initiate,
    uetr,
)
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, lines, of, opened

UETR = uetr()
CODE = "0123456789"

ACCEPT = ask(c.AcceptTransfer, PSBC, uetr=UETR)
PAY = ask(c.PayTransfer, PSBC, uetr=UETR)
PAY_CASH = ask(c.PayTransfer, PSBC, uetr=UETR, identity_checked=True, code=CODE)
REFUSE = ask(c.RefuseTransfer, PSBC, uetr=UETR, reason="AC04")
CANCEL = ask(c.CancelTransfer, ABB, uetr=UETR)
EXPIRE = ask(c.ExpireTransfer, DEADLINES, uetr=UETR)
RECALL = ask(c.RequestRecall, ABB, uetr=UETR, recall="R1", reason="DUPL")
AGREE = ask(c.AnswerRecall, PSBC, uetr=UETR, recall="R1", agreed=True, reason="CUST")
FLAG = ask(c.FlagUnanswered, RESOLVER, uetr=UETR, since=NOW)
CASH = initiate(product="account_to_cash", collection_code_digest=collection_code_digest(UETR, CODE))
WAITING = initiate(condition=CONDITION)

REFUND_WITH_FEE = {
    "abb:cash:MAD": "-1030.00",
    "abb:fees:MAD": "20.00",
    "abb:fx:MAD": "1010.00",
    "abb:position:USD": "-101.00",
    "corridor:in_flight:USD": "100.00",
    "corridor:remuneration:USD": "1.00",
}
REFUND_WITHOUT_FEE = REFUND_WITH_FEE | {"abb:cash:MAD": "-1000.00", "abb:fees:MAD": "-10.00"}


def state(ledger: MemoryLedger, number: int = 1) -> str:
    transfer = ledger.find(uetr(number))
    assert isinstance(transfer, Transfer)
    return transfer.state


def resolve(outcome: str, **changes: object) -> c.ResolveUnanswered:
    """The creditor agent's answer at last."""
    return ask(c.ResolveUnanswered, PSBC, uetr=UETR, outcome=outcome, **changes)


def transfer_events(ledger: MemoryLedger, command: c.TransferCommand) -> list[Event]:
    return of(UETR, ledger.when(command))


def decided(ledger: MemoryLedger, command: c.TransferCommand) -> object:
    """Who decided this, now."""
    return by(command.actor, at=ledger.clock())._replace(command=command.id)


# Refunds


def test_a_refusal_gives_the_whole_amount_back_with_the_fee() -> None:
    """As the tariff says for a refusal by the creditor agent; nothing of the transfer remains."""
    ledger = opened().given(initiate(), ACCEPT)
    happenings = ledger.when(REFUSE)
    by_psbc = decided(ledger, REFUSE)
    assert of(UETR, happenings) == events(
        UETR,
        [
            fact(happened.TransferRefused, by_psbc, reason="AC04"),
            fact(happened.TransferRefunded, by_psbc, refund_cause="refused", fee_given_back=True, refunded_to_debtor=1_030_00),
        ],
        after=5,
    )
    assert (lines(happenings), ledger.balances()) == (REFUND_WITH_FEE, {})


def test_a_cancellation_keeps_the_fee() -> None:
    """As the tariff says for a cancellation by the debtor; the whole MAD 30.00 stay as income."""
    ledger = opened().given(WAITING)
    happenings = ledger.when(CANCEL)
    by_abb = decided(ledger, CANCEL)
    assert of(UETR, happenings) == events(
        UETR,
        [
            fact(happened.TransferCancelled, by_abb, recall=None),
            fact(happened.TransferRefunded, by_abb, refund_cause="cancelled", fee_given_back=False, refunded_to_debtor=1_000_00),
        ],
        after=3,
    )
    assert (lines(happenings), ledger.balances()) == (REFUND_WITHOUT_FEE, {"abb:cash:MAD": "30.00", "abb:fees:MAD": "30.00"})


def test_a_lapsed_condition_gives_the_fee_back() -> None:
    """The tariff's own line for it; only the deadline job expires, and only after the deadline."""
    ledger = opened().given(WAITING)
    ledger.refuses(ask(c.ExpireTransfer, ABB, uetr=UETR), NotPermitted, "actor", ABB)
    ledger.refuses(EXPIRE, NotYetExpired, "deadline", CONDITION.deadline.isoformat())
    ledger.clock.set(CONDITION.deadline + timedelta(seconds=1))
    late = ask(c.ExpireTransfer, DEADLINES, uetr=UETR, key="after the deadline")
    happenings = ledger.when(late)
    by_job = decided(ledger, late)
    assert of(UETR, happenings) == events(
        UETR,
        [
            fact(happened.TransferExpired, by_job, lapsed="condition"),
            fact(happened.TransferRefunded, by_job, refund_cause="condition_lapsed", fee_given_back=True, refunded_to_debtor=1_030_00),
        ],
        after=3,
    )
    assert (lines(happenings), ledger.balances()) == (REFUND_WITH_FEE, {})


def test_uncollected_cash_keeps_the_fee() -> None:
    """Thirty days after acceptance; the tariff does not name expiry among the causes that give it back."""
    ledger = opened().given(CASH, ACCEPT)
    ledger.clock.advance(timedelta(days=30, seconds=1))
    assert lines(ledger.when(EXPIRE)) == REFUND_WITHOUT_FEE
    assert state(ledger) == "refunded"


def test_a_recall_agreed_before_payment_cancels_and_refunds() -> None:
    """After dispatch this is the only way to cancel."""
    ledger = opened().given(initiate())
    ledger.refuses(CANCEL, StepOutOfOrder, "state", "dispatched")
    ledger.given(RECALL)
    happenings = ledger.when(AGREE)
    by_psbc = decided(ledger, AGREE)
    assert of(UETR, happenings) == events(
        UETR,
        [
            fact(happened.TransferRecallAnswered, by_psbc, recall="R1", agreed=True, reason="CUST"),
            fact(happened.TransferCancelled, by_psbc, recall="R1"),
            fact(happened.TransferRefunded, by_psbc, refund_cause="cancelled", fee_given_back=False, refunded_to_debtor=1_000_00),
        ],
        after=5,
    )
    assert lines(happenings) == REFUND_WITHOUT_FEE


@pytest.mark.parametrize(
    ("paid", "agreed"), [(True, True), (True, False), (False, False)], ids=["agreed after payment", "declined", "both"]
)
def test_any_other_answer_to_a_recall_moves_no_money(paid: bool, agreed: bool) -> None:
    """It never reverses by itself; after payment an agreement only announces a return."""
    ledger = opened().given(initiate(), RECALL)
    if paid:
        ledger.given(PAY)
    answer = AGREE.model_copy(update={"agreed": agreed})
    happenings = ledger.when(answer)
    assert lines(happenings) == {}
    assert [type(event) for event in happenings] == [happened.TransferRecallAnswered]
    assert state(ledger) == ("paid" if paid else "dispatched")


def test_a_pending_answer_leaves_no_event_and_is_checked_all_the_same() -> None:
    """The recall stays open; one that nobody made is not known, and only the creditor agent speaks."""
    pending = ask(c.AnswerRecall, PSBC, key="p", uetr=UETR, recall="R1", agreed=False, reason="PDCR", pending=True)
    ledger = opened().given(initiate(), RECALL)
    assert ledger.when(pending) == []
    assert ledger.given(AGREE) is not None
    opened().given(initiate()).refuses(pending, RecallUnknown, "recall", "R1")


def test_an_unknown_recall_is_not_answered() -> None:
    """Named by its case id."""
    opened().given(initiate()).refuses(AGREE, RecallUnknown, "recall", "R1")


# Payment


def test_the_payment_may_come_before_the_acceptance() -> None:
    """The later acceptance is recorded and books nothing."""
    ledger = opened().given(initiate(), PAY)
    happenings = ledger.when(ACCEPT)
    assert happenings == events(UETR, [fact(happened.TransferAccepted, decided(ledger, ACCEPT), collect_until=None)], after=5)
    assert state(ledger) == "paid"


def test_a_payment_is_booked_once() -> None:
    """A second report under another key is refused (I10)."""
    ledger = opened().given(initiate(), PAY)
    before = ledger.balances()
    ledger.refuses(ask(c.PayTransfer, PSBC, uetr=UETR, key="again"), StepOutOfOrder, "state", "paid")
    assert ledger.balances() == before


def test_the_same_key_gets_the_same_answer_and_one_effect() -> None:
    """Asked twenty times (I6)."""
    ledger = opened().given(initiate())
    answers = [ledger.run(PAY) for _ in range(20)]
    assert answers == [{"uetr": UETR, "state": "paid"}] * 20
    assert ledger.balances()["psbc:cash:CNY"] == "-720.00"


def test_charges_borne_by_the_creditor_lower_what_leaves() -> None:
    """SHAR: CNY 715.00 leave, 12.20 are the paying bank's income."""
    ledger = opened().given(initiate(charge_bearer="SHAR"))
    happenings = ledger.when(PAY)
    assert of(UETR, happenings) == events(
        UETR, [fact(happened.TransferPaid, decided(ledger, PAY), method="account", paid_to_creditor=715_00)], after=4
    )
    assert {name: amount for name, amount in lines(happenings).items() if name.endswith("CNY")} == {
        "psbc:cash:CNY": "-715.00",
        "psbc:fees:CNY": "-12.20",
        "psbc:fx:CNY": "727.20",
    }


def test_cash_is_paid_with_proof_only() -> None:
    """A refused attempt books nothing; the right code then pays."""
    ledger = opened().given(CASH, ACCEPT)
    ledger.refuses(ask(c.PayTransfer, PSBC, uetr=UETR, key="no proof"), CashProofMissing, "code", "")
    assert of(UETR, ledger.when(PAY_CASH)) == events(
        UETR, [fact(happened.TransferPaid, decided(ledger, PAY_CASH), method="cash", paid_to_creditor=720_00)], after=5
    )


def test_payment_below_a_floor_or_over_a_frozen_account_is_booked_all_the_same() -> None:
    """It records what happened (I12)."""
    ledger = opened().given(
        initiate(), *(ask(c.SetAccountStatus, "officer:amina", key=a, account=a, status="frozen") for a in PAYOUT_ACCOUNTS)
    )
    assert set(lines(ledger.when(PAY))) == PAYOUT_ACCOUNTS


PAYOUT_ACCOUNTS = {
    "corridor:in_flight:USD", "corridor:remuneration:USD", "psbc:position:USD", "psbc:fx:CNY", "psbc:cash:CNY", "psbc:fees:CNY",
}  # fmt: skip


@pytest.mark.parametrize("late", [PAY, resolve("paid")], ids=["paid", "resolved as paid"])
def test_a_payment_after_the_refund_is_refused_kept_and_opens_a_break(late: c.TransferCommand) -> None:
    """CNY 720.00 have left that the ledger does not know; nothing is booked, and a second report adds nothing."""
    ledger = opened().given(initiate(), REFUSE)
    break_id = f"paid-after-refund-{UETR}"
    [answer] = ledger.batch(late)
    assert isinstance(answer, StepOutOfOrder)
    assert (answer.field, answer.value, break_id in answer.way_out) == ("state", "refunded", True)
    stream = ids.break_stream(CORRIDOR, break_id)
    found = fact(
        break_events.BreakFound,
        decided(ledger, late),
        break_id=break_id,
        break_class="paid_after_refund",
        account="psbc:cash:CNY",
        difference=-720_00,
        statement="",
        reference=str(UETR),
        business_date=MONDAY.replace(day=27),
    )
    assert ledger.events(ledger.rows)[-1:] == events(stream, [found])
    assert isinstance(ledger.find(stream), ReconciliationBreak)
    ledger.refuses(late.model_copy(update={"idempotency_key": "again"}), StepOutOfOrder, "state", "refunded")
    assert ledger.balances() == {}


def test_a_stranger_cannot_open_that_break() -> None:
    """Only the creditor agent knows that it paid."""
    ledger = opened().given(initiate(), REFUSE)
    ledger.refuses(ask(c.PayTransfer, ABB, uetr=UETR), NotPermitted, "actor", ABB)


# Conditions


def test_a_met_condition_sends_the_transfer_onward() -> None:
    """By its own reference, by the agreed confirmer; no money moves."""
    ledger = opened().given(WAITING)
    ledger.refuses(ask(c.MeetCondition, PSBC, uetr=UETR, reference="OTHER"), ConditionNotDue, "reference", "OTHER")
    met = ask(c.MeetCondition, PSBC, uetr=UETR, reference=CONDITION.reference)
    by_psbc = decided(ledger, met)
    assert ledger.when(met) == events(
        UETR,
        [fact(happened.TransferConditionMet, by_psbc, reference=CONDITION.reference), fact(happened.TransferDispatched, by_psbc)],
        after=3,
    )


# Silence


def test_a_silent_transfer_is_flagged_and_neither_cancelled_nor_expired() -> None:
    """By the resolver only, and once."""
    ledger = opened().given(CASH, ACCEPT)
    ledger.refuses(ask(c.FlagUnanswered, ABB, uetr=UETR, since=NOW), NotPermitted, "actor", ABB)
    assert ledger.when(FLAG) == events(UETR, [fact(happened.TransferUnanswered, decided(ledger, FLAG), since=NOW)], after=5)
    ledger.clock.advance(timedelta(days=31))
    ledger.refuses(EXPIRE, TransferUnanswered, "uetr", UETR)
    ledger.refuses(ask(c.FlagUnanswered, RESOLVER, uetr=UETR, since=NOW, key="again"), TransferUnanswered, "uetr", UETR)
    ledger.given(RECALL).refuses(AGREE, TransferUnanswered, "uetr", UETR)


def test_a_silent_transfer_turns_out_paid() -> None:
    """The payout is booked as if the answer had come in time."""
    ledger = opened().given(initiate(), FLAG)
    happenings = ledger.when(resolve("paid"))
    assert [type(event) for event in of(UETR, happenings)] == [happened.TransferPaid]
    assert set(lines(happenings)) == PAYOUT_ACCOUNTS


def test_a_silent_transfer_turns_out_refused() -> None:
    """The debtor gets the money back."""
    ledger = opened().given(initiate(), FLAG)
    happenings = ledger.when(resolve("refused", reason="AC04"))
    assert [type(event) for event in of(UETR, happenings)] == [happened.TransferRefused, happened.TransferRefunded]
    assert lines(happenings) == REFUND_WITH_FEE


def test_a_silent_transfer_turns_out_pending() -> None:
    """Only the flag is lifted; then it may expire or be recalled again."""
    ledger = opened().given(CASH, ACCEPT, FLAG)
    pending = resolve("pending")
    assert ledger.when(pending) == events(UETR, [fact(happened.TransferAnswered, decided(ledger, pending))], after=6)
    ledger.clock.advance(timedelta(days=31))
    ledger.given(EXPIRE)


def test_only_the_creditor_agent_resolves_and_only_what_is_unknown() -> None:
    """The resolver asks, it does not answer."""
    ledger = opened().given(initiate())
    for outcome in ("paid", "refused", "pending"):
        ledger.refuses(resolve(outcome, key=outcome), StepOutOfOrder, "uetr", UETR)
    ledger.given(FLAG)
    for stranger in (ABB, RESOLVER):
        ledger.refuses(ask(c.ResolveUnanswered, stranger, uetr=UETR, outcome="paid"), NotPermitted, "actor", stranger)


# Unknown transfers

STEPS = [
    ask(c.FundTransfer, ABB, uetr=UETR),
    ask(c.MeetCondition, PSBC, uetr=UETR, reference="R"),
    ACCEPT,
    PAY,
    REFUSE,
    CANCEL,
    EXPIRE,
    ask(c.ReturnTransfer, PSBC, uetr=UETR, return_id="RET-1", amount=1, reason="AC04"),
    RECALL,
    AGREE,
    FLAG,
    resolve("paid"),
    ask(c.FreezeTransfer, "officer:amina", uetr=UETR),
]


@pytest.mark.parametrize("command", STEPS, ids=lambda command: type(command).__name__)
def test_a_transfer_nobody_initiated_takes_no_step(command: c.TransferCommand) -> None:
    """Named by its UETR."""
    opened().refuses(command, TransferUnknown, "uetr", UETR)


@pytest.mark.parametrize("command", STEPS, ids=lambda command: type(command).__name__)
def test_a_uetr_that_is_something_else_is_no_transfer(command: c.TransferCommand) -> None:
    """The id of a quote is not the id of a transfer."""
    quote = ask(c.AskQuote, ABB, quote=UETR, creditor_agent=PSBC, amount=1_000_00, currency="MAD")
    opened().given(quote).refuses(command, TransferUnknown, "uetr", UETR)
