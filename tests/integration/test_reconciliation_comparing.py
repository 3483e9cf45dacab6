"""Leaving out the pairs that agree changes nothing: the matcher, given what is left, says what it says of all lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from ledger.domain import ids
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.pacing import FULL_SPEED, FullSpeed, Pages
from ledger.projections.snapshot import snapshot
from reconciliation import comparing
from reconciliation.classes import Circumstances, Classified, FoundBefore, Known
from reconciliation.comparing import Compared, Planned, Tally, compare, groups_of
from reconciliation.expected import Window, expected_lines
from reconciliation.lines import ExpectedLine, ReportedLine
from reconciliation.matching import match
from reconciliation.packed import pack
from reconciliation.reported import ReportedStatement
from reconciliation.staging import Staged
from tests.unit.reconciliation_examples import ACCOUNT, DAY, NEXT_DAY, uetr

BOUNDARY = 100
EVE = DAY - timedelta(days=1)


class Writers(FullSpeed):
    """Somebody writes all the time, and no rests are needed."""

    def begin(self) -> bool:
        return True

    def rest(self, _events: int = 0, /) -> float:
        return 1.0


ALONE, BESIDE = Pages(FULL_SPEED, 1), Pages(Writers(), 1)


@pytest.fixture(scope="module")
def pool(module_database_url: str) -> Iterator[PostgresPool]:
    """Connections to a database of this module alone."""
    opened = PostgresPool(module_database_url, pool_size=2)
    yield opened
    opened.close()


# Hostile sides

CORRIDOR = "hostile"
MOVEMENTS = {number: ids.movement_stream(CORRIDOR, f"M{number}") for number in (1, 2)}
BREAKS = {number: ids.stream_id(CORRIDOR, f"break:b{number}") for number in (1, 2)}
CYCLE = ids.cycle_stream(CORRIDOR, 1)
_UETRS = st.sampled_from([str(uetr(1)), str(uetr(2)), str(uetr(3))])
_AMOUNTS = st.sampled_from([-100, -200, 0, 100])
_DAYS = st.sampled_from([EVE, DAY, NEXT_DAY])

# What a bank may write: UETRs as they are, in capitals or without hyphens, movements' texts in either case, ids of the ledger's own.
TEXTS = st.one_of(
    _UETRS,
    st.sampled_from([str(uetr(1)).upper(), uetr(2).hex, "M1", "m1", "M2", "BANK-1", "bank-1", "CYCLE-1", "b1", "b2", "S1/1", "O'Neil\t\\"]),
    st.sampled_from([str(stream) for stream in (*MOVEMENTS.values(), *BREAKS.values(), CYCLE)]),
)
# What the ledger knows a movement or a break by: often enough the UETR of a transfer.
KNOWN_BY = st.one_of(_UETRS, st.sampled_from(["M1", "M2", "BANK-1", "CYCLE-1"]))


class Hostile(NamedTuple):
    """A statement, rows of the ledger's projections, and what earlier statements left open."""

    rows: list[ReportedLine]
    journal: list[dict[str, Any]]
    movements: list[dict[str, Any]]
    breaks: list[dict[str, Any]]
    trail: list[dict[str, Any]]
    left: tuple[list[ReportedLine], list[ExpectedLine]]
    found_before: dict[Any, FoundBefore]
    window: Window


@st.composite
def reported_lines(draw: st.DrawFn, statement: str, first: int = 1) -> list[ReportedLine]:
    """A few lines with up to three references, the same ones again and again; numbered from ``first``."""
    lines = []
    for entry in range(first, first + draw(st.integers(0, 4))):
        references = tuple(draw(st.one_of(st.tuples(_UETRS), st.lists(TEXTS, unique=True, max_size=3))))
        booked, part = draw(_DAYS), draw(st.integers(0, 1))
        lines.append(
            ReportedLine(ACCOUNT, statement, entry, part, booked, draw(_DAYS), draw(_AMOUNTS), references, draw(st.booleans()), "wire\tin")
        )
    return lines


STREAMS = {
    **{entry: [uetr(number) for number in (1, 2, 3)] for entry in ("funding", "payout", "refund", "return")},
    "float_in": list(MOVEMENTS.values()),
    "parked": list(BREAKS.values()),
    "resolved": list(BREAKS.values()),
    "pay_in": [CYCLE],
}


