"""What the projections say of a corridor in which everything has happened once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from ledger import commands as c
from ledger.errors import AccountUnknown, BreakUnknown, CaseUnknown, CycleUnknown, MovementUnknown, ReadTooEarly, TransferUnknown
from ledger.projections.alerts import Alert, alerts
from ledger.projections.audit_trail import LINE_TOPIC, trail, trail_of
from ledger.projections.balances import balance, balances, in_flight, positions
from ledger.projections.breaks import breaks, reconciliation_break
from ledger.projections.cases import case, cases
from ledger.projections.cycles import cycle, cycles
from ledger.projections.feed import Kind, feed
from ledger.projections.lines import lines, lines_of
from ledger.projections.movements import movement, movements
from ledger.projections.queries import QUERIES, TABLES, copied_columns
from ledger.projections.rate_sheets import rate_sheets
from ledger.projections.runner import Runner
from ledger.projections.snapshot import Snapshot, snapshot
from ledger.projections.transfers import newest_transfers, past_deadline, silent, totals, transfer, transfers, unknown
from tests.conftest import fresh_corridor
from tests.integration.projected import as_owner, each_line
from tests.integration.small_corridor import START, SmallCorridor, uetr_of


@pytest.fixture(scope="module")
def lived(database_url: str) -> Iterator[SmallCorridor]:
    """A corridor after a day in which everything happened, projected in small pages. Tests only read it."""
    small = SmallCorridor(database_url, fresh_corridor())
    small.live_a_day()
    Runner(small.log, page_size=25).catch_up()
    yield small
    small.close()


@pytest.fixture
def small(database_url: str, corridor: str) -> Iterator[SmallCorridor]:
    """A corridor of this test's own, not opened yet."""
    small = SmallCorridor(database_url, corridor)
    yield small
    small.close()


@pytest.fixture
def at(lived: SmallCorridor) -> Iterator[Snapshot]:
    """A look at the corridor that has lived."""
    with snapshot(lived.pool, lived.code) as at:
        yield at


def sums(at: Snapshot, as_of: int | datetime | None = None) -> dict[str, int]:
    """Debits less credits over all accounts, by currency."""
    total: dict[str, int] = {}
    for found in balances(at, as_of):
        total[found.currency] = total.get(found.currency, 0) + found.signed
    return total


def described(at: Snapshot, number: int) -> dict[str, Any]:
    """What sets one transfer apart from the others."""
    row = transfer(at, uetr_of(number))
    names = ("state", "ended_by", "reason", "refund_cause", "refunded_to_debtor", "returned_payout", "frozen", "unanswered", "settled")
    return {name: getattr(row, name) for name in names if getattr(row, name)}


# Balances


def test_the_books_balance_at_every_position_of_the_log(at: Snapshot, lived: SmallCorridor) -> None:
    """I1: a read as of any position means the boundary before it, and there debits equal credits in each currency."""
    assert at.boundary == lived.log.head().position
    for position in range(18, at.boundary + 1):
        assert sums(at, position) == {"MAD": 0, "CNY": 0, "USD": 0}
    assert sums(at) == {"MAD": 0, "CNY": 0, "USD": 0}


def test_a_balance_is_the_sum_of_its_lines(at: Snapshot) -> None:
    """What stands on an account is exactly what was booked on it."""
    for found in balances(at):
        assert found.signed == sum(line.amount for line in each_line(at, found.account)), found.account


def test_the_example_of_the_posting_table_is_in_the_journal(at: Snapshot) -> None:
    """MAD 1,000.00 with a fee of MAD 30.00: the funding and the payout of transfer 2, line by line."""
    booked = [(line.entry, line.account, line.amount) for line in lines_of(at, uetr_of(2))]
    assert booked == [
        ("funding", "abb:cash:MAD", 103_000),
        ("funding", "abb:fees:MAD", -2_000),
        ("funding", "abb:fx:MAD", -101_000),
        ("funding", "abb:position:USD", 10_100),
        ("funding", "corridor:in_flight:USD", -10_000),
        ("funding", "corridor:remuneration:USD", -100),
        ("payout", "corridor:in_flight:USD", 10_000),
        ("payout", "corridor:remuneration:USD", 100),
        ("payout", "psbc:cash:CNY", -72_000),
        ("payout", "psbc:fees:CNY", -720),
        ("payout", "psbc:fx:CNY", 72_720),
        ("payout", "psbc:position:USD", -10_100),
    ]


