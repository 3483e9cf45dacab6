"""A signed request is taken once: the nonces of the requests that are still young enough to be taken.

Known to one process. Several processes each remember their own, so a request caught in flight could be sent to a second process within
the window of its signature; its idempotency key then still keeps a command from being done twice. Sharing nonces between processes
belongs to the completed access scheme.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock

from ledger.errors import Overloaded

NONCES_MAX = 200_000


class Nonces:
    """Remembers each (key id, nonce) until its signature would be too old anyway."""

    def __init__(self, nonces_max: int = NONCES_MAX) -> None:
        self._nonces_max = nonces_max
        self._seen: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._lock = Lock()

    def first_use(self, key_id: str, nonce: str, *, now: datetime, forget_at: datetime) -> bool:
        """Whether this nonce is new; it is remembered until ``forget_at``.

        Raises Overloaded rather than forgetting a nonce that could still be replayed.
        """
        with self._lock:
            # Lifetimes differ by a minute or two only, so looking at the oldest is enough to keep the memory small.
            while self._seen and next(iter(self._seen.values())) <= now:
                self._seen.popitem(last=False)
            if self._seen.get((key_id, nonce), now) > now:
                return False
            if len(self._seen) >= self._nonces_max:
                raise Overloaded("Too many signed requests came within one window.")
            self._seen[key_id, nonce] = forget_at
            return True
