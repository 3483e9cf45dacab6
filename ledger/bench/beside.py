"""T10, ``corridor bench beside``: T1's load alone and beside each of its neighbours, in turns.

Alone and beside follow each other round after round, each first in every other one, so that what the machine does meanwhile and the
log's growth meet both alike. A neighbour is held to what it costs the writers, by the median of the rounds: at most a tenth of their
speed. Refused commands are counted by what those that are granted wait.
"""

from __future__ import annotations

import asyncio
from asyncio import TaskGroup
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from statistics import fmean
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from ledger.answers import Request
from ledger.application import Ledger
from ledger.bench.figures import median, percentile, rounded
from ledger.bench.load import CALLERS, Driven, drive, fill, lives, uetr
from ledger.bench.machine import peak_rss_mb
from ledger.bench.neighbours import NEIGHBOURS, NIGHT, Running, neighbour
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bench.spent import Spent, layers_of, project_seconds
from ledger.projections.runner import Runner

T = TypeVar("T")

SLOWER_MAX = 1.10
REFUSED = "refused commands"
_LIVES_A_REFUSAL = 3
_QUIET_EVENTS = 6_000
"""Of a log so long that work on it gives way to writers."""
_ABOVE_ANY_LIMIT = 10**9
_RESULT, _REFUSAL = b'{"result"', b'{"refusal"'


class Compared(NamedTuple):
    """One neighbour: transfers a second and p99 in ms, alone and beside, by round; ``slower`` is how many times slower beside, by round;
    ``did`` what the neighbour came to a second."""

    alone: list[float]
    beside: list[float]
    p99_ms_alone: list[float]
    p99_ms_beside: list[float]
    slower: list[float]
    did: str

    def as_json(self) -> dict[str, Any]:
        return {
            "transfers_per_second": [rounded(median(self.alone)), rounded(median(self.beside))],
            "p99_ms": [rounded(median(self.p99_ms_alone)), rounded(median(self.p99_ms_beside))],
            "did": self.did,
        }