@st.composite
def hostile_sides(draw: st.DrawFn) -> Hostile:
    """Some pairs that agree under one key, and then lines on both sides that may get in their way: few references, few amounts."""
    rows, journal = [], []

    def book(entry: str, reference: UUID, amount: int, account: str, position: int, day: date) -> None:
        journal.append(
            {
                "account": account,
                "position": position,
                "line_no": len(journal),
                "entry": entry,
                "reference": reference,
                "command": uetr(900),
                "amount": amount,
                "booking_date": day,
                "value_date": draw(_DAYS),
            }
        )

    agreeing = [("payout", uetr(1)), ("refund", uetr(2)), ("float_in", MOVEMENTS[1]), ("parked", BREAKS[1]), ("pay_in", CYCLE)]
    for entry, stream in draw(st.lists(st.sampled_from(agreeing), unique=True, max_size=3)):
        rows.append(ReportedLine(ACCOUNT, "S1", len(rows) + 1, 0, DAY, DAY, -100, (str(stream),), False, ""))
        book(entry, stream, -100, ACCOUNT, 7, DAY)
    for _ in range(draw(st.integers(0, 4))):
        entry, account = draw(st.sampled_from([*STREAMS, "payout", "float_in"])), draw(st.sampled_from([ACCOUNT] * 4 + ["abb:cash:MAD"]))
        book(entry, draw(st.sampled_from(STREAMS[entry])), draw(_AMOUNTS), account, draw(st.integers(1, BOUNDARY + 10)), draw(_DAYS))
    rows += draw(reported_lines("S1", first=len(rows) + 1))

    own = draw(st.sampled_from([("M1", "M2"), (str(uetr(1)), "M2"), ("M1", str(uetr(2))), (str(uetr(1)), str(uetr(2)))]))
    movements = [
        {"reference": reference, "stream": stream, "bank_reference": draw(st.one_of(st.none(), KNOWN_BY))}
        for reference, stream in zip(own, MOVEMENTS.values(), strict=True)
    ]
    breaks = [{"break_id": f"b{number}", "stream": stream, "reference": draw(KNOWN_BY)} for number, stream in BREAKS.items()]
    trail = [{"subject": CYCLE, "command": uetr(900), "facts": {"bank_reference": draw(KNOWN_BY)}}] if draw(st.booleans()) else []
    earlier = [line for line in draw(reported_lines("S0")) if draw(st.booleans())]
    owed = [
        ExpectedLine(ACCOUNT, 500 + n, 0, "payout", UUID(draw(_UETRS)), uetr(901), draw(_AMOUNTS), EVE, EVE)
        for n in range(draw(st.integers(0, 2)))
    ]
    before = {
        line.id: FoundBefore(draw(st.sampled_from(["b1", "b2"])), draw(st.sampled_from(["missing_in_ledger", "amount_differs"])))
        for line in earlier
        if draw(st.booleans())
    }
    window = draw(st.sampled_from([Window(DAY, DAY, EVE, 2**62), Window(DAY, NEXT_DAY, EVE, 50), Window(EVE, DAY, EVE, 0)]))
    return Hostile(rows, journal, movements, breaks, trail, (earlier, owed), before, window)


def project(cursor: PostgresCursor, corridor: str, hostile: Hostile) -> None:
    """Writes the ledger's side; what a column holds that nobody reads here is one and the same everywhere."""
    fill = {"corridor": corridor, "recorded_at": "2026-03-30T08:00:00Z", "currency": "CNY", "boundary": 1}
    fact = {**fill, "kind": "float_in", "participant": "psbc", "amount": 1, "state": "open", "reported_at": fill["recorded_at"]}
    found = {**fill, "break_class": "missing_in_ledger", "account": ACCOUNT, "difference": 1, "state": "open", "statement": "S0"}
    told = {**fill, "topic": "Cycle.PayInConfirmed.v1", "actor": "bank:settlement", "cause": "", "terms": 1, "rules": []}
    tables = {
        "journal_lines": [{**fill, **line} for line in hostile.journal],
        "movements": [{**fact, "position": n, **one} for n, one in enumerate(hostile.movements)],
        "breaks": [
            {**found, "business_date": EVE, "found_at": fill["recorded_at"], "position": 1, "last_position": 1, **one}
            for one in hostile.breaks
        ],
        "audit_trail": [{**told, "position": 1, **one} for one in hostile.trail],
        "balance_history": [
            {**fill, "account": account, "normal_side": "debit", "status": "open", "balance": 0, "boundary": 0}
            for account in (ACCOUNT, "abb:cash:MAD")
        ],
    }
    for table, rows in tables.items():
        cursor.execute(
            f"INSERT INTO projections.{table} SELECT * FROM jsonb_populate_recordset(NULL::projections.{table}, %(rows)s)",
            {"rows": to_json(rows).decode()},
        )


