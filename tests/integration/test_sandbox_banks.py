"""The simulated paying bank: its mind follows from seed and UETR, whenever and however often it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.intake import order_of
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.jobs import up_to_date
from ledger.messages.incoming import take_in
from ledger.projections.balances import balances
from ledger.projections.rate_sheets import rate_sheets
from ledger.projections.transfers import transfers
from ledger.rates_in import import_rate_sheet
from ledger.sandbox import story
from ledger.sandbox.asking import UnexpectedRefusal, ask
from ledger.sandbox.generator import generate_transfers, group_of
from ledger.sandbox.paying_bank import Intent, SimulatedPayingBank
from ledger.sandbox.sending_bank import SimulatedSendingBank, send_order
from tests.integration.serviced import facts, open_corridor, settings_of, terms_of

SEED = 3
TRANSFERS = 60


@pytest.fixture
def service(module_database_url: str, key_folder: Path, clock: SetClock, corridor: str) -> Iterator[Service]:
    """A service with an open corridor and a file of transfers dispatched to psbc."""
    with Service(settings_of(module_database_url, key_folder), clock=clock) as service:
        open_corridor(service, corridor)
        data = write_pacs008(group_of(SEED, TRANSFERS, facts()), generate_transfers(SEED, TRANSFERS, facts()))
        take_in(service, corridor, "abb", data)
        yield service


def paying_bank(service: Service, corridor: str, seed: int = SEED) -> SimulatedPayingBank:
    """psbc, with everything on its desk that was dispatched to it."""
    bank = SimulatedPayingBank(service.ledger(corridor), "psbc", seed, visits=1)
    with up_to_date(service, corridor) as at:
        bank.read_feed(at, service.clock())
    return bank


def test_the_bank_decides_alike_whenever_it_is_asked(service: Service, corridor: str) -> None:
    """Before and after it has acted, and in a new process: the same intents; another seed decides otherwise."""
    bank = paying_bank(service, corridor)
    decided = bank.desk.decided
    bank.answer_feed(service.clock())
    assert paying_bank(service, corridor).desk.decided == decided
    assert paying_bank(service, corridor, SEED + 1).desk.decided != decided
    intents = [found.intent for found in decided.values()]
    assert [intents.count(intent) for intent in (Intent.PAY_SILENTLY, Intent.PAY_AND_RETURN, Intent.MISBOOK)] == [1, 1, 1]


def test_what_is_dispatched_later_is_not_seen_earlier(service: Service, corridor: str, clock: SetClock) -> None:
    """A run taken up again must not act on what, at this instant of the story, has not happened yet."""
    bank = SimulatedPayingBank(service.ledger(corridor), "psbc", SEED, visits=1)
    with up_to_date(service, corridor) as at:
        assert bank.read_feed(at, clock() - timedelta(seconds=1)) == 0
        assert bank.read_feed(at, clock()) == TRANSFERS - 1  # one waits for its parcel
        assert bank.read_feed(at, clock()) == 0


def test_doing_everything_again_changes_neither_books_nor_ledger(service: Service, corridor: str) -> None:
    """A second process makes the same decisions, is answered from the receipts, and keeps the same books."""
    banks = []
    for _ in range(2):
        bank = paying_bank(service, corridor)
        bank.answer_feed(service.clock())
        bank.pay_accepted(service.clock())
        bank.hand_out_cash(service.clock(), 0, service.intake(corridor))
        bank.give_back(service.clock(), 1, 2)
        bank.give_back(service.clock(), 2, 2)
        banks.append((bank.book.balance, service.ledger(corridor).log_store.head().position))
    assert banks[0] == banks[1]


def test_both_banks_books_differ_from_the_ledger_by_what_was_planted_only(service: Service, corridor: str, clock: SetClock) -> None:
    """psbc paid one silently and booked one CNY 1.00 too high; abb's own sums agree to the cent."""
    payer = paying_bank(service, corridor)
    payer.answer_feed(clock())
    payer.pay_accepted(clock())
    payer.give_back(clock(), 1, 2)
    sender = SimulatedSendingBank(service.ledger(corridor), "abb", terms_of(corridor).leg("abb", "psbc"))
    sender.take_orders(generate_transfers(SEED, TRANSFERS, facts()))
    with up_to_date(service, corridor) as at:
        sender.keep_books(at, clock())
        held = {found.account: found.balance for found in balances(at)}
        [silent] = transfers(at, states=["dispatched"])
    assert sender.book.balance == held["abb:cash:MAD"]
    assert payer.book.balance == held["psbc:cash:CNY"] - silent.paid_to_creditor - 100


def test_an_order_sent_twice_is_answered_from_its_receipt(service: Service, corridor: str) -> None:
    """Nobody new stands in the vault, and the position is the first one."""
    [order] = generate_transfers(SEED + 1, 1, facts(with_release_condition=False))
    stated = order_of(order, terms_of(corridor))
    first = send_order(service, corridor, "abb", stated, idempotency_key="order", cause="counter")
    in_vault = service.pool.rows("SELECT count(*) FROM vault.subjects")

    again = send_order(service, corridor, "abb", stated, idempotency_key="order", cause="counter")

    assert again == first._replace(replayed=True)
    assert service.pool.rows("SELECT count(*) FROM vault.subjects") == in_vault


def test_a_refusal_that_the_simulation_did_not_expect_stops_it(service: Service, corridor: str) -> None:
    """It says who asked what under which key, and why the ledger said no."""
    command = c.CloseCycle(corridor=corridor, actor="abb", idempotency_key="close")
    with pytest.raises(UnexpectedRefusal, match=r"CloseCycle by abb \(close\) was refused: not-permitted: abb cannot operate"):
        ask(service.ledger(corridor), command)


def test_a_sheet_in_the_publishers_shape_is_published_with_unit_prices(service: Service, corridor: str) -> None:
    """100 yen cost 5.862 dirhams, 10 Algerian dinars 0.7032; the sheet serves for the 96 hours of the terms and only counts once."""
    first = import_rate_sheet(service, corridor, "abb", story.WEDNESDAY_SHEET)
    again = import_rate_sheet(service, corridor, "abb", story.WEDNESDAY_SHEET)
    with up_to_date(service, corridor) as at:
        [sheet] = [one for one in rate_sheets(at, participant="abb") if one.sheet == (first.result or {})["sheet"]]
    assert {code: str(rate) for code, rate in sheet.rates.items()} == {
        "CNY": "1.3507", "DZD": "0.07032", "JPY": "0.05862", "USD": "9.3189",
    }  # fmt: skip
    assert (sheet.valid_until - sheet.valid_from, again) == (timedelta(hours=96), first._replace(replayed=True))
