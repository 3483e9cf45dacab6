"""A statement's lines kept small until they are matched: a night may hold a million of them, and matches one statement at a time."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import overload

from reconciliation.lines import ReportedLine

_PART = 10_000


class PackedLines(Sequence[ReportedLine]):
    """The booked lines of one statement, in their order. Going through them makes each line anew, a part at a time; equal to any sequence
    of the same lines. They are packed with `marshal` for this process alone and never stored."""

    __slots__ = ("_account", "_count", "_parts", "_statement")

    def __init__(self, account: str, statement: str, lines: Iterable[ReportedLine]) -> None:
        self._account = account
        self._statement = statement
        rest = iter(lines)
        self._parts: list[bytes] = []
        self._count = 0
        while part := [_plain(line) for line in islice(rest, _PART)]:
            self._parts.append(marshal.dumps(part))
            self._count += len(part)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ReportedLine]:
        account, statement = self._account, self._statement
        for part in self._parts:
            for entry, number, booked, valued, amount, references, reversal, kind in marshal.loads(part):  # noqa: S302 - we packed it
                yield ReportedLine(account, statement, entry, number, _day(booked), _day(valued), amount, references, reversal, kind)

    @overload
    def __getitem__(self, index: int) -> ReportedLine: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ReportedLine, ...]: ...
    def __getitem__(self, index: int | slice) -> ReportedLine | tuple[ReportedLine, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment] # compared by content


def _plain(line: ReportedLine) -> tuple[object, ...]:
    """What differs from line to line, in types that marshal knows."""
    return (line.entry, line.part, line.booking_date.toordinal(), line.value_date.toordinal(), *line[6:])


@lru_cache(4_096)
def _day(ordinal: int) -> date:
    """One object a day."""
    return date.fromordinal(ordinal)
