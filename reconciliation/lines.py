"""The flat lines that are matched: one a booked line of a statement, one a line of the ledger.

Amounts are minor units of the account's currency in our own signs: a debit of our account is positive. A bank's CRDT on the account is
our debit, so its credit-positive amounts are ours as they stand.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class LineId(NamedTuple):
    """Which line it is, for good: ``source`` is the statement's id, or empty for the ledger; ``first`` and ``second`` are entry and part
    of the statement, or log position and line of the event."""

    account: str
    source: str
    first: int
    second: int


class ReportedLine(NamedTuple):
    """A booked line of a bank's statement on one of our accounts.

    ``entry`` is its number in the statement, from 1; ``part`` the transaction within an entry that books several, else 0.
    ``references`` are what it may be known by, the surest first: UETR, end-to-end id, the bank's own references. ``kind`` is what the
    bank says it is, if it does.
    """

    account: str
    statement: str
    entry: int
    part: int
    booking_date: date
    value_date: date
    amount: int
    references: tuple[str, ...]
    reversal: bool = False
    kind: str = ""

    @property
    def id(self) -> LineId:
        return LineId(self.account, self.statement, self.entry, self.part)

    @property
    def key(self) -> str:
        """The surest text it is known by; a line without any is known by its place."""
        return self.references[0] if self.references else f"{self.statement}/{self.label}"

    @property
    def label(self) -> str:
        """Where to find it in the statement: ``12``, or ``12.3`` for the third transaction of entry 12."""
        return f"{self.entry}.{self.part}" if self.part else str(self.entry)


class ExpectedLine(NamedTuple):
    """A line the ledger booked on an account that mirrors a bank's: by log position of its event and its number there, from 0.

    ``reference`` is the stream its entry belongs to. ``references`` are the texts a bank may know it by (a movement's own reference,
    the settlement bank's confirmation); empty for a transfer, whose UETR is the reference itself. ``break_id`` is set when officers
    booked it to park or resolve a break.
    """

    account: str
    position: int
    line: int
    kind: str
    reference: UUID
    command: UUID
    amount: int
    booking_date: date
    value_date: date
    references: tuple[str, ...] = ()
    break_id: str = ""

    @property
    def id(self) -> LineId:
        return LineId(self.account, "", self.position, self.line)

    @property
    def key(self) -> str:
        """The first text it is known by."""
        return self.references[0] if self.references else str(self.reference)


def is_uuid(text: str) -> bool:
    """Whether it is a UUID, written as the ledger writes one."""
    return _UUID.fullmatch(text) is not None
