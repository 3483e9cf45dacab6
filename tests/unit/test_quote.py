"""A quote: rates and amounts locked for one transfer that says exactly what was quoted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ledger.domain import quote_events as happened
from ledger.domain.pricing import Pricing
from ledger.domain.quote import Quote
from ledger.errors import QuoteAlreadyUsed, QuoteDiffers, QuoteExpired
from tests.unit.corridor_fixtures import ABB, PRICING, PSBC, by, quote_id, uetr
from tests.unit.history import fact, given, recorded, recorded_nothing
from tests.unit.refusals import refuses

QUOTE = quote_id()
GIVEN = fact(happened.QuoteGiven, by(ABB), charge_bearer="DEBT", pricing=PRICING)
USED = fact(happened.QuoteUsed, by(ABB), uetr=uetr())
SAID: dict[str, Any] = {"creditor_agent": PSBC, "instructed": 1_000_00, "currency": "MAD", "charge_bearer": "DEBT"}


def serves(quote: Quote, *, actor: str = ABB, after: timedelta = timedelta(), **differently: Any) -> Pricing:
    """What the quote answers to a transfer that says this."""
    return quote.check_serves(by(actor, at=by(ABB).at + after), **(SAID | differently))


def test_a_quote_keeps_its_price() -> None:
    """Given is the whole price with its rates, fees and expiry."""
    recorded(Quote.give(QUOTE, by(ABB), "DEBT", PRICING), GIVEN)


def test_a_quote_serves_the_transfer_it_was_asked_for() -> None:
    """It answers with its price, and is spent on one UETR."""
    quote = given(Quote, QUOTE, GIVEN)
    assert serves(quote) == PRICING
    quote.use(by(ABB), uetr())
    recorded(quote, USED)


def test_a_quote_is_used_once() -> None:
    """Even by the same transfer."""
    quote = given(Quote, QUOTE, GIVEN, USED)
    refuses(QuoteAlreadyUsed, "quote", QUOTE, lambda: serves(quote))
    recorded_nothing(quote)


def test_a_quote_expires() -> None:
    """Its last instant counts, the next does not."""
    quote = given(Quote, QUOTE, GIVEN)
    assert serves(quote, after=timedelta(minutes=15)) == PRICING
    refuses(QuoteExpired, "quote", QUOTE, lambda: serves(quote, after=timedelta(minutes=15, microseconds=1)))


@pytest.mark.parametrize(
    "differently",
    [{"actor": PSBC}, {"creditor_agent": ABB}, {"instructed": 1_000_01}, {"currency": "CNY"}, {"charge_bearer": "SHAR"}],
    ids=lambda said: next(iter(said)),
)
def test_a_transfer_must_say_exactly_what_was_quoted(differently: dict[str, Any]) -> None:
    """Another bank, amount, currency or bearer of charges needs another quote."""
    quote = given(Quote, QUOTE, GIVEN)
    refuses(QuoteDiffers, "quote", QUOTE, lambda: serves(quote, **differently))
    recorded_nothing(quote)
