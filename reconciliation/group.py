"""The lines of one key, in this order:

1. equal amounts are *matched*, the earliest first;
2. a line and the bank's own reversal of it are *reversed_in_statement*;
3. what is left with the same sign on both sides is *amount_differs*;
4. a statement line left alone is *timing* (the ledger books it on a later day), *duplicate_in_statement*, *unknown_outcome_confirmed*,
   *paid_after_refund* or *missing_in_ledger*; a ledger line left alone is *timing* (its value date is after the statement: the bank's
   cut-off had passed) or *missing_in_statement*;
5. lines by which officers closed a difference are *adjusted* together with it; a parking whose break is still open is *parked*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from reconciliation.classes import Circumstances, Classified, FoundBefore, Known, LineClass
from reconciliation.lines import ExpectedLine, ReportedLine

Line = TypeVar("Line", ReportedLine, ExpectedLine)


def classify_group(key: str, rows: list[ReportedLine], lines: list[ExpectedLine], circumstances: Circumstances) -> Iterator[Classified]:
    """Every line of a key in its class."""
    return _Group(key, rows, lines, circumstances).classify()


def _reported_order(row: ReportedLine) -> tuple[object, ...]:
    return (row.reversal, row.booking_date, row.statement, row.entry, row.part)


def _expected_order(line: ExpectedLine) -> tuple[object, ...]:
    return (line.position, line.line)


class _Group:
    """What is left of a key's lines while they are put into classes."""

    def __init__(self, key: str, rows: list[ReportedLine], lines: list[ExpectedLine], circumstances: Circumstances) -> None:
        self.key = key
        self.rows = sorted(rows, key=_reported_order)
        self.lines = sorted((line for line in lines if not line.break_id), key=_expected_order)
        self.adjustments = sorted((line for line in lines if line.break_id), key=_expected_order)
        self.circumstances = circumstances
        self.amounts_seen: set[int] = set()
        self.coming: list[int] = []

    def classify(self) -> Iterator[Classified]:
        yield from self._equal_amounts()
        yield from self._reversals()
        differences = [*self._pairs_of_earlier_days(), *self._other_amounts(), *self._rows_alone(), *self._lines_alone()]
        yield from self._adjusted(differences)

    def _pair(self, line_class: LineClass, row: ReportedLine, line: ExpectedLine, break_id: str = "") -> Classified:
        return Classified(line_class, self.key, row, line, break_id)

    def _drop(self, pairs: list[Classified]) -> list[Classified]:
        """The same pairs, their lines gone from what is left."""
        if not pairs:
            return pairs
        rows = {pair.reported.id for pair in pairs if pair.reported}
        lines = {pair.expected.id for pair in pairs if pair.expected}
        self.rows = [row for row in self.rows if row.id not in rows]
        self.lines = [line for line in self.lines if line.id not in lines]
        return pairs

    def _equal_amounts(self) -> Iterator[Classified]:
        if not self.rows or not self.lines:
            return
        waiting: dict[int, list[ExpectedLine]] = {}
        for line in reversed(self.lines):
            waiting.setdefault(line.amount, []).append(line)
        left = []
        for row in self.rows:
            if waiting.get(row.amount):
                self.amounts_seen.add(row.amount)
                yield self._pair("matched", row, waiting[row.amount].pop())
            else:
                left.append(row)
        self.rows = left
        self.lines = sorted((line for lines in waiting.values() for line in lines), key=_expected_order)

    def _reversals(self) -> list[Classified]:
        if len(self.rows) < 2:
            return []
        booked: dict[int, list[ReportedLine]] = {}
        for row in reversed(self.rows):
            if not row.reversal:
                booked.setdefault(row.amount, []).append(row)
        pairs = [(booked[-back.amount].pop(), back) for back in self.rows if back.reversal and booked.get(-back.amount)]
        return self._drop([Classified("reversed_in_statement", self.key, row, None) for pair in pairs for row in pair])

    def _before(self, line: ReportedLine | ExpectedLine) -> FoundBefore | None:
        return self.circumstances.found_before.get(line.id)

    def _pairs_of_earlier_days(self) -> list[Classified]:
        """Pairs of other amounts found on an earlier day, when both lines are still there."""
        if not self.rows or not self.lines:
            return []
        by_break = {before.break_id: line for line in self.lines if (before := self._before(line))}
        return self._drop(
            [
                self._pair("amount_differs", row, by_break[before.break_id], before.break_id)
                for row in self.rows
                if (before := self._before(row)) and before.line_class == "amount_differs" and before.break_id in by_break
            ]
        )

    def _other_amounts(self) -> list[Classified]:
        if not self.rows or not self.lines:
            return []
        pairs = []
        for sign in (1, -1):
            rows = sorted(self._free(self.rows, sign), key=lambda row: (row.amount, _reported_order(row)))
            lines = sorted(self._free(self.lines, sign), key=lambda line: (line.amount, _expected_order(line)))
            pairs += [self._pair("amount_differs", row, line) for row, line in zip(rows, lines, strict=False)]
        return self._drop(pairs)

    def _free(self, lines: list[Line], sign: int) -> list[Line]:
        """Those of one sign; a line that already belongs to a difference of another kind stays with it."""
        return [line for line in lines if line.amount * sign > 0 and self._class_before(line) in (None, "amount_differs")]

    def _class_before(self, line: ReportedLine | ExpectedLine) -> LineClass | None:
        before = self._before(line)
        return None if before is None else before.line_class

    def _rows_alone(self) -> Iterator[Classified]:
        known: Known | None = None
        for row in self.rows:
            before = self._before(row)
            if before is not None and before.line_class != "amount_differs":
                yield Classified(before.line_class, self.key, row, None, before.break_id)
            else:
                if known is None:
                    known = self.circumstances.known(row)
                    self.coming = list(known.later)
                yield Classified(self._class_of(row, known), self.key, row, None)
            self.amounts_seen.add(row.amount)

    def _class_of(self, row: ReportedLine, known: Known) -> LineClass:
        if row.amount in self.coming:
            self.coming.remove(row.amount)
            return "timing"
        if row.references and (row.amount in self.amounts_seen or row.amount in known.booked):
            return "duplicate_in_statement"
        if row.amount == known.payout and known.unanswered:
            return "unknown_outcome_confirmed"
        if row.amount == known.payout and known.state == "refunded":
            return "paid_after_refund"
        return "missing_in_ledger"

    def _lines_alone(self) -> Iterator[Classified]:
        for line in self.lines:
            before = self._before(line)
            if before is not None and before.line_class == "missing_in_statement":
                yield Classified("missing_in_statement", self.key, None, line, before.break_id)
            else:
                late = line.value_date > self.circumstances.last_day
                yield Classified("timing" if late else "missing_in_statement", self.key, None, line)

    def _adjusted(self, differences: list[Classified]) -> Iterator[Classified]:
        """Closes the differences that officers' bookings, or a correction of the bank, have brought to zero; the others stay open."""
        resolved, of_balances = self.circumstances.resolved, self.circumstances.balance_breaks
        booked: dict[str, int] = {}
        for line in self.adjustments:
            booked[line.break_id] = booked.get(line.break_id, 0) + line.amount
        found: dict[str, int] = {}
        for one in differences:
            found[one.break_id] = found.get(one.break_id, 0) + one.difference
        closed = {b for b in booked if b in of_balances or (booked[b] == found.get(b, 0) and (b in resolved or b not in found))}
        left = [one for one in differences if one.break_id not in closed]
        if left and not sum(one.difference for one in left) and all(one.break_id in resolved for one in left):
            closed |= {one.break_id for one in left} - booked.keys()
        for one in differences:
            yield one._replace(line_class="adjusted") if one.break_id in closed else one
        for line in self.adjustments:
            yield Classified("adjusted" if line.break_id in closed else "parked", self.key, None, line, line.break_id)