def test_balances_are_known_as_of_a_position_and_as_of_an_instant(at: Snapshot) -> None:
    """Before the first commit nothing exists; the instant of the first morning sees all of it and nothing later."""
    assert balances(at, 0) == balances(at, START - timedelta(seconds=1)) == []
    morning = balances(at, START)
    assert {found.recorded_at for found in morning} == {START}
    assert balance(at, "corridor:in_flight:USD", START).balance == 40_000  # transfers 5, 6, 10 and 11
    assert balance(at, "abb:own:MAD", START).balance == 0
    assert balance(at, "abb:own:MAD").balance == 500_000


def test_what_is_not_projected_yet_cannot_be_read(small: SmallCorridor) -> None:
    """The log has gone on: a read as of there must wait instead of answering with less."""
    small.open()
    reached = Runner(small.log).catch_up()
    small.initiate(1)
    with snapshot(small.pool, small.code) as at:
        assert at.boundary == reached
        with pytest.raises(ReadTooEarly, match=r"but its projections have reached"):
            balances(at, small.log.head().position)
        with pytest.raises(ReadTooEarly):
            balances(at, START)
        assert balances(at, reached) == balances(at)


def test_positions_and_money_in_flight_answer_the_regulators_first_question(at: Snapshot) -> None:
    """Four transfers of USD 100.00 are in flight; one more was initiated and is held, still its bank's own liability."""
    assert {key: found.balance for key, found in positions(at).items()} == {"abb": 9_850, "psbc": -15_100}
    assert in_flight(at) == ("USD", 40_000, 400, 4, 10_000, 1)


def test_an_unknown_account_is_named(at: Snapshot) -> None:
    """Asking for an account that does not exist is refused by name; before a corridor opens there is no money in flight."""
    with pytest.raises(AccountUnknown, match="abb:gold:MAD"):
        balance(at, "abb:gold:MAD")
    with pytest.raises(AccountUnknown, match="has no accounts yet"):
        in_flight(at._replace(corridor="nobody-here"))


def test_an_account_below_its_floor_raises_an_alert_until_it_is_above(small: SmallCorridor) -> None:
    """A lower cap leaves a position below its new floor; the alert names floor and balance and ends when money comes in."""
    small.open(prefund=0)
    for number in (1, 2):
        small.initiate(number)
    small.amend(2, cap="150.00")
    raised = small.log.head().position
    assert small.refuse(c.FundTransfer, "abb", uetr=uetr_of(1)) != ""
    Runner(small.log).catch_up()
    with snapshot(small.pool, small.code) as at:
        expected = Alert("abb:position:USD", "USD", -15_000, -20_200, START, raised, None, None)
        assert alerts(at) == [expected]
        assert [found.account for found in balances(at) if found.below_floor] == ["abb:position:USD"]
    small.wait(minutes=5)
    small.fund_position("abb", 10_000, "more")
    Runner(small.log).catch_up()
    with snapshot(small.pool, small.code) as at:
        ended = expected._replace(ended_at=START + timedelta(minutes=5), ended_boundary=small.log.head().position)
        assert (alerts(at), alerts(at, only_open=False)) == ([], [ended])


# Lines


def test_lines_of_an_account_are_listed_page_by_page(at: Snapshot) -> None:
    """A cursor goes on behind the last line seen, whatever the size of the page."""
    whole = lines(at, "abb:position:USD", size=1_000)
    read, after = [], (0, 0)
    while page := lines(at, "abb:position:USD", after=after, size=3):
        read += page
        after = page[-1].cursor
    assert read == whole == list(each_line(at, "abb:position:USD"))


# Transfers


