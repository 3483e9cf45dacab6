"""A transfer comes in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.idempotency import Asking, JsonCommand
from api.openapi import answers
from api.partner_view import shown_state
from api.schemas.parts import minor_units, result_of
from api.schemas.transfers import TransferBody, TransferInitiated
from ledger import errors as e
from ledger.batching import Answer
from ledger.domain.terms import PAYOUT_METHODS
from ledger.domain.transfer_events import Condition
from ledger.intake import TransferOrder
from ledger.privacy.errors import RecordUnfit

router = APIRouter(tags=["transfers"])


@router.post(
    "/transfers",
    summary="Send a transfer",
    **answers(
        TransferInitiated, e.AmountInvalid, e.CurrencyNotAccepted, e.AmountOverLimit, e.AmountUnderLimit, e.UnknownParticipant,
        e.PurposeUnknown, e.ProductUnknown, e.EvidenceMissing, e.PartyFieldMissing, e.CalendarExhausted, e.RateMissing, e.QuoteUnknown,
        e.QuoteExpired, e.QuoteAlreadyUsed, e.QuoteDiffers, e.UetrAlreadyUsed, e.AccountFrozen, e.AccountClosed, e.FloorReached,
        RecordUnfit, e.Malformed, status=201,
    ),
)  # fmt: skip
async def initiate_transfer(body: TransferBody, ask: JsonCommand) -> Response:
    """Initiates, screens, and if nothing was found funds and dispatches, all in one commit. The caller is the debtor agent."""
    order = _order(body)
    answer = await ask.take_in(order, body.cause)
    return ask.respond(answer, lambda answer: _initiated(answer, ask, order), status=201)


def _order(body: TransferBody) -> TransferOrder:
    condition = body.condition
    return TransferOrder(
        uetr=body.uetr,
        creditor_agent=body.creditor_agent,
        product=body.product,
        purpose=body.purpose,
        evidence=tuple(body.evidence),
        charge_bearer=body.charge_bearer,
        amount=minor_units(body.amount, body.currency),
        currency=body.currency,
        quote=body.quote,
        debtor=body.debtor,
        creditor=body.creditor,
        end_to_end_id=body.end_to_end_id,
        remittance=body.remittance,
        condition=None
        if condition is None
        else Condition(
            kind=condition.kind, reference=condition.reference, confirmed_by=condition.confirmed_by, deadline=condition.deadline
        ),
    )


def _initiated(answer: Answer, ask: Asking, order: TransferOrder) -> TransferInitiated:
    result = result_of(answer)
    cash = PAYOUT_METHODS.get(order.product) == "cash"
    return TransferInitiated(
        **TransferInitiated.facts(answer),
        uetr=result["uetr"],
        state=shown_state(ask.caller.principal, result["state"]),
        collection_code=ask.service.intake(ask.caller.corridor).collection_code(order.uetr) if cash else None,
    )
