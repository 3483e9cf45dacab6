"""A verification finds the same, whether it keeps every transfer in memory or has to put nearly all of them aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from ledger import commands as c
from ledger.projections.runner import Runner
from ledger.verify import Report
from ledger.verify.verification import Verification
from tests.conftest import fresh_corridor
from tests.integration.small_corridor import SmallCorridor, uetr_of
from tests.integration.tampering import Tamper, tampering

BUSY = 1_000


@pytest.fixture(scope="module")
def lived(database_url: str) -> Iterator[SmallCorridor]:
    """A corridor whose first transfers are returned and recalled only after many others have come and gone."""
    small = SmallCorridor(database_url, fresh_corridor())
    small.live_a_day()
    small.busy(30)
    small.return_part(BUSY, "late-1", 20_000)
    small.do(c.RequestRecall, "abb", uetr=uetr_of(BUSY + 1), recall="late-recall", reason="DUPL")
    small.busy(10, first=2_000)
    small.return_part(BUSY, "late-2", 10_000)
    small.do(c.AnswerRecall, "psbc", uetr=uetr_of(BUSY + 1), recall="late-recall", agreed=False, reason="AM04")
    small.return_part(2, "late-3", 72_000)
    Runner(small.log).catch_up()
    yield small
    small.close()


def nothing(_tamper: Tamper) -> None:
    """The log and its projections as they are."""


def two_returns_become_one(tamper: Tamper) -> None:
    row = next(row for row in tamper.rows() if row.topic == "Transfer.Returned.v1" and b"late-2" in row.state)
    tamper.edit(row.position, lambda facts: facts.update(return_id="late-1"))
    tamper.rehash_everything()


def another_recall_is_answered(tamper: Tamper) -> None:
    row = next(row for row in tamper.rows() if row.topic == "Transfer.RecallAnswered.v1" and b"late-recall" in row.state)
    tamper.edit(row.position, lambda facts: facts.update(recall="never-asked"))
    tamper.rehash_everything()


def a_transfer_begins_again(tamper: Tamper) -> None:
    initiated = next(row for row in tamper.rows() if row.topic == "Transfer.Initiated.v1" and row.stream_id == uetr_of(BUSY))
    tamper.append((uetr_of(BUSY), initiated.topic, json.loads(initiated.state)))


def transfers_are_lost(tamper: Tamper) -> None:
    tamper.sql(
        "DELETE FROM projections.transfers WHERE corridor = %(corridor)s AND uetr = ANY(%(lost)s::uuid[])",
        lost=[str(uetr_of(number)) for number in (2, BUSY + 7, 2_009)],
    )


def every_transfer_is_lost(tamper: Tamper) -> None:
    tamper.sql("DELETE FROM projections.transfers WHERE corridor = %(corridor)s")


def transfers_nobody_began(tamper: Tamper) -> None:
    for number in (0, 1_500, 9_000):
        tamper.sql(
            "UPDATE projections.transfers SET uetr = %(new)s WHERE corridor = %(corridor)s AND uetr = %(old)s",
            old=str(uetr_of(BUSY + number % 30)),
            new=str(uetr_of(number)),
        )


def a_transfer_says_otherwise(tamper: Tamper) -> None:
    tamper.sql(
        "UPDATE projections.transfers SET returned_payout = 1 WHERE corridor = %(corridor)s AND uetr = %(uetr)s", uetr=str(uetr_of(BUSY))
    )


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (nothing, set()),
        (two_returns_become_one, {"I6"}),
        (another_recall_is_answered, {"I10"}),
        (a_transfer_begins_again, {"I6"}),
        (transfers_are_lost, {"I8"}),
        (every_transfer_is_lost, {"I8"}),
        (transfers_nobody_began, {"I8"}),
        (a_transfer_says_otherwise, {"I8"}),
    ],
)
def test_hardly_any_room_changes_no_word_of_the_report(lived: SmallCorridor, change: Callable[[Tamper], None], broken: set[str]) -> None:
    """Rules, positions, counts and sentences are those of a verification that keeps everything."""
    with tampering(lived.url, lived.code) as tamper:
        change(tamper)
        reports: list[Report] = []
        for room in (20_000, 1, 2, 7):
            tamper.owner.execute("SAVEPOINT before_the_check")
            reports.append(Verification(tamper.owner, lived.code, room=room).run(None))
            tamper.owner.execute("ROLLBACK TO SAVEPOINT before_the_check")
    assert reports == [reports[0]] * 4
    assert {rule for rule, result in reports[0].rules.items() if not result.ok} >= broken
    assert reports[0].ok is not bool(broken)
