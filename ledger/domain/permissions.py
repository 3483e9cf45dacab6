"""What a key may be used for: a bank can give its counter system, its treasury and its reporting each a key of its own.

A permission narrows; it never widens: whether the actor itself may do a thing is still each aggregate's own decision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ledger.domain.movement import SETTLEMENT_BANK
from ledger.errors import PermissionUnknown, UnknownParticipant

PERMISSIONS: Final[Mapping[str, str]] = {
    "initiate": "as debtor agent: ask for quotes, send transfers, fund, cancel and recall them",
    "pay": "as creditor agent: accept, pay, refuse and return, answer recalls, report conditions met",
    "rates": "publish rate sheets",
    "treasury": "ask for withdrawals, report treasury movements",
    "read": "see transfers, quotes, cases, breaks, terms and rates, fetch messages, as far as they are the caller's",
    "statements": "see accounts, lines, statements, movements, cycles and the nights' reports, as far as they are the caller's",
    "settle": "as settlement bank: confirm prefunds, withdrawals, pay-ins and pay-outs, report charges",
    "decide": "as officer: give opinions, freeze, set the status of accounts, park and resolve breaks",
    "operate": "as operator: close settlement cycles",
}

_OF_A_PARTICIPANT: Final = ("initiate", "pay", "rates", "treasury", "read", "statements")
_OF_THE_SETTLEMENT_BANK: Final = ("read", "statements", "settle")
_OF_PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "officer": ("read", "statements", "decide"),
    "operator": ("read", "statements", "operate"),
}


def permissions_of(principal: str, participants: Collection[str]) -> tuple[str, ...]:
    """All that a key of this principal can be given. Raises UnknownParticipant for one that signs nothing in this corridor."""
    if principal in participants:
        return _OF_A_PARTICIPANT
    if principal == SETTLEMENT_BANK:
        return _OF_THE_SETTLEMENT_BANK
    role, _, name = principal.partition(":")
    if role in _OF_PEOPLE and name:
        return _OF_PEOPLE[role]
    raise UnknownParticipant(
        f"{principal!r} signs nothing in this corridor.",
        field="principal",
        value=principal,
        way_out=f"Name {', '.join(sorted(participants))}, {SETTLEMENT_BANK}, or officer: or operator: with a name.",
    )


def check_permissions(permissions: Collection[str], principal: str, participants: Collection[str]) -> None:
    """Raises UnknownParticipant, or PermissionUnknown for a permission that a key of this principal cannot have, or for none at all."""
    possible = permissions_of(principal, participants)
    strange = [permission for permission in permissions if permission not in possible]
    if strange or not permissions:
        raise PermissionUnknown(
            f"A key of {principal} cannot be given {strange[0]!r}." if strange else f"The key of {principal} may do nothing.",
            field="permissions",
            value=strange[0] if strange else "",
            way_out=f"Choose among {', '.join(possible)}.",
        )
