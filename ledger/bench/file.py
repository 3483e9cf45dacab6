"""T4, ``corridor bench file``: a pacs.008 from its bytes to every transfer funded and answered, in a process of its own."""

from __future__ import annotations

import tempfile
from datetime import datetime, time
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from ledger.application import Ledger
from ledger.bench.children import child, settings, tell, told
from ledger.bench.figures import median, rounded
from ledger.bench.load import CALLERS, drive, lives
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bootstrap import Service
from ledger.iso20022.pacs008 import read_pacs008
from ledger.messages_in import import_credit_transfers

SENDER = "abb"
FLOOR, MEMORY_MB_MAX = 0.5, 300.0


def bench(plan: Plan) -> Found:
    """Each run is a new file. T1 on the same corridor before and after is the yardstick."""
    ledger = plan.corridor()
    corridor, transfers, driven = ledger.corridor_code, plan.pick(2_000, 10_000, 10_000), plan.pick(1_200, 5_000, 15_000)
    plan.progress("complete transfers before")
    before = drive(ledger, lives(corridor, f"{plan.seed}/before", driven)).transfers_per_second
    runs, reading, peaks, peaks_reading, stood = [], [], [], [], 0
    with tempfile.TemporaryDirectory(prefix="corridor-bench-") as folder:
        for run in range(plan.runs):
            plan.progress(f"file {run + 1} of {plan.runs}: {transfers:,} transfers")
            path = Path(folder) / f"{run}.xml"
            path.write_bytes(generated(ledger, plan.seed + run, transfers, plan.service.clock()))
            with child(plan.service, __name__, file=str(path), corridor=None) as process:
                alone = process.answer()
            with child(plan.service, __name__, file=str(path), corridor=corridor) as process:
                said = process.answer()
            runs.append(transfers / said["seconds"])
            reading.append(transfers / alone["seconds"])
            peaks.append(said["peak_rss_mb"])
            peaks_reading.append(alone["peak_rss_mb"])
            stood += said["taken"]
    plan.progress("complete transfers after")
    after = drive(ledger, lives(corridor, f"{plan.seed}/after", driven)).transfers_per_second
    ratio = median(runs) / ((before + after) / 2)
    return Found(
        runs=tuple(runs),
        unit="transfers of a file/s",
        yardstick=Yardstick(f"complete transfers/s, {CALLERS} callers", "complete transfers/s", before, after),
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_least=FLOOR),
            Check("memory, MB", max(peaks), at_most=MEMORY_MB_MAX),
            Check("transfers not taken", transfers * plan.runs - stood, at_most=0),
        ),
        layers={
            "unit": "µs a transfer",
            "read and check": rounded(1e6 / median(reading)),
            "everything else": rounded(1e6 / median(runs) - 1e6 / median(reading)),
        },
        figures={"transfers": transfers, "reading_alone_per_second": rounded(median(reading)), "reading_alone_peak_mb": max(peaks_reading)},
        peak_rss_mb=max(peaks),
        corridors=(corridor,),
        bars=(
            Bar("T1 before", before, "yardstick"),
            *(Bar(f"file {number}", run) for number, run in enumerate(runs, 1)),
            Bar("T1 after", after, "yardstick"),
        ),
        goal=rounded(FLOOR * (before + after) / 2),
    )


def generated(ledger: Ledger, seed: int, transfers: int, now: datetime) -> bytes:
    """A file of a business day, as the sandbox's bank sends it, dated today."""
    from ledger.sandbox.generator import CorridorFacts, generate_pacs008  # noqa: PLC0415 - the sandbox is no part of production

    terms = ledger.terms()
    zone = ZoneInfo(terms.participants[SENDER].calendar.zone)
    today = now.astimezone(zone).date()
    facts = CorridorFacts(
        debtor_agent_bic=terms.participants[SENDER].bic,
        creditor_agent_bic=terms.participants["psbc"].bic,
        settlement_date=today,
        opens_at=datetime.combine(today, time(), zone),
        purposes=tuple((purpose.code, purpose.evidence) for purpose in terms.leg(SENDER, "psbc").purposes),
        message_id=f"BENCH-{seed}",
    )
    return generate_pacs008(seed, transfers, facts)


def main() -> None:
    """The process that takes a file in, or without a corridor only reads and checks it."""
    wanted = told()
    if wanted["corridor"] is None:
        data = Path(wanted["file"]).read_bytes()
        began = perf_counter()
        taken = len(read_pacs008(data).transfers)
        tell(seconds=perf_counter() - began, taken=taken, peak_rss_mb=peak_rss_mb())
        return
    with Service(settings()) as service:
        service.ledger(wanted["corridor"]).terms()
        began = perf_counter()
        report = import_credit_transfers(service, wanted["corridor"], SENDER, Path(wanted["file"]).read_bytes())
        seconds = perf_counter() - began
        tell(seconds=seconds, taken=len(report.taken), peak_rss_mb=peak_rss_mb())


if __name__ == "__main__":
    main()
