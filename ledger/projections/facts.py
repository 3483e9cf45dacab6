"""Stored events as plain facts: JSON, brought to the newest version of their topic, without the classes of the domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ledger.eventstore.mapper import read_state
from ledger.eventstore.pages import TextRow
from ledger.projections.binary import beginning, bigint, instant, integer, jsonb, text, uuid, word


class Fact(NamedTuple):
    """One event. `subject` is its stream, `recorded_at` an instant as PostgreSQL writes it; `facts` is its state without what every
    decision says.

    `actor` is empty for the lines of an account, which belong to many commands.
    """

    position: int
    boundary: int
    recorded_at: str
    subject: str
    topic: str
    actor: str
    command: str
    cause: str
    terms: int
    rules: list[str]
    facts: dict[str, Any]


def read_facts(rows: Iterable[TextRow]) -> list[Fact]:
    """The facts of stored events, in their order."""
    read: list[Fact] = []
    for position, boundary, recorded_at, stream, stored_topic, state in rows:
        topic, facts = read_state(stored_topic, state)
        take: Callable[..., Any] = facts.pop
        take("timestamp", None)
        take("originator_topic", None)
        actor = take("actor", "")
        if actor:
            command, cause, terms, rules = take("command", ""), take("cause", ""), take("terms", 0), take("rules", [])
        else:
            command, cause, terms, rules = "", "", 0, []
        read.append(Fact(position, boundary, recorded_at, stream, topic, actor, command, cause, terms, rules, facts))
    return read


def trail_rows(corridor: str, facts: Iterable[Fact]) -> list[bytes]:
    """Rows of the audit trail in binary COPY: one for each fact that somebody decided. The lines of accounts are in the journal."""
    before = beginning(12) + word(corridor)
    return [
        b"".join(
            (
                before, uuid(fact.subject), bigint(fact.position), bigint(fact.boundary), instant(fact.recorded_at), word(fact.topic),
                word(fact.actor), uuid(fact.command), text(fact.cause), integer(fact.terms), jsonb(fact.rules), jsonb(fact.facts),
            )
        )
        for fact in facts
        if fact.actor
    ]  # fmt: skip
