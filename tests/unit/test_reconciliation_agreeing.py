"""Pairs that agree are found in columns: only those that are alone with each other, the same in every bit and of the same amount."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.agreeing import agreeing
from reconciliation.expected_columns import ExpectedColumns
from reconciliation.packed import exact_sum, key_halves, key_texts, pack
from tests.unit.reconciliation_examples import reported, uetr


def expected_of(lines: list[tuple[UUID, int, bool]]) -> ExpectedColumns:
    """Lines of the ledger: what each belongs to, its amount, and whether it is a transfer's own."""
    number = len(lines)
    return ExpectedColumns(
        keys=key_halves([str(key) for key, _, _ in lines]),
        amounts=np.array([amount for _, amount, _ in lines], np.int64),
        days=np.zeros(number, np.int32),
        positions=np.arange(number),
        own=np.array([own for _, _, own in lines], np.bool_),
    )


def test_only_pairs_alone_with_each_other_agree() -> None:
    """Other amounts, a second line on either side, a line that is no transfer's and one outside the window are all left to be judged."""
    rows = pack([reported(n, -100, entry=entry) for entry, n in enumerate([1, 2, 3, 3, 4, 5, 6, 8], start=1)])
    ours = expected_of(
        [
            (uetr(1), -100, True),
            (uetr(2), -101, True),
            (uetr(3), -100, True),
            (uetr(4), -100, True),
            (uetr(4), -100, True),
            (uetr(5), -100, False),
            (uetr(7), -100, True),
            (uetr(8), -100, True),
        ]
    )
    found = agreeing(rows, ours, np.arange(7))
    assert (found.theirs.tolist(), found.ours.tolist()) == ([0], [0])
    assert (found.their_others.tolist(), found.our_others.tolist()) == ([1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6])


def test_keys_that_share_a_half_are_never_taken_for_each_other() -> None:
    """Nor is one of them said to agree while the other is there: whoever could choose such keys gains nothing."""
    key = uetr(1)
    twin = UUID(int=key.int ^ 1)
    rows = pack([reported(1, -100)])
    for ours in ([(twin, -100, True)], [(key, -100, True), (twin, -100, True)]):
        found = agreeing(rows, expected_of(ours), np.arange(len(ours)))
        assert (found.theirs.tolist(), found.their_others.tolist(), found.our_others.tolist()) == ([], [0], list(range(len(ours))))


def test_a_key_that_stands_in_a_further_reference_is_left_to_be_judged() -> None:
    """The matcher may bring that other line to it."""
    row, other = reported(1, -100), reported(2, -5, entry=2)
    rows = pack([row, other._replace(references=("E2", str(uetr(1))))])
    found = agreeing(rows, expected_of([(uetr(1), -100, True)]), np.arange(1))
    assert (found.theirs.tolist(), found.their_others.tolist(), found.our_others.tolist()) == ([], [0], [0])


def test_nothing_agrees_with_nothing() -> None:
    """Neither side has a line."""
    found = agreeing(pack([]), expected_of([]), np.arange(0))
    assert [len(part) for part in found] == [0, 0, 0, 0, 0]


@given(st.lists(st.integers(-(10**18), 10**18)))
def test_sums_are_exact_beyond_what_a_column_holds(amounts: list[int]) -> None:
    """Amounts have up to eighteen digits, so that ten of them come to more than 64 bits."""
    assert exact_sum(np.array(amounts, np.int64)) == sum(amounts)


@given(st.lists(st.uuids()))
def test_keys_come_out_of_their_halves_as_they_went_in(keys: list[UUID]) -> None:
    """Every bit of them."""
    assert key_texts(key_halves(map(str, keys))) == [str(key) for key in keys]
