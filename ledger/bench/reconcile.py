"""T7, ``corridor bench reconcile``: the night job over statements and ledger lines by the hundred thousand, beside the bare join.

Run as a module it is the process that reconciles.
"""

from __future__ import annotations

import gc
import json
import tempfile
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from ledger.application import Ledger
from ledger.bench.children import child, settings, tell, told
from ledger.bench.figures import median, rounded
from ledger.bench.laid import laid, statements
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bench.statement_lines import TwoSides, two_sides
from ledger.bench.yardsticks import copy_and_join_seconds
from ledger.bootstrap import Service

DAYS = 5
CEILING, MEMORY_MB_MAX = 1.0, 500.0
_STAGES = {"statements read": "fix the boundary", "matching": "match", "recording": "record breaks"}


def bench(plan: Plan) -> Found:
    """Each run is a corridor of its own with the same lines; from the statements' bytes to the stored report."""
    lines = plan.pick(20_000, 200_000, 1_000_000)
    today = plan.service.clock().date()
    plan.progress(f"inventing {lines:,} lines on each side")
    sides = two_sides(str(plan.seed), lines, today - timedelta(days=1), DAYS)
    plan.progress("COPY and FULL OUTER JOIN before")
    before = _bare(plan, sides)
    runs, stages, peaks, peaks_by_stage, wrong, corridors = [], [], [], [], 0, []
    for run in range(plan.runs):
        plan.progress(f"night {run + 1} of {plan.runs}: {lines:,} × {lines:,} lines")
        ledger = plan.corridor()
        corridors.append(ledger.corridor_code)
        said, differences = _night(plan, ledger, sides)
        runs.append(said["seconds"])
        stages.append(said["stages"])
        peaks_by_stage.append(said["peaks_mb"])
        peaks.append(said["peak_rss_mb"])
        wrong += _wrong(sides.planted, differences)
    plan.progress("COPY and FULL OUTER JOIN after")
    after = _bare(plan, sides)
    ratio = median(runs) / ((before + after) / 2)
    return Found(
        runs=tuple(runs),
        unit="s a night",
        yardstick=Yardstick("COPY of both sets, ANALYZE, FULL OUTER JOIN, no index", "s", before, after),
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_most=CEILING),
            Check("breaks not exact", wrong, at_most=0),
            Check("memory, MB", max(peaks), at_most=MEMORY_MB_MAX),
        ),
        layers={"unit": "s", **{stage: rounded(median([one.get(stage, 0.0) for one in stages])) for stage in stages[0]}},
        figures={
            "lines_each_side": lines,
            "planted_breaks": len(sides.planted),
            "statements": DAYS,
            "peak_mb_until_the_end_of": peaks_by_stage[-1],
        },
        peak_rss_mb=max(peaks),
        corridors=tuple(corridors),
        bars=(
            Bar("join before", before, "yardstick"),
            *(Bar(f"night {number}", run) for number, run in enumerate(runs, 1)),
            Bar("join after", after, "yardstick"),
        ),
        goal=rounded(CEILING * (before + after) / 2),
    )


def _bare(plan: Plan, sides: TwoSides) -> float:
    theirs = ((line.uetr, line.amount) for day in sides.reported for line in day)
    ours = ((line.uetr, line.amount) for day in sides.expected for line in day)
    seconds, _ = copy_and_join_seconds(plan.service.owner_url, theirs, ours)
    gc.collect()
    return seconds


def _night(plan: Plan, ledger: Ledger, sides: TwoSides) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """One run in a process of its own: what it took, and (UETR, class) of every difference it found."""
    with laid(plan.service, ledger, sides), tempfile.TemporaryDirectory(prefix="corridor-bench-") as folder:
        files = []
        for number, statement in enumerate(statements(ledger, sides)):
            files.append(str(Path(folder) / f"{number}.csv"))
            Path(files[-1]).write_bytes(statement)
        found = Path(folder) / "differences.json"
        business_date = sides.days[-1].isoformat()
        with child(
            plan.service, __name__, corridor=ledger.corridor_code, files=files, date=business_date, differences=str(found)
        ) as process:
            said = process.answer()
        return said, [(uetr, kind) for uetr, kind in json.loads(found.read_text(encoding="utf-8"))]


def _wrong(planted: dict[str, str], differences: list[tuple[str, str]]) -> int:
    """How many differences were reported that were not planted, or planted and not reported so."""
    said = dict(differences)
    return len(differences) - len(said) + len(planted.items() ^ said.items())


class _Watch:
    """Seconds by stage, and the peak of memory until its end, by what the night job tells of its progress: a stage lasts until another
    one is told of."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self.peaks_mb: dict[str, float] = {}
        self._stage, self._since = "read and keep", perf_counter()

    def told(self, what: str, _done: int, _of: int) -> None:
        now = perf_counter()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self.peaks_mb[self._stage] = peak_rss_mb()
        self._since = now
        self._stage = next((stage for begins, stage in _STAGES.items() if what.startswith(begins)), self._stage)

    def end(self) -> dict[str, float]:
        self.told("", 0, 0)
        return self._seconds


def main() -> None:
    """The process of the night."""
    from reconciliation.nightly import run_nightly  # noqa: PLC0415 - only this process needs the night job

    wanted = told()
    with Service(settings()) as service:
        service.ledger(wanted["corridor"]).terms()
        watch = _Watch()
        files = [Path(file).read_bytes for file in wanted["files"]]
        report = run_nightly(service, wanted["corridor"], files, date.fromisoformat(wanted["date"]), watch.told)
        stages = watch.end()
        differences = [(found.reference, found.break_class) for found in report.new_differences]
        Path(wanted["differences"]).write_text(json.dumps(differences), encoding="utf-8")
        tell(seconds=sum(stages.values()), stages=stages, peaks_mb=watch.peaks_mb, peak_rss_mb=peak_rss_mb())


if __name__ == "__main__":
    main()
