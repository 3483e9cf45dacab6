"""Every line in exactly one class, whatever the lines are and in whatever order they come (I14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.classes import STAYS_OPEN, Circumstances, FoundBefore, Known
from reconciliation.lines import ExpectedLine, ReportedLine
from reconciliation.matching import match
from reconciliation.reconciling import classify
from tests.unit.reconciliation_examples import ACCOUNT, DAY, NEXT_DAY, adjusting, classified, expected, knowing, reported, uetr


def test_lines_with_the_same_reference_and_amount_are_matched() -> None:
    """The ordinary case: one line each, the same amount under the same UETR."""
    row, line = reported(1, -72000), expected(1, -72000)
    assert classified([row], [line]) == {("matched", row, line)}


def test_a_payout_and_its_returns_in_parts_match_line_by_line() -> None:
    """One UETR stands for several lines; each finds the one of its own amount."""
    rows = [reported(1, -72000, entry=1), reported(1, 20000, entry=2), reported(1, 52000, entry=3)]
    lines = [expected(1, 52000, position=9), expected(1, -72000, position=3), expected(1, 20000, position=7)]
    assert classified(rows, lines) == {
        ("matched", rows[0], lines[1]),
        ("matched", rows[1], lines[2]),
        ("matched", rows[2], lines[0]),
    }


def test_another_amount_of_the_same_sign_differs_and_one_of_the_other_sign_does_not() -> None:
    """A payout of another amount is one difference; a return is never taken for a wrong payout."""
    paid, returned = reported(1, -71000), reported(2, 5000, entry=2)
    booked, booked_too = expected(1, -72000), expected(2, -5000, position=2)
    assert classified([paid, returned], [booked, booked_too]) == {
        ("amount_differs", paid, booked),
        ("missing_in_ledger", returned, None),
        ("missing_in_statement", None, booked_too),
    }


def test_the_second_line_of_what_the_ledger_booked_once_is_a_duplicate() -> None:
    """The earlier one is matched, the later one is too many."""
    first, second, line = reported(1, -72000, entry=4), reported(1, -72000, entry=9), expected(1, -72000)
    assert classified([second, first], [line]) == {("matched", first, line), ("duplicate_in_statement", second, None)}


def test_a_line_the_ledger_booked_on_an_earlier_day_is_a_duplicate_too() -> None:
    """Its counterpart was matched in the statement before, so the ledger is asked what it booked."""
    row = reported(1, -72000)
    known = knowing({1: Known(state="paid", payout=-72000, booked=(-72000,))})
    assert classified([row], [], known) == {("duplicate_in_statement", row, None)}


def test_a_payout_of_a_silent_transfer_confirms_its_outcome() -> None:
    """The ledger flagged it unknown; the statement shows that it was paid."""
    row = reported(1, -72000)
    known = knowing({1: Known(state="accepted", unanswered=True, payout=-72000)})
    assert classified([row], [], known) == {("unknown_outcome_confirmed", row, None)}


@pytest.mark.parametrize(
    ("known", "line_class"),
    [
        (Known(), "missing_in_ledger"),
        (Known(state="accepted", payout=-72000), "missing_in_ledger"),
        (Known(state="accepted", unanswered=True, payout=-71000), "missing_in_ledger"),
        (Known(state="accepted", unanswered=True, payout=None), "missing_in_ledger"),
        (Known(state="refunded", payout=-72000), "paid_after_refund"),
        (Known(state="paid", payout=-72000, later=(-72000,)), "timing"),
        (Known(state="paid", payout=-72000, later=(-71000,)), "missing_in_ledger"),
    ],
)
def test_a_statement_line_alone_is_judged_by_what_the_ledger_knows(known: Known, line_class: str) -> None:
    """Its transfer may be unheard of, in flight, refunded, or booked on a later day."""
    row = reported(1, -72000)
    assert classified([row], [], knowing({1: known})) == {(line_class, row, None)}


def test_one_later_booking_excuses_one_line_only() -> None:
    """The ledger books it once tomorrow, the bank shows it twice today."""
    first, second = reported(1, -72000, entry=1), reported(1, -72000, entry=2)
    known = knowing({1: Known(state="paid", payout=-72000, later=(-72000,))})
    assert classified([first, second], [], known) == {("timing", first, None), ("duplicate_in_statement", second, None)}


def test_a_ledger_line_after_the_cut_off_is_timing_and_one_before_it_is_missing() -> None:
    """What was booked after the bank's cut-off has the next day's value date, and stands in the next statement."""
    late, missing = expected(1, -72000, value=NEXT_DAY), expected(2, -500, position=2)
    assert classified([], [late, missing]) == {("timing", None, late), ("missing_in_statement", None, missing)}


def test_a_line_the_bank_itself_took_back_is_no_difference() -> None:
    """Wrong booking, its reversal, right booking: only the right one concerns the ledger."""
    wrong, back = reported(1, -71000, entry=1), reported(1, 71000, entry=2, reversal=True)
    right, line = reported(1, -72000, entry=3), expected(1, -72000)
    assert classified([wrong, back, right], [line]) == {
        ("reversed_in_statement", wrong, None),
        ("reversed_in_statement", back, None),
        ("matched", right, line),
    }


def test_a_reversal_of_what_the_ledger_booked_is_missing_in_the_ledger() -> None:
    """The money came back and the ledger does not know."""
    row, back, line = reported(1, -72000, entry=1), reported(1, 72000, entry=2, reversal=True), expected(1, -72000)
    assert classified([row, back], [line]) == {("matched", row, line), ("missing_in_ledger", back, None)}


def test_any_reference_of_a_movement_finds_it() -> None:
    """A withdrawal is known by the participant's reference and by the settlement bank's own."""
    movement = ExpectedLine("corridor:settlement_bank:USD", 5, 0, "withdrawal_paid", uetr(8), uetr(9), -100, DAY, DAY, ("W-1", "BANK-77"))
    for references in (("W-1",), ("BANK-77",), ("E2E-5", "BANK-77"), ("BANK-77", "W-1")):
        row = ReportedLine("corridor:settlement_bank:USD", "S1", 1, 0, DAY, DAY, -100, references)
        assert classified([row], [movement]) == {("matched", row, movement)}


def test_lines_without_any_reference_never_meet() -> None:
    """Two charges of the same amount are two charges."""
    rows = [ReportedLine(ACCOUNT, "S1", entry, 0, DAY, DAY, -500, ()) for entry in (1, 2)]
    assert classified(rows, []) == {("missing_in_ledger", rows[0], None), ("missing_in_ledger", rows[1], None)}


# What earlier days left open


def _found(break_id: str, line_class: str, *lines: ReportedLine | ExpectedLine, resolved: bool = False) -> Circumstances:
    before = FoundBefore(break_id, line_class, resolved)  # type: ignore[arg-type]
    return Circumstances(DAY, found_before={line.id: before for line in lines})


def test_a_confirmed_outcome_is_matched_once_the_ledger_books_it() -> None:
    """Yesterday's statement line meets today's booking, and no new difference comes of it."""
    row, line = reported(1, -72000, statement="S0"), expected(1, -72000)
    assert classified([row], [line], _found("b1", "unknown_outcome_confirmed", row)) == {("matched", row, line)}


def test_a_difference_nobody_closed_keeps_its_class_and_break() -> None:
    """The ledger may know more by now, but the break was opened as what it was."""
    row = reported(1, -72000, statement="S0")
    before = FoundBefore("b1", "missing_in_ledger")
    known = Known(state="accepted", unanswered=True, payout=-72000)
    circumstances = Circumstances(DAY, lambda _row: known, {row.id: before})
    assert [(c.line_class, c.break_id) for c in match([row], [], circumstances)] == [("missing_in_ledger", "b1")]


def test_a_pair_of_other_amounts_stays_a_pair() -> None:
    """Line and booking found together yesterday are found together today."""
    row, line = reported(1, -71000, statement="S0"), expected(1, -72000)
    found = list(match([row], [line], _found("b1", "amount_differs", row, line)))
    assert [(c.line_class, c.reported, c.expected, c.break_id) for c in found] == [("amount_differs", row, line, "b1")]


def test_a_parked_difference_stays_in_sight_until_it_is_resolved() -> None:
    """Parked, the balances agree; resolved to where it belongs, nothing is left to look at."""
    row, parking = reported(1, -500, statement="S0"), adjusting(1, -500, "b1")
    assert classified([row], [parking], _found("b1", "missing_in_ledger", row)) == {
        ("missing_in_ledger", row, None),
        ("parked", None, parking),
    }
    assert classified([row], [parking], _found("b1", "missing_in_ledger", row, resolved=True)) == {
        ("adjusted", row, None),
        ("adjusted", None, parking),
    }


def test_a_parking_that_was_taken_back_leaves_nothing() -> None:
    """The payout was booked after all, so the parking was resolved back to the account it came from."""
    row, line = reported(1, -72000, statement="S0"), expected(1, -72000, position=50)
    parking, back = adjusting(1, -72000, "b1"), adjusting(1, 72000, "b1", position=901, kind="resolved")
    assert classified([row], [line, parking, back], _found("b1", "missing_in_ledger", row, resolved=True)) == {
        ("matched", row, line),
        ("adjusted", None, parking),
        ("adjusted", None, back),
    }


def test_a_parking_whose_line_was_matched_meanwhile_waits_to_be_taken_back() -> None:
    """Otherwise the account would be off by it and nobody would know why."""
    row, line, parking = reported(1, -72000, statement="S0"), expected(1, -72000, position=950), adjusting(1, -72000, "b1")
    assert classified([row], [line, parking], _found("b1", "missing_in_ledger", row)) == {
        ("matched", row, line),
        ("parked", None, parking),
    }


def test_a_correction_by_the_bank_closes_differences_that_officers_explained() -> None:
    """A wrong amount, and a day later the bank books the rest: both breaks are resolved without any booking, together they are zero."""
    row, line, rest = reported(1, -71000, statement="S0"), expected(1, -72000), reported(1, -1000, statement="S1")
    circumstances = Circumstances(
        DAY,
        found_before={
            row.id: FoundBefore("b1", "amount_differs", True),
            line.id: FoundBefore("b1", "amount_differs", True),
            rest.id: FoundBefore("b2", "missing_in_ledger", True),
        },
    )
    assert classified([row, rest], [line], circumstances) == {("adjusted", row, line), ("adjusted", rest, None)}


def test_a_parking_of_a_difference_in_the_balance_has_no_line_to_wait_for() -> None:
    """It is done with at once."""
    parking = adjusting(1, 300, "balance-differs-1")
    assert classified([], [parking], Circumstances(DAY, balance_breaks=frozenset({"balance-differs-1"}))) == {("adjusted", None, parking)}


# Properties

_NUMBERS = st.integers(min_value=1, max_value=4)
_AMOUNTS = st.sampled_from([-300, -200, -100, 100, 200, 300])
_DAYS = st.sampled_from([DAY, NEXT_DAY])


@st.composite
def _lines(draw: st.DrawFn) -> tuple[list[ReportedLine], list[ExpectedLine], Circumstances]:
    """Few references and few amounts, so that everything meets everything; some lines were found before, some adjust."""
    rows = [
        reported(draw(_NUMBERS), draw(_AMOUNTS), entry=entry, reversal=draw(st.booleans()), statement=draw(st.sampled_from(["S0", "S1"])))
        for entry in range(1, draw(st.integers(0, 8)) + 1)
    ]
    lines = [
        adjusting(draw(_NUMBERS), draw(_AMOUNTS), draw(st.sampled_from(["b1", "b2"])), position=position)
        if draw(st.integers(0, 4)) == 0
        else expected(draw(_NUMBERS), draw(_AMOUNTS), position=position, value=draw(_DAYS))
        for position in range(1, draw(st.integers(0, 8)) + 1)
    ]
    before = {}
    for line in (*rows, *lines):
        if line.id.source == "S0" and draw(st.booleans()):
            kind = draw(st.sampled_from(["missing_in_ledger", "amount_differs", "duplicate_in_statement"]))
            before[line.id] = FoundBefore(draw(st.sampled_from(["b1", "b2"])), kind, draw(st.booleans()))
    state, unanswered = draw(st.sampled_from(["", "accepted", "refunded"])), draw(st.booleans())
    booked, later = (tuple(draw(st.lists(_AMOUNTS, max_size=2))) for _ in range(2))
    known = Known(state, unanswered, draw(_AMOUNTS), booked, later)
    return rows, lines, Circumstances(DAY, lambda _row: known, before, frozenset(draw(st.sampled_from([(), ("b2",)]))))


@given(_lines())
def test_every_line_is_in_exactly_one_class(given_lines: tuple[list[ReportedLine], list[ExpectedLine], Circumstances]) -> None:
    """What goes in comes out, no line twice and none lost, on both sides (I14)."""
    rows, lines, circumstances = given_lines
    found = list(match(rows, lines, circumstances))
    assert Counter(one.reported for one in found if one.reported) == Counter(rows)
    assert Counter(one.expected for one in found if one.expected) == Counter(lines)


@given(_lines(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(
    given_lines: tuple[list[ReportedLine], list[ExpectedLine], Circumstances], random: object
) -> None:
    """The same lines shuffled give the same classes and the same pairs."""
    rows, lines, circumstances = given_lines
    shuffled_rows, shuffled_lines = list(rows), list(lines)
    random.shuffle(shuffled_rows)  # type: ignore[attr-defined]
    random.shuffle(shuffled_lines)  # type: ignore[attr-defined]
    assert Counter(match(rows, lines, circumstances)) == Counter(match(shuffled_rows, shuffled_lines, circumstances))


@given(_lines())
def test_what_is_done_with_balances_and_what_stays_open_is_the_difference(
    given_lines: tuple[list[ReportedLine], list[ExpectedLine], Circumstances],
) -> None:
    """Statement less ledger is what the open classes come to: the closed ones add nothing, but for parked differences in the balance."""
    rows, lines, circumstances = given_lines
    found = list(match(rows, lines, circumstances))
    of_balance = sum(one.difference for one in found if one.line_class == "adjusted" and one.break_id in circumstances.balance_breaks)
    still_open = sum(one.difference for one in found if one.line_class in STAYS_OPEN)
    assert sum(row.amount for row in rows) - sum(line.amount for line in lines) == still_open + of_balance


class _LookedUp:
    """Knowledge that has to be looked up before it is asked for."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.asked: set[tuple[str, ...]] = set()

    def look_up(self, rows: Iterable[ReportedLine]) -> None:
        self.asked |= {row.references for row in rows}

    def __call__(self, row: ReportedLine) -> Known:
        assert row.references in self.asked
        return self.known


@given(_lines())
def test_looking_everything_up_at_once_changes_nothing(given_lines: tuple[list[ReportedLine], list[ExpectedLine], Circumstances]) -> None:
    """The same classes as when each line is asked about by itself, and nothing is asked that was not looked up."""
    rows, lines, circumstances = given_lines
    told = _LookedUp(circumstances.known(reported(1, -100)))
    together = Counter(classify(rows, lines, replace(circumstances, known=told), told))  # type: ignore[arg-type]
    assert together == Counter(match(rows, lines, circumstances))
    assert all(one.reported.references in told.asked for one in together if one.reported and one.line_class != "matched")
