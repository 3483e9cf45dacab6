"""Breaks of reconciliation: found by the night job, parked and resolved by two officers each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.idempotency import JsonCommand
from api.openapi import answers, shows
from api.partner_view import sees_account
from api.reading import Cursor, Limit, Look, next_cursor, read_cursor
from api.schemas.breaks import BREAK, BreakPage, BreakParked, BreakResolved, BreakShown, BreakView, ResolveBody
from api.schemas.parts import CommandBody, Reference, result_of
from ledger import commands as c
from ledger import errors as e
from ledger.batching import Answer
from ledger.projections import breaks

router = APIRouter(prefix="/breaks", tags=["reconciliation"])

BreakId = Annotated[Reference, Path(description="The break's id.", examples=[BREAK])]
_EVERY_STEP = (e.BreakUnknown, e.BreakStepOutOfOrder, e.SecondOfficerNeeded)


@router.get("", summary="List breaks", **shows(BreakPage))
def list_breaks(
    look: Look,
    only_open: Annotated[bool, Query(description="Leave out breaks that were resolved.")] = True,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Differences in the order in which they were found. A bank sees those on its own accounts and the corridor's."""
    after, _ = read_cursor(cursor)
    with look.snapshot() as at:
        found = breaks.breaks(at, only_open=only_open, after=after, size=limit + 1)
    page = found[:limit]
    more = next_cursor(page[-1].position) if len(found) > limit else None
    now = look.service.clock()
    shown = [BreakView.of(row, now) for row in page if sees_account(look.principal, row.account)]
    return look.answer(BreakPage(position=at.boundary, breaks=shown, next=more), at.boundary)


@router.get("/{break_id}", summary="Show a break", **shows(BreakShown, e.BreakUnknown))
def show_break(break_id: BreakId, look: Look) -> Response:
    """One difference, what was proposed and decided about it, and how old it is."""
    with look.snapshot() as at:
        found = breaks.reconciliation_break(at, break_id)
    if not sees_account(look.principal, found.account):
        raise e.BreakUnknown(f"There is no break {break_id!r}.", field="break", value=break_id, way_out="List the open breaks.")
    view = BreakView.of(found, look.service.clock())
    return look.answer(BreakShown(position=at.boundary, **view.model_dump()), at.boundary)


@router.post("/{break_id}/park", summary="Park a break", **answers(BreakParked, *_EVERY_STEP, e.CalendarExhausted))
async def park(break_id: BreakId, body: CommandBody, ask: JsonCommand) -> Response:
    """Brings the mirrored account to the statement's amount, against suspense. The first officer proposes, another one parks."""

    def shape(answer: Answer) -> BreakParked:
        result = result_of(answer)
        return BreakParked(**BreakParked.facts(answer), break_id=result["break"], parked=result["parked"])

    return await ask.run(c.ParkBreak(**ask.named(body.cause), break_id=break_id), shape)


@router.post(
    "/{break_id}/resolve", summary="Resolve a break", **answers(BreakResolved, *_EVERY_STEP, e.AccountUnknown, e.CalendarExhausted)
)
async def resolve(break_id: BreakId, body: ResolveBody, ask: JsonCommand) -> Response:
    """Moves a parked difference where it belongs, or accepts the explanation of an unparked one. Two officers, as for parking."""

    def shape(answer: Answer) -> BreakResolved:
        result = result_of(answer)
        return BreakResolved(**BreakResolved.facts(answer), break_id=result["break"], resolved=result["resolved"])

    command = c.ResolveBreak(**ask.named(body.cause), break_id=break_id, to_account=body.to_account or "", explanation=body.explanation)
    return await ask.run(command, shape)
