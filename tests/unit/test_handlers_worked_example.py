"""The worked example of the posting table, from initiation to settlement, every event and every line of it.

MAD 1,000.00 sent with a fee of MAD 30.00, of which MAD 10.00 buy the paying bank's USD 1.00; USD 100.00 settled; CNY 720.00 paid out.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from ledger import commands as c
from ledger.commands import Command
from ledger.domain import account_events, corridor_events, cycle_events, ids
from ledger.domain import transfer_events as happened
from ledger.domain.account_events import PostedLine
from ledger.domain.aggregate import Decision, Event
from ledger.domain.posting import EntryKind
from tests.unit.corridor_fixtures import (
    ABB,
    CORRIDOR,
    FRIDAY,
    MONDAY,
    NOW,
    OPERATOR,
    PRICING,
    PSBC,
    SETTLEMENT_BANK,
    ask,
    initiate,
    uetr,
)
from tests.unit.history import Fact, events, fact
from tests.unit.memory_ledger import lines, opened
from tests.unit.transfer_lives import initiated

UETR = uetr()
CYCLE = ids.cycle_stream(CORRIDOR, 1)
FUNDING: tuple[EntryKind, UUID] = ("funding", UETR)
PAYOUT: tuple[EntryKind, UUID] = ("payout", UETR)

INITIATE = initiate()
ACCEPT = ask(c.AcceptTransfer, PSBC, uetr=UETR)
PAY = ask(c.PayTransfer, PSBC, uetr=UETR)
CLOSE = ask(c.CloseCycle, OPERATOR)
PAY_IN = ask(c.ConfirmPayIn, SETTLEMENT_BANK, cycle=1, participant=ABB, amount=101_00, bank_reference="IN-1")
PAY_OUT = ask(c.ConfirmPayOut, SETTLEMENT_BANK, cycle=1, participant=PSBC, amount=101_00, bank_reference="OUT-1")


def by(command: Command) -> Decision:
    """Who decided this, and when."""
    return Decision(NOW, command.actor, command.id, command.cause, 1)


def posted(
    command: Command, account: str, balance: int, amount: int, entry: tuple[EntryKind, UUID], *, value_date: date = FRIDAY, after: int = 1
) -> list[Event]:
    """An account's event of one line; ``amount`` debit positive, ``balance`` on the account's normal side."""
    line = PostedLine(*entry, command.id, amount, FRIDAY, value_date)
    says = {"timestamp": NOW, "lines": (line,), "balance": balance, "below_floor": False}
    return events(ids.account_stream(CORRIDOR, account), [Fact(account_events.AccountPosted, says)], after=after)


def test_funding_comes_out_to_the_minor_unit() -> None:
    """Initiated, cleared, funded and dispatched in one commit, with the six lines of the funding entry, each in its own currency."""
    by_abb = by(INITIATE)
    unquoted = PRICING.model_copy(update={"valid_until": NOW + timedelta(hours=24)})  # the two sheets' own validity
    said = initiated().says | {"command": INITIATE.id, "rules": ("limit:20000.00", "fields:0.00"), "pricing": unquoted}
    assert opened().when(INITIATE) == [
        *events(
            UETR,
            [
                Fact(happened.TransferInitiated, said),
                fact(happened.TransferCleared, by_abb, screened=INITIATE.screened, case=None),
                fact(happened.TransferFunded, by_abb),
                fact(happened.TransferDispatched, by_abb),
            ],
        ),
        *posted(INITIATE, "abb:cash:MAD", 1_030_00, 1_030_00, FUNDING),
        *posted(INITIATE, "abb:fees:MAD", 20_00, -20_00, FUNDING),
        *posted(INITIATE, "abb:fx:MAD", -1_010_00, -1_010_00, FUNDING),
        *posted(INITIATE, "abb:position:USD", -101_00, 101_00, FUNDING),
        *posted(INITIATE, "corridor:in_flight:USD", 100_00, -100_00, FUNDING),
        *posted(INITIATE, "corridor:remuneration:USD", 1_00, -1_00, FUNDING),
    ]


def test_payout_comes_out_to_the_minor_unit() -> None:
    """In Shanghai it is after the cut-off, so its lines have Monday's value date; the dollars follow New York, where it is morning."""
    ledger = opened().given(INITIATE, ACCEPT)
    assert ledger.when(PAY) == [
        *events(UETR, [fact(happened.TransferPaid, by(PAY), method="account", paid_to_creditor=720_00)], after=5),
        *posted(PAY, "corridor:in_flight:USD", 0, 100_00, PAYOUT, after=2),
        *posted(PAY, "corridor:remuneration:USD", 0, 1_00, PAYOUT, after=2),
        *posted(PAY, "psbc:cash:CNY", -720_00, -720_00, PAYOUT, value_date=MONDAY),
        *posted(PAY, "psbc:fees:CNY", 7_20, -7_20, PAYOUT, value_date=MONDAY),
        *posted(PAY, "psbc:fx:CNY", 727_20, 727_20, PAYOUT, value_date=MONDAY),
        *posted(PAY, "psbc:position:USD", 101_00, -101_00, PAYOUT, value_date=MONDAY),
    ]


