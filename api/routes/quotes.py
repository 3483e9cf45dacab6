"""Quotes."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.idempotency import Asking, JsonCommand
from api.openapi import answers, shows
from api.partner_view import sees_transfer
from api.reading import Look
from api.schemas.parts import minor_units, result_of
from api.schemas.quotes import QUOTE, Priced, QuoteBody, QuoteGiven, QuoteShown
from ledger import commands as c
from ledger import errors as e
from ledger.batching import Answer
from ledger.domain import ids
from ledger.domain.pricing import Pricing
from ledger.domain.quote import Quote
from ledger.eventstore.mapper import EventMapper

router = APIRouter(prefix="/quotes", tags=["quotes"])


@router.post(
    "",
    summary="Ask for a quote",
    **answers(
        QuoteGiven, e.AmountInvalid, e.CurrencyNotAccepted, e.AmountOverLimit, e.AmountUnderLimit, e.UnknownParticipant, e.RateMissing,
        status=201,
    ),
)  # fmt: skip
async def ask_quote(body: QuoteBody, ask: JsonCommand) -> Response:
    """Locks both rates and all amounts for a while. The caller is the debtor agent. A quote serves one transfer."""
    command = c.AskQuote(
        **ask.named(body.cause),
        quote=_quote_id(ask),
        creditor_agent=body.creditor_agent,
        amount=minor_units(body.amount, body.currency),
        currency=body.currency,
        charge_bearer=body.charge_bearer,
    )
    return await ask.run(command, _given, status=201)


@router.get("/{quote}", summary="Show a quote", **shows(QuoteShown, e.QuoteUnknown))
def show_quote(quote: Annotated[UUID, Path(description="The quote's id.", examples=[QUOTE])], look: Look) -> Response:
    """The quote as it stands in the log, and which transfer used it."""
    ledger = look.service.ledger(look.caller.corridor)
    mapper, found, position = cast(EventMapper, ledger.mapper), None, 0
    for row in ledger.log_store.select_stream(quote):
        found = mapper.decode(row.stream_id, row.stream_version, row.topic, row.state).mutate(found)
        position = row.boundary
    if not isinstance(found, Quote) or not sees_transfer(look.principal, found.pricing.debtor_agent, found.pricing.creditor_agent):
        raise e.QuoteUnknown(f"There is no quote {quote}.", field="quote", value=quote, way_out="Ask for a new quote.")
    shown = QuoteShown(
        position=position, quote=quote, charge_bearer=found.charge_bearer, pricing=Priced.of(found.pricing), used_by=found.used_by
    )
    return look.answer(shown, position)


def _quote_id(ask: Asking) -> UUID:
    """An id made of the command's, so that the same command asks for the same quote."""
    command = ids.command_id(ask.caller.corridor, ask.caller.principal, ask.key)
    return ids.stream_id(ask.caller.corridor, f"quote:{command}")


def _given(answer: Answer) -> QuoteGiven:
    result = result_of(answer)
    return QuoteGiven(**QuoteGiven.facts(answer), quote=result["quote"], pricing=Priced.of(Pricing.model_validate(result["pricing"])))
