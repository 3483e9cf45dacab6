"""Quotes: a locked chain of two rates with fees and an expiry."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import AmountText, Cause, ChargeBearer, Currency, Decided, Money, Participant, Taken, with_example
from ledger.domain.pricing import Pricing

QUOTE = "5c9f3f5e-1a4e-5d0b-8f5c-2f0a6e0c7d11"
PRICED: dict[str, Any] = {
    "debtor_agent": "abb",
    "creditor_agent": "psbc",
    "instructed": {"amount": "1000.00", "currency": "MAD"},
    "fee": {"amount": "25.00", "currency": "MAD"},
    "settlement": {"amount": "107.31", "currency": "USD"},
    "remuneration": {"amount": "1.00", "currency": "USD"},
    "payout": {"amount": "740.52", "currency": "CNY"},
    "creditor_fee": {"amount": "0.00", "currency": "CNY"},
    "paid_to_creditor": {"amount": "740.52", "currency": "CNY"},
    "debtor_rate": "9.3189",
    "creditor_rate": "6.9008",
    "debtor_sheet": "2026-03-27",
    "creditor_sheet": "2026-03-27",
    "rounding": "half_even",
    "valid_until": "2026-03-27T09:15:00Z",
}


class QuoteBody(BaseModel):
    """What a transfer of this amount would cost and become. The caller is the debtor agent."""

    model_config = with_example({"creditor_agent": "psbc", "amount": "1000.00", "currency": "MAD", "charge_bearer": "DEBT"})

    creditor_agent: Participant
    amount: AmountText
    currency: Currency = Field(description="The debtor agent's own currency.")
    charge_bearer: ChargeBearer = "DEBT"
    cause: Cause = ""


class Priced(BaseModel):
    """Every amount of a transfer, each in its own currency. Rates are the price of one unit of the settlement currency."""

    model_config = with_example(PRICED)

    debtor_agent: str
    creditor_agent: str
    instructed: Money = Field(description="What the debtor sends; the fee comes on top.")
    fee: Money
    settlement: Money = Field(description="What the banks owe each other for it.")
    remuneration: Money = Field(description="What the paying bank earns.")
    payout: Money = Field(description="What arrives, before the creditor's own fee.")
    creditor_fee: Money
    paid_to_creditor: Money
    debtor_rate: Decimal
    creditor_rate: Decimal
    debtor_sheet: str
    creditor_sheet: str
    rounding: str
    valid_until: datetime

    @classmethod
    def of(cls, p: Pricing) -> Priced:
        """From the ledger's pricing, in minor units."""
        return cls(
            debtor_agent=p.debtor_agent,
            creditor_agent=p.creditor_agent,
            instructed=Money.of(p.instructed, p.debtor_currency),
            fee=Money.of(p.fee, p.debtor_currency),
            settlement=Money.of(p.settlement, p.settlement_currency),
            remuneration=Money.of(p.remuneration, p.settlement_currency),
            payout=Money.of(p.payout, p.creditor_currency),
            creditor_fee=Money.of(p.creditor_fee, p.creditor_currency),
            paid_to_creditor=Money.of(p.paid_to_creditor, p.creditor_currency),
            debtor_rate=p.debtor_rate,
            creditor_rate=p.creditor_rate,
            debtor_sheet=p.debtor_sheet,
            creditor_sheet=p.creditor_sheet,
            rounding=p.rounding,
            valid_until=p.valid_until,
        )


class QuoteGiven(Decided):
    """A quote, good for one transfer until ``pricing.valid_until``."""

    model_config = with_example({"position": 31, "recorded_at": "2026-03-27T09:00:00Z", "quote": QUOTE, "pricing": PRICED})

    quote: UUID
    pricing: Priced


class QuoteShown(Taken):
    """A quote as it stands."""

    model_config = with_example({"position": 31, "quote": QUOTE, "charge_bearer": "DEBT", "pricing": PRICED})

    quote: UUID
    charge_bearer: ChargeBearer
    pricing: Priced
    used_by: UUID | None = Field(default=None, description="The transfer that used it.")
