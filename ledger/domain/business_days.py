"""The business days of a corridor: numbered from its opening on, each ending at the cut-off of the settlement currency's calendar.

Whoever has the log can say which days there were, since only what stands in it counts: when the corridor was opened, which terms were
recorded when, and the calendars in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.domain.calendar import Calendar
from ledger.domain.terms import Terms

_ONE_DAY = timedelta(days=1)


class Agreed(NamedTuple):
    """Terms, and when they were recorded."""

    recorded_at: datetime
    terms: Terms


class BusinessDay(NamedTuple):
    """The ``number``-th day of a corridor, from 1. What was recorded at ``opens_at`` or later and before ``closes_at`` belongs to it; what
    is recorded at the very instant of the cut-off is of the next day, as value dates have it."""

    number: int
    on: date
    opens_at: datetime
    closes_at: datetime


def business_days(agreed: Sequence[Agreed]) -> Iterator[BusinessDay]:
    """Every business day from the opening on, without end. ``agreed`` are all terms in the order in which they were recorded.

    A day's calendar is that of the terms in force on the day after the one before, as they were known when that one closed: terms that
    are amended later move no day that has begun. Raises CalendarExhausted where the calendar ends.
    """
    opened = agreed[0].recorded_at
    calendar = _calendar(agreed, opened.date(), opened)
    local = calendar.local(opened)
    on = calendar.next_business_day(local.date() if local.time() < calendar.cut_off else local.date() + _ONE_DAY)
    number, opens_at = 1, opened
    while True:
        closes_at = max(opens_at, _cut_off(calendar, on))
        yield BusinessDay(number, on, opens_at, closes_at)
        calendar = _calendar(agreed, on + _ONE_DAY, closes_at)
        on, opens_at, number = calendar.next_business_day(on + _ONE_DAY), closes_at, number + 1


def terms_known(agreed: Sequence[Agreed], day: date, known_at: datetime) -> Terms:
    """The terms in force on a day, out of those that had been recorded by an instant; before the first ones' date, the first."""
    in_force = agreed[0].terms
    for recorded_at, terms in agreed:
        if recorded_at <= known_at and terms.effective_from <= day:
            in_force = terms
    return in_force


def _calendar(agreed: Sequence[Agreed], day: date, known_at: datetime) -> Calendar:
    return terms_known(agreed, day, known_at).settlement.calendar


def _cut_off(calendar: Calendar, on: date) -> datetime:
    return datetime.combine(on, calendar.cut_off, ZoneInfo(calendar.zone))
