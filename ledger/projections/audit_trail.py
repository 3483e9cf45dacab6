"""Who decided what, when, why, and under which terms and rules; and what was booked for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ledger.projections.lines import JournalLine, lines_of
from ledger.projections.snapshot import Snapshot

LINE_TOPIC = "Account.Posted.v1"


class TrailEntry(NamedTuple):
    """One event about a subject. `facts` is what the event states beyond who decided it.

    A posted line is an entry of its own with topic `LINE_TOPIC`: its `facts` hold account, currency, amount (minor units, debit positive),
    entry kind and dates, and actor, cause, terms and rules are those of the command it was posted by.
    """

    position: int
    boundary: int
    recorded_at: datetime
    topic: str
    subject: UUID
    actor: str
    command: UUID
    cause: str
    terms: int
    rules: list[str]
    facts: dict[str, Any]


def trail(at: Snapshot, uetr: UUID) -> list[TrailEntry]:
    """Everything that concerns one transfer in log order: its own events, its quote's, its cases', its breaks', who was shown its
    parties, and every line booked for it. Empty when the ledger has never heard of it."""
    decided = [TrailEntry(*row) for row in at.rows("trail_of_transfer", uetr=str(uetr))]
    by_command = {entry.command: entry for entry in decided}
    booked = [_of_line(line, by_command.get(line.command)) for line in lines_of(at, uetr)]
    return sorted([*decided, *booked], key=lambda entry: entry.position)


def trail_of(at: Snapshot, subject: UUID) -> list[TrailEntry]:
    """Every decided event of any stream, in log order: the corridor's own, a rate series', a cycle's, a movement's, a case's."""
    return [TrailEntry(*row) for row in at.rows("trail_of_stream", subject=str(subject))]


def erased_subjects(at: Snapshot) -> list[UUID]:
    """The subjects that two officers erased, then those whose time had come, each in log order."""
    return [row[0] for row in at.rows("erased_subjects")]


def erased_people(at: Snapshot) -> list[UUID]:
    """Only those that two officers erased, in log order."""
    return [row[0] for row in at.rows("erased_people")]


def causes_about_people(at: Snapshot, subjects: Collection[UUID]) -> list[tuple[str, str]]:
    """Who asked, and for which cause, for what happened to the transfers of these people, each once."""
    return causes_about_transfers(at, [row[0] for row in at.rows("transfers_of_people", subjects=_ids(subjects))]) if subjects else []


def causes_about_transfers(at: Snapshot, uetrs: Collection[UUID]) -> list[tuple[str, str]]:
    """Who asked, and for which cause, for what happened to these transfers, each once."""
    return [(actor, cause) for actor, cause in at.rows("causes_about_transfers", uetrs=_ids(uetrs))] if uetrs else []


def _ids(given: Collection[UUID]) -> list[str]:
    return [str(one) for one in given]


def _of_line(line: JournalLine, decided: TrailEntry | None) -> TrailEntry:
    facts = {
        "entry": line.entry,
        "account": line.account,
        "currency": line.currency,
        "amount": line.amount,
        "booking_date": line.booking_date.isoformat(),
        "value_date": line.value_date.isoformat(),
    }
    who = ("", "", 0, []) if decided is None else (decided.actor, decided.cause, decided.terms, decided.rules)
    actor, cause, terms, rules = who
    return TrailEntry(
        line.position, line.boundary, line.recorded_at, LINE_TOPIC, line.reference, actor, line.command, cause, terms, rules, facts
    )
