"""Statements of the position accounts, and notifications of what was booked since."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.accepted_forms import preferred_form
from api.errors import AnswerNotAcceptable
from api.idempotency import position_header
from api.openapi import shows
from api.reading import Look
from api.routes.accounts import AccountPath, check_sees
from api.schemas.statements import BOOKED, STATEMENT, BookedShown, StatementShown
from ledger import errors as e
from ledger.iso20022.camt053_writer import VERSION as CAMT_053
from ledger.iso20022.camt054 import VERSION as CAMT_054
from ledger.statements.drawing import draw_interval
from ledger.statements.giving import FORMS, NOTIFICATION_LINES_MAX, closed_day, notification_version, version_for

router = APIRouter(prefix="/accounts/{account}", tags=["accounts"])

_FORM_OF = {"application/xml": "camt.053", "text/csv": "csv", "application/json": "json"}
_ISO = "urn:iso:std:iso:20022:tech:xsd:"


def _xml(version: str, root: str) -> dict[str, Any]:
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{_ISO}{version}"><{root}>…</{root}></Document>\n'
    return {"schema": {"type": "string"}, "example": document}


_STATEMENT = shows(StatementShown, e.AccountUnknown, e.StatementUnknown, e.DayNotClosed, e.CalendarExhausted, AnswerNotAcceptable)
_STATEMENT["responses"][200] = {
    "description": "The statement: camt.053, CSV or JSON, as Accept prefers.",
    "content": {
        "application/xml": _xml(CAMT_053, "BkToCstmrStmt"),
        "text/csv": {"schema": {"type": "string"}, "example": "row,statement,account,currency,date,…\n"},
        "application/json": {"example": STATEMENT},
    },
}
_NOTIFICATION = shows(BookedShown, e.AccountUnknown, e.StatementUnknown, AnswerNotAcceptable)
_NOTIFICATION["responses"][200] = {
    "description": "The entries: camt.054 or JSON, as Accept prefers.",
    "content": {"application/xml": _xml(CAMT_054, "BkToCstmrDbtCdtNtfctn"), "application/json": {"example": BOOKED}},
}


@router.get("/statements/{day}", summary="Give the statement of a business day", **_STATEMENT)
def give_statement(
    account: AccountPath, day: Annotated[date, Path(description="A business day of the corridor.")], look: Look, request: Request
) -> Response:
    """The day from cut-off to cut-off of the settlement currency's calendar, once it has closed. Statements are continuous, days without
    movement have one too, and the same day gives the same bytes for good."""
    media_type = preferred_form(request.headers.get("accept", ""), tuple(_FORM_OF), "camt.053, CSV or JSON")
    check_sees(look, account)
    form = _FORM_OF[media_type]
    closed = closed_day(look.service.ledger(look.caller.corridor).log_store, day, look.service.clock())
    with look.snapshot() as at:
        drawn = closed.draw(at, account)
        body = b"".join(FORMS[form](drawn, version_for(closed.terms, account, form)))
    return Response(body, media_type=media_type, headers=position_header(drawn.to_boundary))


@router.get("/notification", summary="Notify what was booked since", **_NOTIFICATION)
def notify(
    account: AccountPath,
    look: Look,
    request: Request,
    after: Annotated[int, Query(ge=0, le=2**62, description="Entries after this log position; 0 for all.")] = 0,
    until: Annotated[int | None, Query(ge=0, le=2**62, description="Entries up to this log position; left out for the newest.")] = None,
) -> Response:
    """The entries of an interval, as camt.054 or JSON. One that is long ends early, at the end of a commit: Corridor-Position says where,
    and the next notification goes on after it."""
    media_type = preferred_form(request.headers.get("accept", ""), ("application/xml", "application/json"), "camt.054 or JSON")
    check_sees(look, account)
    with look.snapshot() as at:
        drawn = draw_interval(at, account, after, until, NOTIFICATION_LINES_MAX)
        form = "json" if media_type == "application/json" else "camt.054"
        body = b"".join(FORMS[form](drawn, notification_version(at.log, drawn)))
    return Response(body, media_type=media_type, headers=position_header(drawn.to_boundary))
