"""Breaks of reconciliation: parked and resolved by two officers each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from api.schemas.parts import CommandBody, Decided, Money, Taken, with_example
from api.schemas.transfers import DECIDED
from ledger.projections.breaks import BreakRow

AccountName = Annotated[
    str,
    StringConstraints(pattern="^[a-z]{2,8}:[a-z_]{1,20}:[A-Z]{3}$"),
    Field(description="owner:kind:currency", examples=["abb:cash:MAD"]),
]
BREAK = "missing-in-ledger-5f0c1d2e3a4b5c6d"
SHOWN: dict[str, Any] = {
    "break_id": BREAK,
    "kind": "missing_in_ledger",
    "account": "abb:cash:MAD",
    "side": "credit",
    "difference": {"amount": "35.00", "currency": "MAD"},
    "state": "open",
    "statement": "ABB-2026-03-27",
    "reference": "CHG-88",
    "business_date": "2026-03-27",
    "age_days": 1,
    "found_at": "2026-03-27T23:00:00Z",
}


class ResolveBody(CommandBody):
    """A resolution; another officer confirms it by sending the same account."""

    model_config = with_example({"to_account": "abb:fees:MAD", "explanation": "Account keeping charge of March."})

    to_account: AccountName | None = Field(
        default=None, description="Where a parked difference belongs; left out for a break that was never parked."
    )
    explanation: str = Field(min_length=1, max_length=200, description="Why. It is kept in the log for good: nothing personal.")


class BreakParked(Decided):
    """``parked`` once a second officer confirmed."""

    model_config = with_example({**DECIDED, "break_id": BREAK, "parked": False})

    break_id: str
    parked: bool


class BreakResolved(Decided):
    """``resolved`` once a second officer confirmed."""

    model_config = with_example({**DECIDED, "break_id": BREAK, "resolved": True})

    break_id: str
    resolved: bool


class BreakView(BaseModel):
    """A difference between a bank's statement and the ledger. ``proposal`` waits for a second officer."""

    model_config = with_example(SHOWN)

    break_id: str
    kind: str = Field(description="The class of the difference.")
    account: str
    side: Literal["debit", "credit"] | None = Field(default=None, description="Which side of the account the statement has more of.")
    difference: Money
    state: Literal["open", "parked", "resolved"]
    statement: str
    reference: str
    business_date: date
    age_days: int
    proposal: Literal["park", "resolve"] | None = None
    proposed_by: str | None = None
    parked_by: list[str] | None = None
    resolved_by: list[str] | None = None
    to_account: str | None = None
    explanation: str | None = None
    found_at: datetime
    parked_at: datetime | None = None
    resolved_at: datetime | None = None

    @classmethod
    def of(cls, row: BreakRow, now: datetime) -> BreakView:
        """From a signed difference, debit positive."""
        return cls(
            **{name: getattr(row, name) for name in _KEPT},
            kind=row.break_class,
            side=None if row.difference == 0 else "debit" if row.difference > 0 else "credit",
            difference=Money.of(abs(row.difference), row.currency),
            age_days=row.age(now).days,
            to_account=row.to_account or None,
        )


_KEPT = (
    "break_id", "account", "state", "statement", "reference", "business_date", "proposal", "proposed_by", "parked_by", "resolved_by",
    "explanation", "found_at", "parked_at", "resolved_at",
)  # fmt: skip


class BreakShown(Taken, BreakView):
    """One break, and the boundary it was read at."""

    model_config = with_example({"position": 1208, **SHOWN})


class BreakPage(Taken):
    """Breaks in the order in which they were found."""

    model_config = with_example({"position": 1208, "breaks": [SHOWN], "next": "1190-0"})

    breaks: list[BreakView]
    next: str | None = Field(default=None, description="The cursor of the page that follows; absent on the last one.")
