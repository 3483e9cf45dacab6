"""Accounts: balances now and as of any boundary, lines, positions, money in flight; and the status officers give an account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.idempotency import JsonCommand
from api.openapi import answers, shows
from api.partner_view import oversees, sees_account
from api.reading import AsOfText, Cursor, Limit, Look, next_cursor, read_as_of, read_cursor
from api.schemas.accounts import (
    AccountLine,
    AccountLines,
    Accounts,
    AccountShown,
    AccountStanding,
    MoneyInFlight,
    Positions,
    PositionStanding,
    StatusBody,
    StatusSet,
)
from api.schemas.parts import result_of
from ledger import commands as c
from ledger import errors as e
from ledger.domain.money import format_amount
from ledger.projections import balances, lines

router = APIRouter(tags=["accounts"])

AccountPath = Annotated[
    str, Path(pattern="^[a-z]{2,8}:[a-z_]{1,20}:[A-Z]{3}$", description="owner:kind:currency", examples=["abb:position:USD"])
]


@router.get("/accounts", summary="List accounts with their balances", **shows(Accounts))
def list_accounts(look: Look, as_of: AsOfText = None) -> Response:
    """Every account the caller may see, by name, all at one boundary."""
    with look.snapshot() as at:
        position = at.boundary_at(read_as_of(as_of))
        found = [b for b in balances.balances(at, position) if sees_account(look.principal, b.account)]
    return look.answer(Accounts(position=position, accounts=[AccountStanding.of(b) for b in found]), position)


@router.get("/accounts/{account}", summary="Show an account's balance", **shows(AccountShown, e.AccountUnknown))
def show_account(account: AccountPath, look: Look, as_of: AsOfText = None) -> Response:
    """The balance now, or as of the last boundary at or before a log position or an instant."""
    with look.snapshot() as at:
        position = at.boundary_at(read_as_of(as_of))
        check_sees(look, account)
        found = balances.balance(at, account, position)
    body = AccountShown(position=position, **AccountStanding.of(found).model_dump())
    return look.answer(body, position)


@router.get("/accounts/{account}/lines", summary="List an account's lines", **shows(AccountLines, e.AccountUnknown))
def list_lines(account: AccountPath, look: Look, as_of: AsOfText = None, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """Every line in log order, a page at a time: what was booked, for what, by which command, with booking and value date."""
    after = read_cursor(cursor)
    with look.snapshot() as at:
        position = at.boundary_at(read_as_of(as_of))
        check_sees(look, account)
        balances.balance(at, account, position)
        found = lines.lines(at, account, after=after, size=limit + 1, as_of=position)
    page = found[:limit]
    more = next_cursor(*page[-1].cursor) if len(found) > limit else None
    body = AccountLines(position=position, account=account, lines=[AccountLine.of(line) for line in page], next=more)
    return look.answer(body, position)


@router.get("/positions", summary="Show positions", **shows(Positions))
def show_positions(look: Look, as_of: AsOfText = None) -> Response:
    """What the corridor owes each participant, and how far fundings can still go."""
    with look.snapshot() as at:
        position = at.boundary_at(read_as_of(as_of))
        found = balances.positions(at, position)
    shown = [
        PositionStanding(
            participant=participant,
            currency=b.currency,
            position=format_amount(b.balance, b.currency),
            floor=format_amount(b.floor or 0, b.currency),
            room=format_amount(max(0, b.balance - (b.floor or 0)), b.currency),
        )
        for participant, b in sorted(found.items())
        if sees_account(look.principal, b.account)
    ]
    return look.answer(Positions(position=position, positions=shown), position)


@router.get("/in-flight", summary="Show money in flight", **shows(MoneyInFlight))
def show_in_flight(look: Look) -> Response:
    """Customers' money between funding and payout: one balance of the ledger."""
    with look.snapshot() as at:
        found = balances.in_flight(at)
    return look.answer(MoneyInFlight.of(found, at.boundary, whole=oversees(look.principal)), at.boundary)


@router.post(
    "/accounts/{account}/status",
    summary="Freeze, open or close an account",
    **answers(StatusSet, e.AccountUnknown, e.AccountClosed, e.AccountNotEmpty, e.SecondOfficerNeeded),
)
async def set_status(account: AccountPath, body: StatusBody, ask: JsonCommand) -> Response:
    """One officer freezes at once. To open an account again or to close it, a second officer says what a first one proposed. A frozen or
    closed account takes part in no funding, withdrawal or pay-out; what happened is still booked."""
    command = c.SetAccountStatus(**ask.named(body.cause), account=account, status=body.status)
    return await ask.run(command, lambda answer: StatusSet(**StatusSet.facts(answer), **result_of(answer)))


def check_sees(look: Look, account: str) -> None:
    """Another bank's account is told like one that does not exist."""
    if not sees_account(look.principal, account):
        raise e.AccountUnknown(f"There is no account {account!r}.", field="account", value=account, way_out="List the corridor's accounts.")
