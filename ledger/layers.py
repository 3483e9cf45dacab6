"""Where a batch spends its time: a running sum for each layer, read by the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, thread_time
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Layers:
    """Seconds on the clock (`elapsed`) and on the processor (`busy`, of the calling thread alone) by layer."""

    def __init__(self) -> None:
        self.elapsed: dict[str, float] = {}
        self.busy: dict[str, float] = {}

    def measure(self, layer: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Does the work and adds the time it took, also when it fails."""
        began, busy = perf_counter(), thread_time()
        try:
            return work(*args, **kwargs)
        finally:
            self.elapsed[layer] = self.elapsed.get(layer, 0.0) + perf_counter() - began
            self.busy[layer] = self.busy.get(layer, 0.0) + thread_time() - busy
