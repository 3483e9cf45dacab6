"""Settlement: prefunding, withdrawals, charges, and cycles in which a payment may be missing."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import commands as c
from ledger.domain import ids, movement_events
from ledger.domain.aggregate import Decision
from ledger.domain.corridor import Corridor
from ledger.domain.cycle import SettlementCycle
from ledger.domain.movement import Movement
from ledger.errors import (
    AccountClosed,
    AccountFrozen,
    AmountInvalid,
    CurrencyNotAccepted,
    CycleUnknown,
    FloorReached,
    MovementAlreadyBooked,
    MovementUnknown,
    NotDueInCycle,
    NotPermitted,
    StepOutOfOrder,
    UnknownParticipant,
)
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CORRIDOR, NOW, OPERATOR, PSBC, SETTLEMENT_BANK, ask, initiate, terms, uetr
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, lines, of, opened


def fund(amount: int, reference: str = "P-1", participant: str = ABB, **changes: Any) -> c.FundPosition:
    said: dict[str, Any] = {
        "actor": SETTLEMENT_BANK,
        "participant": participant,
        "amount": amount,
        "currency": "USD",
        "reference": reference,
    }
    return ask(c.FundPosition, **(said | changes))


def withdraw(amount: int, reference: str = "W-1", participant: str = ABB, **changes: Any) -> c.RequestWithdrawal:
    said: dict[str, Any] = {"actor": participant, "participant": participant, "amount": amount, "currency": "USD", "reference": reference}
    return ask(c.RequestWithdrawal, **(said | changes))


def charge(amount: int, reference: str = "F-1", participant: str = ABB, **changes: Any) -> c.ChargeSettlement:
    said: dict[str, Any] = {
        "actor": SETTLEMENT_BANK,
        "participant": participant,
        "amount": amount,
        "currency": "USD",
        "reference": reference,
    }
    return ask(c.ChargeSettlement, **(said | changes))


def confirm(reference: str = "W-1", actor: str = SETTLEMENT_BANK, key: str = "") -> c.ConfirmWithdrawal:
    return ask(c.ConfirmWithdrawal, actor, key=key, reference=reference, bank_reference=f"BANK-{reference}")


def close(key: str = "1") -> c.CloseCycle:
    return ask(c.CloseCycle, OPERATOR, key=f"close {key}")


def pay_in(amount: int, cycle: int = 1, participant: str = ABB, **changes: Any) -> c.ConfirmPayIn:
    said: dict[str, Any] = {"actor": SETTLEMENT_BANK, "cycle": cycle, "participant": participant, "amount": amount, "bank_reference": "IN"}
    return ask(c.ConfirmPayIn, **(said | changes))


def pay_out(amount: int, cycle: int = 1, participant: str = PSBC, **changes: Any) -> c.ConfirmPayOut:
    said: dict[str, Any] = {"actor": SETTLEMENT_BANK, "cycle": cycle, "participant": participant, "amount": amount, "bank_reference": "OUT"}
    return ask(c.ConfirmPayOut, **(said | changes))


def paid_transfers(ledger: MemoryLedger, *numbers: int) -> MemoryLedger:
    """Each moves USD 101.00 from abb's position to psbc's."""
    for number in numbers:
        ledger.given(initiate(number), ask(c.PayTransfer, PSBC, uetr=uetr(number)))
    return ledger


def decided(command: c.Command) -> Decision:
    return Decision(NOW, command.actor, command.id, command.cause, 1)


def position(ledger: MemoryLedger, participant: str) -> int:
    return ledger.account(f"{participant}:position:USD").balance


# Prefunding and charges


def test_prefunding_is_booked_on_the_settlement_banks_word() -> None:
    """Never on an announcement by the bank whose money it is."""
    ledger = opened()
    ledger.refuses(fund(200_00, actor=ABB), NotPermitted, "actor", ABB)
    command = fund(200_00)
    happenings = ledger.when(command)
    stream = ids.movement_stream(CORRIDOR, "P-1")
    said = {"participant": ABB, "currency": "USD", "amount": 200_00, "reference": "P-1"}
    assert of(stream, happenings) == events(stream, [fact(movement_events.PositionFunded, decided(command), **said)])
    assert lines(happenings) == {"corridor:settlement_bank:USD": "200.00", "abb:position:USD": "-200.00"}


def test_a_charge_is_borne_by_the_participant_it_names() -> None:
    """Even below its floor: the bank has taken it (I12)."""
    ledger = opened().given(fund(1_00), charge(600_00))
    assert ledger.balances() == {"abb:position:USD": "-599.00", "corridor:settlement_bank:USD": "-599.00"}
    ledger.refuses(charge(1, reference="F-2", actor=ABB), NotPermitted, "actor", ABB)


# Withdrawals


def test_a_withdrawal_waits_in_settling_until_the_bank_confirms() -> None:
    """Requested by the participant itself, confirmed by the settlement bank once."""
    ledger = opened().given(fund(200_00))
    ledger.refuses(withdraw(50_00, actor=PSBC), NotPermitted, "actor", PSBC)
    assert lines(ledger.when(withdraw(50_00))) == {"abb:position:USD": "50.00", "corridor:settling:USD": "-50.00"}
    ledger.refuses(confirm(actor=ABB), NotPermitted, "actor", ABB)
    command = confirm()
    happenings = ledger.when(command)
    stream = ids.movement_stream(CORRIDOR, "W-1")
    assert of(stream, happenings) == events(
        stream, [fact(movement_events.WithdrawalPaid, decided(command), bank_reference="BANK-W-1")], after=1
    )
    assert lines(happenings) == {"corridor:settling:USD": "50.00", "corridor:settlement_bank:USD": "-50.00"}
    ledger.refuses(confirm(key="again"), StepOutOfOrder, "reference", stream)
    assert ledger.balances() == {"abb:position:USD": "150.00", "corridor:settlement_bank:USD": "150.00"}


def test_a_withdrawal_stops_at_the_floor_and_at_a_frozen_account() -> None:
    """The net debit cap in force (I12)."""
    ledger = opened().given(fund(200_00))
    ledger.refuses(withdraw(700_01), FloorReached, "account", "abb:position:USD")
    ledger.given(ask(c.SetAccountStatus, AMINA, account="abb:position:USD", status="frozen"))
    ledger.refuses(withdraw(1, key="while frozen"), AccountFrozen, "account", "abb:position:USD")


def test_no_withdrawal_leaves_that_the_settlement_bank_does_not_hold() -> None:
    """Abb may take up to its cap, but the dollars must be there (I12)."""
    ledger = opened().given(fund(10_00, participant=PSBC), withdraw(50_00))
    ledger.refuses(confirm(), FloorReached, "account", "corridor:settlement_bank:USD")
    ledger.given(fund(40_00, reference="P-2", participant=PSBC), confirm(key="with cash"))


def test_only_a_requested_withdrawal_is_confirmed() -> None:
    """Neither an unknown reference nor a prefund."""
    ledger = opened().given(fund(200_00))
    ledger.refuses(confirm("W-9"), MovementUnknown, "reference", "W-9")
    ledger.refuses(confirm("P-1"), StepOutOfOrder, "reference", ids.movement_stream(CORRIDOR, "P-1"))


# Any movement


@pytest.mark.parametrize("movement", [fund, withdraw, charge], ids=lambda build: build.__name__)
def test_what_no_movement_may_be(movement: Any) -> None:
    """Of a stranger, in another currency than the settlement's, of nothing or less."""
    ledger = opened()
    for changes, refusal, field, value in (
        ({"participant": "bcp"}, UnknownParticipant, "participant", "bcp"),
        ({"currency": "MAD"}, CurrencyNotAccepted, "currency", "MAD"),
        ({"amount": 0}, AmountInvalid, "amount", 0),
        ({"amount": -5}, AmountInvalid, "amount", -5),
    ):
        ledger.refuses(movement(**({"amount": 1_00} | changes), key=str(changes)), refusal, field, value)


