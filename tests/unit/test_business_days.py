"""Which business days a corridor has, and when each of them closes."""

from datetime import UTC, date, datetime, time
from itertools import islice

import pytest

from ledger.domain.business_days import Agreed, BusinessDay, business_days
from ledger.domain.calendar import Calendar
from ledger.domain.terms import Terms
from ledger.errors import CalendarExhausted
from tests.integration.small_corridor import small_terms

NEW_YORK = Calendar(
    zone="America/New_York", weekend=(6, 7), holidays=(date(2026, 3, 9),), valid_through=date(2026, 3, 12), cut_off=time(17), source="test"
)


def terms(calendar: Calendar, **changes: object) -> Terms:
    made = small_terms("abb-psbc")
    settlement = made.settlement.model_copy(update={"calendar": calendar})
    return made.model_copy(update={"settlement": settlement, **changes})


def utc(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def days(agreed: list[Agreed], count: int) -> list[BusinessDay]:
    return [
        BusinessDay(day.number, day.on, day.opens_at.astimezone(UTC), day.closes_at.astimezone(UTC))
        for day in islice(business_days(agreed), count)
    ]


def test_days_follow_each_other_over_weekends_holidays_and_the_change_of_clocks() -> None:
    """From Thursday on: Friday closes at 22:00 UTC, the holiday on Monday is none, and Tuesday closes an hour earlier by UTC."""
    assert days([Agreed(utc(5, 8), terms(NEW_YORK))], 3) == [
        BusinessDay(1, date(2026, 3, 5), utc(5, 8), utc(5, 22)),
        BusinessDay(2, date(2026, 3, 6), utc(5, 22), utc(6, 22)),
        BusinessDay(3, date(2026, 3, 10), utc(6, 22), utc(10, 21)),
    ]


def test_a_corridor_opened_after_the_cut_off_begins_with_the_next_day() -> None:
    """On a Friday evening: its first day is the Tuesday after the holiday."""
    assert days([Agreed(utc(6, 22), terms(NEW_YORK))], 1) == [BusinessDay(1, date(2026, 3, 10), utc(6, 22), utc(10, 21))]


def test_amended_terms_move_no_day_that_has_begun() -> None:
    """A calendar recorded on Friday, in force from then on, counts from the day after Friday."""
    earlier = NEW_YORK.model_copy(update={"cut_off": time(12), "holidays": ()})
    agreed = [Agreed(utc(5, 8), terms(NEW_YORK)), Agreed(utc(6, 9), terms(earlier, version=2, effective_from=date(2026, 3, 6)))]
    assert [(day.on, day.closes_at) for day in days(agreed, 4)] == [
        (date(2026, 3, 5), utc(5, 22)),
        (date(2026, 3, 6), utc(6, 22)),
        (date(2026, 3, 9), utc(9, 16)),
        (date(2026, 3, 10), utc(10, 16)),
    ]


def test_terms_that_are_not_in_force_yet_do_not_count() -> None:
    """Recorded on Thursday for the Wednesday after."""
    later = NEW_YORK.model_copy(update={"cut_off": time(12)})
    agreed = [Agreed(utc(5, 8), terms(NEW_YORK)), Agreed(utc(5, 9), terms(later, version=2, effective_from=date(2026, 3, 11)))]
    assert [day.closes_at for day in days(agreed, 4)] == [utc(5, 22), utc(6, 22), utc(10, 21), utc(11, 16)]


def test_the_days_end_where_the_calendar_ends() -> None:
    """Beyond it nothing is guessed."""
    with pytest.raises(CalendarExhausted):
        days([Agreed(utc(5, 8), terms(NEW_YORK))], 6)
