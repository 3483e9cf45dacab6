"""What a bench is given: where it measures, how much of it, and whom it tells."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from ledger.application import Ledger
from ledger.bench.engine import open_for_bench
from ledger.bootstrap import Service

Size = Literal["quick", "usual", "full"]
Progress = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """One measuring. ``on`` is the corridor of an earlier bench to go on with, where a bench can (a long log takes its time to write).

    Each corridor is new, named after ``seed``, in the database of the settings; nothing else there is touched.
    """

    service: Service
    size: Size
    runs: int
    seed: int
    progress: Progress
    on: str | None = None
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_dice", random.Random(self.seed))  # noqa: S311 - names corridors, guards nothing

    def pick(self, quick: T, usual: T, full: T) -> T:
        """What the size of this measuring calls for."""
        return {"quick": quick, "usual": usual, "full": full}[self.size]

    def code(self) -> str:
        """The code of a corridor that nobody has used."""
        return "bench-" + "".join(self._dice.choice(string.ascii_lowercase) for _ in range(8))

    def corridor(self) -> Ledger:
        """A new corridor, open, with rates and more prefund than a bench can spend."""
        ledger = self.service.ledger(self.code())
        open_for_bench(ledger, self.service.clock())
        return ledger
