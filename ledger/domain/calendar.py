"""Business dates: a date in somebody's calendar, beside the UTC instant.

Booking and value dates depend on where the account's owner lives. The calendar knows its zone (Casablanca changes its offset around
Ramadan; the IANA data knows when), its weekend and its holidays, and refuses beyond ``valid_through`` instead of guessing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ledger.errors import CalendarExhausted


class BusinessDates(NamedTuple):
    """When a line counts: in the owner's books (``booking``) and for interest and funds (``value``)."""

    booking: date
    value: date


class Calendar(BaseModel):
    """One country's or currency's business days. ``weekend`` holds ISO weekdays (Monday 1 … Sunday 7)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str
    weekend: tuple[int, ...]
    holidays: tuple[date, ...]
    valid_through: date
    # The wall clock at the place, so without an offset: no `time` as RFC 3339 §5.6 means it.
    cut_off: Annotated[time, Field(json_schema_extra={"format": "time-local"})]
    source: str

    @field_validator("zone")
    @classmethod
    def zone_is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, OSError):  # a folder of the time zone data is no zone either
            raise ValueError(f"{zone!r} is not a zone of the IANA time zone data") from None
        return zone

    def local(self, instant: datetime) -> datetime:
        """The wall-clock time at the calendar's place."""
        return instant.astimezone(ZoneInfo(self.zone))

    def is_business_day(self, day: date) -> bool:
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def next_business_day(self, day: date) -> date:
        """``day`` itself or the first business day after it. Raises CalendarExhausted beyond ``valid_through``."""
        while True:
            if day > self.valid_through:
                raise CalendarExhausted(
                    f"The calendar of {self.zone} is known through {self.valid_through}; {day} lies beyond it.",
                    field="valid_through",
                    value=self.valid_through,
                    way_out="Amend the corridor's terms with a calendar that reaches further.",
                )
            if self.is_business_day(day):
                return day
            day += timedelta(days=1)

    def dates(self, instant: datetime) -> BusinessDates:
        """Booking date: the local date, or the next business day. Value date: the same, one business day later after the cut-off."""
        local = self.local(instant)
        return _dates(self, local.date(), local.time() >= self.cut_off)


@lru_cache(maxsize=4_096)
def _dates(calendar: Calendar, day: date, after_cut_off: bool) -> BusinessDates:
    booking = calendar.next_business_day(day)
    late = after_cut_off and booking == day
    return BusinessDates(booking, calendar.next_business_day(booking + timedelta(days=1)) if late else booking)
