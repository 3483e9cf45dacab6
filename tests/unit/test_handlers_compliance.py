"""Holds and freezes: two different officers, and what follows for the transfer in the same commit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import commands as c
from ledger.domain import case_events, ids
from ledger.domain import transfer_events as happened
from ledger.domain.aggregate import Decision
from ledger.domain.case import ComplianceCase
from ledger.domain.transfer import Transfer
from ledger.errors import (
    AccountClosed,
    CaseAlreadyDecided,
    CaseUnknown,
    FloorReached,
    NotPermitted,
    SecondOfficerNeeded,
    StepOutOfOrder,
    TransferFrozen,
)
from tests.unit.corridor_fixtures import (
    ABB,
    AMINA,
    BAO,
    CONDITION,
    CORRIDOR,
    DEADLINES,
    HIT,
    NOW,
    PSBC,
    ask,
    by,
    initiate,
    opinion,
    uetr,
)
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, lines, of, opened

UETR = uetr()
HOLD = f"hold-{UETR}"
FREEZE = f"freeze-{UETR}-4"
CASE = ids.case_stream(CORRIDOR, HOLD)
HELD = initiate(screened=HIT)
FUND = ask(c.FundTransfer, ABB, uetr=UETR)
PAY = ask(c.PayTransfer, PSBC, uetr=UETR)


def decided(ledger: MemoryLedger, command: c.Command) -> Decision:
    """Who decided this, now."""
    return by(command.actor, at=ledger.clock())._replace(command=command.id)


def transfer(ledger: MemoryLedger) -> Transfer:
    found = ledger.find(UETR)
    assert isinstance(found, Transfer)
    return found


def fill(ledger: MemoryLedger) -> MemoryLedger:
    """Four other transfers leave no room for a fifth under the cap."""
    return ledger.given(*(initiate(number) for number in range(2, 6)))


# Holds


def test_a_hit_opens_a_case_in_the_same_commit() -> None:
    """The transfer names it, the case names the transfer."""
    ledger = opened()
    happenings = ledger.when(HELD)
    by_abb = decided(ledger, HELD)
    assert of(CASE, happenings) == events(CASE, [fact(case_events.CaseOpened, by_abb, case=HOLD, kind="hold", uetr=UETR)])
    assert of(UETR, happenings)[1:] == events(UETR, [fact(happened.TransferHeld, by_abb, case=HOLD, screened=HIT)], after=1)


def test_two_officers_clear_a_hold_and_the_transfer_goes_all_the_way() -> None:
    """The first opinion changes nothing; with the second one it is cleared, funded and dispatched in one commit."""
    ledger = opened().given(HELD)
    first, second = opinion(AMINA, HOLD), opinion(BAO, HOLD)
    assert ledger.run(first) == {"uetr": UETR, "state": "held", "case": HOLD, "outcome": "open"}
    happenings = ledger.when(second)
    by_bao = decided(ledger, second)
    assert of(CASE, happenings) == events(
        CASE,
        [
            fact(case_events.CaseOpinionGiven, by_bao, opinion="clear", reasons="ee" * 32),
            fact(case_events.CaseDecided, by_bao, outcome="clear", officers=(AMINA, BAO)),
        ],
        after=2,
    )
    assert of(UETR, happenings) == events(
        UETR,
        [
            fact(happened.TransferCleared, by_bao, screened=None, case=HOLD),
            fact(happened.TransferFunded, by_bao),
            fact(happened.TransferDispatched, by_bao),
        ],
        after=2,
    )
    assert lines(happenings)["corridor:in_flight:USD"] == "-100.00"


def test_one_officer_is_not_two() -> None:
    """The same officer again is refused, whatever the key."""
    ledger = opened().given(HELD, opinion(AMINA, HOLD))
    ledger.refuses(opinion(AMINA, HOLD, key="again"), SecondOfficerNeeded, "actor", AMINA)
    ledger.refuses(opinion(ABB, HOLD), NotPermitted, "actor", ABB)
    assert transfer(ledger).state == "held"


def test_two_officers_of_one_batch_count_one_after_the_other() -> None:
    """Decided together, the second still sees the first."""
    ledger = opened().given(HELD)
    ledger.batch(opinion(AMINA, HOLD), opinion(BAO, HOLD))
    assert transfer(ledger).state == "dispatched"


def test_two_officers_reject_a_hold_with_the_reason_that_tips_nobody_off() -> None:
    """Always MS03; nothing was booked."""
    ledger = opened().given(HELD, opinion(AMINA, HOLD, "reject"))
    second = opinion(BAO, HOLD, "reject")
    happenings = ledger.when(second)
    assert of(UETR, happenings) == events(UETR, [fact(happened.TransferRejected, decided(ledger, second), reason="MS03")], after=2)
    assert ledger.balances() == {}


def test_a_hold_that_is_cleared_after_the_rates_lapsed_rejects() -> None:
    """With the same reason as any rejection after a hold."""
    ledger = opened().given(HELD, opinion(AMINA, HOLD))
    ledger.clock.advance(timedelta(hours=24, seconds=1))
    second = opinion(BAO, HOLD)
    by_bao = decided(ledger, second)
    assert of(UETR, ledger.when(second)) == events(
        UETR,
        [fact(happened.TransferCleared, by_bao, screened=None, case=HOLD), fact(happened.TransferRejected, by_bao, reason="MS03")],
        after=2,
    )
    assert ledger.balances() == {}


def test_a_case_is_decided_once() -> None:
    """A third officer comes too late."""
    ledger = opened().given(HELD, opinion(AMINA, HOLD), opinion(BAO, HOLD))
    ledger.refuses(opinion("officer:chen", HOLD), CaseAlreadyDecided, "case", HOLD)
    ledger.refuses(opinion(AMINA, "hold-of-another"), CaseUnknown, "case", "hold-of-another")


# Cleared, but no room


def test_a_cleared_transfer_without_room_waits_and_is_funded_later() -> None:
    """The officers' decision stands; the debtor agent or a job tries again when there is room."""
    ledger = fill(opened().given(HELD, opinion(AMINA, HOLD)))
    ledger.given(opinion(BAO, HOLD))
    assert transfer(ledger).state == "cleared"
    ledger.refuses(FUND, FloorReached, "account", "abb:position:USD")
    ledger.refuses(ask(c.FundTransfer, PSBC, uetr=UETR), NotPermitted, "actor", PSBC)
    ledger.given(ask(c.FundPosition, "bank:settlement", participant=ABB, amount=101_00, currency="USD", reference="P-1"))
    again = ask(c.FundTransfer, "system:queue", uetr=UETR)
    by_queue = decided(ledger, again)
    assert of(UETR, ledger.when(again)) == events(
        UETR, [fact(happened.TransferFunded, by_queue), fact(happened.TransferDispatched, by_queue)], after=3
    )


