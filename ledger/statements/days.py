"""Which business day a date is in a corridor, and whether it has closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from ledger.domain import ids
from ledger.domain.business_days import Agreed, BusinessDay, business_days
from ledger.domain.corridor_events import CorridorOpened, CorridorTermsAmended
from ledger.domain.terms import Terms
from ledger.errors import DayNotClosed, StatementUnknown, UnknownCorridor
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import read_state

CLOCKS_DIFFER = timedelta(minutes=15)
"""How far behind ours the clock of another process that writes may be. For so long after the cut-off, a day counts as closed only when the
log itself goes past it."""

_WITH_TERMS = (CorridorOpened.TOPIC, CorridorTermsAmended.TOPIC)


def agreed_in(log: Log) -> list[Agreed]:
    """All terms of a corridor as its log has them. Raises UnknownCorridor."""
    found = [
        Agreed(event.recorded_at, Terms.model_validate(read_state(event.topic, event.state)[1]["agreement"]))
        for event in log.select_stream(ids.corridor_stream(log.corridor))
        if event.topic in _WITH_TERMS
    ]
    if not found:
        raise UnknownCorridor.never_opened(log.corridor)
    return found


def day_of(log: Log, agreed: Sequence[Agreed], on: date) -> BusinessDay:
    """The business day with this date. Raises StatementUnknown when it is none, CalendarExhausted beyond the calendar."""
    for day in business_days(agreed):
        if day.on == on:
            return _in_utc(day)
        if day.on > on:
            raise StatementUnknown(
                f"{on} is no business day of {log.corridor}.",
                field="date",
                value=on,
                way_out=f"Ask for {day.on}{', the first one' if day.number == 1 else ''}.",
            )
    raise AssertionError("business days have no end")


def check_closed(log: Log, day: BusinessDay, now: datetime) -> None:
    """Raises DayNotClosed while something may still be recorded before the day's cut-off.

    Time never runs back in a log, so the day is over once anything was recorded at the cut-off or later; in a log that is quiet, once no
    writer's clock can be before it any more.
    """
    if now < day.closes_at + CLOCKS_DIFFER and log.head().recorded_at < day.closes_at:
        raise DayNotClosed(
            f"{day.on} closes at {day.closes_at.isoformat()}.",
            field="date",
            value=day.on,
            way_out=f"Ask again at {(day.closes_at + CLOCKS_DIFFER).isoformat()}, or for an earlier day.",
        )


def closing_boundary(log: Log, day: BusinessDay) -> int:
    """The end of the last commit recorded before the day closed: it is for good, once the day has closed."""
    return log.boundary_at_instant(day.closes_at - timedelta(microseconds=1))


def opening_boundary(log: Log, day: BusinessDay) -> int:
    """Where the day before closed; 0 for the first day."""
    return 0 if day.number == 1 else log.boundary_at_instant(day.opens_at - timedelta(microseconds=1))


def _in_utc(day: BusinessDay) -> BusinessDay:
    return day._replace(opens_at=day.opens_at.astimezone(UTC), closes_at=day.closes_at.astimezone(UTC))
