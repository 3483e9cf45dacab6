"""The references by which payments at the settlement bank are known in messages: written into what asks for one, read in what
confirms it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

_ID_MAX = 35  # Max35Text
_CYCLE = re.compile(r"CYCLE-([1-9][0-9]{0,8})-([a-z]{2,8})")


class CyclePaymentNamed(NamedTuple):
    """A participant's pay-in or pay-out of a cycle: which of the two says the side it is booked on."""

    cycle: int
    participant: str


def end_to_end_of_cycle_payment(cycle: int, participant: str) -> str:
    """The end-to-end id of a participant's pay-in to, or pay-out of, a cycle: ``CYCLE-7-abb``."""
    return f"CYCLE-{cycle}-{participant}"


def end_to_end_of_withdrawal(reference: str) -> str:
    """The end-to-end id of a withdrawal, by its own reference; what stands for it where that is too long for a message."""
    text = f"WITHDRAWAL-{reference}"
    return text if len(text) <= _ID_MAX else sha256(text.encode()).hexdigest()[:_ID_MAX]


def read_cycle_payment(text: str) -> CyclePaymentNamed | None:
    """What an end-to-end id names; None where it names no cycle's payment."""
    found = _CYCLE.fullmatch(text)
    return None if found is None else CyclePaymentNamed(int(found[1]), found[2])
