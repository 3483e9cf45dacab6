"""Statements of the position accounts: continuous, the same bytes for good, and read by ourselves as by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ledger import commands as c
from ledger.errors import AccountUnknown, CalendarExhausted, DayNotClosed, ReadTooEarly, StatementUnknown, UnknownCorridor
from ledger.iso20022.camt053 import read_camt053
from ledger.iso20022.camt054 import read_camt054
from ledger.iso20022.statement import Direction
from ledger.projections.balances import balance
from ledger.projections.rebuild import rebuild
from ledger.projections.runner import Runner
from ledger.projections.snapshot import Snapshot, snapshot
from ledger.statements import drawing
from ledger.statements.drawing import draw_interval
from ledger.statements.giving import FORMS, closed_day, notification_version, version_for
from reconciliation.csv_statement import read_csv_statement
from tests.integration.small_corridor import START, SmallCorridor, small_terms, uetr_of
from tests.integration.test_verify_random_lives import RandomDay

ABB, PSBC = "abb:position:USD", "psbc:position:USD"
VERSION = {"camt.053": "camt.053.001.08", "camt.054": "camt.054.001.08"}
MONDAY = START.date()


@pytest.fixture
def small(database_url: str, corridor: str) -> Iterator[SmallCorridor]:
    """A corridor of this test alone."""
    small = SmallCorridor(database_url, corridor)
    yield small
    small.close()


def given(small: SmallCorridor, account: str, on: date, form: str = "camt.053", version: str = "", partner: str | None = None) -> bytes:
    """A statement as it is given now."""
    Runner(small.log).catch_up()
    closed = closed_day(small.log, on, small.clock())
    with snapshot(small.pool, small.code, partner) as at:
        return b"".join(FORMS[form](closed.draw(at, account), version or VERSION.get(form, "")))


def closed_days(small: SmallCorridor) -> list[date]:
    """Every business day of a corridor without holidays that has closed."""
    days = (MONDAY + timedelta(days=number) for number in range((small.clock().date() - MONDAY).days))
    return [day for day in days if day.isoweekday() < 6]


class Counted:
    """A snapshot that counts what is asked of it."""

    def __init__(self, at: Snapshot) -> None:
        self._at = at
        self.pages = 0

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        self.pages += 1
        return self._at.rows(query, **values)


def test_a_day_reads_as_the_owner_of_the_account_sees_it(small: SmallCorridor) -> None:
    """What the corridor owes is in credit: a prefund is CRDT, a funding DBIT, a payout CRDT for the bank that paid."""
    small.open(prefund=1_000_000)
    small.initiate(1, cause="FILE-1")
    small.pay(1)
    small.wait(days=1)
    (abb,) = read_camt053(given(small, ABB, MONDAY))
    (psbc,) = read_camt053(given(small, PSBC, MONDAY))
    assert (abb.id, abb.sequence, abb.legal_sequence) == (f"{small.code}-abb-20260330", 1, 1)
    assert (abb.opening.minor, abb.closing.minor, psbc.closing.minor) == (0, 1_000_000 - 10_100, 1_000_000 + 10_100)
    prefund, funding = abb.entries
    assert (prefund.signed_minor, prefund.code.proprietary, prefund.details[0].transaction_id) == (1_000_000, "prefund", "prefund-abb")
    assert (funding.signed_minor, funding.code.family, funding.code.proprietary) == (-10_100, "ICDT", "funding")
    assert (funding.details[0].uetr, funding.details[0].message_id) == (uetr_of(1), "FILE-1")
    payout = psbc.entries[-1]
    assert (payout.signed_minor, payout.code.family, payout.details[0].uetr) == (10_100, "RCDT", uetr_of(1))
    assert (abb.from_at, abb.to_at, abb.created_at) == (START, START.replace(hour=16), START.replace(hour=16))


def test_what_is_recorded_at_the_cut_off_is_of_the_next_day(small: SmallCorridor) -> None:
    """A microsecond before it is of this day; weekends belong to Monday."""
    small.open(prefund=0)
    small.clock.advance(START.replace(hour=16) - timedelta(microseconds=1) - small.clock())
    small.fund_position("abb", 100, "before")
    small.clock.advance(timedelta(microseconds=1))
    small.fund_position("abb", 200, "at")
    small.wait(days=5)
    small.fund_position("abb", 400, "saturday")
    small.wait(days=3)
    first, second, third = (read_camt053(given(small, ABB, MONDAY + timedelta(days=days)))[0] for days in (0, 1, 7))
    assert [[entry.signed_minor for entry in one.entries] for one in (first, second, third)] == [[100], [200], [400]]
    assert [one.sequence for one in (first, second, third)] == [1, 2, 6]


def test_a_day_that_has_not_closed_has_no_statement(small: SmallCorridor) -> None:
    """Before the cut-off; a while after it while the log is quiet; not when the log itself has gone past it."""
    small.open()
    small.clock.advance(START.replace(hour=16) - small.clock())
    with pytest.raises(DayNotClosed, match="closes at 2026-03-30T16:00:00") as refused:
        given(small, ABB, MONDAY)
    assert (refused.value.field, refused.value.transient) == ("date", True)
    small.fund_position("abb", 100, "after the cut-off")
    assert read_camt053(given(small, ABB, MONDAY))[0].closing.minor == 1_000_000
    small.clock.advance(START.replace(day=31, hour=16, minute=14) - small.clock())
    with pytest.raises(DayNotClosed):
        given(small, ABB, MONDAY + timedelta(days=1))
    small.wait(minutes=1)
    assert read_camt053(given(small, ABB, MONDAY + timedelta(days=1)))[0].opening.minor == 1_000_000


def test_what_is_no_statement_is_refused_by_name(small: SmallCorridor) -> None:
    """No business day, before the first one, beyond the calendar, another account, an account and a corridor that do not exist."""
    with pytest.raises(UnknownCorridor):
        closed_day(small.log, MONDAY, small.clock())
    small.open()
    small.wait(days=7)
    for account, on, kind, way_out in (
        (ABB, date(2026, 4, 4), StatementUnknown, "Ask for 2026-04-06."),
        (ABB, date(2026, 3, 27), StatementUnknown, "Ask for 2026-03-30, the first one."),
        (ABB, date(2028, 1, 3), CalendarExhausted, "Amend the corridor's terms with a calendar that reaches further."),
        ("abb:cash:MAD", MONDAY, StatementUnknown, "Ask for a position account"),
        ("corridor:in_flight:USD", MONDAY, StatementUnknown, "Ask for a position account"),
        ("abb:position:EUR", MONDAY, AccountUnknown, "List the corridor's accounts."),
    ):
        with pytest.raises(kind) as refused:
            given(small, account, on)
        assert way_out in str(refused.value)


def test_a_statement_waits_for_the_projections(small: SmallCorridor) -> None:
    """What is not projected yet is not left out of a statement."""
    small.open()
    Runner(small.log).catch_up()
    small.fund_position("abb", 100, "late")
    small.wait(days=1)
    with snapshot(small.pool, small.code) as at, pytest.raises(ReadTooEarly):
        closed_day(small.log, MONDAY, small.clock()).draw(at, ABB)


def test_every_form_says_the_same(small: SmallCorridor) -> None:
    """camt.053 in both versions, camt.054, CSV and JSON of a day in which everything happened, a page of lines at a time."""
    small.live_a_day()
    small.wait(days=1)
    on = MONDAY
    (statement,) = read_camt053(given(small, ABB, on))
    (newer,) = read_camt053(given(small, ABB, on, version="camt.053.001.12"))
    (notification,) = read_camt054(given(small, ABB, on, "camt.054"))
    listed = read_csv_statement(given(small, ABB, on, "csv"))
    shown = json.loads(given(small, ABB, on, "json"))
    assert newer.entries == statement.entries == notification.entries
    assert [(e.signed_minor, e.value_date, e.details[0].uetr, e.servicer_reference, e.reversal) for e in listed.entries] == [
        (e.signed_minor, e.value_date, e.details[0].uetr, e.servicer_reference, e.reversal) for e in statement.entries
    ]
    assert (listed.opening.minor, listed.closing.minor) == (statement.opening.minor, statement.closing.minor)
    assert [line["reference"] for line in shown["lines"]] == [entry.servicer_reference for entry in statement.entries]
    assert {"prefund", "funding", "refund", "return", "cycle_close"} <= {line["entry"] for line in shown["lines"]}
    assert [entry.reversal for entry in statement.entries] == [line["entry"] == "refund" for line in shown["lines"]]


def test_pages_of_lines_leave_no_trace(small: SmallCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few lines are read at a time, the bytes are the same."""
    small.live_a_day()
    small.wait(days=1)
    whole = given(small, ABB, MONDAY)
    monkeypatch.setattr(drawing, "PAGE", 2)
    assert given(small, ABB, MONDAY) == whole


