"""What is counted of a ledger's work."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from ledger.answers import Answered, encode_answer
from ledger.errors import FloorReached, OutcomeUnknown, Unavailable
from ledger.eventstore.records import Receipt
from ledger.meter import SECONDS, SIZES, Histogram, Meter

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)


def answered(outcome: object, *, replayed: bool = False) -> Answered:
    answer = encode_answer(outcome if isinstance(outcome, FloorReached) else {"state": "paid"})
    receipt = Receipt("abb-psbc", b"d" * 32, "abb", UUID(int=1), b"f", None, answer, 1, NOW)
    return Answered(receipt, replayed)


def test_commands_are_counted_by_what_became_of_them() -> None:
    """A refusal is an answer like any other; an answer given again counts as that."""
    meter = Meter()
    refusal = FloorReached("Account stands at zero.", field="account")
    meter.answered([answered(None), answered(refusal), answered(None, replayed=True), answered(refusal, replayed=True)])
    meter.answered([OutcomeUnknown("lost"), Unavailable("away"), answered(None)])
    assert meter.read().commands == {"done": 2, "refused": 1, "replayed": 2, "unknown": 1, "failed": 1}


def test_batches_are_counted_by_size_and_by_how_long_they_took() -> None:
    """Each value falls into the first bucket whose bound it does not exceed."""
    meter = Meter()
    for commands, seconds in ((1, 0.0005), (3, 0.005), (5_000, 9.0)):
        meter.committed(commands, seconds)
    sizes, total = meter.read().batch_sizes
    assert (dict(zip((*SIZES, "more"), sizes, strict=True)), total) == (
        dict.fromkeys((*SIZES, "more"), 0) | {1.0: 1, 5.0: 1, "more": 1},
        5_004.0,
    )
    seconds_counts, seconds_total = meter.read().commit_seconds
    assert (dict(zip((*SECONDS, "more"), seconds_counts, strict=True)), seconds_total) == (
        dict.fromkeys((*SECONDS, "more"), 0) | {0.001: 1, 0.005: 1, "more": 1}, 9.0055,
    )  # fmt: skip


def test_a_bound_belongs_to_its_own_bucket() -> None:
    """As Prometheus has it: less than or equal."""
    histogram = Histogram((1.0, 2.0))
    for value in (1.0, 2.0, 2.1):
        histogram.observe(value)
    assert histogram.counts == [1, 1, 1]
