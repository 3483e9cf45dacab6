"""One statement held against the ledger: every line in its class, what differs, and whether that explains the two closing balances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ledger.projections.snapshot import Snapshot
from reconciliation.breaks import Difference, balance_difference, difference_of
from reconciliation.carried import Carried, OpenLine, found_before
from reconciliation.classes import NOTHING_KNOWN, STAYS_OPEN, Circumstances, Classified, Known, LineClass
from reconciliation.comparing import Compared, Tally
from reconciliation.expected import Knowledge, balance_breaks, resolved_breaks
from reconciliation.lines import ExpectedLine, LineId, ReportedLine
from reconciliation.matching import match
from reconciliation.reported import ReportedStatement


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
    known: Callable[[ReportedLine], Known]
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


def reconcile(compared: Compared, before: Carried | None, knowledge: Knowledge, at: Snapshot, boundary: int) -> Reconciliation:
    """Holds a statement against the ledger at a boundary, which the snapshot has reached. ``knowledge`` is of its account.

    ``before`` is how the statement before it left the account. Reads only.
    """
    statement = compared.statement
    carried = () if before is None else before.open_lines
    resolved = resolved_breaks(at, [line.break_id for line in carried if line.break_id], boundary)
    of_balances = balance_breaks(at, statement.account, boundary)

    def known(row: ReportedLine) -> Known:
        return knowledge.of(row, statement.last_day)

    circumstances = Circumstances(statement.last_day, known, found_before(carried, resolved), of_balances)
    earlier = {line.break_id: line for line in carried if line.break_id and line.line_class != "parked"}
    sorted_lines = _Sorted(statement, known, earlier, of_balances)
    reported = [line.reported for line in carried if line.reported is not None]
    expected = [line.expected for line in carried if line.expected is not None]
    sides = compared.with_lines_of([*reported, *expected], at, boundary)
    rows, lines = [*reported, *sides.reported], [*expected, *sides.expected]
    if sides.agreed.reported:
        sorted_lines.tallies["matched"] = sides.agreed
    for found in classify(rows, lines, circumstances, knowledge):
        sorted_lines.take(found)

    open_lines = tuple(sorted(sorted_lines.open_lines, key=lambda line: line.ids))
    remainder = statement.closing - compared.ledger_closing - sum(line.amount for line in open_lines)
    differences = sorted(sorted_lines.differences, key=lambda difference: (not difference.new, difference.break_class, difference.break_id))
    unexplained = remainder - (0 if before is None else before.remainder) + sorted_lines.balance_adjusted
    if unexplained:
        differences.append(balance_difference(statement.account, statement.id, unexplained, statement.last_day))
    return Reconciliation(
        statement=statement,
        ledger_closing=compared.ledger_closing,
        tallies=sorted_lines.tallies,
        differences=tuple(differences),
        open_lines=open_lines,
        remainder=remainder,
        follows_on=before is None or before.closing == statement.opening,
        carried_reported=len(reported),
        carried_expected=len(expected),
    )


def classify(
    rows: Iterable[ReportedLine], lines: Iterable[ExpectedLine], circumstances: Circumstances, knowledge: Knowledge
) -> Iterator[Classified]:
    """What `match` says, with all that it asks looked up at once: first it is told nothing, then the keys that it asked about are matched
    again. Keys do not touch each other, so the rest stands."""
    asked: set[LineId] = set()

    def ask(row: ReportedLine) -> Known:
        asked.add(row.id)
        return NOTHING_KNOWN

    first = list(match(rows, lines, replace(circumstances, known=ask)))
    again = {found.key for found in first if found.reported and found.reported.id in asked}
    knowledge.look_up(found.reported for found in first if found.reported and found.line_class != "matched")
    yield from (found for found in first if found.key not in again)
    some = [found for found in first if found.key in again]
    yield from match(
        [found.reported for found in some if found.reported], [found.expected for found in some if found.expected], circumstances
    )
