"""What agrees is found in columns of numbers, counted and summed there; only lines that do not agree one to one become objects.

A pair may be left there because taking it out changes nothing for any other line in `matching`: its key is the first reference of one
statement line and of no other, stands in no further reference of any line, and one ledger line has it, a transfer's own, of the same
amount. So that pair would be matched, and every other line would find the key it finds without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from ledger.eventstore.connections import PostgresPool
from ledger.pacing import Pages
from ledger.projections.snapshot import Snapshot
from reconciliation.agreeing import agreeing, among
from reconciliation.classes import Classified
from reconciliation.expected import Window, book_balances, expected_lines
from reconciliation.expected_columns import ExpectedColumns, expected_columns
from reconciliation.lines import ExpectedLine, ReportedLine, is_uuid
from reconciliation.packed import Halves, PackedLines, exact_sum, key_halves, key_texts
from reconciliation.queries import QUERIES
from reconciliation.reported import ReportedStatement
from reconciliation.staging import Staged

LINES_AT_ONCE = 500_000
"""A statement with more lines is held whole."""
_SESSIONS = 2

Planned = tuple[Staged, Window]


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


class Compared(NamedTuple):
    """A statement beside the ledger: the pairs that agree, counted, and every other line of either side, by its key. ``halves`` are the
    first halves of all keys, in order; ``ledger_closing`` is what the ledger's own lines up to the statement's last day come to."""

    statement: ReportedStatement
    lines: PackedLines
    window: Window
    halves: Halves
    ledger_closing: int
    agreed: Tally
    keys: frozenset[str]
    reported: list[ReportedLine]
    expected: list[ExpectedLine]

    def with_lines_of(self, left: Iterable[ReportedLine | ExpectedLine], at: Snapshot, boundary: int) -> Compared:
        """The same with the pairs taken apart that share a text with lines that earlier statements left open, or with what officers booked
        for a difference: such lines are known by the UETR of the transfer, whose own lines may agree."""
        texts = {text for line in (*left, *self.expected) for text in (line.key, *line.references)}
        asked = [text for text in sorted(texts - self.keys) if is_uuid(text)]
        # Most stand on neither side: that is seen without looking at all lines.
        keys = [key for key, there in zip(asked, among(key_halves(asked)[:, 0], self.halves), strict=True) if there]
        if not keys:
            return self
        rows, lines = self._rows_of(keys), expected_lines(at, self.statement.account, self.window, boundary, keys)
        debits = sum(row.amount for row in rows if row.amount > 0)
        agreed = Tally(
            self.agreed.reported - len(rows),
            self.agreed.expected - len(lines),
            self.agreed.debits - debits,
            self.agreed.credits - debits + sum(row.amount for row in rows),
        )
        return self._replace(agreed=agreed, reported=[*self.reported, *rows], expected=[*self.expected, *lines])

    def _rows_of(self, keys: Collection[str]) -> list[ReportedLine]:
        """The statement's lines whose first reference is one of some UUIDs."""
        places = np.flatnonzero(self.lines.has_key & among(self.lines.keys[:, 0], np.sort(key_halves(keys)[:, 0])))
        wanted = frozenset(keys)
        return [row for row in self.lines.lines(self.statement.account, self.statement.id, places) if row.key in wanted]


def compare(planned: Sequence[Planned], at: Snapshot, boundary: int, pool: PostgresPool, pages: Pages) -> Generator[Compared, None, None]:
    """Compares statements with the ledger's lines in their windows, in the order given and a group at a time: while one group is compared
    the ledger's lines of the next are read, in a session that sees what ``at`` does. No more groups are held than there are sessions.

    Beside writers one thing is done at a time, and the ledger's lines are read in ``pages``."""
    groups = iter(groups_of(planned, LINES_AT_ONCE))
    if pages.beside:
        closings = _closings(planned, at, boundary)
        for group in groups:
            yield from _compare_group(group, _columns(group, at, boundary, pages.end), closings, at, boundary)
        return
    with _seeing(pool, at, min(_SESSIONS, len(planned))) as sessions, ThreadPoolExecutor(_SESSIONS) as readers:

        def read(group: Sequence[Planned]) -> dict[str, ExpectedColumns]:
            there = sessions.get()
            try:
                return _columns(group, there, boundary)
            finally:
                sessions.put(there)

        reading = deque((group, readers.submit(read, group)) for group in islice(groups, _SESSIONS))
        closings = _closings(planned, at, boundary)
        while reading:
            group, ours = reading.popleft()
            yield from _compare_group(group, ours.result(), closings, at, boundary)
            del ours
            reading.extend((group, readers.submit(read, group)) for group in islice(groups, 1))


