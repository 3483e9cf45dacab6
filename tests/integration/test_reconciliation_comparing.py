"""Leaving the pairs that agree in the database changes nothing: the matcher, given what is left, says what it says of all lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from ledger.domain import ids
from ledger.errors import LedgerError
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.projections.snapshot import snapshot
from reconciliation.classes import Circumstances, Classified, FoundBefore, Known
from reconciliation.comparing import Tally, compare
from reconciliation.csv_plain import read_plain
from reconciliation.csv_statement import COLUMNS
from reconciliation.expected import Window, expected_lines
from reconciliation.lines import ExpectedLine, ReportedLine
from reconciliation.matching import match
from reconciliation.queries import QUERIES
from reconciliation.reported import ReadStatement, ReportedStatement, read_statements
from reconciliation.staging import Staged, StagedLines, Staging, stage, stage_plain, staged_lines
from tests.integration.small_corridor import small_terms
from tests.unit.reconciliation_examples import ACCOUNT, DAY, NEXT_DAY, uetr

TERMS = small_terms("abb-psbc")
BOUNDARY = 100
EVE = DAY - timedelta(days=1)
_tables = count()


@pytest.fixture(scope="module")
def pool(module_database_url: str) -> Iterator[PostgresPool]:
    """Connections to a database of this module alone."""
    opened = PostgresPool(module_database_url, pool_size=2)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def session(pool: PostgresPool) -> Iterator[PostgresCursor]:
    """A session that holds statements' lines."""
    with pool.connection() as connection:
        connection.cursor().execute(QUERIES["prepare_session"])
        yield connection.cursor()
        connection.close()


def fresh_lines(session: PostgresCursor) -> StagedLines:
    """A table nobody has used."""
    return StagedLines(session, f"staged_{next(_tables)}")


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
        "balance_history": [{**fill, "account": ACCOUNT, "normal_side": "debit", "status": "open", "balance": 0, "boundary": 0}],
    }
    for table, rows in tables.items():
        cursor.execute(
            f"INSERT INTO projections.{table} SELECT * FROM jsonb_populate_recordset(NULL::projections.{table}, %(rows)s)",
            {"rows": to_json(rows).decode()},
        )


_corridors = count()


@settings(max_examples=400)
@given(hostile_sides())
def test_what_the_database_leaves_out_is_what_the_matcher_would_have_matched(
    pool: PostgresPool, session: PostgresCursor, hostile: Hostile
) -> None:
    """Whatever stands on the two sides: the classes of all lines are those of the remaining ones and the pairs that were counted."""
    corridor = f"{CORRIDOR}-{next(_corridors)}"
    with pool.transaction() as cursor:
        project(cursor, corridor, hostile)
    statement = ReportedStatement(ACCOUNT, "S1", DAY, hostile.window.last_day, 0, 0, len(hostile.rows), b"")
    staged = stage(ReadStatement(statement, tuple(hostile.rows)), fresh_lines(session))
    rows, lines = hostile.left
    known = Known("refunded", False, -100, (200,), (300,))
    circumstances = Circumstances(statement.last_day, lambda _row: known, hostile.found_before, frozenset({"b2"}))
    everything = sorted({str(line["reference"]) for line in hostile.journal})
    with snapshot(pool, corridor) as at, Staging([session], TERMS).seeing(at):
        all_lines = expected_lines(at, ACCOUNT, hostile.window, BOUNDARY, everything)
        [compared] = [
            one.with_lines_of([*rows, *lines], at._replace(cursor=session), BOUNDARY)
            for one in compare([(staged, hostile.window)], at, BOUNDARY)
        ]
    session.execute(f"DROP TABLE {staged.lines.table}")
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


def test_pairs_that_agree_never_leave_the_database(pool: PostgresPool, session: PostgresCursor) -> None:
    """Three payouts, of which one differs: one line of each side comes out, and the others are counted with their amounts."""
    booked = {"account": ACCOUNT, "line_no": 0, "entry": "payout", "command": uetr(900), "booking_date": DAY, "value_date": DAY}
    journal = [{**booked, "position": n, "reference": uetr(n), "amount": -100 * n} for n in (1, 2, 3)]
    with pool.transaction() as cursor:
        project(cursor, "agreeing", Hostile([], journal, [], [], [], ([], []), {}, Window(DAY, DAY, EVE, 2**62)))
    rows = [ReportedLine(ACCOUNT, "S1", n, 0, DAY, DAY, -100 * n - (n == 2), (str(uetr(n)), f"E{n}")) for n in (1, 2, 3)]
    staged = stage(ReadStatement(ReportedStatement(ACCOUNT, "S1", DAY, DAY, 0, -601, 3, b""), tuple(rows)), fresh_lines(session))
    with snapshot(pool, "agreeing") as at, Staging([session], TERMS).seeing(at):
        [compared] = compare([(staged, Window.of(staged.statement, None))], at, BOUNDARY)
        taken_apart = compared.with_lines_of([rows[2]._replace(statement="S0")], at, BOUNDARY)
    assert (compared.agreed, compared.reported, [line.amount for line in compared.expected]) == (Tally(2, 2, 0, 400), [rows[1]], [-200])
    assert (taken_apart.agreed, taken_apart.reported) == (Tally(1, 1, 0, 100), [rows[1], rows[2]])
    assert [line.amount for line in taken_apart.expected] == [-200, -300]


