"""The demo from end to end: what it ends with is computed here a second time, by plain sums over the orders it sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from io import StringIO
from typing import NamedTuple

import pytest
from rich.console import Console

from ledger.bootstrap import Service
from ledger.clock import system_clock
from ledger.domain.money import to_money
from ledger.errors import Misconfigured
from ledger.iso20022.credit_transfer import ChargeBearer, CreditTransfer
from ledger.sandbox import story
from ledger.sandbox.acts import Acts
from ledger.sandbox.demo import demo_service, run_demo
from ledger.sandbox.demo_result import DemoResult
from ledger.sandbox.pages import print_demo
from ledger.sandbox.paying_bank import Intent
from ledger.settings import Settings
from tests.faults.demo_runner import demo_settings

TRANSFERS = 40
CENT = Decimal("0.01")
LAST_VISIT = 2
PAYING = {
    Intent.PAY_AT_ONCE, Intent.ACCEPT_THEN_PAY, Intent.HAND_OUT, Intent.PAY_AND_RETURN, Intent.MISBOOK,
}  # fmt: skip


@pytest.fixture(scope="module")
def settings(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A database for the demo alone."""
    return demo_settings(module_database_url, tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def service(settings: Settings) -> Iterator[Service]:
    with demo_service(settings) as service:
        yield service


@pytest.fixture(scope="module")
def result(service: Service) -> DemoResult:
    """The small demo, run once for all tests of this file."""
    return run_demo(service, transfers=TRANSFERS)


def cents(exact: Decimal) -> Decimal:
    return exact.quantize(CENT, ROUND_HALF_EVEN)


def whole(minor: int) -> Decimal:
    return to_money(minor, "USD").amount


class Priced(NamedTuple):
    """One order's amounts, by the tariff of the corridor's file: MAD, USD, CNY."""

    instructed: Decimal
    fee: Decimal
    cover: Decimal
    settlement: Decimal
    payout: Decimal
    creditor_fee: Decimal


REMUNERATION = Decimal("1.00")
EARNED = cents(REMUNERATION * story.CNY_PER_USD)


def priced(order: CreditTransfer, mad_per_usd: Decimal) -> Priced:
    instructed = whole(order.instructed_minor)
    settlement = cents(instructed / mad_per_usd)
    return Priced(
        instructed=instructed,
        fee=Decimal("20.00") + cents(instructed * Decimal("0.005")),
        cover=cents(REMUNERATION * mad_per_usd),
        settlement=settlement,
        payout=cents(settlement * story.CNY_PER_USD),
        creditor_fee=Decimal("0.00") if order.charge_bearer is ChargeBearer.DEBTOR else Decimal("5.00"),
    )


@dataclass
class Auditor:
    """Adds up what every account must hold, on its normal side, without asking the ledger."""

    held: dict[str, Decimal] = field(default_factory=dict)

    def add(self, **changes: Decimal) -> None:
        for account, amount in changes.items():
            self.held[account] = self.held.get(account, Decimal(0)) + amount

    def fund(self, p: Priced) -> None:
        self.add(abb_cash=p.instructed + p.fee, abb_fees=p.fee - p.cover, abb_fx=-(p.instructed + p.cover))
        self.add(abb_position=-(p.settlement + REMUNERATION), in_flight=p.settlement, remuneration=REMUNERATION)

    def pay(self, p: Priced) -> None:
        self.add(in_flight=-p.settlement, remuneration=-REMUNERATION, psbc_position=p.settlement + REMUNERATION)
        self.add(psbc_fx=p.payout + EARNED, psbc_cash=-(p.payout - p.creditor_fee), psbc_fees=EARNED + p.creditor_fee)

    def refund(self, p: Priced, *, fee_given_back: bool) -> None:
        self.add(in_flight=-p.settlement, remuneration=-REMUNERATION, abb_position=p.settlement + REMUNERATION)
        self.add(abb_fx=p.instructed + p.cover, abb_cash=-p.instructed)
        if fee_given_back:
            self.add(abb_cash=-p.fee, abb_fees=-(p.fee - p.cover))
        else:
            self.add(abb_fees=p.cover)

    def give_back(self, p: Priced) -> None:
        """A return of all the creditor had; what was taken from the payout as a fee stays earned."""
        back = p.payout - p.creditor_fee
        settlement, instructed = cents(p.settlement * back / p.payout), cents(p.instructed * back / p.payout)
        self.add(psbc_cash=back, psbc_fx=-back, psbc_position=-settlement, abb_position=settlement)
        self.add(abb_fx=instructed, abb_cash=-instructed)

    def settle(self) -> None:
        """What is below zero is paid in, what is above the retained balance (none for psbc) is paid out; both trade in the market."""
        pays_in, is_paid = -self.held["abb_position"], self.held["psbc_position"]
        self.add(abb_position=pays_in, psbc_position=-is_paid, settlement_bank=pays_in - is_paid)
        cost, proceeds = cents(pays_in * story.MAD_PER_USD_DEALT), cents(is_paid * story.CNY_PER_USD_DEALT)
        self.add(abb_fx=cost, abb_cash=-cost, psbc_cash=proceeds, psbc_fx=-proceeds)

    def take_fees(self) -> None:
        for bank in ("abb", "psbc"):
            fees = self.held[f"{bank}_fees"]
            self.add(**{f"{bank}_fees": -fees, f"{bank}_cash": -fees})

    def balances(self) -> dict[str, Decimal]:
        """By the ledger's names."""
        names = {
            "abb_cash": "abb:cash:MAD", "abb_fees": "abb:fees:MAD", "abb_fx": "abb:fx:MAD", "abb_own": "abb:own:MAD",
            "abb_position": "abb:position:USD", "psbc_cash": "psbc:cash:CNY", "psbc_fees": "psbc:fees:CNY", "psbc_fx": "psbc:fx:CNY",
            "psbc_own": "psbc:own:CNY", "psbc_position": "psbc:position:USD", "in_flight": "corridor:in_flight:USD",
            "remuneration": "corridor:remuneration:USD", "settlement_bank": "corridor:settlement_bank:USD",
            "settling": "corridor:settling:USD", "suspense_cny": "corridor:suspense:CNY", "suspense_mad": "corridor:suspense:MAD",
            "suspense_usd": "corridor:suspense:USD",
        }  # fmt: skip
        return {account: self.held.get(name, Decimal("0.00")) for name, account in names.items()}


def audited(acts: Acts, result: DemoResult) -> dict[str, Decimal]:
    """The whole table of balances, from the orders and from what the paying bank decided about each."""
    taken = {transfer.uetr for report in result.imports for transfer in report.accepted} - {acts.rejected_hit}
    friday = Decimal("9.3341")
    life = [(priced(order, story.MAD_PER_USD_IN_THE_FILES), order) for order in (*acts.orders, *acts.faulty_orders) if order.uetr in taken]
    life += [(priced(order, friday), order) for order in acts.quoted_orders[:-1]]
    sent = (*acts.orders, *acts.faulty_orders, *acts.quoted_orders)
    auditor = Auditor()

    total = sum((whole(order.settlement_minor) for order in sent), Decimal(0))
    prefund = (total / 2 // 1_000 + 1) * 1_000
    float_brought = (cents(total * story.CNY_PER_USD) // 10_000 + 1) * 10_000
    auditor.add(settlement_bank=prefund, abb_position=prefund, psbc_cash=float_brought, psbc_own=float_brought)

    late = []
    for p, order in life:
        decided = result.decided[order.uetr]
        auditor.fund(p)
        if decided.intent is Intent.REFUSE:
            auditor.refund(p, fee_given_back=True)
        elif decided.intent is Intent.HAND_OUT and decided.visit == LAST_VISIT:
            late.append(p)
        elif decided.intent in PAYING:
            auditor.pay(p)
    auditor.settle()
    for p in late:
        auditor.pay(p)
    for p, order in life:
        if result.decided[order.uetr].intent is Intent.PAY_AND_RETURN:
            auditor.give_back(p)
    auditor.add(abb_position=-Decimal("25.00"), settlement_bank=-Decimal("25.00"))
    auditor.take_fees()
    for p, order in life:
        if result.decided[order.uetr].intent is Intent.WAIT_IN_VAIN:
            auditor.refund(p, fee_given_back=False)
    return auditor.balances()


def test_every_balance_is_what_the_orders_add_up_to(service: Service, result: DemoResult) -> None:
    """All accounts of both banks and of the corridor, against sums that know neither the posting table nor the ledger's rounding."""
    acts = Acts(service, TRANSFERS, story.SEED)
    assert {account: whole(minor) for account, minor in result.balances.items()} == audited(acts, result)


def test_transfers_end_as_the_paying_bank_decided(result: DemoResult) -> None:
    """One is never answered, one comes back, one is rejected by two officers; the rest is paid or refunded."""
    decided = [found.intent for found in result.decided.values()]
    assert {state.state: state.transfers for state in result.states} == {
        "dispatched": decided.count(Intent.PAY_SILENTLY),
        "paid": sum(intent in PAYING for intent in decided) - 1,
        "refunded": decided.count(Intent.REFUSE) + decided.count(Intent.WAIT_IN_VAIN),
        "rejected": 1,
        "returned": decided.count(Intent.PAY_AND_RETURN),
    }
    assert (decided.count(Intent.PAY_SILENTLY), decided.count(Intent.PAY_AND_RETURN), decided.count(Intent.MISBOOK)) == (1, 1, 1)
    assert min(decided.count(Intent.REFUSE), decided.count(Intent.WAIT_IN_VAIN)) > 0


def test_the_answer_to_the_second_file_names_the_planted_faults_and_nothing_else(result: DemoResult) -> None:
    """Each planted fault with its place and rule; every other transfer went through."""
    assert [(one.index, one.uetr, one.rule) for one in result.imports[1].rejected] == [
        (fault.index, fault.uetr, fault.rule) for fault in result.planted
    ]
    assert [one.rejected for one in result.imports[0].items] == [False] * TRANSFERS


def test_the_first_night_names_the_three_planted_differences_and_nothing_else(result: DemoResult) -> None:
    """The payment nobody heard of, the charge nobody announced, the payment booked CNY 1.00 too high."""
    by_intent = {found.intent: uetr for uetr, found in result.decided.items()}
    found = {(one.break_class, one.account, one.reference): one for one in result.reports[0].differences}
    assert set(found) == {
        ("unknown_outcome_confirmed", "psbc:cash:CNY", str(by_intent[Intent.PAY_SILENTLY])),
        ("missing_in_ledger", "corridor:settlement_bank:USD", "SB-CHARGE-7741"),
        ("amount_differs", "psbc:cash:CNY", str(by_intent[Intent.MISBOOK])),
    }
    assert [one.difference for one in found.values() if one.break_class == "missing_in_ledger"] == ["-35.00"]
    assert [one.difference for one in found.values() if one.break_class == "amount_differs"] == ["-1.00"]


def test_later_nights_find_nothing_new(result: DemoResult) -> None:
    """One report a business day; what the first night found stays open and is not found again."""
    assert [report.business_date for report in result.reports] == list(story.business_days())
    assert [report.new_differences for report in result.reports[1:]] == [()] * (len(result.reports) - 1)
    assert [len(report.open_breaks) for report in result.reports] == [3] * len(result.reports)
    assert [account.unexplained for report in result.reports for account in report.accounts if account.unexplained != "0.00"] == []


def test_the_log_verifies(result: DemoResult) -> None:
    """Every rule that can be checked holds, and was checked on something."""
    assert {rule: found.ok for rule, found in result.verification.rules.items()} == dict.fromkeys(result.verification.rules, True)
    assert min(found.checked for found in result.verification.rules.values()) > 0
    assert result.ok


def test_the_trail_tells_the_whole_life_of_the_returned_transfer(result: DemoResult) -> None:
    """Every decided event: who, what, when, why."""
    told = [
        (entry.topic.split(".")[1], entry.actor, f"{entry.recorded_at:%m-%d %H:%M}", entry.cause)
        for entry in result.trail
        if entry.topic.startswith("Transfer.")
    ]
    file = result.imports[0].message_id
    assert told == [
        ("Initiated", "abb", "03-27 07:30", file),
        ("Cleared", "abb", "03-27 07:30", file),
        ("Funded", "abb", "03-27 07:30", file),
        ("Dispatched", "abb", "03-27 07:30", file),
        ("Accepted", "psbc", "03-27 08:00", "feed"),
        ("Paid", "psbc", "03-27 08:10", "feed"),
        ("Returned", "psbc", "04-01 02:30", "account closed"),
        ("Returned", "psbc", "04-02 02:30", "account closed"),
    ]


def test_a_second_run_adds_nothing(settings: Settings, result: DemoResult) -> None:
    """Another process runs the same demo: the same position, root and balances, no receipt and nobody in the vault more."""
    with demo_service(settings) as service:
        counted = "SELECT (SELECT count(*) FROM ledger.receipts), (SELECT count(*) FROM vault.subjects)"
        before = service.pool.rows(counted)
        again = run_demo(service, transfers=TRANSFERS)
        assert service.pool.rows(counted) == before
    assert (again.added, again.position, again.root) == (0, result.position, result.root)
    assert again.accounts == result.accounts
    assert again.reports == result.reports
    assert [report.recognised for report in again.imports] == [True, True]
    assert [report.reply for report in again.imports] == [report.reply for report in result.imports]


def test_everything_is_printed(result: DemoResult) -> None:
    """The tables carry what the result holds; amounts are written out."""
    console = Console(record=True, width=120, file=StringIO())
    print_demo(result, console)
    printed = console.export_text()
    for text in (*(fault.rule for fault in result.planted), "unknown outcome confirmed", str(result.traced.uetr), result.root):
        assert text in printed
    for account, amount in result.to_json()["balances"].items():
        assert any(account in line and amount in line for line in printed.splitlines())


def test_another_demo_does_not_mix_with_the_one_that_is_there(settings: Settings, result: DemoResult) -> None:
    """Another number of transfers on the same database is refused before anything is done."""
    with demo_service(settings) as service, pytest.raises(Misconfigured, match="another number of transfers or another seed"):
        run_demo(service, transfers=TRANSFERS + 1)


def test_too_few_transfers_are_refused(service: Service) -> None:
    """A story needs one transfer for each thing that happens."""
    with pytest.raises(Misconfigured, match="19 transfers do not fill the story"):
        run_demo(service, transfers=19)


def test_a_clock_that_is_not_the_demos_is_refused(settings: Settings) -> None:
    """The demo would have to wait two weeks on a real clock."""
    with Service(settings, clock=system_clock) as service, pytest.raises(Misconfigured, match="demo_service"):
        run_demo(service)


def test_production_refuses_the_demo(settings: Settings) -> None:
    """Invented money has no place beside real money."""
    with (
        pytest.raises(Misconfigured, match="does not run in production mode"),
        demo_service(settings.model_copy(update={"mode": "production"})),
    ):
        pass
