"""T9, ``corridor bench start``: from the start of a process to its first answered command, on a long log.

Run as a module it is the process that starts.
"""

from __future__ import annotations

from time import monotonic

from ledger.bench.children import child, settings, tell, told
from ledger.bench.figures import median, rounded
from ledger.bench.load import fill, lives
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found
from ledger.bootstrap import Service

SECONDS_MAX = 2.0


def bench(plan: Plan) -> Found:
    """The log has 10 million events in full size only: the figures say how many it had."""
    ledger = plan.service.ledger(plan.on) if plan.on else plan.corridor()
    corridor = ledger.corridor_code
    wanted = plan.pick(20_000, 1_000_000, 10_000_000)
    fill(ledger, f"{plan.seed}/fill", wanted, plan.progress)
    events = ledger.log_store.head().position
    _first_answer(plan, corridor, f"{plan.seed}/warm")
    runs, steps = [], []
    for run in range(max(plan.runs, 3)):
        plan.progress(f"start {run + 1} on {events:,} events")
        seconds, said = _first_answer(plan, corridor, f"{plan.seed}/{run}")
        runs.append(seconds)
        steps.append(said)
    return Found(
        runs=tuple(runs),
        unit="s to the first answer",
        ratio=None,
        checks=(Check("seconds", median(runs), at_most=SECONDS_MAX), Check("events", float(events), at_least=10_000_000)),
        layers={
            "unit": "s from process start",
            **{step: rounded(median([said[step] for said in steps])) for step in ("imported", "connected", "answered")},
        },
        figures={"events": events},
        peak_rss_mb=max(said["peak_rss_mb"] for said in steps),
        corridors=(corridor,),
        bars=tuple(Bar(f"start {number}", run) for number, run in enumerate(runs, 1)),
        goal=SECONDS_MAX,
    )


def _first_answer(plan: Plan, corridor: str, seed: str) -> tuple[float, dict[str, float]]:
    began = monotonic()
    with child(plan.service, __name__, corridor=corridor, seed=seed, began=began) as process:
        said = process.answer()
    return said["answered"], said


def main() -> None:
    """The process: wires the service as `corridor serve` does, asks for one transfer, and tells when each step was done."""
    imported = monotonic()
    wanted = told()
    with Service(settings()) as service:
        ledger = service.ledger(wanted["corridor"])
        connected = monotonic()
        [[initiate, *_]] = lives(wanted["corridor"], wanted["seed"], 1)
        answered = ledger.submit(initiate).result()
        at = monotonic()
        assert answered.receipt.answer.startswith(b'{"result"'), answered.receipt.answer
        steps = {"imported": imported, "connected": connected, "answered": at}
        tell(peak_rss_mb=peak_rss_mb(), **{step: instant - wanted["began"] for step, instant in steps.items()})


if __name__ == "__main__":
    main()
