"""Reconciliation breaks: what was found, how old it is, who proposed and who decided."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from ledger.errors import BreakUnknown
from ledger.projections.snapshot import Snapshot


class BreakRow(NamedTuple):
    """One break, `state` "open", "parked" or "resolved". `difference` is what the statement has more than the ledger, debit positive on
    `account`, in minor units of `currency`. `proposal` ("park" or "resolve") by `proposed_by` waits for a second officer."""

    break_id: str
    break_class: str
    account: str
    currency: str
    difference: int
    state: str
    statement: str
    reference: str
    business_date: date
    proposal: str | None
    proposed_by: str | None
    parked_by: list[str] | None
    resolved_by: list[str] | None
    to_account: str | None
    explanation: str | None
    found_at: datetime
    parked_at: datetime | None
    resolved_at: datetime | None
    position: int
    last_position: int
    stream: UUID

    def age(self, now: datetime) -> timedelta:
        """How long it has been open, or was until it was resolved."""
        return (self.resolved_at or now) - self.found_at


def breaks(at: Snapshot, *, only_open: bool = False, after: int = 0, size: int = 100) -> list[BreakRow]:
    """At most `size` breaks in log order after position `after`; open means not resolved."""
    return [BreakRow(*row) for row in at.rows("breaks", only_open=only_open, after=after, size=size)]


def reconciliation_break(at: Snapshot, break_id: str) -> BreakRow:
    """One break. Raises BreakUnknown."""
    rows = at.rows("break", break_id=break_id)
    if not rows:
        raise BreakUnknown(f"There is no break {break_id!r}.", field="break", value=break_id, way_out="List the open breaks.")
    return BreakRow(*rows[0])
