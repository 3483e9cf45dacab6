"""What agrees is compared, counted and summed where it lies, in the database; only lines that do not agree one to one come here.

A pair may be left there because taking it out changes nothing for any other line in `matching`: its key is the first reference of one
statement line and of no other, stands in no further reference of any line, and one ledger line has it, a transfer's own, of the same
amount. So that pair would be matched, and every other line would find the key it finds without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ledger.projections.snapshot import Snapshot
from reconciliation.classes import Classified
from reconciliation.expected import Window, expected_lines
from reconciliation.lines import ExpectedLine, ReportedLine, is_uuid
from reconciliation.staging import Staged

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


class Sides(NamedTuple):
    """The pairs that agree, counted, and every other line of the statement and of the ledger."""

    agreed: Tally
    reported: list[ReportedLine]
    expected: list[ExpectedLine]


def compare(staged: Staged, left: Iterable[ReportedLine | ExpectedLine], at: Snapshot, window: Window, boundary: int) -> Sides:
    """Compares a statement with the ledger's lines in a window; ``left`` are lines of both sides that earlier statements left open."""
    statement, session = staged.statement, staged.lines.session
    there = at._replace(cursor=session)
    touched = _keys(text for line in left for text in (line.key, *line.references))
    while True:
        asked = {
            "corridor": at.corridor,
            "account": statement.account,
            "boundary": boundary,
            "of_transfers": OF_TRANSFERS,
            "touched": list(touched),
            **window._asdict(),
        }
        [(pairs, debits, credited, others)] = session.rows(staged.lines.query("agreement"), asked)
        lines = expected_lines(there, statement.account, window, boundary, others)
        # A line may be known by the UETR of a transfer whose lines agree: an officer's booking of a difference. Then these come here too.
        known_by = _keys(text for line in lines for text in line.references)
        if known_by <= touched.union(others):
            break
        touched |= known_by
    rows = session.rows(staged.lines.query("staged_rows"), {"keys": others})
    return Sides(
        Tally(pairs, pairs, int(debits), int(credited)),
        [
            ReportedLine(statement.account, statement.id, entry, part, booked, valued, amount, (*texts, *further), reversal, kind)
            for entry, part, booked, valued, amount, texts, further, reversal, kind in rows
        ],
        lines,
    )


def _keys(texts: Iterable[str]) -> set[str]:
    return {text for text in texts if is_uuid(text)}
