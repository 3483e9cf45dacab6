"""Which lines agree: one on each side under a key, of the same amount, and the key stands nowhere else. Pure, and on whole columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reconciliation.expected_columns import ExpectedColumns
from reconciliation.packed import Halves, PackedLines

Places = NDArray[np.intp]


class Agreeing(NamedTuple):
    """Places of lines: those that agree, pair by pair, and all others of either side that have a key. ``halves`` are the first halves of
    all keys, in order."""

    halves: Halves
    theirs: Places
    ours: Places
    their_others: Places
    our_others: Places


def agreeing(reported: PackedLines, expected: ExpectedColumns, within: Places) -> Agreeing:
    """Which lines of a statement agree with which of the ledger's at some places.

    Lines are brought together by the first half of their key, 64 bits: where keys that differ meet there, none of them is said to agree.
    """
    theirs = np.flatnonzero(reported.has_key)
    halves = np.concatenate((reported.keys[theirs, 0], expected.keys[within, 0]))
    order = np.argsort(halves)
    ordered = halves[order]
    differs = np.concatenate(([True], ordered[1:] != ordered[:-1], [True]))
    # Two neighbours that are alone with each other: the first differs from what is before, the second from what comes after.
    first = np.flatnonzero(differs[:-2] & ~differs[1:-1] & differs[2:])
    low, high = np.minimum(order[first], order[first + 1]), np.maximum(order[first], order[first + 1])
    one_each = (low < len(theirs)) & (high >= len(theirs))
    row, line = theirs[low[one_each]], within[high[one_each] - len(theirs)]
    agree = (
        (reported.keys[row, 1] == expected.keys[line, 1])
        & (reported.amounts[row] == expected.amounts[line])
        & expected.own[line]
        & ~among(reported.keys[row, 0], reported.elsewhere)
    )
    row, line = row[agree], line[agree]
    return Agreeing(ordered, row, line, _without(theirs, row, len(reported.amounts)), _without(within, line, len(expected.amounts)))


def among(values: Halves, ordered: Halves) -> NDArray[np.bool_]:
    """Which values are among some that are in order."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    found = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return np.asarray(found)


def _without(places: Places, some: Places, number: int) -> Places:
    left = np.ones(number, np.bool_)
    left[some] = False
    return places[left[places]]
