"""Sessions of people: an opaque secret in the browser's cookie, everything else in PostgreSQL under the secret's digest.

A session ends after fifteen minutes without a request, and eight hours after it began whatever happens. Its id is new at each sign-in
and each step-up. It belongs to the browser and the network that it began in; elsewhere its cookie opens nothing.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from api.people.roles import Person, Role
from ledger.clock import Clock
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.queries import read_blocks

QUERIES: Final = read_blocks(files("api.people").joinpath("queries.sql").read_text(encoding="utf-8"))
IDLE: Final = timedelta(minutes=15)
LIFETIME: Final = timedelta(hours=8)


class Session(NamedTuple):
    """One signed-in browser. ``csrf`` is what its forms carry; it is made from the secret, so it is stored nowhere."""

    digest: bytes
    csrf: str
    person: Person
    authenticated_at: datetime
    begun_at: datetime
    ends_at: datetime


class Sessions:
    """The sessions of all processes on one database. Safe to share between threads; blocks on the database."""

    def __init__(self, pool: PostgresPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    def open(self, person: Person, authenticated_at: datetime, *, browser: bytes, renews: bytes | None = None) -> str:
        """A new session's secret, good in this browser alone; the session with the digest ``renews`` ends with it."""
        secret, now = new_secret(), self._clock()
        self._pool.rows(
            QUERIES["open_session"],
            {
                "digest": digest_of(secret), "subject": person.subject, "roles": sorted(person.roles),
                "authenticated_at": authenticated_at, "now": now, "idle": now - IDLE, "ends": now + LIFETIME, "renews": renews,
                "browser": browser,
            },
        )  # fmt: skip
        return secret

    def find(self, secret: str, browser: bytes) -> Session | None:
        """The session behind a cookie, if it still counts and began in this browser; asking keeps it from being idle."""
        digest, now = digest_of(secret), self._clock()
        rows = self._pool.rows(QUERIES["see_session"], {"digest": digest, "browser": browser, "now": now, "idle": now - IDLE})
        if not rows:
            return None
        [(subject, roles, authenticated_at, begun_at, ends_at)] = rows
        person = Person(subject, frozenset(map(Role, roles)))
        return Session(digest, csrf_of(secret), person, authenticated_at, begun_at, ends_at)

    def end(self, session: Session) -> None:
        """Nobody gets in with it any more."""
        self._pool.rows(QUERIES["end_session"], {"digest": session.digest})


def new_secret() -> str:
    """256 random bits as text. Drawn from the system always: a seeded run must not have sessions that can be guessed."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes:
    """What stands in the database in a secret's place."""
    return sha256(secret.encode()).digest()


def csrf_of(secret: str) -> str:
    """The token that a request which changes something repeats: a page of another site cannot know it."""
    return hmac.digest(secret.encode(), b"corridor/csrf/v1", "sha256").hex()