def test_each_transfer_stands_where_its_life_has_brought_it(at: Snapshot) -> None:
    """One transfer for each way a life can end or pause."""
    assert {number: described(at, number) for number in range(1, 13)} == {
        1: {"state": "returned", "returned_payout": 72_000, "settled": True},
        2: {"state": "paid", "settled": True},
        3: {"state": "refunded", "ended_by": "refused", "reason": "AC04", "refund_cause": "refused", "refunded_to_debtor": 103_000},
        4: {"state": "refunded", "ended_by": "cancelled", "reason": "CUST", "refund_cause": "cancelled", "refunded_to_debtor": 100_000},
        5: {"state": "dispatched"},
        6: {"state": "dispatched"},
        7: {"state": "rejected", "reason": "MS03"},
        8: {"state": "held"},
        9: {"state": "refunded", "ended_by": "cancelled", "reason": "CUST", "refund_cause": "cancelled", "refunded_to_debtor": 100_000},
        10: {"state": "refunded", "ended_by": "expired", "reason": "NOAS", "refund_cause": "expired", "refunded_to_debtor": 103_000},
        11: {"state": "dispatched", "unanswered": True},
        12: {"state": "dispatched"},
    }


def test_a_transfer_carries_its_amounts_rates_and_instants(at: Snapshot, lived: SmallCorridor) -> None:
    """The amounts are those of the example, each beside its currency, and every step left its instant."""
    row = transfer(at, uetr_of(1))
    assert (row.instructed, row.fee, row.debtor_currency) == (100_000, 3_000, "MAD")
    assert (row.settlement, row.remuneration, row.settlement_currency) == (10_000, 100, "USD")
    assert (row.payout, row.creditor_fee, row.paid_to_creditor, row.creditor_currency) == (72_000, 0, 72_000, "CNY")
    assert (row.debtor_rate, row.creditor_rate, row.debtor_sheet, row.creditor_sheet) == (Decimal(10), Decimal("7.2"), "abb-1", "psbc-1")
    assert (row.returned_payout, row.returned_settlement, row.returned_instructed) == (72_000, 10_000, 100_000)
    assert row.initiated_at == row.funded_at == row.dispatched_at == row.paid_at == START
    own = lived.log.select_stream(uetr_of(1))
    assert (row.first_position, row.last_position, row.boundary) == (own[0].position, own[-1].position, own[-1].boundary)
    assert transfer(at, uetr_of(9)).recalls == {"recall-9": "agreed"}
    assert transfer(at, uetr_of(8)).held_or_frozen_by == f"hold-{uetr_of(8)}"
    assert transfer(at, uetr_of(5)).condition_met
    assert not transfer(at, uetr_of(5)).waits_for_condition


def test_transfers_are_listed_by_state_and_bank_with_a_cursor(at: Snapshot) -> None:
    """Both directions of the listing give every transfer once, whatever the page."""
    everything = [row.uetr for row in transfers(at)]
    assert everything == [uetr_of(number) for number in range(1, 13)]
    forwards, after = [], 0
    while page := transfers(at, after=after, size=5):
        forwards += [row.uetr for row in page]
        after = page[-1].first_position
    backwards, before = [], 2**62
    while page := newest_transfers(at, before=before, size=5):
        backwards += [row.uetr for row in page]
        before = page[-1].first_position
    assert forwards == everything == backwards[::-1]
    assert [row.uetr for row in transfers(at, states=["refunded"], agent="psbc")] == [uetr_of(number) for number in (3, 4, 9, 10)]
    assert transfers(at, agent="nobody") == []
    assert totals(at)[0] == ("dispatched", 4, 40_000)
    with pytest.raises(TransferUnknown, match=str(uetr_of(99))):
        transfer(at, uetr_of(99))


def test_jobs_find_what_waits_too_long(small: SmallCorridor) -> None:
    """Cash nobody collected and conditions nobody met expire; silence after dispatch is flagged once."""
    small.open()
    small.initiate(1, product="cash_to_cash")
    small.accept(1)
    small.initiate(2, condition=small.condition("parcel", days=3))
    small.initiate(3)
    Runner(small.log).catch_up()
    day = timedelta(days=1)
    with snapshot(small.pool, small.code) as at:
        assert past_deadline(at, START + 2 * day) == []
        assert [row.uetr for row in past_deadline(at, START + 4 * day)] == [uetr_of(2)]
        assert [row.uetr for row in past_deadline(at, START + 8 * day)] == [uetr_of(1), uetr_of(2)]
        assert silent(at, START) == []
        assert [row.uetr for row in silent(at, START + day)] == [uetr_of(3)]
        assert unknown(at) == []
        assert transfer(at, uetr_of(2)).waits_for_condition
    small.do(c.FlagUnanswered, "system:resolver", uetr=uetr_of(3), since=START)
    Runner(small.log).catch_up()
    with snapshot(small.pool, small.code) as at:
        assert silent(at, START + day) == []
        assert [row.uetr for row in unknown(at)] == [uetr_of(3)]


