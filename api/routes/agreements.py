"""What the banks agreed and publish: the terms in force, and their rate sheets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.idempotency import JsonCommand
from api.openapi import answers, shows
from api.reading import Look
from api.schemas.agreements import PUBLISHED, RateSheets, RateSheetView, SheetPublished, TermsShown
from api.schemas.parts import Participant, result_of
from ledger import errors as e
from ledger.fx.bank_al_maghrib import SOURCE
from ledger.fx.sheets import UnreadableRates
from ledger.projections import rate_sheets
from ledger.rates_in import import_rate_sheet

router = APIRouter(tags=["agreements"])

_PUBLISHED_BODY = {
    "requestBody": {
        "required": True,
        "description": "Rates in the shape Bank Al-Maghrib publishes them. Numbers are read as exact decimals.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["date", "libDevise", "moyen", "uniteDevise"],
                        "properties": {
                            "date": {"type": "string", "description": "Wall time at the publisher, or an instant with its offset."},
                            "libDevise": {"type": "string", "pattern": "^[A-Z]{3}$"},
                            "moyen": {"type": "number", "exclusiveMinimum": 0},
                            "uniteDevise": {"enum": [1, 10, 100, 1000], "description": "How many units `moyen` is the price of."},
                        },
                    },
                },
                "example": PUBLISHED,
            }
        },
    }
}


@router.get("/terms", summary="Show the terms in force", **shows(TermsShown))
def show_terms(look: Look) -> Response:
    """All that the two banks agreed: participants, fees, limits, purposes, calendars, settlement."""
    ledger = look.service.ledger(look.caller.corridor)
    position = ledger.log_store.head().position
    return look.answer(TermsShown(position=position, terms=ledger.terms()), position)


@router.post(
    "/rate-sheets",
    summary="Publish a rate sheet",
    openapi_extra=_PUBLISHED_BODY,
    **answers(SheetPublished, UnreadableRates, e.RateSheetInvalid, e.UnknownParticipant, status=201),
)
async def publish_rate_sheet(
    ask: JsonCommand,
    source: Annotated[str, Query(pattern="^[A-Za-z0-9 .-]{1,40}$", description="Who fixed the rates.", examples=[SOURCE])] = SOURCE,
) -> Response:
    """The caller's prices of foreign currencies in its own, in force from their own instant on for as long as the terms let them be."""
    await ask.replayed()
    answer = await run_in_threadpool(
        lambda: import_rate_sheet(ask.service, ask.caller.corridor, ask.caller.principal, ask.body, source=source, signed=ask.asked.signed)
    )
    replayed = await ask.bind()
    return ask.respond(
        answer._replace(replayed=replayed), lambda answer: SheetPublished(**SheetPublished.facts(answer), **result_of(answer)), status=201
    )


@router.get("/rate-sheets", summary="List rate sheets", **shows(RateSheets))
def list_rate_sheets(
    look: Look,
    participant: Annotated[Participant | None, Query(description="Keep to this bank's.")] = None,
    in_force: Annotated[bool, Query(description="Keep to sheets in force now.")] = True,
) -> Response:
    """What one unit of each currency costs in the publisher's own."""
    with look.snapshot() as at:
        found = rate_sheets.rate_sheets(at, participant=participant, in_force_at=look.service.clock() if in_force else None)
    body = RateSheets(position=at.boundary, rate_sheets=[RateSheetView.of(row) for row in found])
    return look.answer(body, at.boundary)
