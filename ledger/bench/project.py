"""T5, ``corridor bench project``: all projections catching up on a log, beside the rate at which events are written.

Run as a module it is the process that catches up.
"""

from __future__ import annotations

from time import perf_counter

import psutil

from ledger.bench.children import child, settings, tell, told
from ledger.bench.figures import median, rounded
from ledger.bench.load import CALLERS, drive, fill, lives
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bootstrap import Service
from ledger.eventstore.log import Log
from ledger.eventstore.tracking import reset_tracking
from ledger.projections.queries import LIVE, TABLES
from ledger.projections.runner import Runner

FLOOR, GROWTH_MAX = 2.0, 1.25
_SETTLED = 0.25
"""The part of the log after which memory has taken its size; from there on it should stay as it is."""


def bench(plan: Plan) -> Found:
    """Each run begins with empty tables. The events were written by the load that the rate is taken of, and more of its kind."""
    ledger = plan.service.ledger(plan.on) if plan.on else plan.corridor()
    corridor, transfers = ledger.corridor_code, plan.pick(1_200, 8_000, 24_000)

    def written(when: str) -> float:
        plan.progress(f"complete transfers {when}")
        return drive(ledger, lives(corridor, f"{plan.seed}/{when}", transfers)).events_per_second

    before = written("before")
    fill(ledger, f"{plan.seed}/fill", plan.pick(60_000, 1_000_000, 1_000_000), plan.progress)
    events = ledger.log_store.head().position
    runs, peaks, growth, layers = [], [], [], []
    for run in range(plan.runs):
        forget(plan.service, corridor)
        _vacuum(plan.service)
        plan.progress(f"catching up on {events:,} events, run {run + 1} of {plan.runs}")
        with child(plan.service, __name__, corridor=corridor) as process:
            said = process.answer()
        runs.append(said["events"] / said["seconds"])
        peaks.append(said["peak_rss_mb"])
        layers.append(said["layers"])
        growth.append(said["last_rss_mb"] / said["settled_rss_mb"])
    after = written("after")
    ratio = median(runs) / ((before + after) / 2)
    return Found(
        runs=tuple(runs),
        unit="events projected/s",
        yardstick=Yardstick(f"events written/s by T1, {CALLERS} callers", "events/s", before, after),
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_least=FLOOR),
            Check(f"memory at the end / after {_SETTLED:.0%} of the log", max(growth), at_most=GROWTH_MAX),
        ),
        layers={
            "unit": "µs an event: processor time, for store time on the clock; meanwhile the next page is read and folded",
            **{layer: rounded(median([run[layer] for run in layers]) / events * 1e6) for layer in layers[0]},
        },
        figures={"events": events},
        peak_rss_mb=max(peaks),
        corridors=(corridor,),
        bars=(
            Bar("T1 before", before, "yardstick"),
            *(Bar(f"run {number}", run) for number, run in enumerate(runs, 1)),
            Bar("T1 after", after, "yardstick"),
        ),
        goal=rounded(FLOOR * (before + after) / 2),
    )


def forget(service: Service, corridor: str) -> None:
    """Empties the corridor's projections; a rebuild would do every corridor's."""
    with service.pool.transaction() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM projections.{table} WHERE corridor = %(corridor)s", {"corridor": corridor})  # noqa: S608 - our names
        reset_tracking(cursor, corridor, LIVE.tracking)


def _vacuum(service: Service) -> None:
    """Clears away what was emptied: a key is looked for among all rows that ever had it, and a table that is filled for the first time has
    none."""
    with service.pool.connection() as connection:
        connection.cursor().execute("VACUUM " + ", ".join(f"projections.{table}" for table in TABLES))


def main() -> None:
    """The process that catches up, noting its memory page by page."""
    corridor, this = told()["corridor"], psutil.Process()
    with Service(settings()) as service:
        held: list[tuple[int, float]] = []
        began = perf_counter()
        runner = Runner(Log(service.pool, corridor))
        position = runner.catch_up(progress=lambda position, _head: held.append((position, this.memory_info().rss / 2**20)))
        seconds = perf_counter() - began
    settled = next(rss for at, rss in held if at >= position * _SETTLED)
    busy = runner.layers.busy
    layers = {"read": busy["read"], "fold": busy["fold"], "store": runner.layers.elapsed["store"]}
    tell(events=position, seconds=seconds, layers=layers, settled_rss_mb=settled, last_rss_mb=held[-1][1], peak_rss_mb=peak_rss_mb())


if __name__ == "__main__":
    main()
