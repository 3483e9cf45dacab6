"""What the demo tells: who, when and at which rates. All instants are UTC and fixed, so a second run replays the first one.

The rates of Morocco are those Bank Al-Maghrib published on 25 and 27 March 2026 (cours de référence), in its own shape: a price may be
for 10 or 100 units, and a currency may stand in an answer twice. The rate of China is the paying bank's own, invented from the dirham
prices of dollar and yuan (9.3189 / 1.3504).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from ledger.domain.terms import Leg, Terms
from ledger.fx.bank_al_maghrib import compose_sheet, write_bank_al_maghrib
from ledger.sandbox.generator import CorridorFacts

CORRIDOR: Final = "abb-psbc"
SENDER: Final = "abb"
PAYER: Final = "psbc"
SEED: Final = 2026
TRANSFERS: Final = 400
TRANSFERS_MIN: Final = 20
"""Fewer would not leave one transfer for each thing that happens."""

FIRST_DAY: Final = date(2026, 3, 27)
LAST_DAY: Final = date(2026, 4, 10)
SATURDAY: Final = 6

OPERATOR: Final = "operator:demo"
OFFICERS: Final = ("officer:amina", "officer:karim")

# Rates

WEDNESDAY_SHEET: Final = b"""[
 {"date": "2026-03-25T12:30:00", "libDevise": "USD", "moyen": 9.3189, "uniteDevise": 1},
 {"date": "2026-03-25T12:30:00", "libDevise": "CNY", "moyen": 1.3507, "uniteDevise": 1},
 {"date": "2026-03-25T12:30:00", "libDevise": "JPY", "moyen": 5.862, "uniteDevise": 100},
 {"date": "2026-03-25T12:30:00", "libDevise": "DZD", "moyen": 0.7032, "uniteDevise": 10}
]
"""
FRIDAY_SHEET: Final = b"""[
 {"date": "2026-03-27T12:30:00", "libDevise": "USD", "moyen": 9.3341, "uniteDevise": 1},
 {"date": "2026-03-27T12:30:00", "libDevise": "CNY", "moyen": 1.3504, "uniteDevise": 1},
 {"date": "2026-03-27T12:30:00", "libDevise": "DKK", "moyen": 143.93, "uniteDevise": 100},
 {"date": "2026-03-27T12:30:00", "libDevise": "CNY", "moyen": 1.3504, "uniteDevise": 1}
]
"""
MAD_PER_USD_IN_THE_FILES: Final = Decimal("9.3189")
PAYER_SOURCE: Final = "Postal Savings Bank of China, dealing room"
CNY_PER_USD: Final = Decimal("6.9008")
# What the treasuries get in the market on settlement day: a little worse and a little better than the sheets.
MAD_PER_USD_DEALT: Final = Decimal("9.3420")
CNY_PER_USD_DEALT: Final = Decimal("6.9050")


def payer_sheet() -> bytes:
    """The paying bank's own sheet, in the same shape."""
    published = datetime(2026, 3, 27, 9, 15, tzinfo=ZoneInfo("Asia/Shanghai"))
    return write_bank_al_maghrib(compose_sheet("CNY", published, {"USD": CNY_PER_USD}, source=PAYER_SOURCE))


# Amounts

QUOTED: Final = 5
"""Orders that come one by one with a quote; the last of them comes after its quote has lapsed."""
PREFUND_STEP: Final = 1_000_00  # USD
CREDIT_USED_MAX: Final = 200_000_00
"""How far the sender's treasury lets the position go below zero (USD), well within the cap."""
FLOAT_STEP: Final = 10_000_00  # CNY
ANNOUNCED_CHARGE: Final = 25_00  # USD
UNANNOUNCED_CHARGE: Final = 35_00  # USD


PLANTED_DIFFERENCES: Final = ("unknown_outcome_confirmed", "missing_in_ledger", "amount_differs")
"""What the night of the first day finds: the silent payment, the charge nobody announced, a payment booked CNY 1.00 too high."""


