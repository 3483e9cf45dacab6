"""A CSV statement in plain form is taken column by column as it would be read line by line, or not taken at all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridors import shipped_terms
from ledger.domain import ids
from ledger.errors import LedgerError
from reconciliation import csv_plain
from reconciliation.csv_plain import read_plain
from reconciliation.csv_statement import COLUMNS
from reconciliation.reported import ReadStatement, read_statements
from tests.unit.reconciliation_examples import uetr

TERMS = shipped_terms("abb-psbc")
ACCOUNT = "S1,100000000000123456,CNY"
MOVEMENT = ids.movement_stream("abb-psbc", "M1")

HEADER = ",".join(COLUMNS)
CELLS = {
    "date": st.sampled_from(["2026-03-30", "2026-03-29", "2026-02-30", "30.3.2026", "2026-03-30Z"]),
    "value_date": st.sampled_from(["", "", "2026-03-31", "2026-13-01"]),
    "amount": st.sampled_from(["7.20", "0.00", "100.00", "100.0", "100", "007.20", "-1.00", "1e2", "9999999999999999.99"]),
    "direction": st.sampled_from(["CRDT", "DBIT", "DBIT", "D"]),
    "uetr": st.sampled_from(["", str(uetr(1)), str(uetr(2)), str(uetr(3)), str(uetr(1)).upper(), str(MOVEMENT)]),
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
    begins = draw(st.sampled_from([ACCOUNT] * 16 + ["S é,100000000000123456,CNY", "S1,nobody,CNY", "S1,100000000000123456,USD"]))
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


def taken(body: bytes) -> ReadStatement | None:
    """What is taken of a file column by column, every line of it."""
    plain = read_plain(body, TERMS)
    if plain is None:
        return None
    statement, lines = plain
    return ReadStatement(statement, tuple(lines.lines(statement.account, statement.id, range(statement.line_count))))


@settings(max_examples=600)
@given(csv_files())
def test_a_file_that_is_taken_by_columns_is_taken_as_one_that_is_read(body: bytes) -> None:
    """The same statement by its digest, the same lines; and what the reader refuses is never taken."""
    try:
        [read] = read_statements(body, TERMS)
    except LedgerError:
        read = None
    assert taken(body) in (None, read)


def statement_file(lines: list[str], closing: str) -> bytes:
    """A statement that opens with 1000.00 and was written by a program."""
    rows = [HEADER, f"opening,{ACCOUNT},2026-03-30,,1000.00,CRDT,,,,,", *(f"line,{ACCOUNT},{line}" for line in lines)]
    return "\r\n".join([*rows, f"closing,{ACCOUNT},2026-03-30,,{closing},,,,,", ""]).encode()


def test_the_ordinary_file_of_a_program_is_taken_by_columns() -> None:
    """Otherwise the fast way would be there for nobody."""
    lines = [f"2026-03-30,,720.00,DBIT,{uetr(1)},E1,R1,false,wire out", "2026-03-30,2026-03-31,5000.00,CRDT,,,R2,,wire in"]
    body = statement_file(lines, "5280.00,CRDT")
    assert taken(body) == read_statements(body, TERMS)[0]


def ending(*amounts: int) -> str:
    """What a statement with lines of these minor units closes with, amount and direction."""
    total = 100_000 + sum(amounts)
    return f"{abs(total) // 100}.{abs(total) % 100:02d},{'DBIT' if total < 0 else 'CRDT'}"


@pytest.mark.parametrize("block", [1, 300, 1_000_000])
def test_it_does_not_matter_how_many_lines_are_looked_at_together(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Amounts of one to eighteen digits, cells of all widths, and a line booked before the statement's days, which begin with it."""
    monkeypatch.setattr(csv_plain, "_BLOCK_BYTES", block)
    amounts = [7 * 10**digits * (-1) ** digits for digits in range(18)]
    lines = [
        f"2026-03-{29 if n == 12 else 30},{'2026-04-01' if n % 4 == 1 else ''},{abs(minor) // 100}.{abs(minor) % 100:02d},"
        f"{'DBIT' if minor < 0 else 'CRDT'},{uetr(n) if n % 3 else ''},{'e 1' if n % 5 == 2 else ''},{'x' * n},{'true' if n == 7 else ''},"
        f"{'a kind' if n % 2 else ''}"
        for n, minor in enumerate(amounts)
    ]
    body = statement_file(lines, ending(*amounts))
    read = read_statements(body, TERMS)[0]
    assert taken(body) == read
    assert (read.statement.first_day, read.statement.line_count) == (date(2026, 3, 29), 18)


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-30,,7.20,CRDT,,,R1,,",
        "2026-03-30,,007.20,CRDT,,,R1,,",
        "2026-03-30,,7.2,CRDT,,,R1,,",
        "2026-03-30,,.20,CRDT,,,R1,,",
        "2026-03-30,,72.0:,CRDT,,,R1,,",
        "2026-03-30,,7.20,CREDIT,,,R1,,",
        "2026-03-30,,7.20,CRDT,00000001-1111-1222-8333-444444444444,,R1,,",
        "2026-03-30,,7.20,CRDT,00000001-1111-4222-7333-444444444444,,R1,,",
        "2026-03-30,,7.20,CRDT,0000000G-1111-4222-8333-444444444444,,R1,,",
        "2026-03-30,,7.20,CRDT,,NonRef,R1,,",
        "2026-03-30,,7.20,CRDT,,0000000111114222833344444444444A,R1,,",
        "2026-03-30,,7.20,CRDT,,, R1,,",
        "2026-03-30,,7.20,CRDT,,,R'1,,",
        "2026-03-30,,7.20,CRDT,,,R1,yes!,",
        "2026-03-30,,7.20,CRDT,,,R1,,\x7f",
        "2026-03-30,,7.20,CRDT,,,R1,,,",
        "2026-03-30,,7.20,CRDT,,,R1,",
        f"2026-03-30,,7.20,CRDT,,,{'x' * 141},,",
    ],
)
def test_a_line_that_is_not_plain_leaves_its_file_to_the_reader(line: str) -> None:
    """Whether it is wrong or only unusual: the reader knows."""
    plain = "2026-03-30,,1.00,CRDT,,,R2,,"
    assert taken(statement_file([plain], ending(100))) is not None
    assert taken(statement_file([plain, line], ending(820))) is None


def test_a_line_that_may_stand_there_twice_leaves_its_file_to_the_reader() -> None:
    """The same reference and amount twice: the reader says which lines they are. Another amount is another line."""
    twice = ["2026-03-30,,7.20,CRDT,,,R1,,", "2026-03-30,,7.20,CRDT,,,R1,,"]
    assert taken(statement_file(twice, ending(720, 720))) is None
    assert taken(statement_file([twice[0], twice[1].replace("7.20", "7.21")], ending(720, 721))) is not None
