"""Every operation asks something of the key that signed, and a key that may not is told so by name."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from api.app import CORRIDOR_ROUTES
from api.authentication import Caller
from api.errors import KeyNotPermitted
from api.permissions import CORRIDOR_PREFIX, OPERATION_PERMISSIONS, check_key_may
from api.problems import problem_of
from ledger.domain.permissions import PERMISSIONS


def caller(*permissions: str) -> Caller:
    return Caller("abb", "abb-1", "abb-psbc", permissions)


def test_every_operation_has_its_permission_and_no_other_has_one() -> None:
    """In the order of the routers, so that the table reads like the API."""
    operations = {
        f"{method} {route.path}"
        for module in CORRIDOR_ROUTES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(OPERATION_PERMISSIONS) == operations


def test_every_permission_opens_something() -> None:
    """And none is asked for that no key can have."""
    assert set(OPERATION_PERMISSIONS.values()) == set(PERMISSIONS)


@pytest.mark.parametrize("operation", OPERATION_PERMISSIONS)
def test_an_operation_opens_to_its_permission_and_to_no_other(operation: str) -> None:
    """With it alone a key passes; with all the others together it does not."""
    method, path = operation.split(" ")
    needed = OPERATION_PERMISSIONS[operation]
    check_key_may(caller(needed), method, CORRIDOR_PREFIX + path)
    with pytest.raises(KeyNotPermitted):
        check_key_may(caller(*(set(PERMISSIONS) - {needed})), method, CORRIDOR_PREFIX + path)


def test_an_operation_that_the_table_forgot_is_closed() -> None:
    """To every key."""
    with pytest.raises(KeyNotPermitted, match="this needs what no key has"):
        check_key_may(caller(*PERMISSIONS), "POST", CORRIDOR_PREFIX + "/forgotten")


def test_the_problem_names_the_key_and_what_it_lacks() -> None:
    """A type of its own, and the way out."""
    with pytest.raises(KeyNotPermitted) as refused:
        check_key_may(caller("read", "statements"), "POST", CORRIDOR_PREFIX + "/transfers")
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
