"""Short turns at the interpreter while one page is stored and the next one is folded.

Storing is a row of short calls, each of which waits for the server and then for the interpreter. Whoever computes lets go of that after
five milliseconds unless told otherwise: over a page, that is half of the time the server needs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

SECONDS = 0.000_2

_lock = Lock()
_asked_by: list[float] = []
"""For each of those who ask for short turns now, what the process had before."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Within it, a thread that computes lets another one go on after `SECONDS`; the last one to leave puts back what was before."""
    with _lock:
        _asked_by.append(_asked_by[-1] if _asked_by else sys.getswitchinterval())
        sys.setswitchinterval(SECONDS)
    try:
        yield
    finally:
        with _lock:
            before = _asked_by.pop()
            if not _asked_by:
                sys.setswitchinterval(before)
