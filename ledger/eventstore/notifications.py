"""Telling readers that the log has grown: NOTIFY after the commit, on a connection of its own.

Inside the writing transaction a NOTIFY would make the commits of the whole server queue behind each other. A lost one
costs only delay, since listeners look for themselves every second as well.
"""

import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from eventsourcing.persistence import PersistenceError
from psycopg2 import Error

from ledger.eventstore.connections import APPLICATION_ROLE, PostgresCursor, connect
from ledger.eventstore.queries import QUERIES

LOOK_EVERY_SECONDS = 1.0
NOTIFY_PAUSE_SECONDS = 0.02
"""Between two messages: a busy writer commits several times in it, and a message for each would take from its time."""


class Notifier:
    """Sends how far each corridor has come: the first commit at once, of those that follow within a moment only the last."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._grown = threading.Condition()
        self._positions: dict[str, int] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-notifier", daemon=True)
        self._thread.start()

    def announce(self, corridor: str, position: int) -> None:
        """Hands over a corridor's new position and returns at once."""
        with self._grown:
            self._positions[corridor] = max(position, self._positions.get(corridor, 0))
            self._grown.notify()

    def close(self) -> None:
        """Sends what is left and ends the thread."""
        with self._grown:
            self._closing.set()
            self._grown.notify()
        self._thread.join()

    def _run(self) -> None:
        cursor: PostgresCursor | None = None
        while True:
            with self._grown:
                self._grown.wait_for(lambda: self._positions or self._closing.is_set())
                positions, self._positions = self._positions, {}
            if not positions:
                break
            try:
                cursor = cursor or _cursor(self._url)
                for corridor, position in positions.items():
                    cursor.execute(QUERIES["notify"], {"payload": f"{corridor} {position}"})
            except PersistenceError:
                # Listeners find these events when they look; the next announcement gets a new connection.
                _close(cursor)
                cursor = None
            self._closing.wait(NOTIFY_PAUSE_SECONDS)
        _close(cursor)


class Listener:
    """Knows how far every corridor's log has come, from notifications and from a look every second."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        # One a corridor, so that those who wait for the others sleep on.
        self._grown: dict[str, threading.Condition] = {}
        self._positions: dict[str, int] = {}
        self._hurried: set[str] = set()
        self._callbacks: set[Callable[[], None]] = set()
        self._closing = threading.Event()
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="log-listener", daemon=True)
        self._thread.start()

    def position(self, corridor: str) -> int:
        """The last position known of; the log may be further by now."""
        return self._positions.get(corridor, 0)

    def wait(self, corridor: str, position: int, timeout: float) -> bool:
        """Waits until the log of a corridor is known to reach `position`; False when `timeout` seconds passed first."""
        with self._waiting_for(corridor) as grown:
            return grown.wait_for(lambda: self.position(corridor) >= position or self._closing.is_set(), timeout) and (
                self.position(corridor) >= position
            )

    def linger(self, corridor: str, position: int, timeout: float) -> None:
        """Waits until the log of a corridor is known to reach `position`, or `hurry` is asked for, and for `timeout` seconds at most."""
        with self._waiting_for(corridor) as grown:
            grown.wait_for(lambda: self.position(corridor) >= position or corridor in self._hurried or self._closing.is_set(), timeout)
            self._hurried.discard(corridor)

    def hurry(self, corridor: str) -> None:
        """Ends the lingering over a corridor, or the next one if nobody lingers now."""
        with self._waiting_for(corridor) as grown:
            self._hurried.add(corridor)
            grown.notify_all()

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Calls `callback` whenever any log has grown, and once now."""
        with self._lock:
            self._callbacks.add(callback)
        callback()

    def remove_callback(self, callback: Callable[[], None]) -> None:
        with self._lock:
            self._callbacks.discard(callback)

    def close(self) -> None:
        """Ends the thread; waiting callers return False."""
        if self._closing.is_set():
            return
        self._closing.set()
        with self._lock:
            for grown in self._grown.values():
                grown.notify_all()
        os.write(self._wake, b"\0")
        self._thread.join()
        os.close(self._wake)
        os.close(self._woken)

    def _run(self) -> None:
        while not self._closing.is_set():
            cursor: PostgresCursor | None = None
            try:
                cursor = _cursor(self._url)
                cursor.execute(QUERIES["listen"])
                self._listen(cursor)
            except (PersistenceError, Error, OSError):
                self._closing.wait(LOOK_EVERY_SECONDS)
            finally:
                _close(cursor)

    def _listen(self, cursor: PostgresCursor) -> None:
        connection = cursor.raw.connection
        look_at = monotonic()
        while not self._closing.is_set():
            if monotonic() >= look_at:
                self._learn(dict(cursor.rows(QUERIES["heads"])))
                look_at = monotonic() + LOOK_EVERY_SECONDS
            select.select([connection.fileno(), self._woken], [], [], max(0.0, look_at - monotonic()))
            connection.poll()
            heard = [notice.payload.split() for notice in connection.notifies]
            connection.notifies.clear()
            self._learn({corridor: int(position) for corridor, position in heard})

    @contextmanager
    def _waiting_for(self, corridor: str) -> Iterator[threading.Condition]:
        """The lock, and what is notified when a corridor's log has grown."""
        with self._lock:
            yield self._grown.setdefault(corridor, threading.Condition(self._lock))

    def _learn(self, positions: dict[str, int]) -> None:
        with self._lock:
            further = {name: at for name, at in positions.items() if at > self.position(name)}
            if not further:
                return
            self._positions.update(further)
            for name in further.keys() & self._grown.keys():
                self._grown[name].notify_all()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()


def _cursor(url: str) -> PostgresCursor:
    return PostgresCursor(connect(url, role=APPLICATION_ROLE).cursor())


def _close(cursor: PostgresCursor | None) -> None:
    if cursor is not None:
        with suppress(Error):
            cursor.raw.connection.close()
