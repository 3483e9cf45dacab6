"""A CSV statement in plain form is taken column by column as it would be read line by line, or not taken at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

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

SHIPPED = shipped_terms("abb-psbc")
# Two decimals, none and three: no corridor is in such currencies, but one could be.
TERMS = SHIPPED.model_copy(
    update={
        "participants": {**SHIPPED.participants, "abb": SHIPPED.participants["abb"].model_copy(update={"currency": "JPY"})},
        "settlement": SHIPPED.settlement.model_copy(update={"currency": "TND"}),
    }
)
DECIMALS = {"CNY": 2, "JPY": 0, "TND": 3}
NUMBERS = {
    "CNY": SHIPPED.participants["psbc"].statement_account,
    "JPY": SHIPPED.participants["abb"].statement_account,
    "TND": SHIPPED.settlement.statement_account,
}
ACCOUNT = "S1,100000000000123456,CNY"
MOVEMENT = ids.movement_stream("abb-psbc", "M1")

HEADER = ",".join(COLUMNS)
CELLS = {
    "row": ["Line", " line", "line ", "opening", "closing", ""],
    "statement": ["S2", "S1 ", ""],
    "account": [NUMBERS["CNY"], NUMBERS["JPY"], "nobody", ""],
    "currency": ["USD", "cny", ""],
    "date": ["2026-02-30", "2023-02-29", "0000-03-30", "0001-01-01", "9999-12-31", "30.3.2026", "2026-3-30", "20260330", "2026-03-30Z", ""],
    "value_date": ["2026-13-01", "0000-00-00", "0001-01-01", "9999-12-31", "2024-02-29", "+026-03-30", "2026-W14-1", "2026-03-31T00:00:00"],
    "amount": [
        "7.2", "7", "7.", ".72", "7.20", "7.200", "007.20", "00.00", "+7.20", "-7.20", "-0.00", "1e2", "7.2O", "7 20",
        "1_0.00", "\u0667.20", "NaN",
        "0x10", "72.0:", "7/.20", "9223372036854775807", "9223372036854775808", "92233720368547758.07", "92233720368547758.08",
        "18446744073709551616", "184467440737095523.36", "999999999999999999", "1000000000000000000", "9999999999999999.99",
        "10000000000000000.00",
        "999999999999999.999", "1000000000000000.000", "",
    ],
    "direction": ["D", "crdt", "CRDT ", "CRDTD", "RCDT", ""],
    "uetr": [
        str(uetr(3)).upper(), uetr(3).hex, f"{{{uetr(3)}}}", f"urn:uuid:{uetr(3)}", str(MOVEMENT), str(uetr(3))[:-1], str(uetr(3)) + "0",
        "00000000-0000-0000-0000-000000000000", str(uetr(3)).replace("-", "_"), "NOTPROVIDED",
    ],
    "end_to_end_id": [
        "NOTPROVIDED", "NonRef", "notavailable", uetr(2).hex, uetr(2).hex.upper(), str(uetr(2)), str(MOVEMENT), " E1", "E1\t",
        "x" * 200,
    ],
    "reference": [
        "NONREF", "Notavailable", "R;1", "O'Neil", "R\\1", '"R,1"', '"R1"', '"R""1"', "R\u00e9", "\u00a0R1", str(uetr(2)),
        "R1,R2", "R0", "x" * 141,
    ],
    "reversal": ["no", "True", "TRUE", "true ", "1", "falsetrue"],
    "kind": ["frais \u00e9", "\x1b", "\x7f", "\x00", "NOTPROVIDED", "a\u2028b", "'", '"wire in"', '"wire\nin"', "=1+1", "x" * 141],
}  # fmt: skip
PLAIN_TEXTS = st.text(st.sampled_from("abR1 -/:.+()"), max_size=6).map(str.strip)


class CsvFile(NamedTuple):
    """A file, and whether it is one that a program writes."""

    body: bytes
    plain: bool


def written(minor: int, places: int) -> str:
    """An amount of zero or more with all its decimals."""
    return f"{minor // 10**places}.{minor % 10**places:0{places}d}" if places else str(minor)


@st.composite
def rows_of_lines(draw: st.DrawFn, currency: str) -> list[dict[str, str]]:
    """Plain lines. For a large amount the opposite one follows, so that some add up to what no 64 bits hold, and back again."""
    rows: list[dict[str, str]] = []
    for number in range(draw(st.integers(0, 4))):
        large = draw(st.booleans())
        minor = draw(st.integers(10**18 - 10**9, 10**18 - 1) if large else st.sampled_from([0, 1, 720, 10_000]))
        cells = {
            "row": "line",
            "statement": "S1",
            "account": NUMBERS[currency],
            "currency": currency,
            "date": draw(st.sampled_from(["2026-03-30", "2026-03-29", "2024-02-29"])),
            "value_date": draw(st.sampled_from(["", "2026-03-31"])),
            "amount": written(minor, DECIMALS[currency]),
            "direction": draw(st.sampled_from(["CRDT", "DBIT"])),
            "uetr": draw(st.sampled_from(["", str(uetr(1)), str(uetr(2))])),
            "end_to_end_id": draw(PLAIN_TEXTS),
            "reference": draw(st.sampled_from(["", f"R{number}"])),
            "reversal": draw(st.sampled_from(["", "true", "false"])),
            "kind": draw(PLAIN_TEXTS),
        }
        rows += [cells] * draw(st.sampled_from([1, 12])) if large and not cells["reference"] else [cells]
        if large:
            other = "DBIT" if cells["direction"] == "CRDT" else "CRDT"
            rows += [{**cells, "direction": other, "reference": cells["reference"] and f"B{number}"}] * rows.count(cells)
    return rows


@st.composite
def csv_files(draw: st.DrawFn) -> CsvFile:
    """CSV statements that add up, plain or with something odd: in a cell, among the lines, at their ends, or in any byte."""
    currency = draw(st.sampled_from(list(DECIMALS)))
    rows = draw(rows_of_lines(currency))
    odd = draw(st.sampled_from(["nothing", "cell", "line", "end", "byte", "sum"]))
    if odd == "cell" and rows:
        name, place = draw(st.sampled_from(list(CELLS))), draw(st.integers(0, len(rows) - 1))
        rows[place] = {**rows[place], name: draw(st.sampled_from(CELLS[name]))}
    total = sum(minor_of(cells, DECIMALS[currency]) for cells in rows) + (odd == "sum")
    lines = [",".join(cells.values()) for cells in rows]
    if odd == "line":
        some = ["", ",", "," * 12, "line", ",".join(["line"] * 13), HEADER, *lines[:1], *(line + "," for line in lines[:1]), " "]
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(some)))
    begins = f"S1,{NUMBERS[currency]},{currency},2026-03-30,"
    zero, closing = written(0, DECIMALS[currency]), f"{written(abs(total), DECIMALS[currency])},{'DBIT' if total < 0 else 'CRDT'}"
    end = draw(st.sampled_from(["\n", "\r\n"]))
    ends = [end] * (len(lines) + 2) + [draw(st.sampled_from([end, ""]))]
    if odd == "end":
        ends[draw(st.integers(0, len(ends) - 1))] = draw(
            st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r", " \n", "\x0b", "\x85", "\0"])
        )
    texts = [HEADER, f"opening,{begins},{zero},CRDT,,,,,", *lines, f"closing,{begins},{closing},,,,,"]
    body = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + "".join(map("".join, zip(texts, ends, strict=True))).encode()
    if odd == "byte":
        place, characters = draw(st.integers(0, len(body))), draw(st.sampled_from([b"", *(bytes([code]) for code in range(256))]))
        body = body[:place] + characters + body[place + draw(st.integers(0, 2)) :]
    return CsvFile(body, odd == "nothing")


def minor_of(cells: dict[str, str], places: int) -> int:
    """What a line comes to as somebody might read it who reads too much into a cell; bank's sign."""
    try:
        minor = int(Decimal(cells["amount"]).scaleb(places))
    except (ArithmeticError, ValueError):
        minor = 0
    return minor if cells["direction"] == "CRDT" else -minor


def taken(body: bytes) -> ReadStatement | None:
    """What is taken of a file column by column, every line of it."""
    plain = read_plain(body, TERMS)
    if plain is None:
        return None
    statement, lines = plain
    return ReadStatement(statement, tuple(lines.lines(statement.account, statement.id, range(statement.line_count))))


@settings(max_examples=1_500)
@given(csv_files())
def test_a_file_that_is_taken_by_columns_is_taken_as_one_that_is_read(file: CsvFile) -> None:
    """The same statement by its digest, the same lines; what the reader refuses is never taken, and what a program writes always is."""
    try:
        [read] = read_statements(file.body, TERMS)
    except LedgerError:
        read = None
    found = taken(file.body)
    assert found == read or (found is None and not file.plain)


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
