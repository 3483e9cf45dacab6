"""Transfers as they are read."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.openapi import shows
from api.partner_view import oversees, sees_account, sees_event, sees_transfer
from api.reading import Cursor, Limit, Look, next_cursor, read_cursor
from api.routes.transfer_steps import Uetr
from api.schemas.transfer_views import Trail, TrailStep, TransferPage, TransferShown, TransferView
from api.schemas.transfers import TransferState
from ledger.errors import TransferUnknown
from ledger.projections import audit_trail
from ledger.projections.audit_trail import LINE_TOPIC, TrailEntry
from ledger.projections.snapshot import Snapshot
from ledger.projections.transfers import TransferRow, newest_transfers, transfer, transfers

router = APIRouter(prefix="/transfers", tags=["transfers"])

States = Annotated[list[TransferState] | None, Query(alias="state", description="Keep to these states; may be repeated.")]
Order = Annotated[Literal["oldest", "newest"], Query(description="By initiation.")]
_PENDING = ("initiated", "held", "cleared", "funded")
_NEWEST = 2**62


@router.get("", summary="List transfers", **shows(TransferPage))
def list_transfers(look: Look, state: States = None, order: Order = "oldest", cursor: Cursor = None, limit: Limit = 100) -> Response:
    """The caller's transfers a page at a time. A cursor stays good while new transfers come in."""
    states = None if state is None else [inner for asked in state for inner in (_PENDING if asked == "pending" else (asked,))]
    if states is not None and not oversees(look.principal):
        # To ask for one of these alone would tell what `pending` keeps to itself.
        states = [inner for inner in states if inner not in _PENDING or "pending" in (state or ())]
    agent = None if oversees(look.principal) else look.principal
    after, _ = read_cursor(cursor)
    with look.snapshot() as at:
        if order == "oldest":
            found = transfers(at, states=states, agent=agent, after=after, size=limit + 1)
        else:
            found = newest_transfers(at, states=states, agent=agent, before=after or _NEWEST, size=limit + 1)
    page = found[:limit]
    more = next_cursor(page[-1].first_position) if len(found) > limit else None
    body = TransferPage(position=at.boundary, transfers=[TransferView.of(row, look.principal) for row in page], next=more)
    return look.answer(body, at.boundary)


@router.get("/{uetr}", summary="Show a transfer", **shows(TransferShown, TransferUnknown))
def show_transfer(uetr: Uetr, look: Look) -> Response:
    """Where the transfer stands, what it costs and becomes, and when what happened. No personal data."""
    with look.snapshot() as at:
        found = _own(at, uetr, look)
    return look.answer(TransferShown.at(found, look.principal, at.boundary), at.boundary)


@router.get("/{uetr}/trail", summary="Show the audit trail of a transfer", **shows(Trail, TransferUnknown))
def show_trail(uetr: Uetr, look: Look) -> Response:
    """Every event about the transfer: position, instant, actor, what, why, under which terms. A bank sees its own accounts' lines."""
    with look.snapshot() as at:
        _own(at, uetr, look)
        steps = [TrailStep.of(entry, look.principal) for entry in audit_trail.trail(at, uetr) if _sees(look.principal, entry)]
    return look.answer(Trail(position=at.boundary, uetr=uetr, steps=steps), at.boundary)


def _sees(principal: str, entry: TrailEntry) -> bool:
    return sees_account(principal, entry.facts["account"]) if entry.topic == LINE_TOPIC else sees_event(principal, entry.topic)


def _own(at: Snapshot, uetr: Uetr, look: Look) -> TransferRow:
    """The transfer, if it is the caller's to see; another's is unknown."""
    found = transfer(at, uetr)
    if not sees_transfer(look.principal, found.debtor_agent, found.creditor_agent):
        raise TransferUnknown(
            f"There is no transfer {uetr}.", field="uetr", value=uetr, way_out="Check the UETR, or initiate the transfer first."
        )
    return found
