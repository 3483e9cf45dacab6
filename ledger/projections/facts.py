"""Stored events as plain facts: JSON, brought to the newest version of their topic, without the classes of the domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ledger.eventstore.mapper import read_state
from ledger.eventstore.pages import TextRow
from ledger.projections.copying import json_text, text


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


def trail_rows(corridor: str, facts: Iterable[Fact]) -> list[str]:
    """Rows of the audit trail in COPY text: one for each fact that somebody decided. The lines of accounts are in the journal."""
    return [
        f"{corridor}\t{fact.subject}\t{fact.position}\t{fact.boundary}\t{fact.recorded_at}\t{fact.topic}\t{text(fact.actor)}\t"
        f"{fact.command}\t{text(fact.cause)}\t{fact.terms}\t{json_text(fact.rules)}\t{json_text(fact.facts)}\n"
        for fact in facts
        if fact.actor
    ]
