"""What agrees is compared, counted and summed where it lies, in the database; only lines that do not agree one to one come here.

A pair may be left there because taking it out changes nothing for any other line in `matching`: its key is the first reference of one
statement line and of no other, stands in no further reference of any line, and one ledger line has it, a transfer's own, of the same
amount. So that pair would be matched, and every other line would find the key it finds without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.eventstore.connections import PostgresCursor
from ledger.projections.snapshot import Snapshot
from reconciliation.classes import Classified
from reconciliation.expected import Window, book_balances, expected_lines
from reconciliation.lines import ExpectedLine, ReportedLine, is_uuid
from reconciliation.queries import read_through
from reconciliation.reported import ReportedStatement
from reconciliation.staging import Staged, staged_lines

# Entries that the posting table books under a transfer's UETR, which is version 4. All others stand under a UUID of version 5 that no bank
# knows, and are known by a movement's, a cycle payment's or a break's texts.
OF_TRANSFERS = ["funding", "payout", "refund", "return"]


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
    """A statement beside the ledger: the pairs that agree, counted, and every other line of either side, by its key. ``ledger_closing`` is
    what the ledger's own lines up to the statement's last day come to."""

    staged: Staged
    window: Window
    ledger_closing: int
    agreed: Tally
    keys: frozenset[str]
    reported: list[ReportedLine]
    expected: list[ExpectedLine]

    @property
    def statement(self) -> ReportedStatement:
        return self.staged.statement

    def with_lines_of(self, left: Iterable[ReportedLine | ExpectedLine], at: Snapshot, boundary: int) -> Compared:
        """The same with the pairs taken apart that share a text with lines that earlier statements left open, or with what officers booked
        for a difference: such lines are known by the UETR of the transfer, whose own lines may agree."""
        texts = {text for line in (*left, *self.expected) for text in (line.key, *line.references)}
        keys = [text for text in sorted(texts - self.keys) if is_uuid(text)]
        if not keys:
            return self
        rows = [row for row in staged_lines(self.staged, keys) if row.key in keys]
        lines = expected_lines(at, self.statement.account, self.window, boundary, keys)
        debits = sum(row.amount for row in rows if row.amount > 0)
        agreed = Tally(
            self.agreed.reported - len(rows),
            self.agreed.expected - len(lines),
            self.agreed.debits - debits,
            self.agreed.credits - debits + sum(row.amount for row in rows),
        )
        return self._replace(agreed=agreed, reported=[*self.reported, *rows], expected=[*self.expected, *lines])


def compare(planned: Sequence[tuple[Staged, Window]], at: Snapshot, boundary: int) -> Iterator[Compared]:
    """Compares statements with the ledger's lines in their windows, as many at once as there are sessions; in the order given."""
    by_session: dict[PostgresCursor, list[int]] = {}
    for number, (staged, _) in enumerate(planned):
        by_session.setdefault(staged.lines.session, []).append(number)

    def of_session(session: PostgresCursor, numbers: Sequence[int]) -> dict[int, Agreement]:
        return {number: _agreement(*planned[number], at._replace(cursor=session), boundary) for number in numbers}

    with ThreadPoolExecutor(max(1, len(by_session))) as comparers:
        comparing = [comparers.submit(of_session, session, numbers) for session, numbers in by_session.items()]
        last_days: dict[str, list[date]] = {}
        for staged, _ in planned:
            last_days.setdefault(staged.statement.account, []).append(staged.statement.last_day)
        closings = {account: book_balances(at, account, days, boundary) for account, days in last_days.items()}
        agreements = {number: found for one in comparing for number, found in one.result().items()}
    for number, (staged, window) in enumerate(planned):
        closing = closings[staged.statement.account][staged.statement.last_day]
        yield Compared(staged, window, closing, *agreements[number])


Agreement = tuple[Tally, frozenset[str], list[ReportedLine], list[ExpectedLine]]


def _agreement(staged: Staged, window: Window, there: Snapshot, boundary: int) -> Agreement:
    """Looks from the session where the statement's lines are."""
    account = staged.statement.account
    asked = {"corridor": there.corridor, "account": account, "boundary": boundary, "of_transfers": OF_TRANSFERS, **window._asdict()}
    [(pairs, debits, credited, others)] = read_through(there.cursor, staged.lines.query("agreement"), asked)
    lines = expected_lines(there, account, window, boundary, others)
    return Tally(pairs, pairs, int(debits), int(credited)), frozenset(others), list(staged_lines(staged, others)), lines
