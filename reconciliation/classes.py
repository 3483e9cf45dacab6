"""The classes a line can be in, and what decides beside the lines themselves.

=========================  ===================================================  ====================
class                      lines                                                what follows
=========================  ===================================================  ====================
matched                    one of each side, same amount                        nothing
timing                     one of either side, the other comes a day later      nothing; looked at again
reversed_in_statement      a statement line and the bank's reversal of it       nothing
adjusted                   lines of a difference that officers have closed      nothing
parked                     a ledger line that parks a difference still open     looked at again
amount_differs             one of each side, other amounts                      a break
missing_in_ledger          a statement line                                     a break
missing_in_statement       a ledger line                                        a break
duplicate_in_statement     a statement line beside the one the ledger knows     a break
unknown_outcome_confirmed  a payout of a transfer flagged *unknown*             a break
paid_after_refund          a payout of a transfer the ledger has refunded       a break
=========================  ===================================================  ====================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple, TypeGuard, get_args

from reconciliation.lines import ExpectedLine, LineId, ReportedLine

BreakLineClass = Literal[
    "amount_differs", "missing_in_ledger", "missing_in_statement", "duplicate_in_statement", "unknown_outcome_confirmed",
    "paid_after_refund",
]  # fmt: skip
LineClass = BreakLineClass | Literal["matched", "timing", "reversed_in_statement", "adjusted", "parked"]

BREAK_CLASSES: frozenset[str] = frozenset(get_args(BreakLineClass))
# Lines of these classes are looked at again with the account's next statement; the others are done with.
STAYS_OPEN: frozenset[str] = BREAK_CLASSES | {"timing", "parked"}


def makes_break(line_class: LineClass) -> TypeGuard[BreakLineClass]:
    """Whether lines of this class are a difference that officers have to look at."""
    return line_class in BREAK_CLASSES


class Classified(NamedTuple):
    """One line, or one of each side that belong together, in its class.

    ``key`` is the text under which the sides meet. ``break_id`` is set when the difference was found on an earlier day.
    """

    line_class: LineClass
    key: str
    reported: ReportedLine | None
    expected: ExpectedLine | None
    break_id: str = ""

    @property
    def difference(self) -> int:
        """What the statement has more than the ledger: minor units, debit positive."""
        return (self.reported.amount if self.reported else 0) - (self.expected.amount if self.expected else 0)


class Known(NamedTuple):
    """What the ledger knows of the transfer or movement behind a statement line, on that line's account.

    ``state`` is the transfer's, or empty. ``payout`` is the signed amount its payout has or would have there, None when it is not paid
    out from there. ``booked`` holds the amounts the ledger booked there under the reference up to the statement's last day, ``later``
    those it booked after it.
    """

    state: str = ""
    unanswered: bool = False
    payout: int | None = None
    booked: tuple[int, ...] = ()
    later: tuple[int, ...] = ()


NOTHING_KNOWN = Known()


class FoundBefore(NamedTuple):
    """A difference of an earlier day keeps its class. ``resolved``: two officers have closed its break."""

    break_id: str
    line_class: BreakLineClass
    resolved: bool = False


@dataclass(frozen=True)
class Circumstances:
    """All that decides a class beside the lines themselves.

    ``last_day``: the statement's. ``known``: asked only for statement lines without a counterpart. ``found_before``: differences that
    lines of earlier days belong to. ``balance_breaks``: ids of breaks in a balance, which have no lines.
    """

    last_day: date
    known: Callable[[ReportedLine], Known] = lambda _line: NOTHING_KNOWN
    found_before: Mapping[LineId, FoundBefore] = field(default_factory=dict)
    balance_breaks: frozenset[str] = frozenset()

    @cached_property
    def resolved(self) -> frozenset[str]:
        """Ids of the earlier differences whose breaks are closed."""
        return frozenset(before.break_id for before in self.found_before.values() if before.resolved)
