"""Each statement line and each ledger line in exactly one class (I14). Pure: the same lines give the same classes in any order.

Lines meet under a key: a transfer's UETR, or the bank's reference of a movement or a cycle payment. Almost every key has one line on
each side, of the same amount, and is done with at a glance; `group` sorts out the others. Keys do not touch each other, so a set may be
split by key: `comparing` leaves most of those that agree in the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from reconciliation.classes import Circumstances, Classified
from reconciliation.group import classify_group
from reconciliation.lines import ExpectedLine, ReportedLine

Line = TypeVar("Line", ReportedLine, ExpectedLine)
Index = dict[str, Line | list[Line]]


def match(reported: Iterable[ReportedLine], expected: Iterable[ExpectedLine], circumstances: Circumstances) -> Iterator[Classified]:
    """The lines of one account, classified. Time grows with the number of lines, memory with those not given out yet."""
    aliases: dict[str, str] = {}
    ours: Index[ExpectedLine] = {}
    for line in expected:
        _add(ours, _own_key(line, aliases), line)
    theirs: Index[ReportedLine] = {}
    for row in reported:
        _add(theirs, _their_key(row, ours, aliases), row)
    while theirs:
        key, rows = theirs.popitem()
        lines = ours.pop(key, None)
        if isinstance(rows, ReportedLine) and isinstance(lines, ExpectedLine) and rows.amount == lines.amount and not lines.break_id:
            yield Classified("matched", key, rows, lines)
        else:
            yield from classify_group(key, _many(rows), _many(lines), circumstances)
    while ours:
        key, lines = ours.popitem()
        yield from classify_group(key, [], _many(lines), circumstances)


def _add(index: Index[Line], key: str, line: Line) -> None:
    """A list is made only for a key's second line."""
    there = index.get(key)
    if there is None:
        index[key] = line
    elif isinstance(there, list):
        there.append(line)
    else:
        index[key] = [there, line]


def _many(lines: Line | list[Line] | None) -> list[Line]:
    if lines is None:
        return []
    return lines if isinstance(lines, list) else [lines]


def _own_key(line: ExpectedLine, aliases: dict[str, str]) -> str:
    """The key of a ledger line; its further references lead to it."""
    key = line.key
    for other in line.references[1:]:
        aliases[other] = min(key, aliases.get(other, key))
    return key


def _their_key(row: ReportedLine, ours: Mapping[str, object], aliases: Mapping[str, str]) -> str:
    """The key of a statement line: the first of its references that the ledger uses, else the surest."""
    for reference in row.references:
        if reference in ours:
            return reference
        if reference in aliases:
            return aliases[reference]
    return row.key
