"""Roles of people, and under which name a person acts in the ledger.

Officers and operators are separate duties: who could be both would count as two pairs of eyes. So a person is one of them, and a token
that names both lets nobody in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from api.errors import SignInRefused

# Subjects stand in the log for good, so what looks like an e-mail address or a name with spaces is refused.
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._|~-]{0,119}")


class Role(StrEnum):
    """What a person is there for."""

    OFFICER = "officer"
    """Gives opinions, freezes transfers, parks and resolves breaks."""
    SENIOR_OFFICER = "senior_officer"
    """What an officer does, and freezes, opens and closes accounts."""
    AUDITOR = "auditor"
    """Sees everything but personal data, changes nothing."""
    OPERATOR = "operator"
    """Runs the corridor: keys, terms, cycles."""


_OFFICERS = frozenset({Role.OFFICER, Role.SENIOR_OFFICER})


class Person(NamedTuple):
    """Who signed in: the subject of the token, and the roles it gives."""

    subject: str
    roles: frozenset[Role]

    @property
    def principal(self) -> str:
        """The actor that commands and events name: ``officer:…``, ``operator:…``, or ``auditor:…``, who can decide nothing."""
        if self.roles & _OFFICERS:
            return f"officer:{self.subject}"
        return f"operator:{self.subject}" if Role.OPERATOR in self.roles else f"auditor:{self.subject}"


def person_of(claims: Mapping[str, Any], claim: str, names: Mapping[str, Role]) -> Person:
    """The person that a token speaks of; ``names`` says which value of ``claim`` is which role. Raises SignInRefused."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise SignInRefused(
            "The subject of the token cannot be the name of an actor.",
            field="sub",
            way_out="Have the identity provider send an opaque subject: letters, digits and . _ | ~ - only, no e-mail address.",
        )
    roles = frozenset(names[value] for value in _values(claims, claim) if value in names)
    if not roles:
        raise SignInRefused(
            "You hold no role here.",
            field=claim,
            way_out="Have an administrator give you one at the identity provider, then sign in again.",
        )
    if roles & _OFFICERS and Role.OPERATOR in roles:
        raise SignInRefused(
            "Officer and operator are separate duties, and you hold both.",
            field=claim,
            way_out="Have an administrator take one of them away, then sign in again.",
        )
    return Person(subject, roles)


def _values(claims: Mapping[str, Any], claim: str) -> Collection[str]:
    """The values of a claim by its name, or by a path with dots such as ``realm_access.roles``."""
    value: Any = claims.get(claim)
    if value is None:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return value.split()
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