def test_a_waiting_transfer_whose_rates_lapse_is_rejected_at_funding() -> None:
    """The partner starts anew with a new UETR."""
    ledger = fill(opened().given(HELD, opinion(AMINA, HOLD))).given(opinion(BAO, HOLD))
    ledger.clock.advance(timedelta(hours=24, seconds=1))
    assert of(UETR, ledger.when(FUND)) == events(UETR, [fact(happened.TransferRejected, decided(ledger, FUND), reason="MS03")], after=3)


def test_a_waiting_transfer_can_be_cancelled_and_nothing_is_refunded() -> None:
    """It was never funded."""
    ledger = fill(opened().given(HELD, opinion(AMINA, HOLD))).given(opinion(BAO, HOLD))
    before = ledger.balances()
    cancel = ask(c.CancelTransfer, ABB, uetr=UETR)
    assert ledger.when(cancel) == events(UETR, [fact(happened.TransferCancelled, decided(ledger, cancel), recall=None)], after=3)
    assert ledger.balances() == before


def test_what_is_funded_already_is_not_funded_again_whether_there_is_room_or_not() -> None:
    """The step does not follow; it is not for lack of room that it is refused."""
    ledger = fill(opened().given(ask(c.FundPosition, "bank:settlement", participant=ABB, amount=101_00, currency="USD", reference="P")))
    ledger.given(initiate())
    ledger.refuses(FUND, StepOutOfOrder, "state", "dispatched")


