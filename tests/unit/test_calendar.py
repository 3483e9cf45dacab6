"""Business dates: a date in somebody's calendar beside the instant, and a refusal where the calendar ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from pydantic import ValidationError

from ledger.domain.calendar import BusinessDates, Calendar
from ledger.errors import CalendarExhausted
from tests.unit.corridor_fixtures import CASABLANCA, FRIDAY, MONDAY, NEW_YORK, NOW, SHANGHAI
from tests.unit.refusals import refuses


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_one_instant_has_three_dates() -> None:
    """Friday nine o'clock UTC: morning in Casablanca and New York, after the cut-off in Shanghai."""
    assert (CASABLANCA.dates(NOW), NEW_YORK.dates(NOW), SHANGHAI.dates(NOW)) == (
        BusinessDates(FRIDAY, FRIDAY),
        BusinessDates(FRIDAY, FRIDAY),
        BusinessDates(FRIDAY, MONDAY),
    )


@pytest.mark.parametrize(
    ("instant", "dates"),
    [
        (utc(3, 27, 7, 59), BusinessDates(FRIDAY, FRIDAY)),
        (utc(3, 27, 8, 0), BusinessDates(FRIDAY, MONDAY)),
        (utc(3, 27, 15, 59), BusinessDates(FRIDAY, MONDAY)),
        (utc(3, 27, 16, 0), BusinessDates(MONDAY, MONDAY)),
        (utc(3, 28, 12, 0), BusinessDates(MONDAY, MONDAY)),
        (utc(4, 3, 9, 0), BusinessDates(date(2026, 4, 3), date(2026, 4, 7))),
        (utc(4, 6, 3, 0), BusinessDates(date(2026, 4, 7), date(2026, 4, 7))),
    ],
    ids=["before cut-off", "at cut-off", "last minute of Friday", "Saturday has begun", "Saturday evening", "long weekend", "holiday"],
)
def test_shanghai_books_on_business_days(instant: datetime, dates: BusinessDates) -> None:
    """Local date or the next business day; after the cut-off of a business day the value date is one business day later."""
    assert SHANGHAI.dates(instant) == dates


def test_casablanca_changes_its_offset_around_ramadan() -> None:
    """In March 2026 the clocks go back for Ramadan (18 February to 19 March): the same UTC hour is another local hour."""
    assert (CASABLANCA.local(utc(3, 10, 15, 30)).hour, CASABLANCA.local(utc(3, 27, 15, 30)).hour) == (15, 16)
    assert CASABLANCA.dates(utc(3, 10, 15, 30)) == BusinessDates(date(2026, 3, 10), date(2026, 3, 10))
    assert CASABLANCA.dates(utc(3, 26, 15, 30)) == BusinessDates(date(2026, 3, 26), FRIDAY)


def test_a_calendar_does_not_guess_beyond_its_end() -> None:
    """The last known day still counts, a value date after it is refused."""
    ending = SHANGHAI.model_copy(update={"valid_through": FRIDAY})
    assert ending.next_business_day(FRIDAY) == FRIDAY
    refuses(CalendarExhausted, "valid_through", FRIDAY, lambda: ending.dates(NOW))
    refuses(CalendarExhausted, "valid_through", FRIDAY, lambda: ending.next_business_day(MONDAY))


def test_a_calendar_whose_weekend_is_the_whole_week_ends_too() -> None:
    """A mistake in the terms becomes a refusal, not an endless search."""
    never = SHANGHAI.model_copy(update={"weekend": (1, 2, 3, 4, 5, 6, 7)})
    refuses(CalendarExhausted, "valid_through", never.valid_through, lambda: never.dates(NOW))


@pytest.mark.parametrize("zone", ["Africa/Casablanka", "Africa", "", "../etc/passwd"])
def test_a_zone_must_be_known(zone: str) -> None:
    """The IANA time zone data decides."""
    with pytest.raises(ValidationError, match="zone"):
        Calendar(zone=zone, weekend=(6, 7), holidays=(), valid_through=FRIDAY, cut_off=time(16), source="invented for tests")
