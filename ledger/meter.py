"""What a ledger does, counted: cheap enough to be always on, and without a word about whom it is done for.

One meter a corridor and process. `api/metrics.py` shows them to Prometheus; nothing here knows of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Final, NamedTuple

from ledger.answers import Answered
from ledger.errors import OutcomeUnknown

SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)
SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_REFUSED: Final = b'{"refusal"'


class Histogram:
    """How often values fell at or under each bound; ``counts`` has one place more, for those above the last."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Counts one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Reading(NamedTuple):
    """A meter at one instant. Histograms are (counts by bucket, sum)."""

    commands: dict[str, int]
    batch_sizes: tuple[list[int], float]
    commit_seconds: tuple[list[int], float]


class Meter:
    """Counts one corridor's commands and commits in this process. Safe to share between threads; asked once a batch, not once a command."""

    def __init__(self) -> None:
        self._commands: Counter[str] = Counter()
        self._batch_sizes = Histogram(SIZES)
        self._commit_seconds = Histogram(SECONDS)
        self._lock = Lock()

    def answered(self, outcomes: Iterable[object]) -> None:
        """Commands got these answers, or these errors in their place."""
        found = Counter(map(_outcome, outcomes))
        with self._lock:
            self._commands.update(found)

    def committed(self, commands: int, seconds: float) -> None:
        """A batch of so many commands was committed, and sending it took so long."""
        with self._lock:
            self._batch_sizes.observe(commands)
            self._commit_seconds.observe(seconds)

    def read(self) -> Reading:
        """What was counted so far."""
        with self._lock:
            sizes, seconds = self._batch_sizes, self._commit_seconds
            return Reading(dict(self._commands), (list(sizes.counts), sizes.sum), (list(seconds.counts), seconds.sum))


def _outcome(outcome: object) -> str:
    if not isinstance(outcome, Answered):
        return "unknown" if isinstance(outcome, OutcomeUnknown) else "failed"
    if outcome.replayed:
        return "replayed"
    return "refused" if bytes(outcome.receipt.answer[: len(_REFUSED)]) == _REFUSED else "done"
