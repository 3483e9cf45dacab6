"""Settlement cycles: closing, and the payments the settlement bank confirms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.parts import AmountText, CommandBody, Currency, Decided, Money, Participant, Reference, Taken, with_example
from api.schemas.transfers import DECIDED
from ledger.projections.cycles import Cycle, CyclePayment

PAYMENT: dict[str, Any] = {
    "direction": "pay_in",
    "participant": "abb",
    "money": {"amount": "12500.00", "currency": "USD"},
    "bank_reference": "CITI-20260328-045",
    "confirmed_at": "2026-03-28T14:00:00Z",
}
CYCLE: dict[str, Any] = {
    "cycle": 3,
    "state": "closed",
    "from_boundary": 800,
    "to_boundary": 1207,
    "positions": {"abb": {"amount": "-12500.00", "currency": "USD"}, "psbc": {"amount": "12750.00", "currency": "USD"}},
    "pay_ins": {"abb": {"amount": "12500.00", "currency": "USD"}},
    "pay_outs": {"psbc": {"amount": "12750.00", "currency": "USD"}},
    "due_in": {},
    "due_out": {"psbc": {"amount": "12750.00", "currency": "USD"}},
    "payments": [PAYMENT],
    "closed_at": "2026-03-27T17:00:00Z",
}


class CycleClosed(Decided):
    """A closed cycle: who is to pay in, who is paid out, by the positions at ``boundary``."""

    model_config = with_example(
        {
            **DECIDED,
            "cycle": 3,
            "boundary": 1207,
            "pay_ins": {"abb": {"amount": "12500.00", "currency": "USD"}},
            "pay_outs": {"psbc": {"amount": "12750.00", "currency": "USD"}},
        }
    )

    cycle: int
    boundary: int = Field(description="The end of the commit before the closing one.")
    pay_ins: dict[str, Money]
    pay_outs: dict[str, Money]


class CyclePaymentBody(CommandBody):
    """A payment of the cycle that arrived at or left the settlement bank, whole."""

    model_config = with_example({"participant": "abb", "amount": "12500.00", "currency": "USD", "bank_reference": "CITI-20260328-045"})

    participant: Participant
    amount: AmountText
    currency: Currency = Field(description="The settlement currency.")
    bank_reference: Reference


class CyclePaymentConfirmed(Decided):
    """``settled`` once every payment of the cycle is confirmed."""

    model_config = with_example({**DECIDED, "cycle": 3, "settled": False})

    cycle: int
    settled: bool


class CyclePaymentView(BaseModel):
    """A payment of a cycle that the settlement bank confirmed."""

    model_config = with_example(PAYMENT)

    direction: Literal["pay_in", "pay_out"]
    participant: str
    money: Money
    bank_reference: str
    confirmed_at: datetime

    @classmethod
    def of(cls, p: CyclePayment) -> CyclePaymentView:
        """From minor units."""
        return cls(
            direction=p.direction,
            participant=p.participant,
            money=Money.of(p.amount, p.currency),
            bank_reference=p.bank_reference,
            confirmed_at=p.confirmed_at,
        )


class CycleView(BaseModel):
    """The interval of the log from ``from_boundary`` (exclusive) to ``to_boundary``, netted; ``due`` is what is not confirmed yet."""

    model_config = with_example(CYCLE)

    cycle: int
    state: Literal["closed", "settled"]
    from_boundary: int
    to_boundary: int
    positions: dict[str, Money]
    pay_ins: dict[str, Money]
    pay_outs: dict[str, Money]
    due_in: dict[str, Money]
    due_out: dict[str, Money]
    payments: list[CyclePaymentView]
    closed_at: datetime
    settled_at: datetime | None = None

    @classmethod
    def of(cls, c: Cycle) -> CycleView:
        """From minor units."""
        return cls(
            cycle=c.number,
            state=c.state,
            from_boundary=c.from_boundary,
            to_boundary=c.to_boundary,
            positions=money_by_participant(c.positions, c.currency),
            pay_ins=money_by_participant(c.pay_ins, c.currency),
            pay_outs=money_by_participant(c.pay_outs, c.currency),
            due_in=money_by_participant(c.due("pay_in"), c.currency),
            due_out=money_by_participant(c.due("pay_out"), c.currency),
            payments=[CyclePaymentView.of(payment) for payment in c.payments],
            closed_at=c.closed_at,
            settled_at=c.settled_at,
        )


class CycleShown(Taken, CycleView):
    """One cycle, and the boundary it was read at."""

    model_config = with_example({"position": 1230, **CYCLE})


class CyclePage(Taken):
    """Cycles in their order."""

    model_config = with_example({"position": 1230, "cycles": [CYCLE], "next": "3-0"})

    cycles: list[CycleView]
    next: str | None = Field(default=None, description="The cursor of the page that follows; absent on the last one.")


def money_by_participant(amounts: Mapping[str, int], currency: str) -> dict[str, Money]:
    """Minor units of one currency as money, by participant."""
    return {participant: Money.of(amount, currency) for participant, amount in sorted(amounts.items())}
