"""Compliance cases: who said what, and what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ledger.errors import CaseUnknown
from ledger.projections.snapshot import Snapshot


class CaseRow(NamedTuple):
    """One case of `kind` "hold" or "freeze". `opinions` maps officers to "clear" or "reject"; `outcome` is None while it is open."""

    case: str
    kind: str
    uetr: UUID
    opinions: dict[str, str]
    outcome: str | None
    officers: list[str] | None
    opened_at: datetime
    decided_at: datetime | None
    position: int
    last_position: int
    stream: UUID


def cases(at: Snapshot, *, only_open: bool = False, after: int = 0, size: int = 100) -> list[CaseRow]:
    """At most `size` cases in log order after position `after`."""
    return [CaseRow(*row) for row in at.rows("cases", only_open=only_open, after=after, size=size)]


def case(at: Snapshot, name: str) -> CaseRow:
    """One case. Raises CaseUnknown."""
    rows = at.rows("case", case=name)
    if not rows:
        raise CaseUnknown(f"There is no case {name!r}.", field="case", value=name, way_out="List the open cases.")
    return CaseRow(*rows[0])