_corridors = count()


@settings(max_examples=400)
@given(hostile_sides())
def test_what_is_left_out_is_what_the_matcher_would_have_matched(pool: PostgresPool, hostile: Hostile) -> None:
    """Whatever stands on the two sides: the classes of all lines are those of the remaining ones and the pairs that were counted."""
    corridor = f"{CORRIDOR}-{next(_corridors)}"
    with pool.transaction() as cursor:
        project(cursor, corridor, hostile)
    statement = ReportedStatement(ACCOUNT, "S1", DAY, hostile.window.last_day, 0, 0, len(hostile.rows), b"")
    staged = Staged(statement, lambda: pack(hostile.rows))
    rows, lines = hostile.left
    known = Known("refunded", False, -100, (200,), (300,))
    circumstances = Circumstances(statement.last_day, lambda _row: known, hostile.found_before, frozenset({"b2"}))
    everything = sorted({str(line["reference"]) for line in hostile.journal})
    with snapshot(pool, corridor) as at:
        all_lines = expected_lines(at, ACCOUNT, hostile.window, BOUNDARY, everything)
        [compared] = [
            one.with_lines_of([*rows, *lines], at, BOUNDARY) for one in compare([(staged, hostile.window)], at, BOUNDARY, pool, ALONE)
        ]
    wanted = Counter(match([*rows, *hostile.rows], [*lines, *all_lines], circumstances))
    left = Counter(match([*rows, *compared.reported], [*lines, *compared.expected], circumstances))
    counted = wanted - left
    assert left - wanted == Counter()
    assert {one.line_class for one in counted} <= {"matched"}
    assert tally_of(counted) == compared.agreed


def tally_of(found: Counter[Classified]) -> Tally:
    """What classified pairs come to."""
    total = Tally()
    for one in found.elements():
        total.add(one)
    return total


def several_days(corridor: str, pool: PostgresPool) -> list[Planned]:
    """Statements of three days and two accounts, of one to three lines; a line of the second day was booked after it had been looked at."""
    entries = [
        (ACCOUNT, EVE, 1),
        (ACCOUNT, DAY, 2),
        (ACCOUNT, DAY, 3),
        ("abb:cash:MAD", DAY, 4),
        (ACCOUNT, NEXT_DAY, 5),
        (ACCOUNT, DAY, 60),
    ]
    booked = {"line_no": 0, "entry": "payout", "command": uetr(900)}
    journal = [
        {**booked, "account": account, "position": n, "reference": uetr(n), "amount": -100 * n, "booking_date": day, "value_date": day}
        for account, day, n in entries
    ]
    with pool.transaction() as cursor:
        project(cursor, corridor, Hostile([], journal, [], [], [], ([], []), {}, Window(DAY, DAY, EVE, 2**62)))
    planned: list[Planned] = []
    for account, day, numbers in ((ACCOUNT, EVE, [1]), ("abb:cash:MAD", DAY, [4]), (ACCOUNT, DAY, [2, 3, 7]), (ACCOUNT, NEXT_DAY, [5, 60])):
        rows = [ReportedLine(account, f"S{day}", n, 0, day, day, -100 * n, (str(uetr(n)),)) for n in numbers]
        statement = ReportedStatement(account, f"S{day}", day, day, 0, -100 * sum(numbers), len(rows), b"")
        seen = (DAY, 50) if day == NEXT_DAY else (day - timedelta(days=1), 2**62)
        planned.append((Staged(statement, partial(pack, rows)), Window(day, day, *seen)))
    return planned