# Plain CSV

HEADER = ",".join(COLUMNS)
CELLS = {
    "date": st.sampled_from(["2026-03-30", "2026-03-29", "2026-02-30", "30.3.2026", "2026-03-30Z"]),
    "value_date": st.sampled_from(["", "", "2026-03-31", "2026-13-01"]),
    "amount": st.sampled_from(["7.20", "0.00", "100.00", "100.0", "100", "007.20", "-1.00", "1e2", "9999999999999999.99"]),
    "direction": st.sampled_from(["CRDT", "DBIT", "DBIT", "D"]),
    "uetr": st.sampled_from(["", str(uetr(1)), str(uetr(2)), str(uetr(3)), str(uetr(1)).upper(), str(MOVEMENTS[1])]),
    "end_to_end_id": st.sampled_from(["", "", "E1", "R1", "NOTPROVIDED", "NonRef", uetr(2).hex, str(uetr(2)), " E1", "E 1"]),
    "reference": st.sampled_from(["", "R1", "R2", "R3", "R4", "R5", "NONREF", "R;1", "O'Neil", "R\\1", '"R,1"', '"R1"']),
    "reversal": st.sampled_from(["", "", "true", "false", "no"]),
    "kind": st.sampled_from(["", "wire in", "frais é", "\x1b", "NOTPROVIDED"]),
}
PLAIN = {
    "date": st.sampled_from(["2026-03-30", "2026-03-29"]),
    "value_date": st.sampled_from(["", "2026-03-31"]),
    "amount": st.sampled_from(["7.20", "0.00", "100.00", "9999999999999999.99"]),
    "direction": st.sampled_from(["CRDT", "DBIT"]),
    "uetr": st.sampled_from(["", str(uetr(1)), str(uetr(2))]),
    "end_to_end_id": st.sampled_from(["", "E1", "R1", "E 1"]),
    "reference": st.sampled_from(["", "R1", "R2", "R3", "R4", "R5"]),
    "reversal": st.sampled_from(["", "true", "false"]),
    "kind": st.sampled_from(["", "wire in"]),
}


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    """CSV statements, most of them plain but for a cell; most add up."""
    begins = draw(
        st.sampled_from(["S1,PSBCCNBJXXX-1,CNY"] * 16 + ["S é,PSBCCNBJXXX-1,CNY", "S1,nobody,CNY", "S1,36001230,CNY", "S1,36001230,USD"])
    )
    lines, total = [], 0
    odd = draw(st.sampled_from([None, "end_to_end_id", "reference", *CELLS]))
    for _ in range(draw(st.sampled_from([3, 2, 1, 0]))):
        cells = {name: draw((CELLS if name == odd else PLAIN)[name]) for name in PLAIN}
        amount = cells["amount"].replace(".", "")
        total += (int(amount) if amount.isdecimal() else 0) * (1 if cells["direction"] == "CRDT" else -1)
        lines.append(f"line,{begins},{','.join(cells.values())}")
    total += draw(st.sampled_from([0] * 9 + [1]))
    closing = f"{abs(total) // 100}.{abs(total) % 100:02d},{'DBIT' if total < 0 else 'CRDT'}"
    rows = [HEADER, f"opening,{begins},2026-03-30,,0.00,CRDT,,,,,", *lines, f"closing,{begins},2026-03-30,,{closing},,,,,"]
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    last = draw(st.sampled_from([end] * 6 + ["", end + end]))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + (end.join(rows) + last).encode()


@settings(max_examples=600)
@given(csv_files())
def test_a_file_that_is_taken_as_it_stands_is_taken_as_one_that_is_read(session: PostgresCursor, body: bytes) -> None:
    """The same statement by its digest, the same lines; and what the reader refuses is never taken."""
    try:
        [read] = read_statements(body, TERMS)
    except LedgerError:
        read = None
    plain = read_plain(body)
    staged = None if plain is None else stage_plain(plain, TERMS, fresh_lines(session))
    if staged is not None:
        assert read is not None
        assert (staged.statement, all_lines_of(staged)) == read


def all_lines_of(staged: Staged) -> tuple[ReportedLine, ...]:
    """Every line, whatever its first reference is."""
    found = staged.lines.session.rows(f"SELECT DISTINCT uetr::text FROM {staged.lines.table} WHERE uetr IS NOT NULL")
    return tuple(staged_lines(staged, [key for (key,) in found]))


def test_the_ordinary_file_of_a_program_is_taken_as_it_stands(session: PostgresCursor) -> None:
    """Otherwise the fast way would be there for nobody."""
    begins = "S1,PSBCCNBJXXX-1,CNY,2026-03-30"
    lines = [f"line,{begins},,720.00,DBIT,{uetr(1)},E1,R1,false,wire out", f"line,{begins},2026-03-31,5000.00,CRDT,,,R2,,wire in"]
    body = "\r\n".join([HEADER, f"opening,{begins},,1000.00,CRDT,,,,,", *lines, f"closing,{begins},,5280.00,CRDT,,,,,", ""]).encode()
    plain = read_plain(body)
    assert plain is not None
    staged = stage_plain(plain, TERMS, fresh_lines(session))
    assert staged is not None
    assert (staged.statement, all_lines_of(staged)) == read_statements(body, TERMS)[0]
