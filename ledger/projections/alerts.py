"""Accounts that stand below their floor, on which new fundings stop (I12)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ledger.projections.snapshot import Snapshot


class Alert(NamedTuple):
    """An account went below its floor at `raised_boundary` with this `floor` and `balance` (minor units of `currency`, normal side);
    it is open until `ended_boundary`."""

    account: str
    currency: str
    floor: int
    balance: int
    raised_at: datetime
    raised_boundary: int
    ended_at: datetime | None
    ended_boundary: int | None


def alerts(at: Snapshot, *, only_open: bool = True) -> list[Alert]:
    """Alerts in the order they were raised."""
    return [Alert(*row) for row in at.rows("alerts", only_open=only_open)]
