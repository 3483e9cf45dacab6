"""A signed request is taken once, by whichever process: the nonces of requests that are still young enough to be taken.

They stand in the database as digests, written for all requests that came together in one statement. Whoever inserts a nonce first has
taken it; a second insertion finds it there, in this process or in another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from ledger.eventstore.connections import PostgresPool

CLEAN_EVERY = timedelta(seconds=30)

_TAKE = """
INSERT INTO access.nonces (digest, forget_at)
SELECT decode(digest, 'hex'), forget_at FROM unnest(%(digests)s::text[], %(forget_at)s::timestamptz[]) AS given (digest, forget_at)
 ORDER BY digest
    ON CONFLICT DO NOTHING
RETURNING encode(digest, 'hex')
"""
# One process at a time, and nobody waits for it: two that removed the same rows in different orders could lock each other out.
_CLEAN = """
DELETE FROM access.nonces
 USING (SELECT pg_try_advisory_xact_lock(hashtext('access.nonces')) AS mine) AS turn
 WHERE turn.mine AND forget_at < %(now)s
RETURNING NULL
"""


class Nonce(NamedTuple):
    """A nonce as its signer drew it: unique for the signer until ``forget_at``, when its signature is too old anyway."""

    signer: str
    text: str
    forget_at: datetime

    @property
    def digest(self) -> str:
        """What is kept of it."""
        return sha256(f"{self.signer}\0{self.text}".encode()).hexdigest()


class Nonces:
    """The nonces of all processes that share a database. Used by one thread at a time."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._clean_at: datetime | None = None

    def take(self, nonces: Sequence[Nonce], now: datetime) -> list[bool]:
        """For each nonce whether it was taken now and never before; of two that are the same the first one is taken."""
        if not nonces:
            return []
        digests = [nonce.digest for nonce in nonces]
        forget_at = {digest: nonce.forget_at.isoformat() for digest, nonce in zip(digests, nonces, strict=True)}
        rows = self._pool.rows(_TAKE, {"digests": list(forget_at), "forget_at": list(forget_at.values())})
        new = {digest for (digest,) in rows}
        taken = []
        for digest in digests:
            taken.append(digest in new)
            new.discard(digest)
        self._clean(now)
        return taken

    def _clean(self, now: datetime) -> None:
        """Now and then removes those that nobody has to remember."""
        if self._clean_at is None or now >= self._clean_at:
            self._clean_at = now + CLEAN_EVERY
            self._pool.rows(_CLEAN, {"now": now})
