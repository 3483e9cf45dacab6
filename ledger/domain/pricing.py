"""What a transfer costs and becomes: a locked chain of two rates, with fees, in three currencies."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, Self, cast

from pydantic import BaseModel, ConfigDict

from ledger.domain.money import Rounding, convert, convert_back, format_amount, parse_amount, round_quotient
from ledger.domain.terms import Leg, Terms
from ledger.errors import AmountOverLimit, AmountUnderLimit, CurrencyNotAccepted

ChargeBearer = Literal["DEBT", "SHAR", "CRED", "SLEV"]
BASIS_POINTS = 10_000


class Pricing(BaseModel):
    """Every amount of a transfer, fixed at quote, in minor units of its own currency.

    ``debtor_rate`` is the price of one settlement unit in the debtor agent's currency (MAD per USD), ``creditor_rate`` in the creditor
    agent's (CNY per USD). ``payout`` is before ``creditor_fee``, which leaves the payout when the creditor bears charges.
    ``valid_until`` is the earliest of the two sheets' validity and, where one was asked for, the quote's expiry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    debtor_agent: str
    creditor_agent: str
    debtor_currency: str
    settlement_currency: str
    creditor_currency: str
    instructed: int
    fee: int
    remuneration_cover: int
    settlement: int
    remuneration: int
    payout: int
    remuneration_value: int
    creditor_fee: int
    debtor_rate: Decimal
    creditor_rate: Decimal
    debtor_sheet: str
    creditor_sheet: str
    rounding: Rounding
    valid_until: datetime

    @classmethod
    def of(cls, **amounts: object) -> Self:
        """Validated as by the constructor, which would take twice as long."""
        return cast(Self, cls.__pydantic_validator__.validate_python(amounts))

    @property
    def paid_to_creditor(self) -> int:
        """What the creditor receives, in minor units of the creditor agent's currency."""
        return self.payout - self.creditor_fee


class SheetRate(BaseModel):
    """A rate in force: the price of one settlement unit in a participant's currency, from which sheet, until when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: Decimal
    sheet: str
    valid_until: datetime


def price(  # the whole tariff in one place, in the order in which a treasurer would compute it
    terms: Terms,
    leg: Leg,
    *,
    instructed: int,
    currency: str,
    charge_bearer: ChargeBearer,
    debtor_rate: SheetRate,
    creditor_rate: SheetRate,
    quoted_until: datetime | None,
) -> Pricing:
    """Prices an instructed amount (minor units of the debtor agent's currency).

    Raises CurrencyNotAccepted, AmountOverLimit or AmountUnderLimit.
    """
    debtor_currency = terms.participant(leg.debtor_agent).currency
    creditor_currency = terms.participant(leg.creditor_agent).currency
    usd = terms.settlement.currency
    if currency != debtor_currency:
        raise CurrencyNotAccepted(
            f"{leg.debtor_agent} sends {debtor_currency}, not {currency}.",
            field="currency",
            value=currency,
            way_out=f"Send the instructed amount in {debtor_currency}.",
        )
    check_limits(leg, instructed, currency)
    rounding = terms.quoting.rounding
    fee = parse_amount(leg.fee_flat, currency, allow_zero=True) + round_quotient(instructed * leg.fee_basis_points, BASIS_POINTS, rounding)
    remuneration = parse_amount(leg.remuneration, usd, allow_zero=True)
    cover = convert_back(remuneration, usd, currency, target_per_source=debtor_rate.rate, rounding=rounding)
    settlement = convert(instructed, currency, usd, source_per_target=debtor_rate.rate, rounding=rounding)
    payout = convert_back(settlement, usd, creditor_currency, target_per_source=creditor_rate.rate, rounding=rounding)
    creditor_fee = 0 if charge_bearer in ("DEBT", "SLEV") else parse_amount(leg.creditor_fee, creditor_currency, allow_zero=True)
    if settlement <= 0 or payout <= creditor_fee or fee < cover:
        raise AmountUnderLimit(
            f"{format_amount(instructed, currency)} {currency} leaves nothing to pay out after rates and fees.",
            field="amount",
            value=format_amount(instructed, currency),
            way_out="Send a larger amount.",
        )
    return Pricing.of(
        debtor_agent=leg.debtor_agent,
        creditor_agent=leg.creditor_agent,
        debtor_currency=currency,
        settlement_currency=usd,
        creditor_currency=creditor_currency,
        instructed=instructed,
        fee=fee,
        remuneration_cover=cover,
        settlement=settlement,
        remuneration=remuneration,
        payout=payout,
        remuneration_value=convert_back(remuneration, usd, creditor_currency, target_per_source=creditor_rate.rate, rounding=rounding),
        creditor_fee=creditor_fee,
        debtor_rate=debtor_rate.rate,
        creditor_rate=creditor_rate.rate,
        debtor_sheet=debtor_rate.sheet,
        creditor_sheet=creditor_rate.sheet,
        rounding=rounding,
        valid_until=min(until for until in (quoted_until, debtor_rate.valid_until, creditor_rate.valid_until) if until is not None),
    )


def check_limits(leg: Leg, instructed: int, currency: str) -> None:
    """Raises AmountOverLimit or AmountUnderLimit by the leg's limits for one transfer."""
    if instructed > parse_amount(leg.max, currency):
        raise AmountOverLimit(
            f"{format_amount(instructed, currency)} {currency} is above the limit of {leg.max} for one transfer.",
            field="amount",
            value=format_amount(instructed, currency),
            way_out=f"Send at most {leg.max} {currency}.",
        )
    if instructed < parse_amount(leg.min, currency):
        raise AmountUnderLimit(
            f"{format_amount(instructed, currency)} {currency} is below the minimum of {leg.min} for one transfer.",
            field="amount",
            value=format_amount(instructed, currency),
            way_out=f"Send at least {leg.min} {currency}.",
        )
