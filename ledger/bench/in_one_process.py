"""T1, ``corridor bench engine``: complete transfers a second beside pgbench, and how fairly the callers are treated."""

from __future__ import annotations

from ledger.bench.engine import CALLERS, bench_engine
from ledger.bench.figures import median, percentile, rounded
from ledger.bench.load import Driven, drive, lives
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick

FLOOR, FAIR = 1.0, 20.0


def bench(plan: Plan) -> Found:
    """All callers on one corridor in this process; afterwards once more with a clock on each command."""
    corridor = plan.code()
    told = bench_engine(
        plan.service,
        corridor=corridor,
        seed=plan.seed,
        transfers=plan.pick(1_500, 10_000, 30_000),
        runs=plan.runs,
        yardstick_seconds=plan.pick(5, 20, 60),
        progress=plan.progress,
    )
    plan.progress("once more, with a clock on each command")
    ledger = plan.service.ledger(corridor)
    again = drive(ledger, lives(corridor, f"{plan.seed}/fairness", plan.pick(500, 3_000, 10_000)), CALLERS)
    yardstick = Yardstick(told["yardstick"]["name"], "transactions/s", told["yardstick"]["before"], told["yardstick"]["after"])
    runs = tuple(told["runs"])
    ratio = median(runs) / yardstick.mean
    return Found(
        runs=runs,
        unit=told["unit"],
        yardstick=yardstick,
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_least=FLOOR),
            Check("longest wait / median wait", max(again.waits) / median(again.waits), at_most=FAIR),
        ),
        layers=told.get("layers", {}),
        figures={"callers": CALLERS, "transfers_per_run": told["transfers_per_run"], **waits_ms(again)},
        peak_rss_mb=told["peak_rss_mb"],
        corridors=(corridor,),
        bars=(
            Bar("pgbench before", yardstick.before, "yardstick"),
            *(Bar(f"run {number}", run) for number, run in enumerate(runs, 1)),
            Bar("pgbench after", yardstick.after, "yardstick"),
        ),
        goal=rounded(FLOOR * yardstick.mean),
    )


def waits_ms(driven: Driven) -> dict[str, float]:
    """How long commands waited for their durable answers, in milliseconds."""
    ranks = {"p50_ms": 0.5, "p99_ms": 0.99, "longest_ms": 1.0}
    return {name: rounded(percentile(driven.waits, part) * 1_000) for name, part in ranks.items()}
