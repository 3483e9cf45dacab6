"""A settlement cycle: what each bank pays in or is paid, and when it is settled; and the corridor that counts the cycles."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from ledger.domain import corridor_events, ids
from ledger.domain import cycle_events as happened
from ledger.domain.corridor import Corridor
from ledger.domain.cycle import SettlementCycle
from ledger.errors import NotDueInCycle
from tests.unit.corridor_fixtures import ABB, CORRIDOR, OPERATOR, PSBC, SETTLEMENT_BANK, TERMS, by
from tests.unit.history import Fact, fact, given, recorded, recorded_nothing
from tests.unit.refusals import refuses

STREAM = ids.cycle_stream(CORRIDOR, 1)
FACTS: dict[str, Any] = {
    "number": 1,
    "from_boundary": 0,
    "to_boundary": 40,
    "currency": "USD",
    "positions": {ABB: -101_00, PSBC: 101_00},
    "pay_ins": {ABB: 101_00},
    "pay_outs": {PSBC: 101_00},
}
CLOSED = fact(happened.CycleClosed, by(OPERATOR), **FACTS)
PAID_IN = fact(happened.SettlementPaidIn, by(SETTLEMENT_BANK), participant=ABB, amount=101_00, bank_reference="IN-1")
PAID_OUT = fact(happened.SettlementPaidOut, by(SETTLEMENT_BANK), participant=PSBC, amount=101_00, bank_reference="OUT-1")
SETTLED = fact(happened.CycleSettled, by(SETTLEMENT_BANK))


def cycle(*facts: Fact) -> SettlementCycle:
    return given(SettlementCycle, STREAM, CLOSED, *facts)


def test_who_owes_pays_in_and_who_is_owed_is_paid() -> None:
    """A hundred and one dollars each."""
    recorded(SettlementCycle.close(STREAM, by(OPERATOR), **FACTS), CLOSED)


def test_a_cycle_with_nothing_to_pay_is_settled_at_once() -> None:
    """Flows in both directions may cancel out exactly."""
    nothing = FACTS | {"positions": {ABB: 0, PSBC: 0}, "pay_ins": {}, "pay_outs": {}}
    recorded(
        SettlementCycle.close(STREAM, by(OPERATOR), **nothing),
        fact(happened.CycleClosed, by(OPERATOR), **nothing),
        fact(happened.CycleSettled, by(OPERATOR)),
    )


@pytest.mark.parametrize(
    ("positions", "retained", "already_due", "pay_ins", "pay_outs"),
    [
        ({ABB: -101_00, PSBC: 101_00}, {}, {}, {ABB: 101_00}, {PSBC: 101_00}),
        ({ABB: 99_00, PSBC: 101_00}, {ABB: 200_00}, {}, {}, {PSBC: 101_00}),
        ({ABB: 250_00, PSBC: 0}, {ABB: 200_00}, {}, {}, {ABB: 50_00}),
        ({ABB: -1, PSBC: 0}, {ABB: 200_00}, {}, {ABB: 1}, {}),
        ({ABB: -101_00, PSBC: 0}, {}, {ABB: 101_00}, {}, {}),
        ({ABB: -151_00, PSBC: 50_00}, {}, {ABB: 101_00}, {ABB: 50_00}, {PSBC: 50_00}),
        ({ABB: -60_00, PSBC: 0}, {}, {ABB: 101_00}, {}, {}),
        ({ABB: 0, PSBC: 0}, {}, {}, {}, {}),
    ],
    ids=["net", "prefund retained", "excess", "owes although prefunded", "asked before", "asked in part", "less than asked", "even"],
)
def test_netting(
    positions: dict[str, int], retained: dict[str, int], already_due: dict[str, int], pay_ins: dict[str, int], pay_outs: dict[str, int]
) -> None:
    """Below zero is to pay in, less what earlier cycles still await; above the retained balance is paid the excess."""
    assert SettlementCycle.net(positions, {ABB: 0, PSBC: 0} | retained, already_due) == (pay_ins, pay_outs)


@examples(
    st.fixed_dictionaries({p: st.integers(-(10**9), 10**9) for p in (ABB, PSBC)}),
    st.fixed_dictionaries({p: st.integers(0, 10**9) for p in (ABB, PSBC)}),
    st.fixed_dictionaries({p: st.integers(0, 10**9) for p in (ABB, PSBC)}),
)
def test_netting_asks_each_bank_for_one_thing_and_never_too_much(
    positions: dict[str, int], retained: dict[str, int], already_due: dict[str, int]
) -> None:
    """All asked for never passes what is owed, and what is paid leaves exactly the retained balance."""
    pay_ins, pay_outs = SettlementCycle.net(positions, retained, already_due)
    assert not set(pay_ins) & set(pay_outs)
    for payer, amount in pay_ins.items():
        assert amount > 0
        assert amount + already_due[payer] == -positions[payer]
    for payee, amount in pay_outs.items():
        assert amount > 0
        assert positions[payee] - amount == retained[payee]


def test_payments_come_one_by_one_and_the_last_one_settles() -> None:
    """A missing pay-in leaves the cycle open."""
    waiting = cycle()
    waiting.paid_in(by(SETTLEMENT_BANK), ABB, 101_00, "IN-1")
    recorded(waiting, PAID_IN)
    assert (waiting.due_in, waiting.due_out, waiting.settled) == ({}, {PSBC: 101_00}, False)
    half = cycle(PAID_IN)
    half.paid_out(by(SETTLEMENT_BANK), PSBC, 101_00, "OUT-1")
    recorded(half, PAID_OUT, SETTLED)
    assert half.settled


def test_only_what_is_due_is_confirmed() -> None:
    """Another amount, another bank, or the same payment twice is refused."""
    waiting = cycle()
    refuses(NotDueInCycle, "amount", "101.01", lambda: waiting.paid_in(by(SETTLEMENT_BANK), ABB, 101_01, "IN-1"))
    refuses(NotDueInCycle, "amount", "101.00", lambda: waiting.paid_in(by(SETTLEMENT_BANK), PSBC, 101_00, "IN-1"))
    refuses(NotDueInCycle, "amount", "101.00", lambda: waiting.paid_out(by(SETTLEMENT_BANK), ABB, 101_00, "OUT-1"))
    recorded_nothing(waiting)
    half = cycle(PAID_IN)
    refuses(NotDueInCycle, "amount", "101.00", lambda: half.paid_in(by(SETTLEMENT_BANK), ABB, 101_00, "IN-1"))
    recorded_nothing(half)
    done = cycle(PAID_IN, PAID_OUT, SETTLED)
    refuses(NotDueInCycle, "amount", "101.00", lambda: done.paid_out(by(SETTLEMENT_BANK), PSBC, 101_00, "OUT-1"))
    recorded_nothing(done)


OPENED = fact(corridor_events.CorridorOpened, by(OPERATOR), agreement=TERMS)
FIRST_CLOSED = fact(corridor_events.CorridorCycleClosed, by(OPERATOR), number=1, boundary=40)


def test_cycles_follow_one_another_without_a_gap() -> None:
    """Each begins where the one before it ended."""
    corridor = given(Corridor, ids.corridor_stream(CORRIDOR), OPENED, FIRST_CLOSED)
    assert corridor.close_cycle(by(OPERATOR), 55) == 2
    recorded(corridor, fact(corridor_events.CorridorCycleClosed, by(OPERATOR), number=2, boundary=55))
    assert (corridor.last_cycle, corridor.last_boundary, corridor.unsettled_cycles) == (2, 55, (1, 2))


def test_a_settled_cycle_waits_no_more() -> None:
    """The others do."""
    corridor = given(
        Corridor,
        ids.corridor_stream(CORRIDOR),
        OPENED,
        FIRST_CLOSED,
        fact(corridor_events.CorridorCycleClosed, by(OPERATOR), number=2, boundary=55),
    )
    corridor.settle_cycle(by(SETTLEMENT_BANK), 1)
    recorded(corridor, fact(corridor_events.CorridorCycleSettled, by(SETTLEMENT_BANK), number=1))
    assert corridor.unsettled_cycles == (2,)
