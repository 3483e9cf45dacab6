"""The treasurer's page as data: one night over one boundary, the same bytes whenever it is written.

Amounts are decimal strings of the currency named beside them, signed in our own books: money in on a cash account is positive.
"""

from __future__ import annotations

import json
from datetime import date

from pydantic import BaseModel, ConfigDict

from ledger.domain.money import format_amount
from reconciliation.classes import LineClass


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassTotal(_Part):
    """The lines of one class on one account: how many of each side, money in and money out."""

    line_class: LineClass
    statement_lines: int
    ledger_lines: int
    debits: str
    credits: str


class ReportedDifference(_Part):
    """One difference. ``difference`` is what the statement has more than the ledger. ``entry`` is the line's number in the statement,
    ``position`` the log position of the ledger's line. ``new``: found this night."""

    break_id: str
    break_class: str
    account: str
    currency: str
    difference: str
    statement_amount: str | None
    ledger_amount: str | None
    reference: str
    statement: str
    entry: str | None
    position: int | None
    booked_on: date | None
    found_on: date
    age_days: int
    new: bool
    next_step: str


class TimingLine(_Part):
    """A line whose counterpart comes with a later day; books nothing. ``side`` is where it stands: "statement" or "ledger"."""

    side: str
    amount: str
    reference: str
    booked_on: date


class AccountPage(_Part):
    """One account and one statement of it. ``ledger_closing`` is what the ledger has up to the statement's last day; ``explained`` is
    what the open lines come to, ``unexplained`` what is left of closing less ledger closing. ``carried_lines``: left open by earlier
    statements and looked at again. ``follows_on``: it opens as the statement before it closed."""

    account: str
    bank: str
    currency: str
    statement: str
    first_day: date
    last_day: date
    opening: str
    moved: str
    closing: str
    ledger_closing: str
    explained: str
    unexplained: str
    follows_on: bool
    statement_lines: int
    carried_lines: int
    classes: tuple[ClassTotal, ...]
    differences: tuple[ReportedDifference, ...]
    timing: tuple[TimingLine, ...]

    def total(self, line_class: LineClass) -> ClassTotal:
        """The lines of a class, none counted as zero."""
        zero = format_amount(0, self.currency)
        absent = ClassTotal(line_class=line_class, statement_lines=0, ledger_lines=0, debits=zero, credits=zero)
        return next((total for total in self.classes if total.line_class == line_class), absent)


class MovedTotal(_Part):
    """What one kind of entry moved on a participant's cash account."""

    entry: str
    times: int
    amount: str


class ParticipantPage(_Part):
    """One bank: what moved on its cash account, what it is owed or owes, what is on the way. ``position`` below zero is owed by it;
    ``room`` is how far it may still fall before new fundings stop."""

    participant: str
    name: str
    currency: str
    cash: str
    moved: tuple[MovedTotal, ...]
    settlement_currency: str
    position: str
    cap: str
    room: str
    pay_in_due: str
    pay_out_due: str
    transfers_in_flight: int
    in_flight: str
    transfers_held: int
    held_before_funding: str
    transfers_unknown: int


class FloorAlert(_Part):
    account: str
    currency: str
    balance: str
    floor: str


class BreakByAge(_Part):
    """A break that is open after this night, the oldest first. ``state`` is "open" or "parked"."""

    break_id: str
    break_class: str
    account: str
    currency: str
    difference: str
    reference: str
    state: str
    found_on: date
    age_days: int


class AtRisk(_Part):
    """What the open breaks of one currency come to, each taken as a positive amount."""

    currency: str
    breaks: int
    amount: str


class Report(_Part):
    """A night's report. ``boundary`` is the log position everything was read at, ``recorded_at`` the instant of the last commit there.

    ``accounts_without_statement`` mirror a bank, but no statement of them came this night. ``verified`` is the summary of a verification
    of the log, if one was made.
    """

    id: str
    corridor: str
    name: str
    business_date: date
    boundary: int
    recorded_at: str
    moved_from: date
    moved_through: date
    accounts: tuple[AccountPage, ...]
    accounts_without_statement: tuple[str, ...]
    participants: tuple[ParticipantPage, ...]
    settlement_currency: str
    in_flight: str
    remuneration: str
    settling: str
    settlement_bank: str
    suspense: dict[str, str]
    below_floor: tuple[FloorAlert, ...]
    open_breaks: tuple[BreakByAge, ...]
    at_risk: tuple[AtRisk, ...]
    verified: str

    @property
    def differences(self) -> tuple[ReportedDifference, ...]:
        """All differences of the night, account by account."""
        return tuple(difference for account in self.accounts for difference in account.differences)

    @property
    def new_differences(self) -> tuple[ReportedDifference, ...]:
        """Those found this night."""
        return tuple(difference for difference in self.differences if difference.new)

    def to_json(self) -> bytes:
        """The report as stored: UTF-8, keys in order, one line end."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_json(cls, document: bytes) -> Report:
        """A stored report."""
        return cls.model_validate_json(document)
