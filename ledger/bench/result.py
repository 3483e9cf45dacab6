"""What every bench comes to, and its JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ledger.bench.figures import median, rounded, spread
from ledger.bench.targets import Target


class Yardstick(NamedTuple):
    """What the figure is held against, taken in the same run: just before and just after it, or twice before when nothing can follow."""

    name: str
    unit: str
    before: float
    after: float

    @property
    def mean(self) -> float:
        return (self.before + self.after) / 2


class Check(NamedTuple):
    """One condition of a target: the value found, and the bounds it has to keep; None: no bound on that side."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def as_json(self) -> dict[str, Any]:
        bounds = {name: bound for name, bound in (("at_least", self.at_least), ("at_most", self.at_most)) if bound is not None}
        return {"what": self.what, "value": rounded(self.value), **bounds, "met": self.met}


class Bar(NamedTuple):
    """A bar of the plot: ``kind`` is "measured" or "yardstick"."""

    label: str
    value: float
    kind: str = "measured"


@dataclass(frozen=True)
class Found:
    """What a bench measured, before it is known where and whether the rules held.

    ``runs`` are in ``unit``; ``ratio`` is the median against the yardstick, the way round the target states it. ``layers`` tells where
    the time went, ``figures`` whatever else was seen; ``goal`` is where the target lies on the plot's scale. ``corridors`` are the ones
    the run wrote to: all of them are verified at the end.
    """

    runs: tuple[float, ...]
    unit: str
    ratio: float | None
    checks: tuple[Check, ...]
    corridors: tuple[str, ...]
    yardstick: Yardstick | None = None
    peak_rss_mb: float = 0.0
    layers: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    bars: tuple[Bar, ...] = ()
    goal: float | None = None


@dataclass(frozen=True)
class Result:
    """A figure with everything a reader needs to judge it. ``broken`` names the rules that did not hold, by corridor: empty when all is
    well."""

    bench: str
    command: str
    measured_at: datetime
    machine: dict[str, Any]
    postgres: dict[str, str]
    target: Target
    found: Found
    broken: dict[str, dict[str, str]]

    @property
    def rules_ok(self) -> bool:
        return not self.broken

    @property
    def met(self) -> bool:
        """Whether every condition of the target was."""
        return all(check.met for check in self.found.checks)

    def as_json(self) -> dict[str, Any]:
        """One document; amounts of time carry their unit in the name."""
        found = self.found
        return {
            "bench": self.bench,
            "command": self.command,
            "measured_at": self.measured_at.isoformat(timespec="seconds"),
            "machine": self.machine,
            "postgres": self.postgres,
            "runs": [rounded(run) for run in found.runs],
            "median": rounded(median(found.runs)),
            "spread": round(spread(found.runs), 3),
            "unit": found.unit,
            "yardstick": None if found.yardstick is None else _yardstick(found.yardstick),
            "ratio": None if found.ratio is None else round(found.ratio, 2),
            "target": {
                "number": self.target.number,
                "sentence": self.target.sentence,
                "met": self.met,
                "checks": [check.as_json() for check in found.checks],
            },
            "layers": found.layers,
            "figures": found.figures,
            "peak_rss_mb": found.peak_rss_mb,
            "rules_ok": self.rules_ok,
            "broken_rules": self.broken,
            "plot": {"bars": [bar._asdict() | {"value": rounded(bar.value)} for bar in found.bars], "goal": found.goal},
        }


def _yardstick(yardstick: Yardstick) -> dict[str, Any]:
    return {
        "name": yardstick.name,
        "unit": yardstick.unit,
        "before": rounded(yardstick.before),
        "after": rounded(yardstick.after),
    }
