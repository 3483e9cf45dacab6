"""T4, ``corridor bench file``: a pacs.008 from its bytes to every transfer funded and answered, in a process of its own."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from datetime import datetime, time
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

from ledger.application import Ledger
from ledger.bench.children import child, settings, tell, told
from ledger.bench.figures import median, rounded
from ledger.bench.load import CALLERS, drive, lives
from ledger.bench.machine import peak_rss_mb
from ledger.bench.plan import Plan
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.bootstrap import Service
from ledger.iso20022.credit_transfer import CreditTransfer
from ledger.iso20022.fields import Limits
from ledger.iso20022.pacs008 import ScannedFile
from ledger.messages.incoming import take_in

SENDER = "abb"
FLOOR, MEMORY_MB_MAX, READ_PER_SECOND_MIN = 0.5, 300.0, 5_000
LARGER = 4
"""How many times as many transfers the file has that shows what memory grows by."""
_COUNTED = re.compile(rb"<NbOfTxs>[0-9]+</NbOfTxs>")
_SUMMED = re.compile(rb"\s*<CtrlSum>[0-9.]+</CtrlSum>")
_FIRST, _END = b"<CdtTrfTxInf>", b"</FIToFICstmrCdtTrf>"


def bench(plan: Plan) -> Found:
    """Each run is a new file. T1 on the same corridor before and after is the yardstick. One larger file shows what memory grows by."""
    ledger = plan.corridor()
    corridor, transfers, driven = ledger.corridor_code, plan.pick(2_000, 10_000, 10_000), plan.pick(1_200, 5_000, 15_000)
    plan.progress("complete transfers before")
    before = drive(ledger, lives(corridor, f"{plan.seed}/before", driven)).transfers_per_second
    runs, reading, peaks, peaks_reading, stood = [], [], [], [], 0
    with tempfile.TemporaryDirectory(prefix="corridor-bench-") as folder:
        path = Path(folder) / "pacs.008.xml"
        for run in range(plan.runs):
            plan.progress(f"file {run + 1} of {plan.runs}: {transfers:,} transfers")
            path.write_bytes(generated(ledger, plan.seed + run, transfers, plan.service.clock()))
            alone, said = _taken_in(plan, path, None), _taken_in(plan, path, corridor)
            runs.append(transfers / said["seconds"])
            reading.append(transfers / alone["processor_seconds"])
            peaks.append(said["peak_rss_mb"])
            peaks_reading.append(alone["peak_rss_mb"])
            stood += said["taken"]
        plan.progress("complete transfers after")
        after = drive(ledger, lives(corridor, f"{plan.seed}/after", driven)).transfers_per_second
        plan.progress(f"a file of {LARGER * transfers:,} transfers, for its memory")
        path.write_bytes(joined(generated(ledger, plan.seed + plan.runs + part, transfers, plan.service.clock()) for part in range(LARGER)))
        larger, larger_mb = _taken_in(plan, path, corridor), path.stat().st_size / 2**20
    ratio = median(runs) / ((before + after) / 2)
    grown = larger["peak_rss_mb"] - max(peaks) - larger_mb * (1 - 1 / LARGER)
    return Found(
        runs=tuple(runs),
        unit="transfers of a file/s",
        yardstick=Yardstick(f"complete transfers/s, {CALLERS} callers", "complete transfers/s", before, after),
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_least=FLOOR),
            Check("memory, MB", max(peaks), at_most=MEMORY_MB_MAX),
            Check("read and checked, transfers/s on one core", median(reading), at_least=READ_PER_SECOND_MIN),
            Check("transfers not taken", transfers * (plan.runs + LARGER) - stood - larger["taken"], at_most=0),
        ),
        layers={
            "unit": "µs a transfer",
            "read and check": rounded(1e6 / median(reading)),
            "everything else": rounded(1e6 / median(runs) - 1e6 / median(reading)),
        },
        figures={
            "transfers": transfers,
            "reading_alone_per_second": rounded(median(reading)),
            "reading_alone_peak_mb": max(peaks_reading),
            "larger_file": {
                "transfers": LARGER * transfers,
                "file_mb": rounded(larger_mb),
                "peak_rss_mb": larger["peak_rss_mb"],
                "kb_a_transfer_beyond_the_file": rounded(grown * 2**10 / ((LARGER - 1) * transfers)),
            },
        },
        peak_rss_mb=max(peaks),
        corridors=(corridor,),
        bars=(
            Bar("T1 before", before, "yardstick"),
            *(Bar(f"file {number}", run) for number, run in enumerate(runs, 1)),
            Bar("T1 after", after, "yardstick"),
        ),
        goal=rounded(FLOOR * (before + after) / 2),
    )


def _taken_in(plan: Plan, path: Path, corridor: str | None) -> dict[str, Any]:
    """What a process of its own says of the file; without a corridor it only reads and checks it."""
    with child(plan.service, __name__, file=str(path), corridor=corridor) as process:
        return process.answer()


def joined(files: Iterable[bytes]) -> bytes:
    """One file with the transfers of several, under the group header of the first, without its sum."""
    head, bodies, end = b"", [], b""
    for file in files:
        head, _, rest = file.partition(_FIRST) if not head else (head, *file.partition(_FIRST)[1:])
        body, end, after = rest.rpartition(_END)
        bodies.append(_FIRST + body)
        end += after
    transfers = sum(body.count(_FIRST) for body in bodies)
    return _SUMMED.sub(b"", _COUNTED.sub(b"<NbOfTxs>%d</NbOfTxs>" % transfers, head)) + b"".join(bodies) + end


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
    """The process that takes a file in and answers it, or without a corridor only reads and checks it."""
    wanted = told()
    path, limits = Path(wanted["file"]), Limits(file_bytes_max=2**40)
    if wanted["corridor"] is None:
        began, spent = perf_counter(), process_time()
        taken = sum(isinstance(transfer, CreditTransfer) for transfer in ScannedFile(path.read_bytes(), limits))
        tell(seconds=perf_counter() - began, processor_seconds=process_time() - spent, taken=taken, peak_rss_mb=peak_rss_mb())
        return
    with Service(settings()) as service:
        service.ledger(wanted["corridor"]).terms()
        began = perf_counter()
        answer = take_in(service, wanted["corridor"], SENDER, path.read_bytes(), limits=limits)
        seconds = perf_counter() - began
        tell(seconds=seconds, taken=len(answer.accepted), peak_rss_mb=peak_rss_mb())


if __name__ == "__main__":
    main()
