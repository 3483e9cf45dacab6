"""An open corridor behind a whole service, for tests of what stands in front of the ledger: imports, jobs, simulated banks."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from psycopg2 import extensions

from corridors import shipped_terms
from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain.terms import Terms
from ledger.sandbox.generator import CorridorFacts
from ledger.settings import PREFIX, Settings

FRIDAY = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)
MAD_PER_USD = Decimal("9.3189")
CNY_PER_USD = Decimal("6.9008")


def settings_of(database_url: str, folder: Path) -> Settings:
    """Settings for a database of the test's server; the folder keeps the vault's master key."""
    url = "postgresql:///?" + urlencode(extensions.parse_dsn(database_url))
    return Settings(database_url=url, owner_url=url, data_dir=folder, key_file=folder / "vault.key")


def environment_of(settings: Settings) -> dict[str, str]:
    """For a process of its own that works on the same database with the same key."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return others | {
        f"{PREFIX}DATABASE_URL": str(settings.database_url),
        f"{PREFIX}KEY_FILE": str(settings.key_file),
        f"{PREFIX}DATA_DIR": str(settings.data_dir),
    }


def terms_of(corridor: str, **changes: Any) -> Terms:
    """The shipped terms under another code, so that each test has a log of its own."""
    return shipped_terms("abb-psbc").model_copy(update={"code": corridor, **changes})


def open_corridor(service: Service, corridor: str, *, prefund: int = 50_000_000, **changes: Any) -> None:
    """Terms, both banks' rates for four days, and the sender's prefund (minor units of USD)."""
    said: dict[str, Any] = {"corridor": corridor}
    setup: list[c.Command] = [
        c.OpenCorridor(**said, actor="operator:ops", idempotency_key="open", agreement=terms_of(corridor, **changes)),
        *(
            c.PublishRateSheet(
                **said,
                actor=participant,
                idempotency_key="rates",
                sheet="2026-03-27",
                rates={"USD": rate},
                valid_from=FRIDAY - timedelta(hours=1),
                valid_until=FRIDAY + timedelta(days=4),
                source="test",
            )
            for participant, rate in (("abb", MAD_PER_USD), ("psbc", CNY_PER_USD))
        ),
    ]
    if prefund:
        setup.append(
            c.FundPosition(
                **said,
                actor="bank:settlement",
                idempotency_key="prefund",
                participant="abb",
                amount=prefund,
                currency="USD",
                reference=f"{corridor}-prefund",
            )
        )
    for command in setup:
        answer = service.ledger(corridor).execute(command)
        assert answer.refusal is None, answer.refusal


def facts(**changes: Any) -> CorridorFacts:
    """What a generated file needs to know of the corridor: Thursday's orders, settled on Friday."""
    terms = shipped_terms("abb-psbc")
    values: dict[str, Any] = {
        "debtor_agent_bic": terms.participants["abb"].bic,
        "creditor_agent_bic": terms.participants["psbc"].bic,
        "settlement_date": date(2026, 3, 27),
        "opens_at": datetime(2026, 3, 26, tzinfo=ZoneInfo("Africa/Casablanca")),
        "settlement_currency": "USD",
        "instructed_per_settlement": MAD_PER_USD,
        "purposes": tuple((purpose.code, purpose.evidence) for purpose in terms.leg("abb", "psbc").purposes),
    }
    return CorridorFacts(**{**values, **changes})


def friday_clock() -> SetClock:
    """Friday, 27 March 2026, nine in the morning in Rabat and four in the afternoon in Beijing."""
    return SetClock(FRIDAY)
