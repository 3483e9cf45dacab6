"""The night job on a small corridor: statements of three banks against the ledger, differences planted and named."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.errors import LedgerError
from ledger.eventstore import binary_copy, connections
from ledger.eventstore.migrate import migrate
from ledger.iso20022.camt053 import write_camt053
from ledger.iso20022.statement import Direction, Entry, EntryDetail, Statement
from ledger.pacing import FullSpeed
from ledger.projections.breaks import breaks
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from ledger.settings import Settings
from reconciliation import breaks as breaks_found
from reconciliation import figures, nightly
from reconciliation.archive import Archive, report, reports
from reconciliation.errors import StatementAccountUnknown, StatementChanged
from reconciliation.figures import read_figures
from reconciliation.nightly import run_nightly
from reconciliation.report import Report
from tests.integration.simulated_bank import entries_of, statement_of
from tests.integration.small_corridor import SmallCorridor, small_terms, uetr_of

CODE = "abb-psbc"
MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)
ABB, PSBC, BANK = "abb:cash:MAD", "psbc:cash:CNY", "corridor:settlement_bank:USD"
WRITTEN = datetime(2026, 3, 30, 22, 0, tzinfo=UTC)


class Corridor(SmallCorridor):
    """The small corridor with its banks' statements and its night job."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, CODE)
        self.folder = folder
        self.closing: dict[str, int] = {}
        self.service = self.another_service()

    def another_service(self) -> Service:
        """A service of its own, as another process has one."""
        settings = Settings(database_url=None, data_dir=self.folder, key_file=self.folder / "vault.key", pool_size=4)
        return Service(settings.model_copy(update={"database_url": self.url, "owner_url": self.url}), clock=self.clock)

    def close(self) -> None:
        self.service.close()
        super().close()

    def entries(self, account: str, day: date = MONDAY) -> list[Entry]:
        """What the bank shows of a day: what the ledger booked on the account."""
        return entries_of(self.pool, CODE, account, day, day)

    def statement(self, account: str, entries: list[Entry], day: date = MONDAY) -> Statement:
        """The day's statement; it opens as the one before closed."""
        number = f"{account.partition(':')[0]}-{day}"
        opening = self.closing.get(account, 0)
        found = statement_of(small_terms(CODE), account, number, entries, first=day, last=day, opening=opening)
        self.closing[account] = found.closing.minor
        return found

    def bodies(self, changed: dict[str, list[Entry]] | None = None, day: date = MONDAY) -> list[bytes]:
        """One file a bank; ``changed`` replaces an account's entries."""
        lines = {account: self.entries(account, day) for account in (ABB, PSBC, BANK)} | (changed or {})
        return [file_of(self.statement(account, entries, day)) for account, entries in lines.items()]

    def night(self, bodies: list[bytes], day: date = MONDAY) -> Report:
        return run_nightly(self.service, CODE, bodies, day)

    def open_breaks(self) -> list[tuple[str, str, int, str]]:
        """Every break on record: class, account, difference, state."""
        Runner(self.log).catch_up()
        with snapshot(self.pool, CODE) as at:
            return sorted((found.break_class, found.account, found.difference, found.state) for found in breaks(at))

    def four_eyes(self, kind: type[c.Command], **facts: str) -> None:
        """The same step by two officers."""
        for officer in ("amina", "li"):
            self.do(kind, f"officer:{officer}", **facts)

    def live_a_monday(self) -> None:
        """Two transfers paid, one refused, one partly returned, one silent; float and charges."""
        self.open()
        for number in (1, 2, 3, 4):
            self.initiate(number)
        self.pay(1)
        self.pay(2)
        self.return_part(2, "r1", 20_000)
        self.refuse_transfer(3)
        self.wait(minutes=31)
        self.do(c.FlagUnanswered, "system:resolver", uetr=uetr_of(4), since=self.clock())
        self.move_cash("psbc", "float_in", 1_000_000, "float-1")
        self.do(c.ChargeSettlement, "bank:settlement", participant="abb", amount=250, currency="USD", reference="charge-1")

    def planted(self) -> dict[str, list[Entry]]:
        """Three differences: a payout of the silent transfer, a wrong amount, and a charge nobody reported."""
        psbc, bank = self.entries(PSBC), self.entries(BANK)
        wrong = next(number for number, entry in enumerate(psbc) if entry.details[0].uetr == uetr_of(1))
        psbc[wrong] = replace(psbc[wrong], minor=psbc[wrong].minor - 90)
        return {
            PSBC: [*psbc, entry("CNY", -72_000, uetr=4)],
            BANK: [*bank, entry("USD", -1_500, reference="charge-2")],
        }


