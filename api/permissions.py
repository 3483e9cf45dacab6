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

OPERATION_PERMISSIONS: Final[Mapping[str, str | tuple[str, ...]]] = {
    "POST /quotes": "initiate",
    "GET /quotes/{quote}": "read",
    "POST /transfers": "initiate",
    "POST /messages": ("initiate", "pay", "treasury", "settle"),
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
    "GET /accounts/{account}/statements/{day}": "statements",
    "GET /accounts/{account}/notification": "statements",
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
    "GET /messages": "read",
    "GET /messages/{message_position}/{index}": "read",
    "GET /openapi.json": "read",
}
"""Method and path below the corridor -> a permission of `ledger.domain.permissions`, or several of which one will do. The gate asks, before
it lets a request in."""

MESSAGE_PERMISSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "pacs.008": ("initiate",),
    "pacs.002": ("pay", "settle"),
    "pacs.004": ("pay",),
    "pacs.009": ("treasury", "settle"),
    "pacs.028": ("initiate",),
    "camt.029": ("pay",),
    "camt.053": ("treasury", "settle"),
    "camt.054": ("treasury", "settle"),
    "camt.056": ("initiate",),
    "camt.057": ("treasury", "settle"),
}
"""Kind of a message -> the permissions of which a key that sends it needs one. The route asks, since the kind stands in the body."""


def check_message(caller: Caller, message: str) -> None:
    """Raises KeyNotPermitted unless the caller's key may be used to send a message of this kind; one that nobody takes passes."""
    needed = MESSAGE_PERMISSIONS.get(message)
    if needed is not None and not set(needed) & set(caller.permissions):
        raise _not_permitted(caller, needed)


def _not_permitted(caller: Caller, needed: tuple[str, ...]) -> KeyNotPermitted:
    return KeyNotPermitted(
        f"Key {caller.key_id} may {', '.join(caller.permissions) or 'do nothing'}; this needs {' or '.join(needed)}.",
        field="keyid",
        value=caller.key_id,
        way_out="Sign with a key that may, or have one registered.",
    )


class Permissions:
    """Decides by method and path, as the router will match them, whether a key may be used for a request.

    What no operation matches passes: the router answers it with 404 or 405. Since that would open an operation that the table forgot,
    an application asks `check_covers` before it serves.
    """

    def __init__(self, operations: Mapping[str, str | tuple[str, ...]] = OPERATION_PERMISSIONS) -> None:
        # No part of a path holds a slash, so their number tells most templates apart.
        self._templates: dict[tuple[str, int], list[tuple[re.Pattern[str], tuple[str, ...]]]] = {}
        self._operations = operations
        for operation, needed in operations.items():
            method, path = operation.split(" ")
            template = CORRIDOR_PREFIX + path
            regex, _, _ = compile_path(template)
            self._templates.setdefault((method, template.count("/")), []).append((regex, (needed,) if isinstance(needed, str) else needed))

    def check(self, caller: Caller, method: str, path: str) -> None:
        """Raises KeyNotPermitted unless the caller's key may be used for every operation that the request could be."""
        for regex, needed in self._templates.get((method, path.count("/")), ()):
            if not any(one in caller.permissions for one in needed) and regex.match(path):
                raise _not_permitted(caller, needed)

    def check_covers(self, operations: Iterable[str]) -> None:
        """Raises LookupError when one of these operations asks for no permission."""
        forgotten = sorted(set(operations) - self._operations.keys())
        if forgotten:
            raise LookupError(f"No permission is asked for {', '.join(forgotten)}: say which in OPERATION_PERMISSIONS.")


def operations_of(routes: Iterable[BaseRoute]) -> set[str]:
    """Method and path of each operation, as the table names them."""
    return {f"{method} {route.path}" for route in routes if isinstance(route, APIRoute) for method in route.methods or ()}
