"""A statement's lines come out of their packing as they went in."""

from datetime import date

from reconciliation.lines import ReportedLine
from reconciliation.packed import PackedLines


def line(entry: int, **changes: object) -> ReportedLine:
    """A payout of CNY 72.00."""
    values = {
        "account": "psbc:cash:CNY",
        "statement": "S-1",
        "entry": entry,
        "part": 0,
        "booking_date": date(2026, 3, 30),
        "value_date": date(2026, 3, 31),
        "amount": -7_200,
        "references": (f"uetr-{entry}", "E2E"),
    }
    return ReportedLine(**{**values, **changes})  # type: ignore[arg-type]


def test_lines_come_out_as_they_went_in_however_many_parts_they_fill() -> None:
    """More than two parts; every field, and amounts beyond 64 bits too."""
    lines = [line(n) for n in range(25_001)]
    lines[7] = line(7, part=3, amount=10**20, references=(), reversal=True, kind="支付")
    packed = PackedLines("psbc:cash:CNY", "S-1", lines)
    assert list(packed) == lines
    assert list(packed) == lines, "a second time too"
    assert (len(packed), packed[7], packed[-1], packed[1:3]) == (25_001, lines[7], lines[-1], tuple(lines[1:3]))


def test_packed_lines_are_equal_to_the_same_lines_and_to_no_others() -> None:
    """Packed or not; one amount, or one line, makes the difference."""
    lines = (line(1), line(2))
    packed = PackedLines("psbc:cash:CNY", "S-1", lines)
    assert packed == lines
    assert packed == PackedLines("psbc:cash:CNY", "S-1", iter(lines))
    assert packed != (line(1), line(2, amount=1))
    assert packed != (line(1),)
    assert packed != "S-1"
    assert list(PackedLines("psbc:cash:CNY", "S-1", ())) == []
