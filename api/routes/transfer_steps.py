"""The steps in a transfer's life, each a command of the bank whose step it is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.errors import RequestInvalid
from api.idempotency import Asking, JsonCommand, Shape
from api.openapi import answers
from api.partner_view import shown_state
from api.schemas.parts import CommandBody, Reference, minor_units, result_of
from api.schemas.transfers import (
    UETR,
    ConditionMetBody,
    PayBody,
    RecallAnswerBody,
    RecallBody,
    RefuseBody,
    ResolveUnknownBody,
    ReturnBody,
    TransferFrozen,
    TransferMoved,
)
from ledger import commands as c
from ledger import errors as e
from ledger.batching import Answer

router = APIRouter(prefix="/transfers/{uetr}", tags=["transfer steps"])

Uetr = Annotated[UUID, Path(description="The transfer's UETR.", examples=[UETR])]
_EVERY_STEP = (e.TransferUnknown, e.StepOutOfOrder)


def _check_own_currency(ask: Asking, currency: str) -> None:
    """A return is in the currency the creditor agent pays in; whether the caller is that bank, the ledger decides."""
    participant = ask.ledger.terms().participants.get(ask.caller.principal)
    if participant is not None and participant.currency != currency:
        raise e.CurrencyNotAccepted(
            f"{ask.caller.principal} returns {participant.currency}, not {currency}.",
            field="currency",
            value=currency,
            way_out=f"Send the amount in {participant.currency}.",
        )


def _moved(ask: Asking) -> Shape:
    def shape(answer: Answer) -> TransferMoved:
        result = result_of(answer)
        state = shown_state(ask.caller.principal, result["state"])
        return TransferMoved(**TransferMoved.facts(answer), uetr=result["uetr"], state=state)

    return shape


@router.post("/fund", summary="Try again to fund", **answers(TransferMoved, *_EVERY_STEP, e.FloorReached, e.AccountFrozen, e.AccountClosed))
async def fund(uetr: Uetr, body: CommandBody, ask: JsonCommand) -> Response:
    """A cleared transfer that found no room under a floor tries again. Rates that lapsed meanwhile reject it. By the debtor agent."""
    return await ask.run(c.FundTransfer(**ask.named(body.cause), uetr=uetr), _moved(ask))


@router.post("/accept", summary="Accept", **answers(TransferMoved, *_EVERY_STEP))
async def accept(uetr: Uetr, body: CommandBody, ask: JsonCommand) -> Response:
    """The creditor agent will pay. After the payment it is recorded without effect."""
    return await ask.run(c.AcceptTransfer(**ask.named(body.cause), uetr=uetr), _moved(ask))


@router.post("/pay", summary="Report the payment", **answers(TransferMoved, *_EVERY_STEP, e.TransferFrozen, e.CashProofMissing))
async def pay(uetr: Uetr, body: PayBody, ask: JsonCommand) -> Response:
    """The creditor has the money. For cash: hand it over only after this answered 200, since pay and expire are decided in log order."""
    command = c.PayTransfer(**ask.named(body.cause), uetr=uetr, identity_checked=body.identity_checked, code=_proof(uetr, body.code, ask))
    return await ask.run(command, _moved(ask))


@router.post("/refuse", summary="Refuse", **answers(TransferMoved, *_EVERY_STEP, e.TransferFrozen))
async def refuse(uetr: Uetr, body: RefuseBody, ask: JsonCommand) -> Response:
    """The creditor agent will not pay; the debtor gets the money back in the same commit."""
    return await ask.run(c.RefuseTransfer(**ask.named(body.cause), uetr=uetr, reason=body.reason), _moved(ask))


@router.post("/cancel", summary="Cancel before dispatch", **answers(TransferMoved, *_EVERY_STEP, e.TransferFrozen))
async def cancel(uetr: Uetr, body: CommandBody, ask: JsonCommand) -> Response:
    """The debtor agent takes the transfer back before it was sent onward; after that, ask for a recall."""
    return await ask.run(c.CancelTransfer(**ask.named(body.cause), uetr=uetr), _moved(ask))


@router.post(
    "/return",
    summary="Return a part or the whole",
    **answers(
        TransferMoved, *_EVERY_STEP, e.AmountInvalid, e.CurrencyNotAccepted, e.ReturnExceedsPayment, e.ReturnAlreadyBooked, e.RateMissing
    ),
)
async def return_part(uetr: Uetr, body: ReturnBody, ask: JsonCommand) -> Response:
    """Part of what was paid comes back, known by its return id. Fees are not returned unless the terms say so. By the creditor agent."""
    amount = minor_units(body.amount, body.currency)
    await run_in_threadpool(_check_own_currency, ask, body.currency)
    command = c.ReturnTransfer(**ask.named(body.cause), uetr=uetr, return_id=body.return_id, amount=amount, reason=body.reason)
    return await ask.run(command, _moved(ask))


@router.post("/recalls", summary="Ask for the money back", **answers(TransferMoved, *_EVERY_STEP, e.RecallAlreadyOpen, status=201))
async def request_recall(uetr: Uetr, body: RecallBody, ask: JsonCommand) -> Response:
    """A request that the creditor agent answers (camt.056); it never reverses anything by itself. By the debtor agent."""
    command = c.RequestRecall(**ask.named(body.cause), uetr=uetr, recall=body.recall, reason=body.reason)
    return await ask.run(command, _moved(ask), status=201)


@router.post(
    "/recalls/{recall}/answer",
    summary="Answer a recall",
    **answers(TransferMoved, e.TransferUnknown, e.RecallUnknown, e.RecallAlreadyAnswered, e.TransferFrozen, e.TransferUnanswered),
)
async def answer_recall(uetr: Uetr, recall: Reference, body: RecallAnswerBody, ask: JsonCommand) -> Response:
    """The creditor agent answers (camt.029). Agreed before payment it cancels and refunds; after it, a return follows separately."""
    command = c.AnswerRecall(**ask.named(body.cause), uetr=uetr, recall=recall, agreed=body.agreed, reason=body.reason)
    return await ask.run(command, _moved(ask))


@router.post("/condition", summary="Report the condition met", **answers(TransferMoved, *_EVERY_STEP, e.ConditionNotDue, e.TransferFrozen))
async def meet_condition(uetr: Uetr, body: ConditionMetBody, ask: JsonCommand) -> Response:
    """What the transfer waited for has happened; it is dispatched. By the participant the transfer named as confirming."""
    return await ask.run(c.MeetCondition(**ask.named(body.cause), uetr=uetr, reference=body.reference), _moved(ask))


@router.post(
    "/resolve-unknown",
    summary="Say what became of a silent transfer",
    **answers(TransferMoved, *_EVERY_STEP, e.TransferFrozen, e.CashProofMissing),
)
async def resolve_unknown(uetr: Uetr, body: ResolveUnknownBody, ask: JsonCommand) -> Response:
    """The creditor agent says at last whether it paid or refused, or that it has done neither yet."""
    if body.outcome == "refused" and body.reason is None:
        raise RequestInvalid("reason: is missing.", field="reason", way_out="Send why it was refused, such as AC04.")
    command = c.ResolveUnanswered(
        **ask.named(body.cause),
        uetr=uetr,
        outcome=body.outcome,
        reason=body.reason or "",
        identity_checked=body.identity_checked,
        code=_proof(uetr, body.code, ask),
    )
    return await ask.run(command, _moved(ask))


@router.post("/freeze", summary="Freeze a transfer in flight", **answers(TransferFrozen, *_EVERY_STEP, e.TransferFrozen, status=201))
async def freeze(uetr: Uetr, body: CommandBody, ask: JsonCommand) -> Response:
    """An officer stops a funded transfer and thereby opens a case that two officers decide."""

    def shape(answer: Answer) -> TransferFrozen:
        result = result_of(answer)
        return TransferFrozen(**TransferFrozen.facts(answer), uetr=result["uetr"], state=result["state"], case=result["case"])

    return await ask.run(c.FreezeTransfer(**ask.named(body.cause), uetr=uetr), shape, status=201)


def _proof(uetr: UUID, code: str, ask: JsonCommand) -> str:
    return ask.service.intake(ask.caller.corridor).code_proof(uetr, code) if code else ""
