"""T2, ``corridor bench processes``: four processes on one corridor, held against one process with as many callers.

Run as a module it is one of the four.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from ledger.bench.children import Child, child, settings, tell, told
from ledger.bench.figures import median, rounded
from ledger.bench.load import CALLERS, Driven, drive, lives
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bootstrap import Service

PROCESSES = 4
FLOOR = 0.7
COMMANDS_A_LIFE = 3


def bench(plan: Plan) -> Found:
    """The yardstick is T1 on the same corridor, by the same callers, just before and just after."""
    ledger = plan.corridor()
    corridor, transfers = ledger.corridor_code, plan.pick(1_200, 8_000, 24_000)
    set_up = _receipts(plan.service, corridor)

    def alone(when: str) -> float:
        plan.progress(f"one process, {CALLERS} callers, {when}")
        return drive(ledger, lives(corridor, f"{plan.seed}/{when}", transfers)).transfers_per_second

    before = alone("before")
    runs, answers, peaks = [], [], []
    with ExitStack() as stack:
        started = [stack.enter_context(child(plan.service, __name__, corridor=corridor)) for _ in range(PROCESSES)]
        for run in range(plan.runs):
            plan.progress(f"{PROCESSES} processes, run {run + 1} of {plan.runs}")
            said = _together(started, [f"{plan.seed}/{run}/{number}" for number in range(PROCESSES)], transfers // PROCESSES)
            runs.append(transfers / (max(one["ended"] for one in said) - min(one["began"] for one in said)))
            answers.append(sum(one["answered"] - one["replayed"] for one in said))
            peaks += [one["peak_rss_mb"] for one in said]
    after = alone("after")
    asked = COMMANDS_A_LIFE * transfers
    kept = _receipts(plan.service, corridor) - set_up - 2 * asked
    ratio = median(runs) / ((before + after) / 2)
    return Found(
        runs=tuple(runs),
        unit="complete transfers/s",
        yardstick=Yardstick(f"one process, {CALLERS} callers", "complete transfers/s", before, after),
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_least=FLOOR),
            Check("commands lost", asked * plan.runs - kept, at_most=0),
            Check("commands not answered once", sum(abs(asked - given) for given in answers), at_most=0),
        ),
        figures={"processes": PROCESSES, "callers_each": CALLERS // PROCESSES, "transfers_per_run": transfers},
        peak_rss_mb=max(peaks),
        corridors=(corridor,),
        bars=(
            Bar("one process before", before, "yardstick"),
            *(Bar(f"run {number}", run) for number, run in enumerate(runs, 1)),
            Bar("one process after", after, "yardstick"),
        ),
        goal=rounded(FLOOR * (before + after) / 2),
    )


def _together(started: Sequence[Child], seeds: Sequence[str], transfers: int) -> list[dict[str, Any]]:
    """One run: all prepare, all begin, all have ended."""
    for one, seed in zip(started, seeds, strict=True):
        one.tell(seed=seed, transfers=transfers)
    for one in started:
        one.answer()
    for one in started:
        one.tell(go=True)
    return [one.answer() for one in started]


def _receipts(service: Service, corridor: str) -> int:
    [(found,)] = service.pool.rows("SELECT count(*) FROM ledger.receipts WHERE corridor = %(corridor)s", {"corridor": corridor})
    return int(found)


def main() -> None:
    """One of the processes."""
    corridor = told()["corridor"]
    with Service(settings()) as service:
        ledger = service.ledger(corridor)
        while True:
            wanted = told()
            prepared = lives(corridor, wanted["seed"], wanted["transfers"])
            tell(ready=True)
            told()
            tell(**_said(drive(ledger, prepared, CALLERS // PROCESSES)))


def _said(driven: Driven) -> dict[str, Any]:
    return {
        "began": driven.began,
        "ended": driven.ended,
        "answered": len(driven.waits),
        "replayed": driven.replayed,
        "peak_rss_mb": peak_rss_mb(),
    }


if __name__ == "__main__":
    main()