def faulty_file_size(transfers: int) -> int:
    """How many transfers the file with the planted faults holds."""
    return max(20, transfers // 10)


def facts(terms: Terms, leg: Leg) -> CorridorFacts:
    """What the files need to know: Thursday's orders, sent on Friday."""
    return CorridorFacts(
        debtor_agent_bic=terms.participant(leg.debtor_agent).bic,
        creditor_agent_bic=terms.participant(leg.creditor_agent).bic,
        settlement_date=FIRST_DAY,
        opens_at=datetime(2026, 3, 26, tzinfo=ZoneInfo(terms.calendar(leg.debtor_agent).zone)),
        instructed_currency=terms.participant(leg.debtor_agent).currency,
        settlement_currency=terms.settlement.currency,
        instructed_per_settlement=MAD_PER_USD_IN_THE_FILES,
        purposes=tuple((purpose.code, purpose.evidence) for purpose in leg.purposes),
    )


# Instants


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


OPENED: Final = _at(3, 27, 6, 30)
RATES_TAKEN: Final = _at(3, 27, 6, 40)
PREFUNDED: Final = _at(3, 27, 7, 0)
FILE_SENT: Final = _at(3, 27, 7, 30)
# Both opinions of a case within the 15 minutes that rates are held for a transfer.
HOLD_CLEARED: Final = (_at(3, 27, 7, 36), _at(3, 27, 7, 38))
HOLD_REJECTED: Final = (_at(3, 27, 7, 40), _at(3, 27, 7, 42))
FEED_ANSWERED: Final = _at(3, 27, 8, 0)  # 16:00 in Beijing, an hour before the cut-off
ACCEPTED_PAID: Final = _at(3, 27, 8, 10)
FAULTY_FILE_SENT: Final = _at(3, 27, 8, 20)
FAULTY_FILE_ANSWERED: Final = _at(3, 27, 8, 30)
SILENCE_FLAGGED: Final = _at(3, 27, 8, 45)
CHARGED: Final = _at(3, 27, 13, 0)  # 09:00 in New York
RATES_RENEWED: Final = _at(3, 27, 11, 35)
QUOTES_ASKED: Final = _at(3, 27, 12, 0)
QUOTES_USED: Final = _at(3, 27, 12, 5)
QUOTED_ANSWERED: Final = _at(3, 27, 12, 10)  # 20:10 in Beijing: value on Monday
QUOTE_LAPSED: Final = _at(3, 27, 12, 20)
CASH_VISITS: Final = (_at(3, 28, 2, 0), _at(3, 30, 2, 30), _at(4, 2, 3, 0))
PARCEL_DELIVERED: Final = _at(3, 30, 9, 0)
PARCEL_PAID: Final = _at(3, 30, 9, 10)
CYCLE_CLOSED: Final = _at(3, 30, 20, 30)  # 16:30 in New York
COVER_BOUGHT: Final = _at(3, 31, 12, 30)
PAID_IN: Final = _at(3, 31, 13, 30)
PAID_OUT: Final = _at(3, 31, 14, 0)
COVER_SOLD: Final = _at(4, 1, 2, 0)
RETURNED_IN_PARTS: Final = (_at(4, 1, 2, 30), _at(4, 2, 2, 30))
FEES_TAKEN: Final = _at(4, 3, 8, 0)
CASH_EXPIRED: Final = _at(4, 7, 8, 0)
KEYS_VALID_UNTIL: Final = OPENED + timedelta(days=270)
NIGHT_BEGINS: Final = timedelta(days=1, hours=4, minutes=30)  # after midnight UTC: the business day is over in New York too


def business_days() -> Iterator[date]:
    """The days of the story, weekends left out; each night's job is about one of them."""
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.isoweekday() < SATURDAY:
            yield day
        day += timedelta(days=1)


def night_of(day: date) -> datetime:
    """When the statements of a business day have come."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + NIGHT_BEGINS
