"""Money that the settlement bank or a participant's own treasury reports, each known by the bank's reference."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas.parts import AmountText, CommandBody, Currency, Decided, Participant, Reference, with_example
from api.schemas.transfers import DECIDED


class MovementBody(CommandBody):
    """An amount under the bank's own reference; reported twice with the same data it changes nothing the second time."""

    model_config = with_example({"participant": "abb", "amount": "50000.00", "currency": "USD", "reference": "CITI-20260327-001"})

    participant: Participant
    amount: AmountText
    currency: Currency
    reference: Reference


class CashMovementBody(MovementBody):
    """Float brought or taken, cover bought or sold, fees taken out of the corridor's cash account."""

    model_config = with_example(
        {"kind": "float_in", "participant": "abb", "amount": "500000.00", "currency": "MAD", "reference": "ABB-TRE-118"}
    )

    kind: Literal["float_in", "float_out", "cover_spent", "cover_received", "fees_taken"]


class MovementBooked(Decided):
    """``changed`` is false when the very same movement was booked before."""

    model_config = with_example({**DECIDED, "reference": "CITI-20260327-001", "changed": True})

    reference: str
    changed: bool


class ConfirmationBody(CommandBody):
    """The settlement bank confirms under a reference of its own."""

    model_config = with_example({"bank_reference": "CITI-20260328-044"})

    bank_reference: Reference = Field(description="The settlement bank's own reference of the payment.")
