"""Differences between a statement and the ledger, closed by two officers."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result
from ledger.domain import ids, posting
from ledger.domain.reconciliation_break import ReconciliationBreak
from ledger.errors import (
    NotPermitted,
)


def record_breaks(command: c.RecordBreaks, books: Books) -> Result:
    """The night job found differences; those found before change nothing."""
    if not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot record breaks.", field="actor", value=command.actor, way_out="Let the night job find it."
        )
    for account in sorted({found.account for found in command.found}):
        books.account(account)
    return {"breaks": len(command.found), "changed": sum(_find(found, command.corridor, books) for found in command.found)}


def _find(found: c.FoundBreak, corridor: str, books: Books) -> bool:
    """Whether the difference was not known yet."""
    if books.break_or_none(found.break_id) is not None:
        return False
    facts = {name: getattr(found, name) for name in c.FoundBreak.model_fields}
    books.add(ReconciliationBreak.find(ids.break_stream(corridor, found.break_id), books.decision(), **facts))
    return True


def park_break(command: c.ParkBreak, books: Books) -> Result:
    """The second officer brings the mirrored account to the statement's amount."""
    found = books.reconciliation_break(command.break_id)
    by = books.decision()
    if found.second_officer_agrees(by, "park", ""):
        books.post(posting.parked(found.id, found.account, found.difference))
    return {"break": command.break_id, "parked": found.park(by)}


def resolve_break(command: c.ResolveBreak, books: Books) -> Result:
    """The second officer moves a parked difference where it belongs, or accepts the explanation of an unparked one."""
    found = books.reconciliation_break(command.break_id)
    by = books.decision()
    agreed = found.second_officer_agrees(by, "resolve", command.to_account)
    if command.to_account:
        books.account(command.to_account)
    if agreed and command.to_account:
        books.post(posting.resolved(found.id, command.to_account, found.difference))
    return {"break": command.break_id, "resolved": found.resolve(by, command.to_account, command.explanation)}
