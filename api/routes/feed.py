"""A bank's feed: what happened to its transfers, in log order, to be read on from where it stopped."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.openapi import shows
from api.partner_view import oversees
from api.reading import Limit, Look
from api.schemas.feed import FeedPage, FeedStep
from ledger.errors import NotPermitted
from ledger.projections.feed import feed

router = APIRouter(prefix="/feed", tags=["transfers"])

After = Annotated[int, Query(ge=0, le=2**62, description="The `next` of the page before; 0 for the beginning.")]


@router.get("", summary="Read your feed", **shows(FeedPage, NotPermitted))
def read_feed(look: Look, after: After = 0, limit: Limit = 100) -> Response:
    """What happened to the caller's transfers after a position. Nothing is ever left out: read on from `next` until a page is empty, then
    ask again later with the same `after`. Whoever was away reads on from where they stopped."""
    if oversees(look.principal):
        raise NotPermitted(
            f"{look.principal} has no feed.", field="actor", value=look.principal, way_out="Let a bank read its own, or list transfers."
        )
    with look.snapshot() as at:
        found = feed(at, look.principal, after=after, size=limit)
    body = FeedPage(position=at.boundary, entries=[FeedStep.of(entry) for entry in found], next=found[-1].position if found else after)
    return look.answer(body, at.boundary)
