"""One table: operation → who may do it with a session, and whether that needs a fresh sign-in.

What is not in the table nobody may do, and a test holds it against all routes of the API and of the console, so that a new route is a
decision. The table decides who may ask; what may be done, four eyes above all, the ledger decides.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from api.people.roles import Person, Role
from ledger.errors import NotPermitted

OFFICERS = frozenset({Role.OFFICER, Role.SENIOR_OFFICER})
SENIOR_OFFICERS = frozenset({Role.SENIOR_OFFICER})
OPERATORS = frozenset({Role.OPERATOR})
EVERYBODY = frozenset(Role)
NOBODY: frozenset[Role] = frozenset()
"""A bank's own: only a bank's signature does it."""


class Rule(NamedTuple):
    """Who may, and whether the sign-in must be fresh."""

    roles: frozenset[Role]
    fresh: bool = False


READ = Rule(EVERYBODY)
BANKS_ONLY = Rule(NOBODY)
_CORRIDOR = "/v1/corridors/{corridor}"
_CONSOLE = "/console/corridors/{corridor}"

OPERATIONS: dict[tuple[str, str], Rule] = {
    ("GET", f"{_CORRIDOR}/quotes/{{quote}}"): READ,
    ("GET", f"{_CORRIDOR}/transfers"): READ,
    ("GET", f"{_CORRIDOR}/transfers/{{uetr}}"): READ,
    ("GET", f"{_CORRIDOR}/transfers/{{uetr}}/trail"): READ,
    ("GET", f"{_CORRIDOR}/accounts"): READ,
    ("GET", f"{_CORRIDOR}/accounts/{{account}}"): READ,
    ("GET", f"{_CORRIDOR}/accounts/{{account}}/lines"): READ,
    ("GET", f"{_CORRIDOR}/accounts/{{account}}/statements/{{day}}"): READ,
    ("GET", f"{_CORRIDOR}/accounts/{{account}}/notification"): READ,
    ("GET", f"{_CORRIDOR}/positions"): READ,
    ("GET", f"{_CORRIDOR}/in-flight"): READ,
    ("GET", f"{_CORRIDOR}/movements"): READ,
    ("GET", f"{_CORRIDOR}/cycles"): READ,
    ("GET", f"{_CORRIDOR}/cycles/{{number}}"): READ,
    ("GET", f"{_CORRIDOR}/cases"): READ,
    ("GET", f"{_CORRIDOR}/cases/{{case}}"): READ,
    ("GET", f"{_CORRIDOR}/breaks"): READ,
    ("GET", f"{_CORRIDOR}/breaks/{{break_id}}"): READ,
    ("GET", f"{_CORRIDOR}/reports"): READ,
    ("GET", f"{_CORRIDOR}/reports/{{report}}"): READ,
    ("GET", f"{_CORRIDOR}/terms"): READ,
    ("GET", f"{_CORRIDOR}/rate-sheets"): READ,
    ("GET", f"{_CORRIDOR}/openapi.json"): READ,
    ("POST", f"{_CORRIDOR}/transfers/{{uetr}}/freeze"): Rule(OFFICERS, fresh=True),
    ("POST", f"{_CORRIDOR}/cases/{{case}}/opinions"): Rule(OFFICERS, fresh=True),
    ("POST", f"{_CORRIDOR}/accounts/{{account}}/status"): Rule(SENIOR_OFFICERS, fresh=True),
    ("POST", f"{_CORRIDOR}/breaks/{{break_id}}/park"): Rule(OFFICERS),
    ("POST", f"{_CORRIDOR}/breaks/{{break_id}}/resolve"): Rule(OFFICERS),
    ("POST", f"{_CORRIDOR}/cycles"): Rule(OPERATORS),
    **{
        ("POST", _CORRIDOR + path): BANKS_ONLY
        for path in (
            "/quotes", "/transfers", "/messages", "/rate-sheets", "/prefunds", "/withdrawals", "/withdrawals/{reference}/confirmation",
            "/treasury-movements", "/settlement-charges", "/cycles/{number}/pay-ins", "/cycles/{number}/pay-outs",
            "/transfers/{uetr}/fund", "/transfers/{uetr}/accept", "/transfers/{uetr}/pay", "/transfers/{uetr}/refuse",
            "/transfers/{uetr}/cancel", "/transfers/{uetr}/return", "/transfers/{uetr}/recalls",
            "/transfers/{uetr}/recalls/{recall}/answer", "/transfers/{uetr}/condition", "/transfers/{uetr}/resolve-unknown",
        )
    },
    ("GET", f"{_CORRIDOR}/feed"): BANKS_ONLY,
    ("GET", f"{_CORRIDOR}/messages"): BANKS_ONLY,
    ("GET", f"{_CORRIDOR}/messages/{{message_position}}/{{index}}"): BANKS_ONLY,
    # The console
    ("GET", "/console"): READ,
    ("GET", "/console/me"): READ,
    ("GET", "/console/step-up"): READ,
    ("POST", "/console/sign-out"): READ,
    ("GET", f"{_CONSOLE}/cases"): READ,
    ("GET", f"{_CONSOLE}/cases/{{case}}"): READ,
    ("POST", f"{_CONSOLE}/cases/{{case}}/opinions"): Rule(OFFICERS, fresh=True),
    ("GET", f"{_CONSOLE}/transfers/{{uetr}}"): READ,
    ("POST", f"{_CONSOLE}/transfers/{{uetr}}/freeze"): Rule(OFFICERS, fresh=True),
    ("POST", f"{_CONSOLE}/transfers/{{uetr}}/parties"): Rule(OFFICERS),
}  # fmt: skip

OPEN_TO_ALL = (
    "/console/sign-in",
    "/console/sign-in/begin",
    "/console/callback",
    "/console/signed-out",
    "/console/style.css",
    "/console/icon.svg",
)
"""Pages for people who have not signed in."""


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", template)))


# Fixed words before placeholders, as the router looks for them.
_PATTERNS = [(method, _pattern(path), (method, path)) for method, path in sorted(OPERATIONS, key=lambda key: key[1].count("{"))]


def operation_of(method: str, path: str) -> tuple[str, str] | None:
    """The row of the table that a request falls under."""
    asked = "GET" if method == "HEAD" else method
    return next((key for row, pattern, key in _PATTERNS if row == asked and pattern.fullmatch(path)), None)


def operation_name(method: str, path: str) -> str:
    """The row of a request for people to read, and nothing of the path as it came: ``POST /v1/corridors/{corridor}/transfers``."""
    if path in OPEN_TO_ALL or path in ("/health", "/ready"):
        return f"{method} {path}"
    key = operation_of(method, path)
    return "unknown" if key is None else " ".join(key)


def check_permitted(person: Person, method: str, path: str) -> Rule:
    """The rule of an operation that the person's roles permit. Raises NotPermitted."""
    key = operation_of(method, path)
    rule = OPERATIONS[key] if key is not None else BANKS_ONLY
    if not rule.roles & person.roles:
        needed = " or ".join(sorted(role.replace("_", " ") for role in rule.roles))
        raise NotPermitted(
            f"{person.principal} cannot do this.",
            field="actor",
            value=person.principal,
            way_out=f"Let an {needed} do it." if needed else "Let the bank whose step it is sign the request.",
        )
    return rule