def bench(plan: Plan) -> Found:
    """``ratio`` is that of the neighbour that costs most.

    A round is long enough for a neighbour to show what it costs as it goes on, and not only as it begins; in a quick bench it is not quite,
    and there are half as many. One round says little on a machine that others use, too: there is one more of them than `plan` says, and
    each side comes first as often as the other.
    """
    plan = replace(plan, runs=plan.pick((plan.runs + 1) // 2, plan.runs + 1, plan.runs + 1))
    ledger = plan.corridor()
    corridor, transfers = ledger.corridor_code, plan.pick(1_500, 6_000, 20_000)
    fill(ledger, f"{plan.seed}/fill", plan.pick(30_000, 300_000, 1_000_000), plan.progress)
    Runner(ledger.log_store).catch_up()
    # The night is another corridor's: its own would first project what is being written, which is a neighbour by itself.
    quiet = plan.corridor()
    fill(quiet, f"{plan.seed}/quiet", _QUIET_EVENTS, plan.progress)
    warm, spent = lives(corridor, f"{plan.seed}/warm", transfers), Spent(ledger)
    drive(ledger, warm)
    layers = layers_of([spent.so_far()], transfers, project=project_seconds(ledger))
    compared = {REFUSED: _refusals(plan, ledger, transfers)}
    peaks = [peak_rss_mb()]
    for name in NEIGHBOURS:
        compared[name], peak = _beside(plan, ledger, name, transfers, quiet if name == NIGHT else ledger)
        peaks.append(peak)
    slowest = max(compared, key=lambda name: median(compared[name].slower))
    alone = [rate for one in compared.values() for rate in one.alone]
    return Found(
        runs=tuple(compared[slowest].slower),
        unit="times slower, slowest neighbour",
        yardstick=Yardstick("the same load alone, first and last time", "complete transfers/s", alone[0], alone[-1]),
        ratio=median(compared[slowest].slower),
        checks=tuple(
            Check("wait of a granted command, one in ten refused" if name == REFUSED else name, median(one.slower), at_most=SLOWER_MAX)
            for name, one in compared.items()
        ),
        layers=layers,
        figures={
            "slowest": slowest,
            "transfers_a_round": transfers,
            **{name.replace(" ", "_"): one.as_json() for name, one in compared.items()},
        },
        peak_rss_mb=max(peaks),
        corridors=(corridor, quiet.corridor_code),
        bars=(Bar("alone", 1.0, "yardstick"), *(Bar(name, median(one.slower)) for name, one in compared.items())),
        goal=SLOWER_MAX,
    )


def _beside(plan: Plan, ledger: Ledger, name: str, transfers: int, where: Ledger) -> tuple[Compared, float]:
    """The load alone and beside one neighbour, which works on a corridor, and the neighbour's peak of memory."""
    corridor = ledger.corridor_code
    found = Compared([], [], [], [], [], "")
    with neighbour(plan.service, where.corridor_code, name) as running:
        for run in range(plan.runs):
            plan.progress(f"{name}, round {run + 1} of {plan.runs}")
            prepared = [lives(corridor, f"{plan.seed}/{name}/{run}/{which}", transfers) for which in ("alone", "beside")]
            alone, beside = _in_turns(run, partial(drive, ledger, prepared[0]), partial(_drive_beside, running, ledger, prepared[1]))
            found.alone.append(alone.transfers_per_second)
            found.beside.append(beside.transfers_per_second)
            found.p99_ms_alone.append(percentile(alone.waits, 0.99) * 1_000)
            found.p99_ms_beside.append(percentile(beside.waits, 0.99) * 1_000)
            found.slower.append(alone.transfers_per_second / beside.transfers_per_second)
    did = f"{rounded(median(running.per_second)):,} {NEIGHBOURS[name][1]}/s"
    return found._replace(did=did), running.peak_rss_mb


def _drive_beside(running: Running, ledger: Ledger, transfers: list[list[Request]]) -> Driven:
    with running.working():
        return drive(ledger, transfers)


def _in_turns(run: int, alone: Callable[[], T], beside: Callable[[], T]) -> tuple[T, T]:
    """What both come to; every other run begins with the second."""
    if run % 2 == 0:
        first = alone()
        return first, beside()
    second = beside()
    return alone(), second


# Refusals


def _refusals(plan: Plan, ledger: Ledger, transfers: int) -> Compared:
    """The load alone, and with one command in ten that is refused; slower is what a granted command waits, by
    the mean: callers who begin together stay in step until a refusal parts them, which moves the median and costs nobody."""
    found = Compared([], [], [], [], [], "one command in ten")
    for run in range(plan.runs):
        plan.progress(f"{REFUSED}, round {run + 1} of {plan.runs}")
        prepared = [lives(ledger.corridor_code, f"{plan.seed}/{REFUSED}/{run}/{which}", transfers) for which in ("alone", "beside")]
        some_refused = list(_with_refusals(prepared[1], f"{plan.seed}/{run}"))
        all_granted = [[(request, True) for request in life] for life in prepared[0]]
        alone, beside = _in_turns(run, partial(_granted, ledger, all_granted), partial(_granted, ledger, some_refused))
        found.alone.append(transfers / alone.seconds)
        found.beside.append(transfers / beside.seconds)
        found.p99_ms_alone.append(percentile(alone.waits, 0.99) * 1_000)
        found.p99_ms_beside.append(percentile(beside.waits, 0.99) * 1_000)
        found.slower.append(fmean(beside.waits) / fmean(alone.waits))
    return found


class Granted(NamedTuple):
    """How long a load took, and the waits of its granted commands, in seconds."""

    seconds: float
    waits: list[float]


def _granted(ledger: Ledger, work: Sequence[Sequence[tuple[Request, bool]]]) -> Granted:
    """Leads every life to its end, each caller one at a time; each command is granted or refused, as is said of it."""
    waits: list[float] = []
    waiting = iter(work)

    async def caller() -> None:
        for life in waiting:
            for request, granted in life:
                asked = monotonic()
                answered = await ledger.ask(request)
                if granted:
                    waits.append(monotonic() - asked)
                expected = _RESULT if granted else _REFUSAL
                assert answered.receipt.answer.startswith(expected), answered.receipt.answer

    async def all_callers() -> None:
        async with TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(caller())

    began = monotonic()
    asyncio.run(all_callers())
    return Granted(monotonic() - began, waits)


def _with_refusals(prepared: Sequence[Sequence[Request]], seed: str) -> Iterator[list[tuple[Request, bool]]]:
    """After each third life, of three commands each, one more that is refused: an amount above the limit, or a payment made twice."""
    for number, life in enumerate(prepared):
        asked = [(request, True) for request in life]
        if number % _LIVES_A_REFUSAL == 0:
            initiate, _accept, pay = (request.command for request in life)
            key = f"refused-{seed}-{number}"
            if number % 2:
                again = pay.model_copy(update={"idempotency_key": key})
            else:
                again = initiate.model_copy(update={"idempotency_key": key, "uetr": uetr(key, number), "amount": _ABOVE_ANY_LIMIT})
            asked.append((Request(again, sha256(key.encode()).digest()), False))
        yield asked
