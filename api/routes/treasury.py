"""Money that banks report: prefunds, withdrawals, charges of the settlement bank, and each bank's own treasury."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.idempotency import Asking, JsonCommand
from api.openapi import answers, shows
from api.partner_view import oversees
from api.reading import Cursor, Limit, Look, next_cursor, read_cursor
from api.schemas.movement_views import MovementPage, MovementView
from api.schemas.parts import Reference, minor_units, result_of
from api.schemas.treasury import CashMovementBody, ConfirmationBody, MovementBody, MovementBooked
from ledger import commands as c
from ledger import errors as e
from ledger.batching import Answer
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.projections import movements

router = APIRouter(tags=["treasury"])

_EVERY_MOVEMENT = (e.AmountInvalid, e.CurrencyNotAccepted, e.UnknownParticipant, e.MovementAlreadyBooked, e.CalendarExhausted)


@router.post("/prefunds", summary="Confirm a prefund", **answers(MovementBooked, *_EVERY_MOVEMENT, status=201))
async def fund_position(body: MovementBody, ask: JsonCommand) -> Response:
    """The settlement bank confirms that a participant's money is there. By the settlement bank, never on an announcement."""
    return await ask.run(c.FundPosition(**_movement(body, ask)), _booked, status=201)


@router.post(
    "/withdrawals",
    summary="Ask for a withdrawal",
    **answers(MovementBooked, *_EVERY_MOVEMENT, e.FloorReached, e.AccountFrozen, e.AccountClosed, status=201),
)
async def request_withdrawal(body: MovementBody, ask: JsonCommand) -> Response:
    """A participant takes part of its position back; until the settlement bank confirms, the money is settling."""
    return await ask.run(c.RequestWithdrawal(**_movement(body, ask)), _booked, status=201)


@router.post(
    "/withdrawals/{reference}/confirmation",
    summary="Confirm a withdrawal",
    **answers(MovementBooked, e.MovementUnknown, e.StepOutOfOrder, e.FloorReached, e.AccountFrozen, e.AccountClosed),
)
async def confirm_withdrawal(
    reference: Annotated[Reference, Path(examples=["ABB-WD-7"])], body: ConfirmationBody, ask: JsonCommand
) -> Response:
    """The settlement bank confirms that the withdrawal left."""
    command = c.ConfirmWithdrawal(**ask.named(body.cause), reference=reference, bank_reference=body.bank_reference)
    return await ask.run(command, _booked)


@router.post("/treasury-movements", summary="Report a treasury movement", **answers(MovementBooked, *_EVERY_MOVEMENT, status=201))
async def move_cash(body: CashMovementBody, ask: JsonCommand) -> Response:
    """A bank's treasury reports float, cover or fees taken, in its own currency."""
    return await ask.run(c.MoveCash(**_movement(body, ask), kind=body.kind), _booked, status=201)


@router.post("/settlement-charges", summary="Report a settlement charge", **answers(MovementBooked, *_EVERY_MOVEMENT, status=201))
async def charge_settlement(body: MovementBody, ask: JsonCommand) -> Response:
    """The settlement bank charged the corridor's account; the participant named bears it."""
    return await ask.run(c.ChargeSettlement(**_movement(body, ask)), _booked, status=201)


@router.get("/movements", summary="List movements", **shows(MovementPage))
def list_movements(look: Look, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Prefunds, withdrawals, charges and treasury reports in log order. A bank sees its own."""
    everything = oversees(look.principal) or look.principal == SETTLEMENT_BANK
    after, _ = read_cursor(cursor)
    with look.snapshot() as at:
        found = movements.movements(at, participant=None if everything else look.principal, after=after, size=limit + 1)
    page = found[:limit]
    more = next_cursor(page[-1].position) if len(found) > limit else None
    return look.answer(MovementPage(position=at.boundary, movements=[MovementView.of(m) for m in page], next=more), at.boundary)


def _movement(body: MovementBody, ask: Asking) -> dict[str, Any]:
    return {
        **ask.named(body.cause),
        "participant": body.participant,
        "amount": minor_units(body.amount, body.currency),
        "currency": body.currency,
        "reference": body.reference,
    }


def _booked(answer: Answer) -> MovementBooked:
    return MovementBooked(**MovementBooked.facts(answer), **result_of(answer))