@pytest.mark.parametrize("pages", [ALONE, BESIDE], ids=["alone", "beside writers"])
@pytest.mark.parametrize("lines_at_once", [1, 3, 4, 1_000_000])
def test_it_does_not_matter_how_many_statements_are_compared_together(
    pool: PostgresPool, monkeypatch: pytest.MonkeyPatch, lines_at_once: int, pages: Pages
) -> None:
    """One by one, some or all, with the next ones read ahead or not: what agrees, what does not, and in which order the statements come."""
    monkeypatch.setattr(comparing, "LINES_AT_ONCE", lines_at_once)
    corridor = f"grouped-{lines_at_once}-{pages.beside}"
    planned = several_days(corridor, pool)
    with snapshot(pool, corridor) as at:
        found = list(compare(planned, at, BOUNDARY, pool, pages))
        row = ReportedLine(ACCOUNT, f"S{DAY}", 7, 0, DAY, DAY, -700, (str(uetr(7)),))
        [late] = expected_lines(at, ACCOUNT, Window(DAY, DAY, EVE, 2**62), BOUNDARY, [str(uetr(60))])

    def told(one: Compared) -> tuple[object, ...]:
        return one.statement, one.ledger_closing, one.agreed, sorted(one.keys), one.reported, one.expected

    wanted = [(7_000, Tally(1, 1, 0, 100)), (0, Tally(1, 1, 0, 400)), (500, Tally(2, 2, 0, 500)), (0, Tally(2, 2, 0, 6500))]
    apart = [([], []), ([], []), ([row], [late]), ([], [])]
    assert list(map(told, found)) == [
        (staged.statement, closing, agreed, sorted(line.key for line in (*rows, *lines)), rows, lines)
        for (staged, _), (closing, agreed), (rows, lines) in zip(planned, wanted, apart, strict=True)
    ]


@pytest.mark.parametrize(
    ("lines_at_once", "grouped"),
    [(1, [[1], [1], [3], [2]]), (2, [[1, 1], [3], [2]]), (4, [[1, 1], [3], [2]]), (5, [[1, 1, 3], [2]]), (7, [[1, 1, 3, 2]])],
)
def test_as_many_statements_are_held_together_as_have_so_many_lines(lines_at_once: int, grouped: list[list[int]]) -> None:
    """In their order; one that has more lines is held alone, since it can only be compared whole."""
    window = Window(DAY, DAY, EVE, 2**62)
    planned = [
        (Staged(ReportedStatement(ACCOUNT, str(count), DAY, DAY, 0, 0, count, b""), partial(pack, [])), window) for count in (1, 1, 3, 2)
    ]
    assert [[staged.statement.line_count for staged, _ in group] for group in groups_of(planned, lines_at_once)] == grouped


def test_pairs_that_agree_are_only_counted(pool: PostgresPool) -> None:
    """Three payouts, of which one differs: one line of each side comes out, and the others are counted with their amounts."""
    booked = {"account": ACCOUNT, "line_no": 0, "entry": "payout", "command": uetr(900), "booking_date": DAY, "value_date": DAY}
    journal = [{**booked, "position": n, "reference": uetr(n), "amount": -100 * n} for n in (1, 2, 3)]
    with pool.transaction() as cursor:
        project(cursor, "agreeing", Hostile([], journal, [], [], [], ([], []), {}, Window(DAY, DAY, EVE, 2**62)))
    rows = [ReportedLine(ACCOUNT, "S1", n, 0, DAY, DAY, -100 * n - (n == 2), (str(uetr(n)), f"E{n}")) for n in (1, 2, 3)]
    staged = Staged(ReportedStatement(ACCOUNT, "S1", DAY, DAY, 0, -601, 3, b""), lambda: pack(rows))
    with snapshot(pool, "agreeing") as at:
        [compared] = compare([(staged, Window.of(staged.statement, None))], at, BOUNDARY, pool, ALONE)
        taken_apart = compared.with_lines_of([rows[2]._replace(statement="S0")], at, BOUNDARY)
    assert (compared.agreed, compared.reported, [line.amount for line in compared.expected]) == (Tally(2, 2, 0, 400), [rows[1]], [-200])
    assert (taken_apart.agreed, taken_apart.reported) == (Tally(1, 1, 0, 100), [rows[1], rows[2]])
    assert [line.amount for line in taken_apart.expected] == [-200, -300]
