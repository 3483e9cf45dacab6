"""``corridor doctor``: is this process, with this database, fit to keep a ledger? Each red line says how to mend it, each yellow one
how to do better."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from ledger.bootstrap import Service
from ledger.domain.corridor import Corridor
from ledger.eventstore.health import DURABLE_SETTINGS, ROOMY_SETTINGS, database_health
from ledger.eventstore.log import Log
from ledger.screening.invented_list import LIST_NAME

CLOCK_SKEW_MAX = timedelta(seconds=2)
CALENDAR_DAYS_MIN = 30


class Check(NamedTuple):
    """One line of the page: what was looked at, whether it is well, what was found, and the way out if it is not. ``advice`` is what a
    ledger can be kept without."""

    name: str
    ok: bool
    found: str
    way_out: str = ""
    advice: bool = False

    @property
    def fit(self) -> bool:
        """Whether a ledger may be kept like this."""
        return self.ok or self.advice


def examine(service: Service) -> list[Check]:
    """Every check, in a fixed order. Raises Unavailable when the database does not answer at all."""
    health = database_health(service.pool)
    checks = [Check("database", True, f"PostgreSQL {health.version}")]
    for name, good in DURABLE_SETTINGS.items():
        found = health.settings[name]
        way_out = f"Set {name} to {good[0]} in postgresql.conf." if name != "data_checksums" else "Enable it with pg_checksums --enable."
        checks.append(Check(name, found in good, found, way_out))
    for name, (_, _, better) in ROOMY_SETTINGS.items():
        way_out = f"Set {name} to {better} in postgresql.conf: a long log is then written as fast as a short one."
        checks.append(Check(name, name not in health.cramped, health.settings[name], way_out, advice=True))
    rights = ", ".join(health.excessive_rights) or "only INSERT and SELECT on the log"
    checks.append(Check("role", not health.excessive_rights, rights, "Let the application connect as a member of corridor_app only."))
    triggers = ", ".join(health.weak_triggers) or "the log's tables are append-only, always"
    checks.append(Check("triggers", not health.weak_triggers, triggers, "ALTER TABLE … ENABLE ALWAYS TRIGGER … as the owner."))
    skew = abs(health.now - service.clock())
    checks.append(Check("clock", skew <= CLOCK_SKEW_MAX, f"{skew.total_seconds():.1f} s from the database's", "Run NTP on both machines."))
    service.vault.check()
    checks.append(Check("vault", True, "the master key opens it"))
    listed = service.screening.about()
    invented = listed.name == LIST_NAME
    way_out = "Name the UN consolidated list in CORRIDOR_SCREENING_LIST: this one protects nobody." if invented else ""
    checks.append(
        Check("screening list", not invented, f"{listed.name} of {listed.version}, {listed.entries} entries", way_out, advice=True)
    )
    for code in Log(service.pool, "").corridors():
        corridor = service.ledger(code).corridor_or_none()
        if corridor is not None:
            checks += _calendars(service, code, corridor)
    return checks


def _calendars(service: Service, code: str, corridor: Corridor) -> list[Check]:
    newest = corridor.agreements[-1]
    owners = {**{key: p.calendar for key, p in newest.participants.items()}, newest.settlement.currency: newest.settlement.calendar}
    return [
        Check(
            f"calendar {code} {owner}",
            (calendar.valid_through - calendar.local(service.clock()).date()).days >= CALENDAR_DAYS_MIN,
            f"known through {calendar.valid_through}",
            "Amend the terms with next year's holidays: beyond that day the ledger refuses.",
        )
        for owner, calendar in owners.items()
    ]
