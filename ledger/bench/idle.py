"""T8, ``corridor bench idle``: one command on an idle system, from the call to the durable answer."""

from __future__ import annotations

from time import perf_counter

from ledger.application import Ledger
from ledger.batching import Request
from ledger.bench.figures import median, percentile, rounded
from ledger.bench.load import lives
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bench.spent import Spent, layers_of
from ledger.bench.yardsticks import insert_and_commit_seconds

CEILING = 5.0


def bench(plan: Plan) -> Found:
    """One caller, one command at a time, through the three commands of a transfer's life."""
    ledger = plan.corridor()
    commands, inserts = plan.pick(300, 1_500, 6_000), plan.pick(500, 2_000, 5_000)
    _waits(ledger, _requests(ledger, f"{plan.seed}/warm", 30))
    plan.progress("single inserts before")
    before = insert_and_commit_seconds(plan.service.owner_url, inserts) * 1e6
    waits, spent = [], []
    for run in range(plan.runs):
        plan.progress(f"run {run + 1} of {plan.runs}: {commands} commands, one at a time")
        begun = Spent(ledger)
        waits.append([seconds * 1e6 for seconds in _waits(ledger, _requests(ledger, f"{plan.seed}/{run}", commands))])
        spent.append(begun.so_far())
    plan.progress("single inserts after")
    after = insert_and_commit_seconds(plan.service.owner_url, inserts) * 1e6
    runs = tuple(median(run) for run in waits)
    yardstick = Yardstick("one single-row INSERT and commit, median", "µs", before, after)
    ratio = median(runs) / yardstick.mean
    every = [wait for run in waits for wait in run]
    return Found(
        runs=runs,
        unit="µs a command, median",
        yardstick=yardstick,
        ratio=ratio,
        checks=(Check("ratio", ratio, at_most=CEILING),),
        layers=layers_of(spent, commands, "command"),
        figures={"commands_per_run": commands, "p99_us": rounded(percentile(every, 0.99)), "longest_us": rounded(max(every))},
        peak_rss_mb=peak_rss_mb(),
        corridors=(ledger.corridor_code,),
        bars=(
            Bar("INSERT before", before, "yardstick"),
            *(Bar(f"run {number}", run) for number, run in enumerate(runs, 1)),
            Bar("INSERT after", after, "yardstick"),
        ),
        goal=rounded(CEILING * yardstick.mean),
    )


def _requests(ledger: Ledger, seed: str, commands: int) -> list[Request]:
    return [request for life in lives(ledger.corridor_code, seed, commands // 3) for request in life]


def _waits(ledger: Ledger, requests: list[Request]) -> list[float]:
    """Seconds from the call to the answer of each."""
    seconds = []
    for request in requests:
        began = perf_counter()
        answered = ledger.submit(request).result()
        seconds.append(perf_counter() - began)
        assert answered.receipt.answer.startswith(b'{"result"'), answered.receipt.answer
    return seconds
