"""A bell for one thread that waits for what others put down, or for what a file descriptor has to say, whichever comes first."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from typing import Protocol

_ROUSED_BY_MAX = 64


class HasFileno(Protocol):
    """Something that can be waited for until it can be read."""

    def fileno(self) -> int: ...


class Bell:
    """Rung by any thread, after it put something down; heard by one, which looks again at what there is whenever it wakes."""

    def __init__(self) -> None:
        self._ear, self._rope = os.pipe()
        os.set_blocking(self._rope, False)
        self._asleep = False

    def ring(self) -> None:
        """Wakes who waits; costs nothing when nobody does."""
        # Who waits lies down first and then looks whether something is there; who rings has put it there first. So one of both sees it.
        if self._asleep:
            self._asleep = False
            os.write(self._rope, b".")

    def wait(self, unless: Callable[[], object], *, also: HasFileno | None = None, seconds: float | None = None) -> None:
        """Waits until it rings, until ``also`` can be read or so many seconds have passed; not at all if ``unless`` says so."""
        self._asleep = True
        if not unless():
            ears = [self._ear] if also is None else [self._ear, also.fileno()]
            ready, _, _ = select.select(ears, [], [], seconds)
            if self._ear in ready:
                os.read(self._ear, _ROUSED_BY_MAX)
        self._asleep = False

    def close(self) -> None:
        """Nobody waits or rings any more."""
        os.close(self._ear)
        os.close(self._rope)
