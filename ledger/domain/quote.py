"""A quote: a locked chain of two rates with fees and an expiry, used once."""

from __future__ import annotations

from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.money import format_amount
from ledger.domain.pricing import ChargeBearer, Pricing
from ledger.domain.quote_events import QuoteGiven, QuoteUsed
from ledger.errors import QuoteAlreadyUsed, QuoteDiffers, QuoteExpired


class Quote(Aggregate):
    """Decides whether a transfer may use these rates."""

    TOPIC = "Quote"

    def __init__(self) -> None:
        self.charge_bearer: ChargeBearer = "DEBT"
        self.pricing: Pricing
        self.used_by: UUID | None = None

    @classmethod
    def give(cls, stream: UUID, by: Decision, charge_bearer: ChargeBearer, pricing: Pricing) -> Quote:
        """A new quote whose id is its stream."""
        return cls.begin(QuoteGiven, stream, by, charge_bearer=charge_bearer, pricing=pricing)

    def check_serves(self, by: Decision, *, creditor_agent: str, instructed: int, currency: str, charge_bearer: ChargeBearer) -> Pricing:
        """The amounts for a transfer that says this. Raises QuoteAlreadyUsed, QuoteExpired or QuoteDiffers."""
        if self.used_by is not None:
            raise QuoteAlreadyUsed(f"Quote {self.id} was used.", field="quote", value=self.id, way_out="Ask for a new quote.")
        p = self.pricing
        if by.at > p.valid_until:
            raise QuoteExpired(
                f"Quote {self.id} expired at {p.valid_until:%Y-%m-%d %H:%M:%S}Z.", field="quote", value=self.id,
                way_out="Ask for a new quote.",
            )  # fmt: skip
        said = (by.actor, creditor_agent, instructed, currency, charge_bearer)
        if said != (p.debtor_agent, p.creditor_agent, p.instructed, p.debtor_currency, self.charge_bearer):
            raise QuoteDiffers(
                f"Quote {self.id} is for {format_amount(p.instructed, p.debtor_currency)} {p.debtor_currency} from {p.debtor_agent} to "
                f"{p.creditor_agent}, charges {self.charge_bearer}.",
                field="quote", value=self.id, way_out="Send exactly what was quoted, or ask for a new quote.",
            )  # fmt: skip
        return p

    def use(self, by: Decision, uetr: UUID) -> None:
        """Spends the quote on its one transfer; guarded by `check_serves`."""
        self.record(QuoteUsed, by, uetr=uetr)