def test_a_long_day_is_never_held_whole(small: SmallCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written of it is gone before the next page of lines is read."""
    small.open()
    small.busy(9)
    Runner(small.log).catch_up()
    small.wait(days=1)
    closed = closed_day(small.log, MONDAY, small.clock())
    monkeypatch.setattr(drawing, "PAGE", 3)
    for form in FORMS:
        with snapshot(small.pool, small.code) as at:
            counted = Counted(at)
            drawn = closed.draw(at, ABB)._replace(at=counted)  # type: ignore[arg-type]
            read_after = [counted.pages for _ in FORMS[form](drawn, VERSION.get(form, ""))]
        assert read_after[:3] <= [1, 1, 1] and read_after[-1] == 5, form


def test_a_bank_reads_the_very_bytes_an_operator_reads(small: SmallCorridor) -> None:
    """Under row-level security too; of the other bank's account it finds nothing."""
    small.live_a_day()
    small.wait(days=1)
    days = closed_days(small)
    for partner, account in (("abb", ABB), ("psbc", PSBC)):
        assert [given(small, account, on, partner=partner) for on in days] == [given(small, account, on) for on in days]
    with pytest.raises(AccountUnknown):
        given(small, PSBC, MONDAY, partner="abb")


def test_a_notification_goes_on_where_the_one_before_ended(small: SmallCorridor) -> None:
    """Interval by interval, cut at commits, every entry comes once; an empty interval is an empty notification."""
    small.open()
    small.busy(12)
    Runner(small.log).catch_up()
    found, after = [], 0
    with snapshot(small.pool, small.code) as at:
        while after < at.boundary_at(None):
            drawn = draw_interval(at, ABB, after, None, 5)
            (told,) = read_camt054(b"".join(FORMS["camt.054"](drawn, "camt.054.001.08")))
            assert len(told.entries) <= 5 + 12 and drawn.to_boundary > after
            found += [entry.servicer_reference for entry in told.entries]
            after = drawn.to_boundary
        whole = draw_interval(at, ABB, 0, after, 1_000)
        nothing = draw_interval(at, ABB, after, after, 5)
        assert found == [line.key for line in whole.lines()] and len(found) == 13
        (none,) = read_camt054(b"".join(FORMS["camt.054"](nothing, "camt.054.001.08")))
    assert none.entries == ()


def check_continuous(small: SmallCorridor, account: str) -> dict[date, bytes]:
    """Every statement follows the one before; sums are those of the accounts at the boundaries. The bytes by day."""
    written = {on: given(small, account, on) for on in closed_days(small)}
    statements = [read_camt053(data)[0] for data in written.values()]
    assert [one.sequence for one in statements] == list(range(1, len(statements) + 1))
    for before, after in pairwise(statements):
        assert after.opening.minor == before.closing.minor
        assert after.from_at == before.to_at
    with snapshot(small.pool, small.code) as at:
        for on, statement in zip(written, statements, strict=True):
            boundary = closed_day(small.log, on, small.clock()).to_boundary
            assert statement.closing.minor == balance(at, account, boundary).balance
            credits_, debits = (sum(entry.minor for entry in statement.entries if entry.direction is direction) for direction in Direction)
            assert statement.closing.minor - statement.opening.minor == credits_ - debits
    return written


@pytest.mark.parametrize("seed", range(3))
def test_statements_of_random_lives_are_continuous_and_never_change(small: SmallCorridor, seed: int) -> None:
    """A random fortnight, asked in its middle and at its end, and again after the projections were built anew."""
    small.open(cap="20000.00", retained="1000.00", prefund=200_000)
    life = RandomDay(small, seed)
    life.live()
    first = {account: check_continuous(small, account) for account in (ABB, PSBC)}
    life.live()
    second = {account: check_continuous(small, account) for account in (ABB, PSBC)}
    rebuild(small.pool)
    third = {account: check_continuous(small, account) for account in (ABB, PSBC)}
    assert second == third
    for account, days in first.items():
        assert {on: second[account][on] for on in days} == days
    assert len(second[ABB]) > len(first[ABB]) > 3


def test_no_day_changes_when_terms_are_amended(small: SmallCorridor) -> None:
    """Newer terms count from the day after they were recorded."""
    small.open()
    small.wait(days=3)
    before = check_continuous(small, ABB)
    small.amend(2, cap="300000.00")
    small.wait(days=3)
    after = check_continuous(small, ABB)
    assert {on: after[on] for on in before} == before


def test_a_bank_gets_the_version_that_was_agreed_for_the_day(small: SmallCorridor) -> None:
    """What is agreed later changes no statement of a day before; of a notification the terms at its end count."""
    small.open()
    small.wait(days=1)
    newer = small_terms(small.code, version=2)
    abb = newer.participants["abb"].model_copy(update={"messages": {"camt.053": "camt.053.001.12", "camt.054": "camt.054.001.12"}})
    amended = newer.model_copy(update={"participants": {**newer.participants, "abb": abb}})
    small.do(c.OpenCorridor, "operator:test", agreement=amended)
    small.fund_position("abb", 100, "later")
    small.wait(days=2)
    Runner(small.log).catch_up()
    days = [closed_day(small.log, MONDAY + timedelta(days=number), small.clock()) for number in range(3)]
    assert [version_for(day.terms, ABB, "camt.053")[-2:] for day in days] == ["08", "08", "12"]
    assert [version_for(days[2].terms, account, form) for account, form in ((PSBC, "camt.053"), (ABB, "csv"))] == ["camt.053.001.08", ""]
    with snapshot(small.pool, small.code) as at:
        told = [draw_interval(at, ABB, 0, until, 100) for until in (days[0].to_boundary, None)]
        assert [notification_version(at.log, one)[-2:] for one in told] == ["08", "12"]


def test_what_is_written_is_valid(small: SmallCorridor, conformance_data: Path) -> None:
    """Against the official schemas, in each version, with lines and without."""
    small.live_a_day()
    small.wait(days=1)
    for version in ("camt.053.001.08", "camt.053.001.12", "camt.054.001.08", "camt.054.001.12"):
        schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{version}.xsd")))
        for on in closed_days(small)[:3]:
            schema.assertValid(etree.fromstring(given(small, ABB, on, version[:8], version)))
