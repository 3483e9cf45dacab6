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


def record_break(command: c.RecordBreak, books: Books) -> Result:
    """The night job found a difference; the same one found again changes nothing."""
    if not command.actor.startswith("system:"):
        raise NotPermitted(
            f"{command.actor} cannot record breaks.", field="actor", value=command.actor, way_out="Let the night job find it."
        )
    books.account(command.account)
    known = books.break_or_none(command.break_id)
    if known is None:
        facts = {
            k: getattr(command, k) for k in ("break_id", "break_class", "account", "difference", "statement", "reference", "business_date")
        }
        books.add(ReconciliationBreak.find(ids.break_stream(command.corridor, command.break_id), books.decision(), **facts))
    return {"break": command.break_id, "changed": known is None}


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
