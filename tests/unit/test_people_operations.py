"""One table says who may do what with a session: it is complete, and what it does not name nobody may do."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from api.app import CORRIDOR_ROUTES
from api.console.pages import ROUTES
from api.people.operations import OPEN_TO_ALL, OPERATIONS, check_permitted, operation_of
from api.people.roles import Person, Role
from ledger.errors import NotPermitted

ROLES = {role: Person("amina", frozenset({role})) for role in Role}


def test_every_operation_has_its_row_and_every_row_its_operation() -> None:
    """A new route of the API or of the console is a decision about who may use it."""
    api = {
        (method, f"/v1/corridors/{{corridor}}{route.path}")
        for module in CORRIDOR_ROUTES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    console = {(method, route.path) for route in ROUTES for method in route.methods or () if method != "HEAD"}
    assert set(OPERATIONS) == (api | console) - {("GET", path) for path in OPEN_TO_ALL}


def test_every_row_is_found_by_a_path_of_its_own() -> None:
    """No row hides another one."""
    filled = {key: key[1].replace("{", "x").replace("}", "x") for key in OPERATIONS}
    assert {key: operation_of(key[0], path) for key, path in filled.items()} == {key: key for key in OPERATIONS}


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/console"), ("POST", "/console/me"), ("GET", "/v1/corridors/a-b/x")])
def test_what_the_table_does_not_name_nobody_may_do(method: str, path: str) -> None:
    """Not even a senior officer."""
    for person in ROLES.values():
        with pytest.raises(NotPermitted):
            check_permitted(person, method, path)


def test_an_auditor_changes_nothing_but_the_own_session() -> None:
    """Whatever else the table comes to say."""
    changed = {path for (method, path), rule in OPERATIONS.items() if method != "GET" and Role.AUDITOR in rule.roles}
    assert changed == {"/console/sign-out"}


def test_release_and_freeze_need_a_fresh_sign_in() -> None:
    """By the API and by the console alike."""
    fresh = {path.removeprefix("/v1").removeprefix("/console") for (_, path), rule in OPERATIONS.items() if rule.fresh}
    assert fresh == {
        "/corridors/{corridor}/transfers/{uetr}/freeze",
        "/corridors/{corridor}/cases/{case}/opinions",
        "/corridors/{corridor}/accounts/{account}/status",
    }


@pytest.mark.parametrize(
    ("role", "principal"),
    [
        (Role.OFFICER, "officer:amina"),
        (Role.SENIOR_OFFICER, "officer:amina"),
        (Role.OPERATOR, "operator:amina"),
        (Role.AUDITOR, "auditor:amina"),
    ],
)
def test_a_person_acts_under_the_subject_of_the_token(role: Role, principal: str) -> None:
    """The kind of actor follows from the role; an auditor is no kind of actor that may decide anything."""
    assert ROLES[role].principal == principal