@pytest.mark.parametrize("movement", [fund, withdraw, charge], ids=lambda build: build.__name__)
def test_a_movement_is_known_by_the_banks_reference(movement: Any) -> None:
    """The same again under another key changes nothing; other data under its reference are refused (I6)."""
    ledger = opened().given(fund(200_00, reference="CASH"), movement(10_00, reference="X"))
    before = len(ledger.rows)
    assert ledger.run(movement(10_00, reference="X", key="again")) == {"reference": "X", "changed": False}
    assert len(ledger.rows) == before
    ledger.refuses(movement(10_01, reference="X", key="amount"), MovementAlreadyBooked, "reference", "X")


@pytest.mark.parametrize("other", [charge, withdraw], ids=lambda build: build.__name__)
def test_a_reference_is_not_taken_for_another_kind_of_movement(other: Any) -> None:
    """A charge is not a prefund because it bears the same reference and amount."""
    ledger = opened().given(fund(10_00, reference="X"))
    ledger.refuses(other(10_00, reference="X"), MovementAlreadyBooked, "reference", "X")


def test_two_reports_of_one_movement_in_one_batch_are_booked_once() -> None:
    """The second already sees the first."""
    ledger = opened()
    assert ledger.batch(fund(10_00), fund(10_00, key="again")) == [
        {"reference": "P-1", "changed": True},
        {"reference": "P-1", "changed": False},
    ]
    movement = ledger.find(ids.movement_stream(CORRIDOR, "P-1"))
    assert isinstance(movement, Movement)
    assert (movement.version, position(ledger, ABB)) == (1, 10_00)


