"""Differences become breaks: a command for some hundreds, the same commands however often the night is run.

A break is known by what differs, not by when it was found: its id is a hash of its class and its lines. So a rerun, or a second night
over the same statement, finds the same ids and adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from ledger.commands import BREAKS_AT_ONCE, FoundBreak, RecordBreaks
from ledger.domain.break_events import BreakClass
from reconciliation.classes import Classified, makes_break
from reconciliation.lines import ExpectedLine, LineId, ReportedLine

ACTOR = "system:nightly"
_ID_DIGITS = 16


class Difference(NamedTuple):
    """A difference on one account, with the lines that differ. ``amount``: what the statement has more than the ledger, minor units,
    debit positive. ``found_on`` is the last day of the statement it was first found with; ``state`` the transfer's, if it is one."""

    break_id: str
    break_class: BreakClass
    account: str
    amount: int
    statement: str
    key: str
    found_on: date
    reported: ReportedLine | None = None
    expected: ExpectedLine | None = None
    state: str = ""
    new: bool = True

    @property
    def currency(self) -> str:
        return self.account.rpartition(":")[2]


def difference_of(found: Classified, statement: str, last_day: date, state: str = "") -> Difference | None:
    """The difference that lines make, with the statement it was first found with; None for a class that makes none. ``state``: that of
    the transfer behind them."""
    line, break_class = found.reported or found.expected, found.line_class
    if line is None or not makes_break(break_class):
        return None
    return Difference(
        break_id=found.break_id or break_id_of(found),
        break_class=break_class,
        account=line.account,
        amount=found.difference,
        statement=statement,
        key=found.key,
        found_on=last_day,
        reported=found.reported,
        expected=found.expected,
        state=state,
        new=not found.break_id,
    )


def break_id_of(found: Classified) -> str:
    """The id of a difference between lines. A payout after a refund has the id under which the ledger itself keeps it."""
    if found.line_class == "paid_after_refund":
        return f"paid-after-refund-{found.key}"
    return _id(found.line_class, (line.id for line in (found.reported, found.expected) if line is not None))


def balance_difference(account: str, statement: str, amount: int, last_day: date) -> Difference:
    """What the lines do not explain of a difference between the two closing balances."""
    break_id = _id("balance_differs", [LineId(account, statement, 0, 0)])
    return Difference(break_id, "balance_differs", account, amount, statement, "", last_day)


def _id(line_class: str, lines: Iterable[LineId]) -> str:
    digest = sha256(repr((line_class, [tuple(line) for line in lines])).encode())
    return f"{line_class.replace('_', '-')}-{digest.hexdigest()[:_ID_DIGITS]}"


def record_breaks(corridor: str, differences: Sequence[Difference]) -> Iterator[RecordBreaks]:
    """The commands that record some differences, statement by statement. The key of each is made of all it says, so that saying the same
    again is a replay."""
    for statement, of_one in groupby(differences, key=lambda difference: difference.statement):
        found = [_told(difference) for difference in of_one]
        for start in range(0, len(found), BREAKS_AT_ONCE):
            some = tuple(found[start : start + BREAKS_AT_ONCE])
            said = sha256(repr([tuple(map(str, one.model_dump().values())) for one in some]).encode()).hexdigest()
            yield RecordBreaks(corridor=corridor, actor=ACTOR, idempotency_key=f"breaks/{said}", cause=f"statement:{statement}", found=some)


def _told(difference: Difference) -> FoundBreak:
    return FoundBreak(
        break_id=difference.break_id,
        break_class=difference.break_class,
        account=difference.account,
        difference=difference.amount,
        statement=difference.statement,
        reference=difference.key,
        business_date=difference.found_on,
    )
