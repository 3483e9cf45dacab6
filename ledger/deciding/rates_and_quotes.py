"""Prices: sheets, and quotes that lock them."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result, check_amount
from ledger.domain import ids
from ledger.domain.pricing import Pricing, price
from ledger.domain.quote import Quote
from ledger.domain.rates import RateSheets
from ledger.domain.terms import Leg
from ledger.errors import (
    ReferenceAlreadyUsed,
)


def publish_rate_sheet(command: c.PublishRateSheet, books: Books) -> Result:
    """A participant's prices, from an instant until another."""
    participant = books.terms.participant(command.actor)
    known = books.rates_or_none(command.actor)
    by = books.decision()
    sheets = known or RateSheets.begin_for(ids.rates_stream(command.corridor, command.actor), by, command.actor, participant.currency)
    changed = sheets.publish(
        by,
        sheet=command.sheet,
        rates=command.rates,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        source=command.source,
    )
    if known is None:
        books.add(sheets)
    return {"sheet": command.sheet, "changed": changed}


def ask_quote(command: c.AskQuote, books: Books) -> Result:
    """Locks both rates and all amounts for a while."""
    if books.exists(command.quote):
        raise ReferenceAlreadyUsed(f"Quote id {command.quote} is taken.", field="quote", value=command.quote, way_out="Use a new id.")
    leg = books.terms.leg(command.actor, command.creditor_agent)
    check_amount(command)
    pricing = price_now(command, leg, books)
    books.add(Quote.give(command.quote, books.decision(), command.charge_bearer, pricing))
    return {"quote": command.quote, "pricing": pricing.model_dump(mode="json")}


def price_now(command: c.AskQuote | c.InitiateTransfer, leg: Leg, books: Books) -> Pricing:
    usd = books.terms.settlement.currency
    return price(
        books.terms,
        leg,
        instructed=command.amount,
        currency=command.currency,
        charge_bearer=command.charge_bearer,
        debtor_rate=books.rate(leg.debtor_agent, usd),
        creditor_rate=books.rate(leg.creditor_agent, usd),
        quoted_until=books.now + books.terms.quote_life if isinstance(command, c.AskQuote) else None,
    )
