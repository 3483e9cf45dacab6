"""What each operation asks of the key that signed the request: one table, looked at in one place.

It narrows what a key may be used for; whether its owner may do a thing, and sees a thing, the ledger and `partner_view` decide after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import Request

from api.authentication import Caller
from api.errors import KeyNotPermitted

CORRIDOR_PREFIX: Final = "/v1/corridors/{corridor}"

OPERATION_PERMISSIONS: Final[Mapping[str, str]] = {
    "POST /quotes": "initiate",
    "GET /quotes/{quote}": "read",
    "POST /transfers": "initiate",
    "POST /messages": "initiate",
    "GET /transfers": "read",
    "GET /transfers/{uetr}": "read",
    "GET /transfers/{uetr}/trail": "read",
    "GET /feed": "read",
    "POST /transfers/{uetr}/fund": "initiate",
    "POST /transfers/{uetr}/accept": "pay",
    "POST /transfers/{uetr}/pay": "pay",
    "POST /transfers/{uetr}/refuse": "pay",
    "POST /transfers/{uetr}/cancel": "initiate",
    "POST /transfers/{uetr}/return": "pay",
    "POST /transfers/{uetr}/recalls": "initiate",
    "POST /transfers/{uetr}/recalls/{recall}/answer": "pay",
    "POST /transfers/{uetr}/condition": "pay",
    "POST /transfers/{uetr}/resolve-unknown": "pay",
    "POST /transfers/{uetr}/freeze": "decide",
    "GET /accounts": "statements",
    "GET /accounts/{account}": "statements",
    "GET /accounts/{account}/lines": "statements",
    "GET /positions": "statements",
    "GET /in-flight": "statements",
    "POST /accounts/{account}/status": "decide",
    "POST /prefunds": "settle",
    "POST /withdrawals": "treasury",
    "POST /withdrawals/{reference}/confirmation": "settle",
    "POST /treasury-movements": "treasury",
    "POST /settlement-charges": "settle",
    "GET /movements": "statements",
    "POST /cycles": "operate",
    "POST /cycles/{number}/pay-ins": "settle",
    "POST /cycles/{number}/pay-outs": "settle",
    "GET /cycles": "statements",
    "GET /cycles/{number}": "statements",
    "POST /cases/{case}/opinions": "decide",
    "GET /cases": "read",
    "GET /cases/{case}": "read",
    "GET /breaks": "read",
    "GET /breaks/{break_id}": "read",
    "POST /breaks/{break_id}/park": "decide",
    "POST /breaks/{break_id}/resolve": "decide",
    "GET /reports": "statements",
    "GET /reports/{report}": "statements",
    "GET /terms": "read",
    "POST /rate-sheets": "rates",
    "GET /rate-sheets": "read",
    "GET /openapi.json": "read",
}
"""Method and path below the corridor -> a permission of `ledger.domain.permissions`. An operation that is not here is closed."""


def check_key_may(caller: Caller, method: str, route_path: str) -> None:
    """Raises KeyNotPermitted unless the caller's key may be used for the operation."""
    operation = f"{method} {route_path.removeprefix(CORRIDOR_PREFIX)}"
    needed = OPERATION_PERMISSIONS.get(operation)
    if needed is None or needed not in caller.permissions:
        raise KeyNotPermitted(
            f"Key {caller.key_id} may {', '.join(caller.permissions) or 'do nothing'}; this needs {needed or 'what no key has'}.",
            field="keyid",
            value=caller.key_id,
            way_out="Sign with a key that may, or have one registered.",
        )


async def permitted(request: Request) -> None:
    """Runs before every operation of a corridor, before anything of the request is read. What a person with a session may do stands in
    `api.people.operations`."""
    if not hasattr(request.state, "session"):
        check_key_may(request.state.caller, request.method, request.scope["route"].path)
