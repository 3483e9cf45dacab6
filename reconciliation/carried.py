"""What one statement leaves open for the next: lines whose counterpart comes later, and differences nobody has closed yet.

A transfer whose outcome a statement confirmed is booked in the ledger only after somebody has said so, on a later day; a ledger line after
the bank's cut-off stands in the next statement. So open lines go into the next matching beside the new ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from reconciliation.breaks import Difference
from reconciliation.classes import Classified, FoundBefore, LineClass, makes_break
from reconciliation.lines import ExpectedLine, LineId, ReportedLine
from reconciliation.reported import ReportedStatement


class OpenLine(NamedTuple):
    """A line, or a pair, that stays open. ``break_id`` is empty for one that is no difference; ``statement`` and ``found_on`` say with
    which statement, of which last day, it was first found."""

    line_class: LineClass
    key: str
    reported: ReportedLine | None
    expected: ExpectedLine | None
    break_id: str
    statement: str
    found_on: date

    @classmethod
    def of(cls, found: Classified, difference: Difference | None, statement: str, last_day: date) -> OpenLine:
        """What stays open of a classified line; a difference keeps where it was first found."""
        if difference is None:
            return cls(found.line_class, found.key, found.reported, found.expected, found.break_id, statement, last_day)
        return cls(
            found.line_class, found.key, found.reported, found.expected, difference.break_id, difference.statement, difference.found_on
        )

    @property
    def amount(self) -> int:
        """What the statement has more than the ledger because of it: minor units, debit positive."""
        return (self.reported.amount if self.reported else 0) - (self.expected.amount if self.expected else 0)

    @property
    def ids(self) -> list[LineId]:
        return [line.id for line in (self.reported, self.expected) if line is not None]

    def as_json(self) -> dict[str, Any]:
        """For the archive, where JSON has dates as ISO 8601 and UUIDs as text."""
        return {
            "class": self.line_class,
            "key": self.key,
            "break_id": self.break_id,
            "statement": self.statement,
            "found_on": self.found_on,
            "reported": None if self.reported is None else self.reported._asdict(),
            "expected": None if self.expected is None else self.expected._asdict(),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> OpenLine:
        """Out of the archive."""
        return cls(
            line_class=kept["class"],
            key=kept["key"],
            reported=None if kept["reported"] is None else _reported(kept["reported"]),
            expected=None if kept["expected"] is None else _expected(kept["expected"]),
            break_id=kept["break_id"],
            statement=kept["statement"],
            found_on=date.fromisoformat(kept["found_on"]),
        )


class Carried(NamedTuple):
    """How an account was left by its last statement: up to which boundary and day the ledger was seen, what the bank closed with (minor
    units, debit positive), what no line explained, and what stayed open."""

    boundary: int
    last_day: date
    closing: int
    remainder: int = 0
    open_lines: tuple[OpenLine, ...] = ()

    def precedes(self, statement: ReportedStatement) -> bool:
        """Whether the statement comes after it: it ended before the statement's days, or it closed as the statement opens. Some banks
        date an opening balance a day back, and a statement of a week may come after those of its days."""
        ended = self.last_day < statement.first_day
        return self.last_day < statement.last_day and (ended or self.closing == statement.opening)


def found_before(open_lines: Iterable[OpenLine], resolved: frozenset[str]) -> dict[LineId, FoundBefore]:
    """The differences that open lines belong to. ``resolved``: ids of breaks that officers have closed."""
    return {
        line_id: FoundBefore(line.break_id, line.line_class, line.break_id in resolved)
        for line in open_lines
        if makes_break(line.line_class)
        for line_id in line.ids
    }


def _dates(kept: dict[str, Any]) -> dict[str, Any]:
    days = {name: date.fromisoformat(kept[name]) for name in ("booking_date", "value_date")}
    return {**kept, **days, "references": tuple(kept["references"])}


def _reported(kept: dict[str, Any]) -> ReportedLine:
    return ReportedLine(**_dates(kept))


def _expected(kept: dict[str, Any]) -> ExpectedLine:
    return ExpectedLine(**{**_dates(kept), "reference": UUID(kept["reference"]), "command": UUID(kept["command"])})
