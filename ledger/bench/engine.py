"""``corridor bench engine``: complete transfers a second through the batcher, on one corridor's few hot accounts.

A complete transfer is initiated, screened, funded, dispatched, accepted and paid: three commands, two balanced entries in three
currencies, receipts and leaf hashes included, each command answered durably before the same caller sends the next.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from asyncio import TaskGroup
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from time import perf_counter
from typing import Any
from uuid import UUID

from corridors import shipped_terms
from ledger import commands as c
from ledger.application import Ledger
from ledger.batching import Request
from ledger.bench.machine import machine, peak_rss_mb, postgres
from ledger.bench.pgbench import CLIENTS, transactions_per_second
from ledger.bench.spent import Spent, layers_of, project_seconds
from ledger.bootstrap import Service
from ledger.domain.transfer_events import Screened

TEMPLATE = "abb-psbc"
CALLERS = 64
Progress = Callable[[str], None]


def bench_engine(
    service: Service, *, corridor: str, seed: int, transfers: int, runs: int, yardstick_seconds: int, progress: Progress
) -> dict[str, Any]:
    """Runs and tells everything a reader needs to judge the figure. ``corridor`` must be new: a code such as ``bench-xa``."""
    progress("yardstick before")
    before = transactions_per_second(service.owner_url, yardstick_seconds)
    ledger = service.ledger(corridor)
    open_for_bench(ledger, service.clock())
    # Whatever is started under load is started before the first figure, as the yardstick's server is.
    timed(ledger, f"{seed}/warm", transfers)
    rates, spent = [], []
    for run in range(runs):
        progress(f"run {run + 1} of {runs}: {transfers} transfers, {CALLERS} callers")
        seconds, layers = timed(ledger, f"{seed}/{run}", transfers)
        rates.append(transfers / seconds)
        spent.append(layers)
    progress("yardstick after")
    after = transactions_per_second(service.owner_url, yardstick_seconds)
    median = statistics.median(rates)
    return {
        "bench": "engine",
        "command": " ".join(sys.argv),
        "machine": machine(),
        "postgres": postgres(service.pool),
        "callers": CALLERS,
        "transfers_per_run": transfers,
        "runs": [round(rate, 1) for rate in rates],
        "median": round(median, 1),
        "unit": "complete transfers/s",
        "yardstick": {"name": f"pgbench TPC-B, {CLIENTS} clients, transactions/s", "before": round(before, 1), "after": round(after, 1)},
        "ratio": round(median / ((before + after) / 2), 2),
        "layers": layers_of(spent, transfers, project=project_seconds(ledger) / (runs + 1)),
        "peak_rss_mb": peak_rss_mb(),
    }


def open_for_bench(ledger: Ledger, now: datetime) -> None:
    """A corridor with rates and enough prefund that no floor is in the way."""
    code = ledger.corridor_code
    terms = shipped_terms(TEMPLATE).model_copy(update={"code": code})
    setup: list[c.Command] = [c.OpenCorridor(corridor=code, actor="operator:bench", idempotency_key="open", agreement=terms)]
    for participant, rate in (("abb", "9.3189"), ("psbc", "6.9008")):
        setup.append(
            c.PublishRateSheet(
                corridor=code,
                actor=participant,
                idempotency_key="rates",
                sheet="bench",
                rates={"USD": Decimal(rate)},
                valid_from=now,
                valid_until=now + timedelta(days=1),
                source="bench",
            )
        )
    setup.append(
        c.FundPosition(
            corridor=code,
            actor="bank:settlement",
            idempotency_key="prefund",
            participant="abb",
            amount=10**14,
            currency="USD",
            reference="bench-prefund",
        )
    )
    for command in setup:
        answer = ledger.execute(command)
        assert answer.result is not None, answer.refusal


def timed(ledger: Ledger, seed: str, transfers: int) -> tuple[float, dict[str, float]]:
    """Seconds for so many complete transfers by 64 callers, each waiting for its answer before it goes on; and in which layers.

    The callers are tasks of one event loop, as requests over HTTP are.
    """
    uetrs = (UUID(bytes=sha256(f"{seed}/{n}".encode()).digest()[:16], version=4) for n in range(transfers))
    lives = iter([complete_life(ledger.corridor_code, uetr) for uetr in uetrs])

    async def caller() -> None:
        for life in lives:
            for request in life:
                answered = await ledger.ask(request)
                assert answered.receipt.answer.startswith(b'{"result"'), answered.receipt.answer

    async def all_callers() -> None:
        async with TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(caller())

    spent, began = Spent(ledger), perf_counter()
    asyncio.run(all_callers())
    return perf_counter() - began, spent.so_far()


def complete_life(corridor: str, uetr: UUID) -> list[Request]:
    """The three commands of one complete transfer, each with a fingerprint: initiate (which funds and dispatches), accept, pay."""
    hidden = uetr.hex * 2
    sides = ("debtor.name", "debtor.town", "debtor.country", "creditor.name", "creditor.town", "creditor.country")
    commands: list[c.Command] = [
        c.InitiateTransfer(
            corridor=corridor,
            actor="abb",
            idempotency_key=f"initiate-{uetr}",
            uetr=uetr,
            creditor_agent="psbc",
            product="account_to_account",
            purpose="DEPD",
            evidence=("identity", "kinship"),
            amount=100_000,
            currency="MAD",
            debtor=uetr,
            creditor=uetr,
            commitments=dict.fromkeys(sides, hidden),
            screened=Screened(list_name="bench", list_version="1", outcome="clear", commitment=hidden),
        ),
        c.AcceptTransfer(corridor=corridor, actor="psbc", idempotency_key=f"accept-{uetr}", uetr=uetr),
        c.PayTransfer(corridor=corridor, actor="psbc", idempotency_key=f"pay-{uetr}", uetr=uetr),
    ]
    return [Request(command, sha256(command.idempotency_key.encode()).digest()) for command in commands]