# Cycles


def test_a_cycle_nets_what_each_bank_owes() -> None:
    """Three transfers one way and one the other."""
    ledger = paid_transfers(opened(), 1, 2, 3)
    ledger.given(initiate(4, actor=PSBC, creditor_agent=ABB, amount=720_00, currency="CNY"), ask(c.PayTransfer, ABB, uetr=uetr(4)))
    boundary = len(ledger.rows)
    assert ledger.run(close()) == {"cycle": 1, "boundary": boundary, "pay_ins": {ABB: 202_00}, "pay_outs": {PSBC: 202_00}}


def test_money_in_flight_counts_against_its_sender_only() -> None:
    """Funded and not yet paid: abb owes it, nobody is owed it."""
    ledger = opened().given(initiate())
    assert ledger.run(close()) == {"cycle": 1, "boundary": len(ledger.rows) - 2, "pay_ins": {ABB: 101_00}, "pay_outs": {}}


def test_what_a_bank_agreed_to_retain_is_not_paid_out() -> None:
    """Its prefund of USD 200.00 stays, the excess of 50.00 is paid."""
    ledger = opened().given(ask(c.OpenCorridor, OPERATOR, key="v2", agreement=terms(2, abb_retained="200.00")), fund(250_00))
    result = ledger.run(close())
    assert (result["pay_ins"], result["pay_outs"], position(ledger, ABB)) == ({}, {ABB: 50_00}, 200_00)


def test_a_bank_that_prefunded_enough_owes_nothing() -> None:
    """Its position pays by itself; the payee is paid out of the prefund."""
    ledger = paid_transfers(opened().given(ask(c.OpenCorridor, OPERATOR, key="v2", agreement=terms(2, abb_retained="200.00"))), 1)
    ledger.given(fund(300_00))
    result = ledger.run(close())
    assert (result["pay_ins"], result["pay_outs"]) == ({}, {PSBC: 101_00})
    assert ledger.run(pay_out(101_00)) == {"cycle": 1, "settled": True}
    assert ledger.balances()["corridor:settlement_bank:USD"] == "199.00"


def test_no_payee_is_paid_beyond_the_cash_held() -> None:
    """The pay-in is missing: the pay-out is refused, the cycle stays open, nothing is unwound."""
    ledger = paid_transfers(opened(), 1).given(close())
    ledger.refuses(pay_out(101_00), FloorReached, "account", "corridor:settlement_bank:USD")
    assert ledger.balances()["corridor:settling:USD"] == "101.00"
    assert ledger.run(pay_in(101_00)) == {"cycle": 1, "settled": False}
    assert ledger.run(pay_out(101_00, key="with cash")) == {"cycle": 1, "settled": True}


def test_the_next_cycle_does_not_ask_twice() -> None:
    """A pay-in is missing; the next cycle asks only for what came since, and both are settled when both have paid."""
    ledger = paid_transfers(opened(), 1).given(close("1"))
    result = paid_transfers(ledger, 2).run(close("2"))
    assert (result["cycle"], result["pay_ins"], result["pay_outs"]) == (2, {ABB: 101_00}, {PSBC: 101_00})
    result = ledger.run(close("3"))
    assert (result["cycle"], result["pay_ins"], result["pay_outs"]) == (3, {}, {})
    corridor = ledger.find(ids.corridor_stream(CORRIDOR))
    assert isinstance(corridor, Corridor)
    assert corridor.unsettled_cycles == (1, 2)
    ledger.given(pay_in(101_00), pay_out(101_00), pay_in(101_00, cycle=2))
    assert ledger.run(pay_out(101_00, cycle=2)) == {"cycle": 2, "settled": True}
    corridor = ledger.find(ids.corridor_stream(CORRIDOR))
    assert isinstance(corridor, Corridor)
    assert (corridor.unsettled_cycles, position(ledger, ABB), position(ledger, PSBC)) == ((), 0, 0)


