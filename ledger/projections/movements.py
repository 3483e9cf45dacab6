"""Prefunds, withdrawals, charges and treasury reports, each known by the bank's reference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ledger.errors import MovementUnknown
from ledger.projections.snapshot import Snapshot

_PAGE = 500


class MovementRow(NamedTuple):
    """One movement. `kind` is that of its entry ("prefund", "withdrawal", "settlement_charge", "float_in" …); `state` is "booked", for a
    withdrawal "requested", then "paid", and "announced" for a pay-in that is only expected, on `expected_on`, and has no entry. `amount` in
    minor units of `currency`. `stream` is the reference of its lines."""

    reference: str
    kind: str
    participant: str
    currency: str
    amount: int
    state: str
    bank_reference: str | None
    reported_at: datetime
    paid_at: datetime | None
    position: int
    stream: UUID
    expected_on: date | None = None


def movements(at: Snapshot, *, participant: str | None = None, after: int = 0, size: int = 100) -> list[MovementRow]:
    """At most `size` movements in log order after position `after`."""
    return [MovementRow(*row) for row in at.rows("movements", participant=participant, after=after, size=size)]


def withdrawals(at: Snapshot, *, after: int = 0) -> Iterator[MovementRow]:
    """Every withdrawal after a log position, in log order."""
    while page := movements(at, after=after, size=_PAGE):
        yield from (row for row in page if row.kind == "withdrawal")
        after = page[-1].position


def movement(at: Snapshot, reference: str) -> MovementRow:
    """One movement. Raises MovementUnknown."""
    rows = at.rows("movement", reference=reference)
    if not rows:
        raise MovementUnknown(
            f"There is no movement {reference!r}.", field="reference", value=reference, way_out="Name the reference it was booked under."
        )
    return MovementRow(*rows[0])
