"""What the night job reported."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.errors import ReportUnknown
from api.openapi import shows
from api.partner_view import check_oversees
from api.reading import Look
from api.schemas.parts import Reference
from api.schemas.reports import ID, ReportList, ReportListed, ReportShown
from ledger.errors import NotPermitted
from reconciliation import archive

router = APIRouter(prefix="/reports", tags=["reconciliation"])


@router.get("", summary="List the nights' reports", **shows(ReportList, NotPermitted))
def list_reports(look: Look) -> Response:
    """The newest first. For officers and operators."""
    check_oversees(look.principal)
    found = archive.reports(look.service.pool, look.caller.corridor)
    position = found[0].boundary if found else 0
    return look.answer(ReportList(position=position, reports=[ReportListed.of(stored) for stored in found]), position)


@router.get("/{report}", summary="Show a night's report", **shows(ReportShown, NotPermitted, ReportUnknown))
def show_report(report: Annotated[Reference, Path(description="The report's id.", examples=[ID])], look: Look) -> Response:
    """Every account against its bank's statement: what matched, what is a matter of time, what differs and what to do about it."""
    check_oversees(look.principal)
    found = archive.report(look.service.pool, look.caller.corridor, report)
    if found is None:
        raise ReportUnknown(f"There is no report {report!r}.", field="report", value=report, way_out="List the reports.")
    return look.answer(ReportShown(position=found.boundary, report=found), found.boundary, keep_none=True)
