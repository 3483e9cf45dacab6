"""Where the time of a load goes, layer by layer, by what the batcher and this process say of themselves."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import Any

from ledger.application import Ledger
from ledger.bench.figures import median, rounded
from ledger.projections.runner import Runner

TRIP, CARRY = "insert and commit", "carry"


class Spent:
    """Counts from where it is made on; seconds."""

    def __init__(self, ledger: Ledger) -> None:
        self._layers = ledger.batcher.layers
        self._busy, self._elapsed = dict(self._layers.busy), dict(self._layers.elapsed)
        self._processor = process_time()

    def so_far(self) -> dict[str, float]:
        """By layer. What this process did besides deciding, encoding, sending and answering is receiving: the callers are in it."""
        processor = process_time() - self._processor
        layers = {layer: total - self._busy.get(layer, 0.0) for layer, total in self._layers.busy.items()}
        waited = self._layers.elapsed.get("send", 0.0) - self._elapsed.get("send", 0.0) - layers.get("send", 0.0)
        ours = sum(seconds for layer, seconds in layers.items() if layer != CARRY)
        told = {"receive": processor - ours, **layers, TRIP: waited}
        return {layer: told[layer] for layer in sorted(told, key=_place)}


def project_seconds(ledger: Ledger) -> float:
    """Brings the projections to the end of the log; seconds."""
    began = perf_counter()
    Runner(ledger.log_store).catch_up()
    return perf_counter() - began


def layers_of(runs: list[dict[str, float]], count: int, what: str = "transfer", project: float | None = None) -> dict[str, Any]:
    """The median of each layer over runs of so many transfers, or commands; ``project`` is in seconds for as many."""
    unit = f"µs a {what}: processor time of this process, carry another one's; insert and commit are one trip, told is the waiting for it"
    layers = {layer: median([run[layer] for run in runs]) for layer in runs[0]}
    if project is not None:
        unit += "; project is time on the clock, alone and afterwards"
        layers["project"] = project
    return {"unit": unit, **{layer: rounded(seconds / count * 1e6) for layer, seconds in layers.items()}}


_ORDER = ("receive", "decide", "encode", "send", CARRY, TRIP, "answer")


def _place(layer: str) -> int:
    return _ORDER.index(layer) if layer in _ORDER else len(_ORDER)