def entry(currency: str, amount: int, *, uetr: int = 0, reference: str | None = None, day: date = MONDAY, reversal: bool = False) -> Entry:
    """A line of a statement; ``amount`` in minor units, money in positive."""
    detail = EntryDetail(uetr=uetr_of(uetr) if uetr else None, end_to_end_id=reference)
    direction = Direction.CREDIT if amount > 0 else Direction.DEBIT
    return Entry(abs(amount), currency, direction, booking_date=day, value_date=day, reversal=reversal, details=(detail,))


def file_of(*statements: Statement) -> bytes:
    return write_camt053(statements, created_at=WRITTEN)


def as_mt940(statement: Statement) -> bytes:
    """The same statement as banks without camt.053 write it: what it is known by stands in field 86."""

    def amount(minor: int) -> str:
        return f"{abs(minor) // 100},{abs(minor) % 100:02}"

    def balance(tag: str, minor: int, on: date) -> str:
        return f":{tag}:{'C' if minor >= 0 else 'D'}{on:%y%m%d}{statement.currency}{amount(minor)}\n"

    text = f":20:X\n:25:{statement.account.number}\n:28C:1/1\n{balance('60F', statement.opening.minor, statement.opening.on)}"
    for one in statement.entries:
        [detail] = one.details
        assert one.value_date is not None
        mark = "C" if one.direction is Direction.CREDIT else "D"
        known = f"/UETR/{detail.uetr}" if detail.uetr else f"/EREF/{detail.end_to_end_id}/"
        text += f":61:{one.value_date:%y%m%d%m%d}{mark}{amount(one.minor)}NTRFNONREF\n:86:{known}\n"
    return (text + balance("62F", statement.closing.minor, statement.closing.on) + "-\n").encode()


def as_csv(statement: Statement) -> bytes:
    """The same statement in the ledger's own CSV, as plain as a program writes it."""

    def line(row: str, minor: int, uetr: object = "", end_to_end_id: object = "") -> str:
        begins = f"{row},{statement.id},{statement.account.number},{statement.currency},{MONDAY},"
        amount = f"{abs(minor) // 100}.{abs(minor) % 100:02},{'DBIT' if minor < 0 else 'CRDT'}"
        return f"{begins},{amount},{uetr or ''},{end_to_end_id or ''},,,\n"

    def signed(one: Entry) -> int:
        return one.minor if one.direction is Direction.CREDIT else -one.minor

    header = "row,statement,account,currency,date,value_date,amount,direction,uetr,end_to_end_id,reference,reversal,kind\n"
    lines = "".join(line("line", signed(one), one.details[0].uetr, one.details[0].end_to_end_id) for one in statement.entries)
    return (header + line("opening", statement.opening.minor) + lines + line("closing", statement.closing.minor)).encode()


def found(result: Report) -> set[tuple[str, str, str, str]]:
    """The differences: class, account, amount, reference."""
    return {(one.break_class, one.account, one.difference, one.reference) for one in result.differences}


THE_THREE = {
    ("unknown_outcome_confirmed", PSBC, "-720.00", str(uetr_of(4))),
    ("amount_differs", PSBC, "0.90", str(uetr_of(1))),
    ("missing_in_ledger", BANK, "-15.00", "charge-2"),
}


