"""Movements as they are read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from api.schemas.parts import Money, Taken, with_example
from ledger.projections.movements import MovementRow

MOVEMENT: dict[str, Any] = {
    "reference": "CITI-20260327-001",
    "kind": "prefund",
    "participant": "abb",
    "money": {"amount": "50000.00", "currency": "USD"},
    "state": "booked",
    "reported_at": "2026-03-27T08:00:00Z",
    "booked_position": 28,
}


class MovementView(BaseModel):
    """One movement: ``booked``, for a withdrawal ``requested`` and then ``paid``; or a pay-in that is ``announced``, and books nothing."""

    model_config = with_example(MOVEMENT)

    reference: str
    kind: str
    participant: str
    money: Money
    state: str
    bank_reference: str | None = None
    reported_at: datetime
    paid_at: datetime | None = None
    expected_on: date | None = Field(default=None, description="For a pay-in that is announced: the day on which it is expected.")
    booked_position: int = Field(description="Where it stands in the log.")

    @classmethod
    def of(cls, m: MovementRow) -> MovementView:
        """From minor units."""
        return cls(
            reference=m.reference,
            kind=m.kind,
            participant=m.participant,
            money=Money.of(m.amount, m.currency),
            state=m.state,
            bank_reference=m.bank_reference,
            reported_at=m.reported_at,
            paid_at=m.paid_at,
            expected_on=m.expected_on,
            booked_position=m.position,
        )


class MovementPage(Taken):
    """Movements in log order."""

    model_config = with_example({"position": 1208, "movements": [MOVEMENT], "next": "28-0"})

    movements: list[MovementView]
    next: str | None = Field(default=None, description="The cursor of the page that follows; absent on the last one.")