def test_the_cycle_closes_at_the_end_of_the_commit_before_it() -> None:
    """Abb is to pay in what it owes, psbc's claim is settling."""
    ledger = opened().given(INITIATE, ACCEPT, PAY)
    boundary = len(ledger.rows)
    assert ledger.run(CLOSE) == {"cycle": 1, "boundary": boundary, "pay_ins": {ABB: 101_00}, "pay_outs": {PSBC: 101_00}}
    assert ledger.events(ledger.rows[boundary:]) == [
        *events(
            ids.corridor_stream(CORRIDOR), [fact(corridor_events.CorridorCycleClosed, by(CLOSE), number=1, boundary=boundary)], after=1
        ),
        *events(
            CYCLE,
            [
                fact(
                    cycle_events.CycleClosed,
                    by(CLOSE),
                    number=1,
                    from_boundary=0,
                    to_boundary=boundary,
                    currency="USD",
                    positions={ABB: -101_00, PSBC: 101_00},
                    pay_ins={ABB: 101_00},
                    pay_outs={PSBC: 101_00},
                )
            ],
        ),
        *posted(CLOSE, "corridor:settling:USD", 101_00, -101_00, ("cycle_close", CYCLE)),
        *posted(CLOSE, "psbc:position:USD", 0, 101_00, ("cycle_close", CYCLE), value_date=MONDAY, after=2),
    ]


def test_the_cycle_is_settled_when_all_has_been_paid() -> None:
    """The pay-in brings cash to the settlement bank, the pay-out takes it, and settling books nothing more."""
    ledger = opened().given(INITIATE, ACCEPT, PAY, CLOSE)
    assert ledger.when(PAY_IN) == [
        *events(CYCLE, [fact(cycle_events.SettlementPaidIn, by(PAY_IN), participant=ABB, amount=101_00, bank_reference="IN-1")], after=1),
        *posted(PAY_IN, "abb:position:USD", 0, -101_00, ("pay_in", CYCLE), after=2),
        *posted(PAY_IN, "corridor:settlement_bank:USD", 101_00, 101_00, ("pay_in", CYCLE)),
    ]
    assert ledger.when(PAY_OUT) == [
        *events(ids.corridor_stream(CORRIDOR), [fact(corridor_events.CorridorCycleSettled, by(PAY_OUT), number=1)], after=2),
        *events(
            CYCLE,
            [
                fact(cycle_events.SettlementPaidOut, by(PAY_OUT), participant=PSBC, amount=101_00, bank_reference="OUT-1"),
                fact(cycle_events.CycleSettled, by(PAY_OUT)),
            ],
            after=2,
        ),
        *posted(PAY_OUT, "corridor:settlement_bank:USD", 0, -101_00, ("pay_out", CYCLE), after=2),
        *posted(PAY_OUT, "corridor:settling:USD", 0, 101_00, ("pay_out", CYCLE), after=2),
    ]


def test_after_settlement_each_bank_has_what_it_earned() -> None:
    """The dollars are gone; each bank holds its cash, its fees, and the countervalue it still has to cover."""
    ledger = opened().given(INITIATE, ACCEPT, PAY, CLOSE, PAY_IN, PAY_OUT)
    assert ledger.balances() == {
        "abb:cash:MAD": "1030.00",
        "abb:fees:MAD": "20.00",
        "abb:fx:MAD": "-1010.00",
        "psbc:cash:CNY": "-720.00",
        "psbc:fees:CNY": "7.20",
        "psbc:fx:CNY": "727.20",
    }


def test_cover_at_another_rate_leaves_the_result_on_fx() -> None:
    """Abb bought its USD 101.00 for MAD 1,000.00, psbc sold its own for CNY 730.00: MAD 10.00 and CNY 2.80 are their gains."""
    ledger = opened().given(
        INITIATE,
        ACCEPT,
        PAY,
        ask(c.MoveCash, ABB, participant=ABB, kind="cover_spent", amount=1_000_00, currency="MAD", reference="C-1"),
        ask(c.MoveCash, PSBC, participant=PSBC, kind="cover_received", amount=730_00, currency="CNY", reference="C-2"),
    )
    fx = {name: ledger.balances()[name] for name in ("abb:fx:MAD", "psbc:fx:CNY")}
    assert fx == {"abb:fx:MAD": "-10.00", "psbc:fx:CNY": "-2.80"}


def test_money_flows_in_the_other_direction_too() -> None:
    """CNY 720.00 with a fee of CNY 15.00 become MAD 1,000.00, by the other leg of the same terms."""
    ledger = opened()
    back = initiate(actor=PSBC, creditor_agent=ABB, amount=720_00, currency="CNY")
    assert lines(ledger.when(back)) == {
        "psbc:cash:CNY": "735.00",
        "psbc:fees:CNY": "-7.80",
        "psbc:fx:CNY": "-727.20",
        "psbc:position:USD": "101.00",
        "corridor:in_flight:USD": "-100.00",
        "corridor:remuneration:USD": "-1.00",
    }
    assert lines(ledger.when(ask(c.PayTransfer, ABB, uetr=UETR))) == {
        "corridor:in_flight:USD": "100.00",
        "corridor:remuneration:USD": "1.00",
        "abb:position:USD": "-101.00",
        "abb:fx:MAD": "1010.00",
        "abb:cash:MAD": "-1000.00",
        "abb:fees:MAD": "-10.00",
    }
