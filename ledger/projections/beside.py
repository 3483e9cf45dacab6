"""A process beside this one that keeps projections up to date, so that folding takes nothing from the interpreter that answers requests.

It is told which corridors to follow, and of which somebody waits for what their logs hold. What it stores is a transaction a page, so it
may end at any instant: another one is started, is told the same and goes on. It ends when this process does, however that comes.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TextIO

from ledger.beside import line_to_starter, start_beside
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.notifications import Listener
from ledger.logs import configure_logging
from ledger.projections.following import Following

logger = logging.getLogger(__name__)

START_AGAIN_SECONDS = 1.0
_CLOSING_SECONDS_MAX = 10.0
_FOLLOW, _HURRY, _STOPPED = "follow", "hurry", "stopped"


class Beside:
    """The process, seen from this one. Raises OSError when none can be started; one that ends later is followed by another."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        # Read and changed under the lock.
        self._followed: dict[str, None] = {}
        self._stopped: set[str] = set()
        self._closing = Event()
        self._start()
        self._thread = Thread(target=self._watch, name="projector beside", daemon=True)
        self._thread.start()

    @property
    def process_id(self) -> int:
        """Of the process as it runs now."""
        return self._process.pid

    def follow(self, corridor: str) -> None:
        """Has a corridor followed."""
        with self._lock:
            if corridor not in self._followed:
                self._followed[corridor] = None
                self._tell(_FOLLOW, corridor)

    def hurry(self, corridor: str) -> None:
        """Has the next page of a corridor wait for nothing."""
        with self._lock:
            self._tell(_HURRY, corridor)

    @property
    def failed(self) -> bool:
        """Whether the projections of a corridor have stopped for good."""
        return bool(self._stopped)

    def close(self) -> None:
        """Lets it finish the pages in hand, and end."""
        self._closing.set()
        with self._lock, suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._thread.join(_CLOSING_SECONDS_MAX)
        if self._thread.is_alive():
            # Nothing is lost with it but the page in hand, which comes again.
            self._process.kill()
            self._thread.join()

    def _start(self) -> None:
        ours, process = start_beside(__name__)
        with self._lock:
            self._socket, self._process = ours, process
            self._stopped.clear()
            self._say(json.dumps([self._url, logging.getLogger().getEffectiveLevel()]))
            for corridor in self._followed:
                self._tell(_FOLLOW, corridor)
            if self._closing.is_set():
                ours.shutdown(socket.SHUT_WR)

    def _tell(self, word: str, corridor: str) -> None:
        self._say(f"{word} {corridor}")

    def _say(self, line: str) -> None:
        # To one that has just ended nothing can be said; the next one is told all that counts.
        with suppress(OSError):
            self._socket.sendall(f"{line}\n".encode())

    def _watch(self) -> None:
        while True:
            self._hear()
            self._socket.close()
            status = self._process.wait()
            if self._closing.is_set():
                return
            logger.warning("the process that projects has ended with status %s; another one is started", status)
            while not self._started_again():
                if self._closing.is_set():
                    return

    def _hear(self) -> None:
        """What the process says, until it ends."""
        with suppress(OSError), self._socket.makefile() as said:
            for line in said:
                word, _, corridor = line.partition(" ")
                # Who is killed may leave half a line.
                if word == _STOPPED and corridor.endswith("\n"):
                    self._stopped.add(corridor.rstrip())

    def _started_again(self) -> bool:
        if self._closing.wait(START_AGAIN_SECONDS):
            return False
        try:
            self._start()
        except OSError as error:
            logger.warning("no process that projects can be started: %s", type(error).__name__)
            return False
        return True


# The other process


def work(told: Iterable[str], to: TextIO, pool: PostgresPool) -> None:
    """Follows what it is told to, until nothing more can be told; says which corridors' projections stopped for good."""
    saying = Lock()

    def stopped(corridor: str) -> None:
        with saying, suppress(OSError):
            print(_STOPPED, corridor, file=to, flush=True)

    following = Following(pool, Listener(pool.url), stopped)
    try:
        for line in told:
            word, corridor = line.split()
            if word == _FOLLOW:
                following.follow(corridor)
            else:
                following.hurry(corridor)
    finally:
        following.close()


def main() -> None:
    """Works until the process that started it closes its end, or ends."""
    with line_to_starter() as other, other.makefile() as told, other.makefile("w") as to:
        if first := told.readline():
            url, level = json.loads(first)
            configure_logging(as_json=True, level=level)
            work(told, to, PostgresPool(url))


if __name__ == "__main__":
    main()
