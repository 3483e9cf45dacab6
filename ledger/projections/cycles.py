"""Settlement cycles and their payments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from ledger.errors import CycleUnknown
from ledger.projections.snapshot import Snapshot


class CyclePayment(NamedTuple):
    """A pay-in or pay-out that the settlement bank confirmed; `amount` in minor units of `currency`."""

    cycle: int
    direction: str
    participant: str
    currency: str
    amount: int
    bank_reference: str
    confirmed_at: datetime
    position: int


class Cycle(NamedTuple):
    """One cycle, `state` "closed" or "settled". `positions`, `pay_ins` and `pay_outs` are minor units of `currency` by participant."""

    number: int
    state: str
    currency: str
    from_boundary: int
    to_boundary: int
    positions: dict[str, int]
    pay_ins: dict[str, int]
    pay_outs: dict[str, int]
    closed_at: datetime
    settled_at: datetime | None
    first_position: int
    last_position: int
    payments: tuple[CyclePayment, ...]

    def due(self, direction: str) -> dict[str, int]:
        """What of its "pay_in" or "pay_out" side is not confirmed yet, by participant."""
        confirmed = {payment.participant for payment in self.payments if payment.direction == direction}
        side = self.pay_ins if direction == "pay_in" else self.pay_outs
        return {participant: amount for participant, amount in side.items() if participant not in confirmed}


def cycles(at: Snapshot, *, after: int = 0, size: int = 100) -> list[Cycle]:
    """At most `size` cycles after number `after`."""
    return _with_payments(at, at.rows("cycles", after=after, size=size))


def cycle(at: Snapshot, number: int) -> Cycle:
    """One cycle. Raises CycleUnknown."""
    found = _with_payments(at, at.rows("cycle", number=number))
    if not found:
        raise CycleUnknown(f"There is no cycle {number}.", field="cycle", value=number, way_out="List the corridor's cycles.")
    return found[0]


def _with_payments(at: Snapshot, rows: Iterable[tuple[Any, ...]]) -> list[Cycle]:
    found = list(rows)
    payments: defaultdict[int, list[CyclePayment]] = defaultdict(list)
    for row in at.rows("cycle_payments", numbers=[number for number, *_ in found]):
        payments[row[0]].append(CyclePayment(*row))
    return [Cycle._make((*row, tuple(payments[row[0]]))) for row in found]
