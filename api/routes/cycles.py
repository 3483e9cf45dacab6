"""Settlement cycles between the two banks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.idempotency import Asking, JsonCommand
from api.openapi import answers, shows
from api.reading import Cursor, Limit, Look, next_cursor, read_cursor
from api.schemas.cycles import (
    CycleClosed,
    CyclePage,
    CyclePaymentBody,
    CyclePaymentConfirmed,
    CycleShown,
    CycleView,
    money_by_participant,
)
from api.schemas.parts import CommandBody, minor_units, result_of
from ledger import commands as c
from ledger import errors as e
from ledger.batching import Answer
from ledger.projections import cycles

router = APIRouter(prefix="/cycles", tags=["settlement"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The cycle's number.", examples=[3])]


@router.post("", summary="Close the cycle", **answers(CycleClosed, e.CalendarExhausted, status=201))
async def close_cycle(body: CommandBody, ask: JsonCommand) -> Response:
    """Nets the positions as they stood at the end of the commit before this one; the next cycle begins there. By an operator."""
    terms = await run_in_threadpool(ask.ledger.terms)
    currency = terms.settlement.currency

    def shape(answer: Answer) -> CycleClosed:
        result = result_of(answer)
        return CycleClosed(
            **CycleClosed.facts(answer),
            cycle=result["cycle"],
            boundary=result["boundary"],
            pay_ins=money_by_participant(result["pay_ins"], currency),
            pay_outs=money_by_participant(result["pay_outs"], currency),
        )

    return await ask.run(c.CloseCycle(**ask.named(body.cause)), shape, status=201)


@router.post(
    "/{number}/pay-ins",
    summary="Confirm a pay-in",
    **answers(CyclePaymentConfirmed, e.AmountInvalid, e.CurrencyNotAccepted, e.CycleUnknown, e.NotDueInCycle),
)
async def confirm_pay_in(number: Number, body: CyclePaymentBody, ask: JsonCommand) -> Response:
    """A payer's money arrived at the settlement bank, whole. By the settlement bank."""
    return await ask.run(c.ConfirmPayIn(**await _payment(number, body, ask)), _confirmed)


@router.post(
    "/{number}/pay-outs",
    summary="Confirm a pay-out",
    **answers(
        CyclePaymentConfirmed, e.AmountInvalid, e.CurrencyNotAccepted, e.CycleUnknown, e.NotDueInCycle,
        e.FloorReached, e.AccountFrozen, e.AccountClosed,
    ),
)  # fmt: skip
async def confirm_pay_out(number: Number, body: CyclePaymentBody, ask: JsonCommand) -> Response:
    """A payee's money left the settlement bank, whole, and never beyond the cash held there. By the settlement bank."""
    return await ask.run(c.ConfirmPayOut(**await _payment(number, body, ask)), _confirmed)


@router.get("", summary="List settlement cycles", **shows(CyclePage))
def list_cycles(look: Look, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Every cycle in its order, with what is due and what was confirmed."""
    after, _ = read_cursor(cursor)
    with look.snapshot() as at:
        found = cycles.cycles(at, after=after, size=limit + 1)
    page = found[:limit]
    more = next_cursor(page[-1].number) if len(found) > limit else None
    return look.answer(CyclePage(position=at.boundary, cycles=[CycleView.of(cycle) for cycle in page], next=more), at.boundary)


@router.get("/{number}", summary="Show a settlement cycle", **shows(CycleShown, e.CycleUnknown))
def show_cycle(number: Number, look: Look) -> Response:
    """One cycle, with what is due and what was confirmed."""
    with look.snapshot() as at:
        found = cycles.cycle(at, number)
    return look.answer(CycleShown(position=at.boundary, **CycleView.of(found).model_dump()), at.boundary)


async def _payment(number: int, body: CyclePaymentBody, ask: Asking) -> dict[str, Any]:
    amount = minor_units(body.amount, body.currency)
    await run_in_threadpool(_check_currency, ask, body.currency)
    return {
        **ask.named(body.cause),
        "cycle": number,
        "participant": body.participant,
        "amount": amount,
        "bank_reference": body.bank_reference,
    }


def _check_currency(ask: Asking, currency: str) -> None:
    expected = ask.ledger.terms().settlement.currency
    if currency != expected:
        raise e.CurrencyNotAccepted(
            f"Cycles settle in {expected}, not {currency}.", field="currency", value=currency, way_out=f"Confirm the amount in {expected}."
        )


def _confirmed(answer: Answer) -> CyclePaymentConfirmed:
    return CyclePaymentConfirmed(**CyclePaymentConfirmed.facts(answer), **result_of(answer))
