"""A statement for whoever asks: the day found, known to be closed, and drawn at its two boundaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

from ledger.domain.business_days import BusinessDay, terms_known
from ledger.domain.terms import STATEMENT_VERSIONS, Terms
from ledger.eventstore.log import Log
from ledger.projections.snapshot import Snapshot
from ledger.statements import forms
from ledger.statements.days import agreed_in, check_closed, closing_boundary, day_of, opening_boundary
from ledger.statements.drawing import Drawn, draw_day

NOTIFICATION_LINES_MAX = 10_000
"""At about so many lines a notification ends, at the end of a commit; the next one goes on there."""

Written = Callable[[Drawn, str], Iterator[bytes]]

FORMS: Mapping[str, Written] = {
    "camt.053": forms.camt053,
    "camt.054": forms.camt054,
    "csv": lambda drawn, _version: forms.as_csv(drawn),
    "json": lambda drawn, _version: forms.as_json(drawn),
}
"""Every form a statement is given in, and what writes it: piece by piece, in a version of the message."""

SUFFIXES = {"camt.053": "camt053.xml", "camt.054": "camt054.xml", "csv": "csv", "json": "json"}


class ClosedDay(NamedTuple):
    """A business day that has closed, the boundaries it lies between, and the terms in force on it as they were known when it began."""

    day: BusinessDay
    from_boundary: int
    to_boundary: int
    terms: Terms

    def draw(self, at: Snapshot, account: str) -> Drawn:
        """An account on that day. Raises StatementUnknown, AccountUnknown, ReadTooEarly."""
        return draw_day(at, account, self.day, self.from_boundary, self.to_boundary)


def closed_day(log: Log, on: date, now: datetime) -> ClosedDay:
    """Raises UnknownCorridor, StatementUnknown, CalendarExhausted, DayNotClosed."""
    agreed = agreed_in(log)
    day = day_of(log, agreed, on)
    check_closed(log, day, now)
    return ClosedDay(day, opening_boundary(log, day), closing_boundary(log, day), terms_known(agreed, on, day.opens_at))


def version_for(terms: Terms, account: str, form: str) -> str:
    """The version in which the owner of a position account wants a form; empty for one that has no versions."""
    return terms.message_version(account.partition(":")[0], form) if form in STATEMENT_VERSIONS else ""


def notification_version(log: Log, drawn: Drawn) -> str:
    """The version of a notification, by the terms known at the end of what it tells: the same for the same interval."""
    return version_for(terms_known(agreed_in(log), drawn.to_at.date(), drawn.to_at), drawn.account, "camt.054")