@pytest.fixture
def corridor(empty_database_url: str, tmp_path: Path) -> Iterator[Corridor]:
    """A corridor after its first Monday."""
    migrate(empty_database_url)
    small = Corridor(empty_database_url, tmp_path)
    small.live_a_monday()
    yield small
    small.close()


def test_statements_in_mt940_find_the_same_differences(corridor: Corridor) -> None:
    """A bank that has not moved to camt.053 is held against the ledger just so."""
    lines = {account: corridor.entries(account) for account in (ABB, PSBC, BANK)} | corridor.planted()
    files = [as_mt940(corridor.statement(account, entries)) for account, entries in lines.items()]
    assert found(corridor.night(files)) == THE_THREE


def test_a_day_on_which_all_agree_has_nothing_to_report(corridor: Corridor) -> None:
    """Every line of three statements is matched, the balances agree, no break is recorded."""
    result = corridor.night(corridor.bodies())
    assert found(result) == set()
    assert [(page.account, page.closing, page.ledger_closing, page.unexplained, len(page.timing)) for page in result.accounts] == [
        (ABB, "2812.22", "2812.22", "0.00", 0),
        (BANK, "19997.50", "19997.50", "0.00", 0),
        (PSBC, "8760.00", "8760.00", "0.00", 0),
    ]
    assert [[total.line_class for total in page.classes] for page in result.accounts] == [["matched"]] * 3
    assert corridor.open_breaks() == []


def test_three_planted_differences_are_named_and_nothing_else(corridor: Corridor) -> None:
    """The silent transfer's payout, a wrong amount and an unreported charge; the balances differ by exactly these."""
    result = corridor.night(corridor.bodies(corridor.planted()))
    assert found(result) == THE_THREE
    assert [(page.account, page.explained, page.unexplained) for page in result.accounts] == [
        (ABB, "0.00", "0.00"),
        (BANK, "-15.00", "0.00"),
        (PSBC, "-719.10", "0.00"),
    ]
    assert corridor.open_breaks() == [
        ("amount_differs", PSBC, 90, "open"),
        ("missing_in_ledger", BANK, -1_500, "open"),
        ("unknown_outcome_confirmed", PSBC, -72_000, "open"),
    ]
    assert [(risk.currency, risk.breaks, risk.amount) for risk in result.at_risk] == [("CNY", 2, "720.90"), ("USD", 1, "15.00")]


def test_the_page_says_where_the_money_stands(corridor: Corridor) -> None:
    """Positions, what is in flight, what moved and whose outcome is unknown, all at the boundary of the night."""
    result = corridor.night(corridor.bodies())
    abb, psbc = result.participants
    assert (abb.position, abb.in_flight, abb.transfers_in_flight, abb.transfers_unknown) == ("9722.28", "100.00", 1, 1)
    assert (psbc.position, psbc.in_flight, psbc.transfers_in_flight, psbc.transfers_unknown) == ("10174.22", "0.00", 0, 0)
    assert [(moved.entry, moved.times, moved.amount) for moved in psbc.moved] == [
        ("float_in", 1, "10000.00"),
        ("payout", 2, "-1440.00"),
        ("return", 1, "200.00"),
    ]
    assert (result.in_flight, result.remuneration, result.settlement_bank) == ("100.00", "1.00", "19997.50")


class Beside(FullSpeed):
    """Somebody writes all the time; pages of one line, no rests."""

    def begin(self) -> bool:
        return True

    def rest(self, _events: int = 0, /) -> float:
        return 0.0


