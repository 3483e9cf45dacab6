"""One statement held against the ledger: every line in its class, what differs, and whether that explains the two closing balances."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from ledger.application import Ledger
from ledger.projections.snapshot import Snapshot
from reconciliation.breaks import Difference, balance_difference, difference_of
from reconciliation.carried import Carried, OpenLine, found_before
from reconciliation.classes import STAYS_OPEN, Circumstances, Classified, LineClass
from reconciliation.expected import Knowledge, Window, balance_breaks, book_balance, expected_lines, resolved_breaks
from reconciliation.lines import ExpectedLine, ReportedLine
from reconciliation.matching import match
from reconciliation.reported import ReportedStatement


@dataclass
class Tally:
    """How many lines of a class there are, and what they come to: minor units, debits (money in) and credits (money out) apart."""

    reported: int = 0
    expected: int = 0
    debits: int = 0
    credits: int = 0

    def add(self, found: Classified) -> None:
        """Counts a classified line or pair; a pair's amount is the statement's."""
        self.reported += found.reported is not None
        self.expected += found.expected is not None
        line = found.reported or found.expected
        amount = 0 if line is None else line.amount
        if amount > 0:
            self.debits += amount
        else:
            self.credits -= amount


class Reconciliation(NamedTuple):
    """What came of one statement.

    ``ledger_closing`` is what the ledger's own lines up to the statement's last day come to, ``remainder`` what no open line explains of
    the difference to the statement's closing balance (minor units, debit positive). ``carried_reported`` and ``carried_expected`` count
    the lines that earlier statements left open and that were looked at again.
    """

    statement: ReportedStatement
    ledger_closing: int
    tallies: dict[LineClass, Tally]
    differences: tuple[Difference, ...]
    open_lines: tuple[OpenLine, ...]
    remainder: int
    follows_on: bool
    carried_reported: int
    carried_expected: int

    def carry(self, boundary: int) -> Carried:
        """How it leaves the account."""
        return Carried(boundary, self.statement.last_day, self.statement.closing, self.remainder, self.open_lines)


@dataclass
class _Sorted:
    """What is kept of the classes while they come by; matched lines are only counted."""

    statement: ReportedStatement
    known: Knowledge
    earlier: dict[str, OpenLine]
    balance_breaks: frozenset[str]
    tallies: dict[LineClass, Tally] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    open_lines: list[OpenLine] = field(default_factory=list)
    balance_adjusted: int = 0

    def take(self, found: Classified) -> None:
        self.tallies.setdefault(found.line_class, Tally()).add(found)
        if found.line_class == "adjusted" and found.break_id in self.balance_breaks:
            self.balance_adjusted -= found.difference
        if found.line_class not in STAYS_OPEN:
            return
        difference = self._difference(found)
        if difference is not None:
            self.differences.append(difference)
        self.open_lines.append(OpenLine.of(found, difference, self.statement.id, self.statement.last_day))

    def _difference(self, found: Classified) -> Difference | None:
        earlier = self.earlier.get(found.break_id)
        state = "" if found.reported is None else self.known(found.reported).state
        if earlier is None:
            return difference_of(found, self.statement.id, self.statement.last_day, state)
        return difference_of(found, earlier.statement, earlier.found_on, state)


def reconcile(statement: ReportedStatement, before: Carried | None, ledger: Ledger, at: Snapshot, boundary: int) -> Reconciliation:
    """Holds a statement against the ledger at a boundary, which the snapshot has reached.

    ``before`` is how the statement before it left the account. Reads only.
    """
    carried = () if before is None else before.open_lines
    resolved = resolved_breaks(at, [line.break_id for line in carried if line.break_id], boundary)
    of_balances = balance_breaks(at, statement.account, boundary)
    known = Knowledge(ledger, at, boundary, statement.last_day)
    circumstances = Circumstances(statement.last_day, known, found_before(carried, resolved), of_balances)
    earlier = {line.break_id: line for line in carried if line.break_id and line.line_class != "parked"}
    sorted_lines = _Sorted(statement, known, earlier, of_balances)
    reported: list[ReportedLine] = [line.reported for line in carried if line.reported is not None]
    expected: list[ExpectedLine] = [line.expected for line in carried if line.expected is not None]
    new = expected_lines(at, statement.account, Window.of(statement, before), boundary)
    for found in match(chain(reported, statement.lines), chain(expected, new), circumstances):
        sorted_lines.take(found)

    ledger_closing = book_balance(at, statement.account, statement.last_day, boundary)
    open_lines = tuple(sorted(sorted_lines.open_lines, key=lambda line: line.ids))
    remainder = statement.closing - ledger_closing - sum(line.amount for line in open_lines)
    differences = sorted(sorted_lines.differences, key=lambda difference: (not difference.new, difference.break_class, difference.break_id))
    unexplained = remainder - (0 if before is None else before.remainder) + sorted_lines.balance_adjusted
    if unexplained:
        differences.append(balance_difference(statement.account, statement.id, unexplained, statement.last_day))
    return Reconciliation(
        statement=statement,
        ledger_closing=ledger_closing,
        tallies=sorted_lines.tallies,
        differences=tuple(differences),
        open_lines=open_lines,
        remainder=remainder,
        follows_on=before is None or before.closing == statement.opening,
        carried_reported=len(reported),
        carried_expected=len(expected),
    )
