"""What each bench is held to. The bounds themselves stand in the benches, as checks with the value found."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """A target by number, in words."""

    number: str
    sentence: str


TARGETS: dict[str, Target] = {
    "engine": Target("T1", "complete transfers/s, 64 callers, one process: at least 1 × pgbench TPC-B with 16 clients; 1.5 × is the aim"),
    "processes": Target("T2", "four processes on one corridor, 64 callers in all: at least 0.7 × T1, every command answered once"),
    "http": Target("T3", "signed transfers/s over HTTP: at least 0.6 × a bare POST with the same checks; p99 under 100 ms at half load"),
    "file": Target("T4", "a pacs.008 of 10,000 transfers, from bytes to funded and answered: at least 0.5 × T1; memory under 300 MB"),
    "project": Target("T5", "all projections catching up on 1,000,000 events: at least 2 × T1's events/s; memory flat"),
    "growth": Target("T6", "T1, a balance and a trail at 10 thousand, 1 million and 10 million events: at most 1.10 × apart"),
    "reconcile": Target(
        "T7", "1,000,000 statement lines against as many of the ledger: at most 1 × COPY and FULL OUTER JOIN; exact; under 500 MB"
    ),
    "idle": Target("T8", "one command on an idle system: at most 5 × one single-row INSERT and commit"),
    "start": Target("T9", "from process start to the first answered command on 10 million events: under 2 s"),
    "beside": Target(
        "T10", "T1's load beside refusals, slow readers, verify, a report, a rebuild, a late projector: 1.10 × slower at most"
    ),
}
"""By the name of the bench. "×" is the ratio to a yardstick of the same run."""