def test_figures_taken_beside_writers_are_the_same(corridor: Corridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then what moved is summed line by line, with rests, and not by one statement that nobody could pause."""
    monkeypatch.setattr(figures, "_LINES_LEAST", 1)
    Runner(corridor.log).catch_up()
    terms = small_terms(CODE)
    with snapshot(corridor.pool, CODE) as at:
        found = read_figures(at, terms, MONDAY, MONDAY)
        assert sum(len(bank.moved) for bank in found.participants) > 2
        assert read_figures(at, terms, MONDAY, MONDAY, Beside()) == found


def test_a_night_beside_writers_finds_the_same_differences(corridor: Corridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then files are read and kept, and the ledger's lines compared, one after the other and piece by piece."""
    rested: list[str] = []

    class Noted(Beside):
        def rest(self, events: int = 0, /) -> float:
            caller = sys._getframe(2)
            rested.append(caller.f_code.co_name)
            return super().rest(events)

    monkeypatch.setattr(nightly, "pace_beside", lambda _pool, _events: Noted())
    monkeypatch.setattr(binary_copy, "PIECE_BYTES", 100)
    monkeypatch.setattr(connections, "PIECE_BYTES", 100)
    lines = {account: corridor.entries(account) for account in (ABB, PSBC, BANK)} | corridor.planted()
    files = [as_csv(corridor.statement(account, entries)) for account, entries in lines.items()]
    assert found(corridor.night(files)) == THE_THREE
    assert {"_read", "_in_pages", "receive", "write", "_reconcile", "_record"} <= set(rested)


def test_the_same_night_again_is_the_same_report_and_adds_no_event(corridor: Corridor) -> None:
    """The files in another order, by another process, days later: the stored bytes, and a log that has not moved."""
    bodies = corridor.bodies(corridor.planted())
    first = corridor.night(bodies)
    head = corridor.log.head()
    corridor.wait(days=2)
    other = corridor.another_service()
    again = run_nightly(other, CODE, [bodies[2], bodies[0], bodies[1], bodies[0]], MONDAY)
    other.close()
    assert again.to_json() == first.to_json()
    assert corridor.log.head() == head
    assert [one.id for one in reports(corridor.pool, CODE)] == [first.id]
    assert report(corridor.pool, CODE, first.id) == first


def test_a_night_with_a_statement_more_finds_the_same_differences_once(corridor: Corridor) -> None:
    """A statement that comes late makes a new night; what was found before is the same break."""
    bodies = corridor.bodies(corridor.planted())
    early = corridor.night(bodies[:2])
    assert early.accounts_without_statement == (BANK,)
    late = corridor.night(bodies)
    assert found(late) == THE_THREE
    assert len(corridor.open_breaks()) == 3
    assert {one.id for one in reports(corridor.pool, CODE)} == {early.id, late.id}


def test_a_confirmed_outcome_is_matched_the_night_after_it_was_resolved(corridor: Corridor) -> None:
    """The payout is booked on Tuesday, the statement showed it on Monday: no false difference on either side."""
    corridor.night(corridor.bodies({PSBC: [*corridor.entries(PSBC), entry("CNY", -72_000, uetr=4)]}))
    corridor.wait(days=1)
    corridor.do(c.ResolveUnanswered, "psbc", uetr=uetr_of(4), outcome="paid")
    corridor.initiate(5)
    corridor.pay(5)
    tuesday = corridor.entries(PSBC, TUESDAY)
    shown = [one for one in tuesday if one.details[0].uetr != uetr_of(4)]
    result = corridor.night(corridor.bodies({PSBC: shown}, TUESDAY), TUESDAY)
    page = next(page for page in result.accounts if page.account == PSBC)
    assert (found(result), page.carried_lines, page.total("matched").statement_lines, page.unexplained) == (set(), 1, 2, "0.00")


def test_what_was_booked_after_the_cut_off_is_timing_and_stands_in_the_next_statement(corridor: Corridor) -> None:
    """No break either night; the lines meet on the second."""
    monday = corridor.entries(PSBC)
    corridor.wait(hours=9)  # 17:31, after the cut-off at 16:00
    corridor.initiate(5)
    corridor.pay(5)
    late = next(one for one in corridor.entries(PSBC) if one.details[0].uetr == uetr_of(5))
    result = corridor.night(corridor.bodies({PSBC: monday}))
    page = next(page for page in result.accounts if page.account == PSBC)
    assert found(result) == set()
    assert [(line.side, line.amount, line.reference) for line in page.timing] == [("ledger", "-720.00", str(uetr_of(5)))]
    assert (page.explained, page.unexplained) == ("720.00", "0.00")
    corridor.wait(days=1)
    shown = [replace(late, booking_date=TUESDAY, value_date=TUESDAY)]
    result = corridor.night(corridor.bodies({PSBC: shown}, TUESDAY), TUESDAY)
    page = next(page for page in result.accounts if page.account == PSBC)
    assert (found(result), page.timing, page.total("matched").statement_lines, page.explained) == (set(), (), 1, "0.00")


def test_what_the_ledger_booked_after_the_night_began_is_expected_of_the_next_statement(corridor: Corridor) -> None:
    """Booked on Monday, but after Monday's boundary: the bank shows it on Tuesday, where it is matched."""
    corridor.night(corridor.bodies())
    corridor.initiate(5)
    corridor.pay(5)
    late = next(one for one in corridor.entries(PSBC) if one.details[0].uetr == uetr_of(5))
    corridor.wait(days=1)
    shown = [replace(late, booking_date=TUESDAY, value_date=TUESDAY)]
    result = corridor.night(corridor.bodies({PSBC: shown}, TUESDAY), TUESDAY)
    page = next(page for page in result.accounts if page.account == PSBC)
    assert (found(result), page.total("matched").ledger_lines, page.unexplained) == (
        {("missing_in_statement", ABB, "-1030.00", str(uetr_of(5)))},
        1,
        "0.00",
    )


def test_a_statement_of_two_days_after_those_of_each_day_finds_nothing_twice(corridor: Corridor) -> None:
    """It begins where the first of them began, so it is held against the same lines again."""
    monday = corridor.entries(PSBC)
    corridor.night([file_of(corridor.statement(PSBC, monday))])
    corridor.wait(days=1)
    corridor.initiate(5)
    corridor.pay(5)
    tuesday = corridor.entries(PSBC, TUESDAY)
    corridor.night([file_of(corridor.statement(PSBC, tuesday, TUESDAY))], TUESDAY)
    both = statement_of(small_terms(CODE), PSBC, "both-days", [*monday, *tuesday], first=MONDAY, last=TUESDAY)
    result = corridor.night([file_of(both)], TUESDAY)
    assert found(result) == set()
    assert [(page.total("matched").statement_lines, page.unexplained) for page in result.accounts] == [(len(monday) + 1, "0.00")]


def test_a_difference_stays_in_sight_until_officers_have_closed_it(corridor: Corridor) -> None:
    """Found on Monday; parked on Tuesday, where the balances agree again; resolved on Wednesday, where nothing is left of it."""
    corridor.night(corridor.bodies({BANK: [*corridor.entries(BANK), entry("USD", -1_500, reference="charge-2")]}))
    corridor.wait(days=1)
    [(break_id,)] = [(one.break_id,) for one in reports_differences(corridor)]
    corridor.four_eyes(c.ParkBreak, break_id=break_id)
    tuesday = corridor.night(corridor.bodies({BANK: []}, TUESDAY), TUESDAY)
    assert [(one.break_id, one.new, one.age_days) for one in tuesday.differences] == [(break_id, False, 1)]
    page = next(page for page in tuesday.accounts if page.account == BANK)
    assert (page.closing == page.ledger_closing, page.explained) == (True, "0.00")
    corridor.wait(days=1)
    corridor.four_eyes(c.ResolveBreak, break_id=break_id, to_account="abb:position:USD", explanation="abb bears the charge")
    wednesday = corridor.night(corridor.bodies({BANK: []}, WEDNESDAY), WEDNESDAY)
    page = next(page for page in wednesday.accounts if page.account == BANK)
    assert (found(wednesday), wednesday.open_breaks, page.total("adjusted").statement_lines, page.unexplained) == (set(), (), 1, "0.00")


def reports_differences(corridor: Corridor) -> list[object]:
    """The differences of the newest report."""
    newest = reports(corridor.pool, CODE)[0]
    stored = report(corridor.pool, CODE, newest.id)
    assert stored is not None
    return list(stored.differences)


def test_a_statement_that_is_missing_shows_as_a_difference_in_the_balance(corridor: Corridor) -> None:
    """Tuesday's statement never came; Wednesday's opens elsewhere than Monday's closed."""
    corridor.night(corridor.bodies())
    corridor.wait(days=2)
    corridor.closing[ABB] += 5_000
    result = corridor.night(corridor.bodies({ABB: [], PSBC: [], BANK: []}, WEDNESDAY), WEDNESDAY)
    page = next(page for page in result.accounts if page.account == ABB)
    assert found(result) == {("balance_differs", ABB, "50.00", "")}
    assert (page.follows_on, page.unexplained) == (False, "50.00")
    corridor.wait(days=1)
    thursday = corridor.night(corridor.bodies({ABB: [], PSBC: [], BANK: []}, date(2026, 4, 2)), date(2026, 4, 2))
    assert found(thursday) == set()
    assert [known.break_class for known in thursday.open_breaks] == ["balance_differs"]


def test_a_statement_in_another_file_is_recognised_and_a_changed_one_refused(corridor: Corridor) -> None:
    """The bank sends Monday again in a new message: nothing new. With another amount: refused, and nothing of it kept."""
    held = corridor.entries(ABB)
    same = corridor.statement(ABB, held)
    first = corridor.night([file_of(same)])
    again = corridor.night([write_camt053(same, message_id="SENT-AGAIN", created_at=WRITTEN)])
    assert again == first
    corridor.closing.clear()
    changed = corridor.statement(ABB, [replace(held[0], minor=held[0].minor + 1), *held[1:]])
    with pytest.raises(StatementChanged, match=f"'abb-{MONDAY}' of {ABB} was received before with another content"):
        corridor.night([file_of(changed)], TUESDAY)
    assert [one.id for one in reports(corridor.pool, CODE)] == [first.id]


def test_a_statement_of_an_unknown_account_is_refused_and_nothing_of_its_file_kept(corridor: Corridor) -> None:
    """The good statement beside it is not taken either; sent alone it is new."""
    good = corridor.statement(ABB, corridor.entries(ABB))
    stranger = replace(good, id="X1", account=replace(good.account, other="999900001111"))
    head = corridor.log.head()
    with pytest.raises(StatementAccountUnknown, match="'X1' is of an account ending in 1111 that the corridor does not have"):
        corridor.night([file_of(good, stranger)])
    assert corridor.log.head() == head
    assert reports(corridor.pool, CODE) == []
    assert corridor.pool.rows("SELECT count(*) FROM reconciliation.statements") == [(0,)]


class Killed(BaseException):
    """Stands for the process that dies."""


@pytest.mark.parametrize(
    ("step", "done"),
    [
        ("statements read", 3),
        ("matching abb:cash:MAD", 0),
        ("matching psbc:cash:CNY", 2),
        ("matching", 3),
        ("recording breaks", 0),
        ("recording breaks", 3),
        ("projections", None),
    ],
)
def test_a_night_killed_anywhere_ends_as_if_it_never_was(corridor: Corridor, step: str, done: int | None) -> None:
    """It dies at one of its steps, the ledger goes on meanwhile; run again it gives its report, from the boundary it had, and once."""
    bodies = corridor.bodies(corridor.planted())

    def die(what: str, so_far: int, _of: int) -> None:
        if what == step and done in (None, so_far):
            raise Killed

    with pytest.raises(Killed):
        run_nightly(corridor.service, CODE, bodies, MONDAY, die)
    begun = corridor.pool.rows("SELECT boundary FROM reconciliation.nights")
    corridor.wait(days=1)
    corridor.initiate(5)
    result = corridor.night(bodies)
    assert found(result) == THE_THREE
    assert begun in ([], [(result.boundary,)])
    assert len(corridor.open_breaks()) == 3
    assert corridor.night(bodies) == result


def test_a_night_killed_before_its_report_is_written_records_no_break_twice(corridor: Corridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """All breaks are recorded, the report is not: the rerun replays them and writes it."""
    bodies = corridor.bodies(corridor.planted())
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Archive, "finish", lambda *_: (_ for _ in ()).throw(Killed()))
        corridor.night(bodies)
    head = corridor.log.head()
    assert len(corridor.open_breaks()) == 3
    result = corridor.night(bodies)
    assert found(result) == THE_THREE
    assert corridor.log.head() == head


def test_a_night_killed_between_two_commands_records_the_rest(corridor: Corridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of three breaks is on record, by a command of its own; the rerun adds the two others, in whatever commands."""
    bodies = corridor.bodies(corridor.planted())

    def die(what: str, so_far: int, of: int) -> None:
        if what == "recording breaks" and 0 < so_far < of:
            raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(nightly, "_COMMANDS_AT_ONCE", 1)
        patched.setattr(breaks_found, "BREAKS_AT_ONCE", 1)
        run_nightly(corridor.service, CODE, bodies, MONDAY, die)
    assert len(corridor.open_breaks()) == 1
    assert found(corridor.night(bodies)) == THE_THREE
    assert len(corridor.open_breaks()) == 3


def test_the_first_and_the_last_day_there_are_can_stand_in_a_statement(corridor: Corridor) -> None:
    """A bank's odd dates are its own; they cannot keep a night from ending, nor the nights after it."""
    first = statement_of(
        small_terms(CODE), PSBC, "odd", [entry("CNY", 100, day=date.min), entry("CNY", 200, day=date.max)], first=MONDAY, last=MONDAY
    )
    odd = corridor.night([file_of(first)])
    assert [(page.first_day, page.last_day) for page in odd.accounts] == [(date.min, MONDAY)]
    last = statement_of(small_terms(CODE), PSBC, "last", [], first=TUESDAY, last=date.max, opening=first.closing.minor)
    assert [(page.first_day, page.last_day) for page in corridor.night([file_of(last)], TUESDAY).accounts] == [(TUESDAY, date.max)]
    after = statement_of(small_terms(CODE), PSBC, "after", [], first=WEDNESDAY, last=WEDNESDAY, opening=last.closing.minor)
    assert [page.follows_on for page in corridor.night([file_of(after)], WEDNESDAY).accounts] == [True]


def test_two_nights_at_once_take_turns_and_give_one_report(corridor: Corridor) -> None:
    """The second is told that it waits, and gets what the first one wrote."""
    bodies = corridor.bodies(corridor.planted())
    inside, may_go_on, waits = threading.Event(), threading.Event(), threading.Event()
    results: dict[str, Report] = {}

    def slow(what: str, _done: int, _of: int) -> None:
        if what.startswith("matching") and not inside.is_set():
            inside.set()
            assert may_go_on.wait(30)

    def second(what: str, _done: int, _of: int) -> None:
        if what == "waiting for another night job of this corridor":
            waits.set()

    def run(name: str, service: Service, progress: object) -> None:
        results[name] = run_nightly(service, CODE, bodies, MONDAY, progress)  # type: ignore[arg-type]

    other = corridor.another_service()
    one = threading.Thread(target=run, args=("one", corridor.service, slow))
    two = threading.Thread(target=run, args=("two", other, second))
    one.start()
    assert inside.wait(30)
    two.start()
    assert waits.wait(30)
    may_go_on.set()
    one.join(30)
    two.join(30)
    other.close()
    assert found(results["one"]) == THE_THREE
    assert results["two"].to_json() == results["one"].to_json()
    assert len(corridor.open_breaks()) == 3


def test_a_corridor_that_was_never_opened_is_refused(empty_database_url: str, tmp_path: Path) -> None:
    """There are no terms to say whose statement it is."""
    migrate(empty_database_url)
    settings = Settings(database_url=None, data_dir=tmp_path, key_file=tmp_path / "vault.key")
    with (
        Service(settings.model_copy(update={"database_url": empty_database_url}), clock=SetClock(WRITTEN)) as service,
        pytest.raises(LedgerError, match="Corridor 'abb-psbc' was not opened"),
    ):
        run_nightly(service, CODE, [], MONDAY)