# The trail


def test_the_trail_of_a_transfer_names_who_what_and_why_from_quote_to_payment(at: Snapshot) -> None:
    """Every event that concerns transfer 2, its quote's and its lines among them, in log order."""
    entries = trail(at, uetr_of(2))
    assert [(entry.topic, entry.actor) for entry in entries if entry.topic != LINE_TOPIC] == [
        ("Quote.Given.v1", "abb"),
        ("Quote.Used.v1", "abb"),
        ("Transfer.Initiated.v1", "abb"),
        ("Transfer.Cleared.v1", "abb"),
        ("Transfer.Funded.v1", "abb"),
        ("Transfer.Dispatched.v1", "abb"),
        ("Transfer.Paid.v1", "psbc"),
        ("Transfer.Accepted.v1", "psbc"),
    ]
    assert [entry.position for entry in entries] == sorted(entry.position for entry in entries)
    initiated = next(entry for entry in entries if entry.topic == "Transfer.Initiated.v1")
    assert (initiated.rules, initiated.terms, initiated.facts["purpose"]) == (["limit:100000.00"], 1, "FAMI")
    booked = [entry for entry in entries if entry.topic == LINE_TOPIC]
    assert len(booked) == 12
    assert (booked[0].actor, booked[0].cause, booked[0].terms) == ("abb", initiated.cause, 1)
    assert booked[0].facts == {
        "entry": "funding",
        "account": "abb:cash:MAD",
        "currency": "MAD",
        "amount": 103_000,
        "booking_date": "2026-03-30",
        "value_date": "2026-03-30",
    }


def test_the_trail_shows_the_officers_of_a_case_and_a_payment_after_the_refund(at: Snapshot) -> None:
    """A hold brings its case's opinions into the trail; a payment that came too late brings the break it opened."""
    held = [(entry.topic, entry.actor) for entry in trail(at, uetr_of(7))]
    assert held == [
        ("Transfer.Initiated.v1", "abb"),
        ("Transfer.Held.v1", "abb"),
        ("ComplianceCase.Opened.v1", "abb"),
        ("ComplianceCase.OpinionGiven.v1", "officer:amina"),
        ("ComplianceCase.OpinionGiven.v1", "officer:li"),
        ("ComplianceCase.Decided.v1", "officer:li"),
        ("Transfer.Rejected.v1", "officer:li"),
    ]
    last = trail(at, uetr_of(3))[-1]
    assert (last.topic, last.actor, last.facts["break_class"]) == ("ReconciliationBreak.Found.v1", "psbc", "paid_after_refund")
    assert trail(at, uetr_of(99)) == []
    assert trail_of(at, cases(at)[0].stream)[0].topic == "ComplianceCase.Opened.v1"


# What stands around transfers


def test_a_settled_cycle_shows_every_confirmed_payment(at: Snapshot) -> None:
    """Two pay-outs were due and confirmed; nothing is due any more."""
    [closed] = cycles(at)
    assert closed == cycle(at, 1)
    assert (closed.state, closed.from_boundary, closed.pay_ins, closed.pay_outs) == ("settled", 0, {}, {"abb": 949_400, "psbc": 1_010_200})
    assert [(paid.direction, paid.participant, paid.amount, paid.bank_reference) for paid in closed.payments] == [
        ("pay_out", "abb", 949_400, "ConfirmPayOut-1-abb"),
        ("pay_out", "psbc", 1_010_200, "ConfirmPayOut-1-psbc"),
    ]
    assert (closed.due("pay_in"), closed.due("pay_out")) == ({}, {})
    with pytest.raises(CycleUnknown):
        cycle(at, 2)


