"""T6, ``corridor bench growth``: does a corridor grow slower as its log grows longer?

Logs of several lengths are measured in turns, so that what the machine does meanwhile meets all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from ledger.application import Ledger
from ledger.bench.figures import median, rounded
from ledger.bench.load import drive, fill, lives, uetr
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bench.spent import Spent, layers_of
from ledger.projections.audit_trail import trail
from ledger.projections.balances import balance
from ledger.projections.runner import Runner
from ledger.projections.snapshot import Snapshot, snapshot

APART_MAX = 1.10
ACCOUNT = "corridor:in_flight:USD"
_READS = 300


def bench(plan: Plan) -> Found:
    """``ratio`` is the worst of the three: how much slower the longest log is than the shortest."""
    sizes = plan.pick((5_000, 50_000), (10_000, 1_000_000), (10_000, 1_000_000, 10_000_000))
    transfers = plan.pick(300, 2_000, 3_000)
    ledgers: list[Ledger] = []
    for size in sizes:
        ledger = plan.service.ledger(plan.on) if plan.on and size == sizes[-1] else plan.corridor()
        fill(ledger, f"{plan.seed}/fill", size, plan.progress)
        Runner(ledger.log_store).catch_up()
        ledgers.append(ledger)
    begun = [ledger.log_store.head().position for ledger in ledgers]
    rates: list[list[float]] = [[] for _ in sizes]
    balances: list[list[float]] = [[] for _ in sizes]
    trails: list[list[float]] = [[] for _ in sizes]
    spent = []
    for run in range(max(plan.runs, 3)):
        for which, ledger in enumerate(ledgers):
            plan.progress(f"round {run + 1}: {begun[which]:,} events")
            prepared = lives(ledger.corridor_code, f"{plan.seed}/{run}", transfers)
            counted = Spent(ledger)
            rates[which].append(drive(ledger, prepared).transfers_per_second)
            spent.append((which, counted.so_far()))
            Runner(ledger.log_store).catch_up()
            balances[which].append(_read(plan, ledger, lambda at, _: balance(at, ACCOUNT)))
            trails[which].append(_read(plan, ledger, lambda at, number: trail(at, uetr(f"{plan.seed}/{run}", number % transfers))))  # noqa: B023
    shortest, longest = 0, len(sizes) - 1
    slower = {
        "complete transfers": median(rates[shortest]) / median(rates[longest]),
        "one balance": median(balances[longest]) / median(balances[shortest]),
        "one trail": median(trails[longest]) / median(trails[shortest]),
    }
    return Found(
        runs=tuple(rates[longest]),
        unit="complete transfers/s on the longest log",
        yardstick=Yardstick(
            f"the same on {begun[shortest]:,} events, first and last round", "complete transfers/s", rates[shortest][0], rates[shortest][-1]
        ),
        ratio=max(slower.values()),
        checks=tuple(Check(f"{what}, longest log against shortest", value, at_most=APART_MAX) for what, value in slower.items()),
        layers=layers_of([layers for which, layers in spent if which == longest], transfers),
        figures={
            "events": begun,
            "complete_transfers_per_second": [rounded(median(some)) for some in rates],
            "balance_ms": [rounded(median(some) * 1_000) for some in balances],
            "trail_ms": [rounded(median(some) * 1_000) for some in trails],
        },
        peak_rss_mb=peak_rss_mb(),
        corridors=tuple(ledger.corridor_code for ledger in ledgers),
        bars=tuple(Bar(f"{events:,} events", median(some)) for events, some in zip(begun, rates, strict=True)),
        goal=rounded(median(rates[shortest]) / APART_MAX),
    )


def _read(plan: Plan, ledger: Ledger, read: Callable[[Snapshot, int], object]) -> float:
    """The median of some hundreds of reads, each in a snapshot of its own, in seconds."""
    seconds = []
    for number in range(_READS):
        began = perf_counter()
        with snapshot(plan.service.pool, ledger.corridor_code) as at:
            read(at, number)
        seconds.append(perf_counter() - began)
    return median(seconds)
