"""Differences planted into two sides that agree are found: exactly these, in their classes, whatever stands around them."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.classes import Circumstances, Known
from reconciliation.lines import ExpectedLine, ReportedLine
from reconciliation.matching import match
from tests.unit.reconciliation_examples import DAY, NEXT_DAY, expected, knowing, reported

PLANTS = (
    "amount_differs",
    "missing_in_ledger",
    "missing_in_statement",
    "duplicate_in_statement",
    "unknown_outcome_confirmed",
    "paid_after_refund",
    "timing in the ledger",
    "timing in the statement",
    "reversed_in_statement",
)


@dataclass
class Sides:
    """A statement and a ledger, and what a matching of them must find beside matched pairs: (class, entry, position)."""

    rows: list[ReportedLine] = field(default_factory=list)
    lines: list[ExpectedLine] = field(default_factory=list)
    known: dict[int, Known] = field(default_factory=dict)
    planted: set[tuple[str, int | None, int | None]] = field(default_factory=set)

    def show(self, number: int, amount: int, *, reversal: bool = False) -> int:
        """A statement line; its entry number."""
        self.rows.append(reported(number, amount, entry=len(self.rows) + 1, reversal=reversal))
        return len(self.rows)

    def book(self, number: int, amount: int, *, late: bool = False) -> int:
        """A ledger line; its log position."""
        self.lines.append(expected(number, amount, position=len(self.lines) + 1, value=NEXT_DAY if late else DAY))
        return len(self.lines)

    def agree(self, number: int, amounts: list[int]) -> None:
        """A transfer with all its lines on both sides."""
        for amount in amounts:
            self.show(number, amount)
            self.book(number, amount)

    def plant(self, plant: str, number: int, amount: int) -> None:
        """One difference, on a transfer of its own."""
        match plant:
            case "amount_differs":
                self.planted.add((plant, self.show(number, amount + 1 if amount > 0 else amount - 1), self.book(number, amount)))
            case "missing_in_ledger":
                self.planted.add((plant, self.show(number, amount), None))
            case "missing_in_statement":
                self.planted.add((plant, None, self.book(number, amount)))
            case "duplicate_in_statement":
                self.agree(number, [amount])
                self.planted.add((plant, self.show(number, amount), None))
            case "unknown_outcome_confirmed":
                self.known[number] = Known("accepted", True, amount)
                self.planted.add((plant, self.show(number, amount), None))
            case "paid_after_refund":
                self.known[number] = Known("refunded", False, amount)
                self.planted.add((plant, self.show(number, amount), None))
            case "timing in the ledger":
                self.planted.add(("timing", None, self.book(number, amount, late=True)))
            case "timing in the statement":
                self.known[number] = Known("paid", False, amount, later=(amount,))
                self.planted.add(("timing", self.show(number, amount), None))
            case _:
                self.planted.add((plant, self.show(number, amount), None))
                self.planted.add((plant, self.show(number, -amount, reversal=True), None))


_AMOUNTS = st.integers(min_value=-10_000, max_value=10_000).filter(bool)


@st.composite
def sides(draw: st.DrawFn) -> Sides:
    """Up to a dozen transfers that agree, some with several lines, and up to four of each kind of difference among them."""
    wanted = [(plant, draw(_AMOUNTS)) for plant in PLANTS for _ in range(draw(st.integers(0, 4)))]
    agreeing = draw(st.lists(st.lists(_AMOUNTS, min_size=1, max_size=4), max_size=12))
    both = Sides()
    steps = draw(st.permutations([*wanted, *(("agree", amounts) for amounts in agreeing)]))
    for number, (what, how) in enumerate(steps):
        if isinstance(how, list):
            both.agree(number, how)
        else:
            both.plant(what, number, how)
    return both


def _found(both: Sides, circumstances: Circumstances) -> set[tuple[str, int | None, int | None]]:
    return {
        (one.line_class, one.reported.entry if one.reported else None, one.expected.position if one.expected else None)
        for one in match(both.rows, both.lines, circumstances)
        if one.line_class != "matched"
    }


@given(sides())
def test_exactly_what_was_planted_is_found(both: Sides) -> None:
    """Every planted difference in its class with its own lines, and no other line anywhere but matched."""
    assert _found(both, knowing(both.known)) == both.planted


@given(sides())
def test_the_planted_differences_explain_the_balances(both: Sides) -> None:
    """What is planted is all that the two sides differ by."""
    rows = {row.entry: row.amount for row in both.rows}
    lines = {line.position: line.amount for line in both.lines}
    planted = sum(rows.get(entry or 0, 0) - lines.get(position or 0, 0) for _, entry, position in both.planted)
    assert sum(rows.values()) - sum(lines.values()) == planted
