"""The night job's reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from api.schemas.parts import Taken, with_example
from reconciliation.archive import StoredReport
from reconciliation.report import Report

ID = "2026-03-27-1208"
LISTED: dict[str, Any] = {"id": ID, "business_date": "2026-03-27", "boundary": 1208, "written_at": "2026-03-27T23:05:00Z"}
DIFFERENCE: dict[str, Any] = {
    "break_id": "amount-differs-5f0c1d2e3a4b5c6d",
    "break_class": "amount_differs",
    "account": "abb:cash:MAD",
    "currency": "MAD",
    "difference": "-35.00",
    "statement_amount": "1080.00",
    "ledger_amount": "1115.00",
    "reference": "CHG-88",
    "statement": "ABB-2026-03-27",
    "entry": "14",
    "position": 1130,
    "booked_on": "2026-03-27",
    "found_on": "2026-03-27",
    "age_days": 0,
    "new": True,
    "next_step": "Ask the bank for the slip of its entry 14.",
}
REPORT: dict[str, Any] = {
    "id": ID,
    "corridor": "abb-psbc",
    "name": "Al-Barid Bank – Postal Savings Bank of China",
    "business_date": "2026-03-27",
    "boundary": 1208,
    "recorded_at": "2026-03-27T22:58:00+00:00",
    "moved_from": "2026-03-27",
    "moved_through": "2026-03-27",
    "accounts": [
        {
            "account": "abb:cash:MAD",
            "bank": "Al-Barid Bank",
            "currency": "MAD",
            "statement": "ABB-2026-03-27",
            "first_day": "2026-03-27",
            "last_day": "2026-03-27",
            "opening": "0.00",
            "moved": "102465.00",
            "closing": "102465.00",
            "ledger_closing": "102500.00",
            "explained": "-35.00",
            "unexplained": "0.00",
            "follows_on": True,
            "statement_lines": 101,
            "carried_lines": 0,
            "classes": [{"line_class": "amount_differs", "statement_lines": 1, "ledger_lines": 1, "debits": "1080.00", "credits": "0.00"}],
            "differences": [DIFFERENCE],
            "timing": [],
        }
    ],
    "accounts_without_statement": [],
    "participants": [],
    "settlement_currency": "USD",
    "in_flight": "10731.00",
    "remuneration": "100.00",
    "settling": "0.00",
    "settlement_bank": "50000.00",
    "suspense": {"MAD": "0.00"},
    "below_floor": [],
    "open_breaks": [],
    "at_risk": [{"currency": "MAD", "breaks": 1, "amount": "35.00"}],
    "verified": "",
}


class ReportListed(BaseModel):
    """One night's report, by its head."""

    model_config = with_example(LISTED)

    id: str
    business_date: date
    boundary: int
    written_at: datetime

    @classmethod
    def of(cls, stored: StoredReport) -> ReportListed:
        return cls(**stored._asdict())


class ReportList(Taken):
    """All reports, the newest first."""

    model_config = with_example({"position": 1208, "reports": [LISTED]})

    reports: list[ReportListed]


class ReportShown(Taken):
    """One report as it was written; ``position`` is the boundary everything in it was read at."""

    model_config = with_example({"position": 1208, "report": REPORT})

    report: Report