def test_intervals_follow_one_another_without_a_gap() -> None:
    """Each cycle begins at the boundary where the one before it ended."""
    ledger = paid_transfers(opened(), 1)
    first = ledger.run(close("1"))["boundary"]
    ledger.given(pay_in(101_00), pay_out(101_00))
    second = paid_transfers(ledger, 2).run(close("2"))["boundary"]
    closed = ledger.events([row for row in ledger.rows if row.topic == "SettlementCycle.Closed.v1"])
    assert [(event.from_boundary, event.to_boundary) for event in closed] == [(0, first), (first, second)]  # type: ignore[attr-defined]
    boundaries = {row.boundary for row in ledger.rows}
    assert {first, second} <= boundaries


def test_a_return_counts_in_the_cycle_open_when_it_is_booked() -> None:
    """Whatever became of the payment's own cycle."""
    ledger = paid_transfers(opened(), 1).given(close("1"), pay_in(101_00), pay_out(101_00))
    ledger.given(ask(c.ReturnTransfer, PSBC, uetr=uetr(1), return_id="R", amount=720_00, reason="AC04"))
    result = ledger.run(close("2"))
    assert (result["pay_ins"], result["pay_outs"]) == ({PSBC: 100_00}, {ABB: 100_00})


def test_a_frozen_position_is_not_paid_out() -> None:
    """It takes part in no settlement pay-out; what it owes is due all the same (I12)."""
    ledger = paid_transfers(opened(), 1)
    for participant in (ABB, PSBC):
        ledger.given(ask(c.SetAccountStatus, AMINA, account=f"{participant}:position:USD", status="frozen"))
    result = ledger.run(close("1"))
    assert (result["pay_ins"], result["pay_outs"], position(ledger, PSBC)) == ({ABB: 101_00}, {}, 101_00)
    ledger.given(*(ask(c.SetAccountStatus, who, key="open", account="psbc:position:USD", status="open") for who in (AMINA, BAO)))
    ledger.given(pay_in(101_00))
    assert ledger.run(close("2"))["pay_outs"] == {PSBC: 101_00}


def test_only_what_is_due_is_confirmed_and_only_by_the_settlement_bank() -> None:
    """Another amount, bank or cycle, or the payer's own word; what is refused for good is not told as a lack of cash."""
    ledger = paid_transfers(opened(), 1).given(close())
    ledger.refuses(pay_in(101_00, actor=ABB), NotPermitted, "actor", ABB)
    ledger.refuses(pay_out(101_00, actor=PSBC), NotPermitted, "actor", PSBC)
    ledger.refuses(pay_in(101_01), NotDueInCycle, "amount", "101.01")
    ledger.refuses(pay_out(101_01), NotDueInCycle, "amount", "101.01")
    ledger.refuses(pay_out(101_00, participant=ABB), NotDueInCycle, "amount", "101.00")
    ledger.refuses(pay_in(101_00, cycle=2), CycleUnknown, "cycle", 2)
    ledger.given(pay_in(101_00, key="once"))
    ledger.refuses(pay_in(101_00, key="twice"), NotDueInCycle, "amount", "101.00")


@pytest.mark.parametrize("actor", [ABB, AMINA, SETTLEMENT_BANK])
def test_only_an_operator_or_a_job_closes_a_cycle(actor: str) -> None:
    """Neither bank does it for the other."""
    paid_transfers(opened(), 1).refuses(ask(c.CloseCycle, actor), NotPermitted, "actor", actor)


def test_an_unsettled_cycle_knows_what_it_waits_for() -> None:
    """Replayed from the log."""
    ledger = paid_transfers(opened(), 1).given(close(), pay_in(101_00))
    cycle = ledger.find(ids.cycle_stream(CORRIDOR, 1))
    assert isinstance(cycle, SettlementCycle)
    assert (cycle.due_in, cycle.due_out, cycle.settled) == ({}, {PSBC: 101_00}, False)


def test_a_closed_settlement_account_pays_nobody() -> None:
    """An empty one may be closed for good; then no pay-out can leave it."""
    ledger = paid_transfers(opened(), 1).given(
        close(), *(ask(c.SetAccountStatus, who, account="corridor:settlement_bank:USD", status="closed") for who in (AMINA, BAO))
    )
    ledger.given(pay_in(101_00))
    ledger.refuses(pay_out(101_00), AccountClosed, "account", "corridor:settlement_bank:USD")
