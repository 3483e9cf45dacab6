"""A UUID that is there twice is noticed among very many, in little memory."""

from __future__ import annotations

from itertools import count
from uuid import UUID, uuid5

from ledger.verify.repeated import Repeated

NAMES = UUID(int=11)


def test_uuids_that_differ_are_not_repeated() -> None:
    """Each heap is looked at, and somebody may rest after each."""
    repeated, rests = Repeated(), count()
    for number in range(1_000):
        repeated.add(uuid5(NAMES, str(number)))
    assert (repeated.any(lambda: next(rests)), next(rests)) == (False, 64)


def test_one_that_was_added_twice_is_noticed() -> None:
    """However far apart the two came."""
    repeated = Repeated()
    for number in [*range(1_000), 3]:
        repeated.add(uuid5(NAMES, str(number)))
    assert repeated.any(lambda: None) is True
