"""What each operation asks of the key that signed the request: one table, looked at in one place.

It narrows what a key may be used for; whether its owner may do a thing, and sees a thing, the ledger and `partner_view` decide after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, compile_path

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
    "GET /feed": "read",
    "GET /openapi.json": "read",
}
"""Method and path below the corridor -> a permission of `ledger.domain.permissions`. The gate asks, before it lets a request in."""


class Permissions:
    """Decides by method and path, as the router will match them, whether a key may be used for a request.

    What no operation matches passes: the router answers it with 404 or 405. Since that would open an operation that the table forgot,
    an application asks `check_covers` before it serves.
    """

    def __init__(self, operations: Mapping[str, str] = OPERATION_PERMISSIONS) -> None:
        # No part of a path holds a slash, so their number tells most templates apart.
        self._templates: dict[tuple[str, int], list[tuple[re.Pattern[str], str]]] = {}
        self._operations = operations
        for operation, needed in operations.items():
            method, path = operation.split(" ")
            template = CORRIDOR_PREFIX + path
            regex, _, _ = compile_path(template)
            self._templates.setdefault((method, template.count("/")), []).append((regex, needed))

    def check(self, caller: Caller, method: str, path: str) -> None:
        """Raises KeyNotPermitted unless the caller's key may be used for every operation that the request could be."""
        for regex, needed in self._templates.get((method, path.count("/")), ()):
            if needed not in caller.permissions and regex.match(path):
                raise KeyNotPermitted(
                    f"Key {caller.key_id} may {', '.join(caller.permissions) or 'do nothing'}; this needs {needed}.",
                    field="keyid",
                    value=caller.key_id,
                    way_out="Sign with a key that may, or have one registered.",
                )

    def check_covers(self, operations: Iterable[str]) -> None:
        """Raises LookupError when one of these operations asks for no permission."""
        forgotten = sorted(set(operations) - self._operations.keys())
        if forgotten:
            raise LookupError(f"No permission is asked for {', '.join(forgotten)}: say which in OPERATION_PERMISSIONS.")


def operations_of(routes: Iterable[BaseRoute]) -> set[str]:
    """Method and path of each operation, as the table names them."""
    return {f"{method} {route.path}" for route in routes if isinstance(route, APIRoute) for method in route.methods or ()}
