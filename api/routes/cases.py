"""Compliance cases, for officers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.idempotency import JsonCommand
from api.openapi import answers, shows
from api.opinions import opinion_request
from api.partner_view import check_oversees
from api.reading import Cursor, Limit, Look, next_cursor, read_cursor
from api.schemas.cases import CASE, CasePage, CaseShown, CaseView, OpinionBody, OpinionTaken
from api.schemas.parts import Reference, result_of
from ledger import errors as e
from ledger.batching import Answer
from ledger.domain.case import OFFICER
from ledger.privacy.errors import RecordUnfit
from ledger.projections import cases

router = APIRouter(prefix="/cases", tags=["compliance"])

CaseId = Annotated[Reference, Path(description="The case's id.", examples=[CASE])]


@router.post(
    "/{case}/opinions",
    summary="Give an opinion on a case",
    **answers(
        OpinionTaken, e.CaseUnknown, e.CaseAlreadyDecided, e.SecondOfficerNeeded, e.FloorReached, e.AccountFrozen, e.AccountClosed,
        RecordUnfit, status=201,
    ),
)  # fmt: skip
async def give_opinion(case: CaseId, body: OpinionBody, ask: JsonCommand) -> Response:
    """The second of two different officers who say the same decides; what follows for the transfer happens in the same commit."""
    if not ask.caller.principal.startswith(OFFICER):
        raise e.NotPermitted(
            f"{ask.caller.principal} is not an officer.", field="actor", value=ask.caller.principal, way_out="Let an officer act."
        )
    answer = await ask.replayed()
    if answer is None:
        request = await run_in_threadpool(
            lambda: opinion_request(ask, case=case, opinion=body.opinion, reasons=body.reasons, cause=body.cause)
        )
        answer = await ask.decided(request)
    return ask.respond(answer, _taken, status=201)


@router.get("", summary="List cases", **shows(CasePage, e.NotPermitted))
def list_cases(
    look: Look,
    only_open: Annotated[bool, Query(description="Leave out cases that were decided.")] = True,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Holds and freezes in log order. For officers and operators; banks are not told that they exist."""
    check_oversees(look.principal)
    after, _ = read_cursor(cursor)
    with look.snapshot() as at:
        found = cases.cases(at, only_open=only_open, after=after, size=limit + 1)
    page = found[:limit]
    more = next_cursor(page[-1].position) if len(found) > limit else None
    return look.answer(CasePage(position=at.boundary, cases=[CaseView.of(row) for row in page], next=more), at.boundary)


@router.get("/{case}", summary="Show a case", **shows(CaseShown, e.NotPermitted, e.CaseUnknown))
def show_case(case: CaseId, look: Look) -> Response:
    """Who said what, and what was decided. The officers' words stand in the vault."""
    check_oversees(look.principal)
    with look.snapshot() as at:
        found = cases.case(at, case)
    return look.answer(CaseShown(position=at.boundary, **CaseView.of(found).model_dump()), at.boundary)


def _taken(answer: Answer) -> OpinionTaken:
    return OpinionTaken(**OpinionTaken.facts(answer), **result_of(answer))
