"""A difference becomes one break, known by what differs; the sentence beside it says what to do."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from pydantic_core import from_json, to_json

from ledger.commands import BREAKS_AT_ONCE, FoundBreak, RecordBreaks
from ledger.domain.break_events import BreakClass
from reconciliation.breaks import Difference, balance_difference, break_id_of, difference_of, record_breaks
from reconciliation.carried import OpenLine
from reconciliation.classes import BREAK_CLASSES, Classified
from reconciliation.next_steps import next_step
from tests.unit.reconciliation_examples import ACCOUNT, DAY, NEXT_DAY, adjusting, expected, reported, uetr

ROW, LINE = reported(1, -71_000, entry=7), expected(1, -72_000, position=42)
PAIR = Classified("amount_differs", str(uetr(1)), ROW, LINE)


def test_every_class_that_makes_a_break_is_one_the_ledger_can_record() -> None:
    """The ledger knows one class more: the balance, which no line explains."""
    assert BREAK_CLASSES | {"balance_differs"} == set(get_args(BreakClass))


def found_break(difference: Difference) -> FoundBreak:
    """What the command says of the pair."""
    return FoundBreak(
        break_id="amount-differs-27a73628bcba88bd",
        break_class="amount_differs",
        account=ACCOUNT,
        difference=1_000,
        statement=difference.statement,
        reference=str(uetr(1)),
        business_date=difference.found_on,
    )


def test_differences_become_commands_of_the_night_job() -> None:
    """One a statement, of what the statement has more than the ledger, debit positive; the key holds all that is said."""
    found, other = difference_of(PAIR, "S1", DAY), difference_of(PAIR, "S2", NEXT_DAY)
    assert found is not None
    assert other is not None
    first, second = record_breaks("abb-psbc", [found, found, other])
    assert first == RecordBreaks(
        corridor="abb-psbc",
        actor="system:nightly",
        idempotency_key="breaks/979f90407c4781126ea2135dd941cdc8db038c85607d23919247b9e21288b306",
        cause="statement:S1",
        found=(found_break(found), found_break(found)),
    )
    assert (second.cause, second.found) == ("statement:S2", (found_break(other),))


def test_no_command_holds_more_than_its_share() -> None:
    """A statement with many differences takes several commands, each with a key of its own."""
    found = difference_of(PAIR, "S1", DAY)
    assert found is not None
    commands = list(record_breaks("abb-psbc", [found._replace(break_id=str(n)) for n in range(BREAKS_AT_ONCE + 1)]))
    assert [len(command.found) for command in commands] == [BREAKS_AT_ONCE, 1]
    assert len({command.idempotency_key for command in commands}) == 2


def test_the_id_hangs_on_class_and_lines_alone() -> None:
    """The statement it was found with, the day and the amount do not change it; the class and each line do."""
    other_day = difference_of(PAIR, "S2", NEXT_DAY)
    assert other_day is not None
    assert other_day.break_id == break_id_of(PAIR)
    others = [
        PAIR._replace(line_class="missing_in_ledger"),
        PAIR._replace(reported=reported(1, -71_000, entry=8)),
        PAIR._replace(expected=expected(1, -72_000, position=43)),
        PAIR._replace(expected=None),
    ]
    assert len({break_id_of(one) for one in (PAIR, *others)}) == 5


def test_the_key_hangs_on_all_that_is_said() -> None:
    """The same break told with another date is another request under the same id, never a reused key."""
    first, second = difference_of(PAIR, "S1", DAY), difference_of(PAIR, "S1", NEXT_DAY)
    assert first is not None
    assert second is not None
    keys = {command.idempotency_key for one in (first, first, second) for command in record_breaks("abb-psbc", [one])}
    assert len(keys) == 2


def test_a_payout_after_a_refund_has_the_id_the_ledger_keeps_it_under() -> None:
    """Whether the message or the statement comes first, it is one break."""
    found = Classified("paid_after_refund", str(uetr(1)), ROW, None)
    assert break_id_of(found) == f"paid-after-refund-{uetr(1)}"


def test_matched_lines_are_no_difference() -> None:
    """Nor is timing, nor what officers closed."""
    assert [difference_of(PAIR._replace(line_class=name), "S1", DAY) for name in ("matched", "timing", "adjusted", "parked")] == [None] * 4


@pytest.mark.parametrize("break_class", get_args(BreakClass))
def test_every_class_says_what_to_do_next_in_one_sentence(break_class: BreakClass) -> None:
    """It names the bank and ends."""
    found = balance_difference(ACCOUNT, "S1", 5, DAY)._replace(break_class=break_class)
    sentence = next_step(found, "Postal Savings Bank of China")
    assert "Postal Savings Bank of China" in sentence
    assert sentence.endswith(".")


def test_an_unexplained_line_of_a_transfer_in_flight_is_asked_about() -> None:
    """The ledger knows the transfer, only not that it moved."""
    found = balance_difference(ACCOUNT, "S1", 5, DAY)._replace(break_class="missing_in_ledger", state="accepted")
    assert next_step(found, "PSBC") == (
        "The transfer is accepted here: ask PSBC what became of it and record the answer; the next night matches it."
    )


@pytest.mark.parametrize(
    "kept",
    [
        OpenLine("amount_differs", "k", ROW, LINE, "b1", "S1", DAY),
        OpenLine("timing", "k", None, expected(2, 5, value=NEXT_DAY), "", "S1", DAY),
        OpenLine("parked", "k", None, adjusting(3, -5, "b2"), "b2", "S1", date(2026, 4, 1)),
        OpenLine("missing_in_ledger", "k", ROW._replace(references=(), reversal=True, kind="FEE"), None, "b3", "S1", DAY),
    ],
)
def test_an_open_line_comes_out_of_the_archive_as_it_went_in(kept: OpenLine) -> None:
    """Through JSON and back, every field with its type."""
    assert OpenLine.from_json(from_json(to_json(kept.as_json()))) == kept


def test_the_lines_of_a_camt_and_of_the_ledger_never_share_an_id() -> None:
    """A ledger line has no statement."""
    assert (ROW.id.source, LINE.id.source) == ("S1", "")