def test_officers_cannot_clear_what_could_never_be_funded() -> None:
    """A closed account is no lack of room that passes; the opinion is refused and the hold stands."""
    ledger = opened().given(HELD, opinion(AMINA, HOLD))
    ledger.given(*(ask(c.SetAccountStatus, who, account="abb:cash:MAD", status="closed") for who in (AMINA, BAO)))
    ledger.refuses(opinion(BAO, HOLD), AccountClosed, "account", "abb:cash:MAD")
    assert transfer(ledger).state == "held"


# Freezes


def test_an_officer_freezes_and_two_lift() -> None:
    """Between them the transfer stays in flight, and the refusal says nothing of the reason."""
    ledger = opened().given(initiate())
    freeze = ask(c.FreezeTransfer, AMINA, uetr=UETR)
    happenings = ledger.when(freeze)
    by_amina = decided(ledger, freeze)
    assert happenings == [
        *events(UETR, [fact(happened.TransferFrozen, by_amina, case=FREEZE)], after=4),
        *events(ids.case_stream(CORRIDOR, FREEZE), [fact(case_events.CaseOpened, by_amina, case=FREEZE, kind="freeze", uetr=UETR)]),
    ]
    ledger.refuses(PAY, TransferFrozen, "uetr", UETR)
    ledger.given(opinion(AMINA, FREEZE))
    second = opinion(BAO, FREEZE)
    assert of(UETR, ledger.when(second)) == events(
        UETR, [fact(happened.TransferFreezeLifted, decided(ledger, second), case=FREEZE)], after=5
    )
    ledger.given(ask(c.PayTransfer, PSBC, uetr=UETR, key="after the freeze"))


def test_a_freeze_that_officers_uphold_can_still_be_lifted_later() -> None:
    """Two opinions against lifting leave it frozen and the case open."""
    ledger = opened().given(initiate(), ask(c.FreezeTransfer, AMINA, uetr=UETR))
    ledger.given(opinion(AMINA, FREEZE, "reject"), opinion(BAO, FREEZE, "reject"))
    case = ledger.find(ids.case_stream(CORRIDOR, FREEZE))
    assert isinstance(case, ComplianceCase)
    assert (case.outcome, transfer(ledger).frozen) == (None, True)
    ledger.given(opinion(AMINA, FREEZE, key="later"), opinion(BAO, FREEZE, key="later"))
    assert not transfer(ledger).frozen


@pytest.mark.parametrize("actor", [ABB, PSBC, "operator:karim", "system:deadlines"])
def test_only_an_officer_freezes(actor: str) -> None:
    """Neither bank's system does."""
    opened().given(initiate()).refuses(ask(c.FreezeTransfer, actor, uetr=UETR), NotPermitted, "actor", actor)


def test_only_money_in_flight_is_frozen_and_once_at_a_time() -> None:
    """What is paid is paid; what is frozen waits for its case."""
    ledger = opened().given(initiate(), ask(c.FreezeTransfer, AMINA, uetr=UETR))
    ledger.refuses(ask(c.FreezeTransfer, BAO, uetr=UETR), TransferFrozen, "uetr", UETR)
    paid = opened().given(initiate(), PAY)
    paid.refuses(ask(c.FreezeTransfer, AMINA, uetr=UETR), StepOutOfOrder, "state", "paid")


def test_a_frozen_transfer_is_neither_refused_nor_expired_nor_cancelled() -> None:
    """Until it is lifted nothing is refunded."""
    ledger = opened().given(initiate(condition=CONDITION), ask(c.FreezeTransfer, AMINA, uetr=UETR))
    ledger.clock.set(NOW + timedelta(days=11))
    for command in (
        ask(c.ExpireTransfer, DEADLINES, uetr=UETR),
        ask(c.CancelTransfer, ABB, uetr=UETR),
        ask(c.MeetCondition, PSBC, uetr=UETR, reference=CONDITION.reference),
    ):
        ledger.refuses(command, TransferFrozen, "uetr", UETR)
    assert ledger.balances()["corridor:in_flight:USD"] == "100.00"


def test_a_second_freeze_has_a_case_of_its_own() -> None:
    """The first one is decided."""
    ledger = opened().given(initiate(), ask(c.FreezeTransfer, AMINA, uetr=UETR), opinion(AMINA, FREEZE), opinion(BAO, FREEZE))
    assert ledger.run(ask(c.FreezeTransfer, BAO, uetr=UETR)) == {"uetr": UETR, "state": "dispatched", "case": f"freeze-{UETR}-6"}
