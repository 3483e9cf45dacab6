"""The pace of a person: so many forms and commands a minute, and no opinion on a case that was opened a moment ago.

A person reads before deciding; what comes faster is a program behind a person's session, or a slip. Both are counted in PostgreSQL, so
neither a second browser nor another process of the service gives a person a second pace.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from api.errors import TooFastForAPerson
from api.people.origin import SAFE_METHODS
from api.people.roles import Person
from api.people.sessions import LIFETIME, QUERIES
from ledger.clock import Clock
from ledger.eventstore.connections import PostgresPool

_CASE: Final = re.compile(r"/(?:v1|console)/corridors/([^/]{1,64})/cases/([^/]{1,200})(/opinions)?")


class Pace:
    """What persons have done of late, over all processes on one database. Safe to share between threads; blocks on the database."""

    def __init__(self, pool: PostgresPool, clock: Clock, *, acts_per_minute: int, reading_seconds: int) -> None:
        self._pool = pool
        self._clock = clock
        self._per_minute = acts_per_minute
        self._reading = timedelta(seconds=reading_seconds)

    def check(self, person: Person, method: str, path: str) -> None:
        """Counts one request of a person's session. Raises TooFastForAPerson; reading is never too fast."""
        case = _CASE.fullmatch(path)
        if method not in SAFE_METHODS:
            self._check_acts(person)
            if case is not None:
                self._check_read(person, f"{case[1]}/{case[2]}")
        elif case is not None and self._reading:
            now = self._clock()
            facts = {"subject": person.subject, "case": f"{case[1]}/{case[2]}", "now": now, "forget": now - LIFETIME}
            self._pool.rows(QUERIES["open_case"], facts)

    def _check_acts(self, person: Person) -> None:
        facts = {"subject": person.subject, "now": self._clock(), "most": self._per_minute}
        if not self._pool.rows(QUERIES["count_act"], facts):
            raise TooFastForAPerson(
                f"A person may send {self._per_minute} forms and commands a minute.",
                field="session",
                way_out="Go on in a moment, more slowly.",
            )

    def _check_read(self, person: Person, case: str) -> None:
        """A case counts as read from when the person first opened it."""
        if not self._reading:
            return
        opened = self._pool.rows(QUERIES["case_opened"], {"subject": person.subject, "case": case})
        if not opened or self._clock() - opened[0][0] < self._reading:
            raise TooFastForAPerson(
                f"A case is decided {int(self._reading.total_seconds())} seconds after it was opened, at the soonest.",
                field="case",
                way_out="Open the case, read it, and then say what you think.",
            )