def test_an_open_cycle_shows_what_is_due(small: SmallCorridor) -> None:
    """A bank below zero is to pay in, and until it has the cycle is not settled."""
    small.open(prefund=0)
    small.initiate(1)
    small.do(c.CloseCycle, "operator:test")
    Runner(small.log).catch_up()
    with snapshot(small.pool, small.code) as at:
        found = cycle(at, 1)
        assert (found.state, found.due("pay_in"), found.due("pay_out"), found.settled_at) == ("closed", {"abb": 10_100}, {}, None)


def test_movements_are_known_by_the_banks_reference(at: Snapshot) -> None:
    """Prefunds, treasury, charges and withdrawals, each with its kind and state."""
    assert [(m.reference, m.kind, m.participant, m.currency, m.amount, m.state) for m in movements(at)] == [
        ("prefund-abb", "prefund", "abb", "USD", 1_000_000, "booked"),
        ("prefund-psbc", "prefund", "psbc", "USD", 1_000_000, "booked"),
        ("float-abb", "float_in", "abb", "MAD", 500_000, "booked"),
        ("cover-psbc", "cover_received", "psbc", "CNY", 72_000, "booked"),
        ("fees-abb", "fees_taken", "abb", "MAD", 2_000, "booked"),
        ("charge-1", "settlement_charge", "abb", "USD", 250, "booked"),
        ("withdrawal-1", "withdrawal", "psbc", "USD", 5_000, "paid"),
    ]
    paid = movement(at, "withdrawal-1")
    assert paid.bank_reference == "bank-withdrawal-1"
    assert [line.entry for line in lines_of(at, paid.stream)] == ["withdrawal", "withdrawal", "withdrawal_paid", "withdrawal_paid"]
    assert [m.reference for m in movements(at, participant="psbc", after=paid.position - 1)] == ["withdrawal-1"]
    with pytest.raises(MovementUnknown):
        movement(at, "never")


def test_breaks_show_their_age_and_who_decided(at: Snapshot, lived: SmallCorridor) -> None:
    """One break is parked by two officers and has a resolution proposed; the other was opened by a payment after the refund."""
    parked, late = breaks(at, only_open=True)
    assert parked == reconciliation_break(at, "b1")
    assert (parked.state, parked.difference, parked.currency, parked.parked_by) == ("parked", -700, "CNY", ["officer:amina", "officer:li"])
    assert (parked.proposal, parked.proposed_by, parked.to_account) == ("resolve", "officer:amina", "psbc:cash:CNY")
    assert parked.age(lived.clock() + timedelta(hours=6)) == timedelta(hours=6)
    assert (late.break_class, late.reference, late.state) == ("paid_after_refund", str(uetr_of(3)), "open")
    with pytest.raises(BreakUnknown):
        reconciliation_break(at, "b2")


def test_cases_show_opinions_and_outcome(at: Snapshot) -> None:
    """Three cases are decided by two officers each; one waits."""
    assert [(found.kind, found.uetr, found.outcome) for found in cases(at)] == [
        ("hold", uetr_of(6), "clear"),
        ("hold", uetr_of(7), "reject"),
        ("hold", uetr_of(8), None),
        ("freeze", uetr_of(10), "clear"),
    ]
    decided = case(at, f"hold-{uetr_of(7)}")
    assert decided.opinions == {"officer:amina": "reject", "officer:li": "reject"}
    assert decided.officers == ["officer:amina", "officer:li"]
    assert [found.uetr for found in cases(at, only_open=True)] == [uetr_of(8)]
    with pytest.raises(CaseUnknown):
        case(at, "never")


def test_rate_sheets_are_found_by_bank_and_instant(at: Snapshot) -> None:
    """Rates are exact decimals in the bank's own currency."""
    assert [(s.participant, s.sheet, s.base_currency, s.rates) for s in rate_sheets(at, in_force_at=START)] == [
        ("abb", "abb-1", "MAD", {"USD": Decimal("10.00")}),
        ("psbc", "psbc-1", "CNY", {"USD": Decimal("7.20")}),
    ]
    assert [s.sheet for s in rate_sheets(at, participant="psbc")] == ["psbc-1"]
    assert rate_sheets(at, in_force_at=datetime(2027, 1, 1, tzinfo=UTC)) == []


