"""Every operation asks something of the key that signed, and a key that may not is told so by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from api.app import CORRIDOR_ROUTES
from api.authentication import Caller
from api.errors import KeyNotPermitted
from api.permissions import CORRIDOR_PREFIX, MESSAGE_PERMISSIONS, OPERATION_PERMISSIONS, Permissions, check_message, operations_of
from api.problems import problem_of
from ledger.domain.permissions import PERMISSIONS
from ledger.messages.incoming import HANDLERS


def caller(*permissions: str) -> Caller:
    return Caller("abb", "abb-1", "abb-psbc", permissions)


OPERATIONS = set().union(*(operations_of(module.router.routes) for module in CORRIDOR_ROUTES))
# What may stand in a path, as the router takes it: it ends where the router's pattern ends, a line end included.
FILLED = ("x", "a%2Fb", "pay", "\n")


def several(needed: str | tuple[str, ...]) -> tuple[str, ...]:
    return (needed,) if isinstance(needed, str) else needed


def check(method: str, path: str, *permissions: str, table: Mapping[str, str | tuple[str, ...]] = OPERATION_PERMISSIONS) -> None:
    Permissions(table).check(caller(*permissions), method, path)


def test_every_operation_has_its_permission_and_no_other_has_one() -> None:
    """So that none is open to every key by oversight."""
    assert set(OPERATION_PERMISSIONS) == OPERATIONS


def test_an_application_does_not_begin_with_an_operation_that_the_table_forgot() -> None:
    """It would be open to every key."""
    short = {operation: needed for operation, needed in OPERATION_PERMISSIONS.items() if operation != "POST /transfers"}
    with pytest.raises(LookupError, match="No permission is asked for POST /transfers: say which"):
        Permissions(short).check_covers(OPERATIONS)


def test_every_permission_opens_something() -> None:
    """And none is asked for that no key can have."""
    assert {one for needed in OPERATION_PERMISSIONS.values() for one in several(needed)} == set(PERMISSIONS)


@pytest.mark.parametrize("operation", OPERATION_PERMISSIONS)
def test_an_operation_opens_to_its_permission_and_to_no_other(operation: str) -> None:
    """With it alone a key passes; with all the others together it does not, whatever stands in the path."""
    method, path = operation.split(" ")
    needed = several(OPERATION_PERMISSIONS[operation])
    for part in FILLED:
        filled = re.sub(r"{\w+}", part, CORRIDOR_PREFIX + path)
        for one in needed:
            check(method, filled, one)
        for asked in (filled, filled + "\n"):
            with pytest.raises(KeyNotPermitted):
                check(method, asked, *(set(PERMISSIONS) - set(needed)))


@pytest.mark.parametrize("message", HANDLERS)
def test_a_message_opens_to_its_permissions_and_to_no_others(message: str) -> None:
    """Every kind that is taken has its row, and the gate lets in whoever may send one of them."""
    needed = MESSAGE_PERMISSIONS[message]
    for one in needed:
        check_message(caller(one), message)
    assert set(needed) <= set(OPERATION_PERMISSIONS["POST /messages"])
    with pytest.raises(KeyNotPermitted, match=f"this needs {' or '.join(needed)}"):
        check_message(caller(*(set(PERMISSIONS) - set(needed))), message)


def test_a_message_that_nobody_takes_is_left_to_who_says_so() -> None:
    """Its refusal names what it is and what is taken."""
    check_message(caller(), "pain.001")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("DELETE", "/transfers"), ("POST", "/transfers/"), ("GET", ""), ("GET", "/transfers//trail")],
)
def test_what_no_operation_is_is_left_to_the_router(method: str, path: str) -> None:
    """It says 404 or 405; a key that may do nothing learns no more than others."""
    check(method, "/v1/corridors/abb-psbc" + path)


def test_a_request_that_could_be_two_operations_needs_both_permissions() -> None:
    """Whichever of them the router takes."""
    table = {"GET /transfers/{uetr}": "read", "GET /transfers/newest": "statements"}
    path = "/v1/corridors/abb-psbc/transfers/newest"
    check("GET", path, "read", "statements", table=table)
    for alone in ("read", "statements"):
        with pytest.raises(KeyNotPermitted):
            check("GET", path, alone, table=table)


def test_the_problem_names_the_key_and_what_it_lacks() -> None:
    """A type of its own, and the way out."""
    with pytest.raises(KeyNotPermitted) as refused:
        check("POST", "/v1/corridors/abb-psbc/transfers", "read", "statements")
    problem, _ = problem_of(refused.value)
    assert problem.model_dump(exclude_none=True) == {
        "type": "/problems/key-not-permitted",
        "title": "The key may not be used for this",
        "status": 403,
        "detail": "Key abb-1 may read, statements; this needs initiate.",
        "field": "keyid",
        "value": "abb-1",
        "way_out": "Sign with a key that may, or have one registered.",
        "transient": False,
    }