def groups_of(planned: Iterable[Planned], lines_at_once: int) -> list[list[Planned]]:
    """Statements in their order, as many together as have so many lines; one with more stands alone."""
    groups: list[list[Planned]] = []
    room = 0
    for staged, window in planned:
        room -= staged.statement.line_count
        if not groups or room < 0:
            groups.append([])
            room = lines_at_once - staged.statement.line_count
        groups[-1].append((staged, window))
    return groups


def _closings(planned: Iterable[Planned], at: Snapshot, boundary: int) -> dict[str, dict[date, int]]:
    """What statements should close with, by account and day."""
    last_days: dict[str, list[date]] = {}
    for staged, _ in planned:
        last_days.setdefault(staged.statement.account, []).append(staged.statement.last_day)
    return {account: book_balances(at, account, days, boundary) for account, days in last_days.items()}


def _columns(
    group: Iterable[Planned], there: Snapshot, boundary: int, between: Callable[[], object] | None = None
) -> dict[str, ExpectedColumns]:
    """What the ledger booked on the accounts of some statements."""
    windows: dict[str, list[Window]] = {}
    for staged, window in group:
        windows.setdefault(staged.statement.account, []).append(window)
    return {account: expected_columns(there, account, some, boundary, between) for account, some in windows.items()}


def _compare_group(
    group: Iterable[Planned], of_accounts: dict[str, ExpectedColumns], closings: dict[str, dict[date, int]], at: Snapshot, boundary: int
) -> Iterator[Compared]:
    for one in group:
        account, last_day = one[0].statement.account, one[0].statement.last_day
        yield _compare(one, of_accounts[account], closings[account][last_day], at, boundary)


def _compare(one: Planned, ours: ExpectedColumns, ledger_closing: int, at: Snapshot, boundary: int) -> Compared:
    (statement, read), window = one
    lines = read()
    found = agreeing(lines, ours, ours.within(window))
    amounts = lines.amounts[found.theirs]
    keys = frozenset(key_texts(np.concatenate((lines.keys[found.their_others], ours.keys[found.our_others]))))
    places = np.sort(np.concatenate((found.their_others, np.flatnonzero(~lines.has_key))))
    return Compared(
        statement=statement,
        lines=lines,
        window=window,
        halves=found.halves,
        ledger_closing=ledger_closing,
        agreed=Tally(len(amounts), len(amounts), exact_sum(amounts[amounts > 0]), -exact_sum(amounts[amounts < 0])),
        keys=keys,
        reported=lines.lines(statement.account, statement.id, places),
        expected=expected_lines(at, statement.account, window, boundary, sorted(keys)),
    )


@contextmanager
def _seeing(pool: PostgresPool, at: Snapshot, number: int) -> Iterator[SimpleQueue[Snapshot]]:
    """So many sessions that see what a snapshot sees, as long as the block lasts."""
    [(exported,)] = at.cursor.rows(QUERIES["share_snapshot"])
    sessions: SimpleQueue[Snapshot] = SimpleQueue()
    with ExitStack() as stack:
        for _ in range(number):
            cursor = stack.enter_context(pool.connection()).cursor()
            cursor.execute(QUERIES["see_snapshot"], {"snapshot": exported})
            stack.callback(cursor.execute, "COMMIT")
            cursor.execute(QUERIES["stay"])
            sessions.put(at._replace(cursor=cursor))
        yield sessions