def test_a_banks_feed_tells_it_what_happened_to_its_transfers_in_log_order(at: Snapshot) -> None:
    """Both agents learn of every step from the dispatch on, the debtor agent of what comes before; holds and freezes stay unsaid."""
    debtor_agents: list[tuple[str, int]] = [
        ("initiated", 1), ("dispatched", 1), ("accepted", 1), ("paid", 1), ("returned", 1), ("returned", 1),
        ("initiated", 2), ("dispatched", 2), ("paid", 2), ("accepted", 2),
        ("initiated", 3), ("dispatched", 3), ("refused", 3), ("refunded", 3),
        ("initiated", 4), ("cancelled", 4), ("refunded", 4),
        ("initiated", 5), ("dispatched", 5),
        ("initiated", 6), ("dispatched", 6),
        ("initiated", 7), ("rejected", 7),
        ("initiated", 8),
        ("initiated", 9), ("dispatched", 9), ("recall_requested", 9), ("recall_answered", 9), ("cancelled", 9), ("refunded", 9),
        ("initiated", 10), ("dispatched", 10), ("accepted", 10),
        ("initiated", 11), ("dispatched", 11), ("unanswered", 11),
        ("expired", 10), ("refunded", 10),
        ("dispatched", 12),
    ]  # fmt: skip
    told = [(entry.kind, entry.uetr) for entry in feed(at, "abb")]
    assert told == [(kind, uetr_of(number)) for kind, number in debtor_agents]
    kept_from_psbc = {"initiated", "rejected", "refunded"}
    seen_by_psbc = [
        *((kind, number) for kind, number in debtor_agents[:-1] if kind not in kept_from_psbc and (kind, number) != ("cancelled", 4)),
        ("initiated", 12),
        ("dispatched", 12),
    ]
    told = [(entry.kind, entry.uetr) for entry in feed(at, "psbc")]
    assert told == [(kind, uetr_of(number)) for kind, number in seen_by_psbc]
    assert [entry.kind for entry in feed(at, "psbc", after=feed(at, "psbc")[-3].position)] == ["initiated", "dispatched"]
    assert {entry.kind for entry in [*feed(at, "abb"), *feed(at, "psbc")]} == set(get_args(Kind))


# Hostile text and the schema


def test_odd_characters_of_a_partner_cannot_stop_the_projections(small: SmallCorridor) -> None:
    """Tabs, line ends, backslashes and NUL in free text come through; NUL, which PostgreSQL does not have, as U+FFFD."""
    small.open()
    odd = "tab\t line\n return\r back\\slash \\N nul\0 雪"
    small.initiate(1, cause=odd)
    small.find_break("odd\0", difference=1, statement=odd, reference=odd, business_date=date(2026, 3, 30))
    Runner(small.log).catch_up()
    with snapshot(small.pool, small.code) as at:
        assert {entry.cause for entry in trail(at, uetr_of(1))} == {odd.replace("\0", "\ufffd")}
        assert reconciliation_break(at, "odd\ufffd").statement == odd.replace("\0", "\ufffd")


def test_every_table_is_keyed_by_corridor_and_belongs_to_the_application(database_url: str) -> None:
    """Keys begin with the corridor, so corridors can be spread over machines; a rebuild needs to own what it renames."""
    owner = as_owner(database_url)
    owned = owner.rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'projections' AND tableowner = 'corridor_app'")
    assert set(TABLES) <= {name for (name,) in owned}
    keyed = owner.rows("SELECT indexdef FROM pg_indexes WHERE schemaname = 'projections' AND tablename = ANY (%(t)s)", {"t": list(TABLES)})
    assert [definition for (definition,) in keyed if "(corridor" not in definition] == []
    for name in (query for query in QUERIES if query.startswith("copy_")):
        table = name.removeprefix("copy_")
        there = "SELECT attname FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attnum > 0"
        columns = owner.rows(there, {"table": f"projections.{table}"})
        assert sorted(copied_columns(name)) == sorted(column for (column,) in columns), table
    owner.raw.connection.close()
