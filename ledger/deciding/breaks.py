"""Differences between a statement and the ledger, closed by two officers."""

from __future__ import annotations

from collections.abc import Iterable

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result
from ledger.domain import ids, posting
from ledger.domain.reconciliation_break import ReconciliationBreak
from ledger.errors import (
    NotPermitted,
)


def record_break(command: c.RecordBreak, books: Books) -> Result:
    """The night job found a difference; the same one found again changes nothing."""
    _check(command, [command.account], books)
    return {"break": command.break_id, "changed": _find(command, command.corridor, books)}


def record_breaks(command: c.RecordBreaks, books: Books) -> Result:
    """The night job found many differences; those found before change nothing."""
    _check(command, sorted({one.account for one in command.found}), books)
    return {"breaks": len(command.found), "changed": sum(_find(one, command.corridor, books) for one in command.found)}


def _check(command: c.Command, accounts: Iterable[str], books: Books) -> None:
    if not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot record breaks.", field="actor", value=command.actor, way_out="Let the night job find it."
        )
    for account in accounts:
        books.account(account)


def _find(told: c.RecordBreak | c.FoundBreak, corridor: str, books: Books) -> bool:
    """Whether the difference was not known yet."""
    if books.break_or_none(told.break_id) is not None:
        return False
    facts = {k: getattr(told, k) for k in c.FoundBreak.model_fields}
    books.add(ReconciliationBreak.find(ids.break_stream(corridor, told.break_id), books.decision(), **facts))
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
