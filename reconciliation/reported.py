"""What the banks reported: statements become flat lines on the ledger's own accounts.

A statement belongs to the account whose number the corridor's terms name (`accounts_by_number`). Only lines with status BOOK count: they
alone change the balance. An entry that books several transactions at once (ISO 20022 calls it batch booking) is taken apart when the
transactions' amounts come to the entry's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from ledger.domain.posting import account_name
from ledger.domain.terms import Terms
from ledger.iso20022.camt053 import read_camt053
from ledger.iso20022.fields import safe
from ledger.iso20022.statement import BOOKED, EntryDetail, Statement
from reconciliation.csv_statement import looks_like_csv, read_csv_statement
from reconciliation.errors import StatementAccountDiffers, StatementAccountUnknown, StatementPagesMissing
from reconciliation.lines import ReportedLine
from reconciliation.mt940_statement import looks_like_mt940, read_mt940

# What senders write where ISO 20022 demands a reference and they have none.
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF", "NOTAVAILABLE", ""})
_HEX_32 = re.compile(r"[0-9a-fA-F]{32}")
_SHOWN_DIGITS = 4
_ONE_DAY = timedelta(days=1)


class ReportedStatement(NamedTuple):
    """A whole statement in our signs (minor units, debit positive): what the account opened and closed with, and how many booked lines
    it has; the lines themselves are elsewhere.

    ``first_day`` and ``last_day`` are the bank's days it covers; ``digest`` is SHA-256 over all that is compared here, lines included, so
    that the same statement is recognised in another file, and a changed one is not taken for it.
    """

    account: str
    id: str
    first_day: date
    last_day: date
    opening: int
    closing: int
    line_count: int
    digest: bytes

    @property
    def currency(self) -> str:
        return self.account.rpartition(":")[2]

    @property
    def moved(self) -> int:
        """What the booked lines come to: a statement that does not add up is never taken."""
        return self.closing - self.opening


class ReadStatement(NamedTuple):
    """A statement with its booked lines."""

    statement: ReportedStatement
    lines: tuple[ReportedLine, ...]


def read_statements(data: bytes, terms: Terms) -> list[ReadStatement]:
    """The statements of one file, camt.053, MT940 or CSV, pages put together, in order of account and days.

    Raises an `UnreadableMessage`: the file cannot be read, contradicts itself, belongs to no account of the corridor, or lacks pages.
    """
    statements = _read(data)
    accounts = accounts_by_number(terms)
    owned = [(account_of(statement, accounts), statement) for statement in statements]
    by_id: dict[tuple[str, str], list[Statement]] = {}
    for account, statement in owned:
        by_id.setdefault((account, statement.id), []).append(statement)
    whole = (_report(account, _joined(pages)) for (account, _), pages in by_id.items())
    return sorted(whole, key=lambda read: (read.statement.account, read.statement.first_day, read.statement.last_day, read.statement.id))


def _read(data: bytes) -> list[Statement]:
    if looks_like_mt940(data):
        return read_mt940(data)
    return [read_csv_statement(data)] if looks_like_csv(data) else read_camt053(data)


def accounts_by_number(terms: Terms) -> dict[str, str]:
    """Number at the bank → account of the ledger that mirrors it: each participant's cash and the settlement bank's."""
    cash = {_plain(p.statement_account): account_name(key, "cash", p.currency) for key, p in terms.participants.items()}
    settlement = account_name("corridor", "settlement_bank", terms.settlement.currency)
    return {**cash, _plain(terms.settlement.statement_account): settlement}


def account_of(statement: Statement, accounts: Mapping[str, str]) -> str:
    """The ledger's account that a statement belongs to. Raises StatementAccountUnknown, StatementAccountDiffers."""
    number = _plain(statement.account.number)
    account = accounts.get(number)
    if account is None:
        raise StatementAccountUnknown(
            f"Statement {safe(statement.id)} is of an account ending in {number[-_SHOWN_DIGITS:]} that the corridor does not have.",
            field="Stmt/Acct/Id",
            value=f"…{number[-_SHOWN_DIGITS:]}",
            way_out=f"Send statements of {', '.join(sorted(accounts.values()))}, or amend the terms with the new number.",
        )
    if account.rpartition(":")[2] != statement.currency:
        raise StatementAccountDiffers(
            f"Statement {safe(statement.id)} is in {statement.currency}; its account is {account}.",
            field="Stmt/Acct/Ccy",
            value=statement.currency,
            way_out="Ask the bank for the statement of the right account.",
        )
    return account


def _plain(number: str) -> str:
    return re.sub(r"\s", "", number).upper()


def _joined(pages: Sequence[Statement]) -> Statement:
    """One statement out of its pages. Raises StatementPagesMissing."""
    if len(pages) == 1 and pages[0].page in (None, 1) and pages[0].last_page:
        return pages[0]
    ordered = sorted(pages, key=lambda page: page.page or 0)
    numbers = [page.page for page in ordered]
    ends = [page.last_page for page in ordered]
    joins = all(before.closing.minor == after.opening.minor for before, after in pairwise(ordered))
    if numbers != list(range(1, len(ordered) + 1)) or ends != [False] * (len(ordered) - 1) + [True] or not joins:
        raise StatementPagesMissing(
            f"Statement {safe(ordered[0].id)} is not complete: of its pages, {', '.join(map(str, numbers))} came.",
            field="Stmt/StmtPgntn/PgNb",
            value=", ".join(map(str, numbers)),
            way_out="Send all of its pages in one file.",
        )
    first, last = ordered[0], ordered[-1]
    return Statement(
        id=first.id,
        account=first.account,
        currency=first.currency,
        opening=first.opening,
        closing=last.closing,
        entries=tuple(entry for page in ordered for entry in page.entries),
        from_at=first.from_at,
        to_at=last.to_at,
    )


def _report(account: str, statement: Statement) -> ReadStatement:
    lines = tuple(_lines(account, statement))
    first, last = days_of(statement, min((line.booking_date for line in lines), default=None))
    digest = sha256(repr(content(account, statement, first, last)).encode())
    for line in lines:
        digest.update(repr((line.entry, line.part, line.booking_date.isoformat(), line.value_date.isoformat(), *line[6:])).encode())
    opening, closing = statement.opening.minor, statement.closing.minor
    return ReadStatement(ReportedStatement(account, statement.id, first, last, opening, closing, len(lines), digest.digest()), lines)


def content(account: str, statement: Statement, first: date, last: date) -> tuple[object, ...]:
    """What is compared of a statement beside its lines: its digest is over the ``repr`` of this, followed by that of each line."""
    return (statement.id, account, first.isoformat(), last.isoformat(), statement.opening.minor, statement.closing.minor)


def days_of(statement: Statement, first_booking: date | None) -> tuple[date, date]:
    """The bank's days covered: from what it says (FrToDt), else from its opening balance. PRCD is the closing balance of the day before,
    OPBD that of the day itself (external balance type codes); a line booked earlier counts too."""
    opening, closing = statement.opening, statement.closing
    if statement.from_at is not None:
        first = statement.from_at.date()
    else:
        first = opening.on + _ONE_DAY if opening.type == "PRCD" and opening.on < closing.on else opening.on
    return min(first, closing.on, first_booking or first), closing.on


def _lines(account: str, statement: Statement) -> Iterator[ReportedLine]:
    for number, entry in enumerate(statement.entries, start=1):
        if entry.status != BOOKED:
            continue
        booking = entry.booking_date or statement.closing.on
        dates = (booking, entry.value_date or booking)
        own = (entry.servicer_reference, entry.reference)
        kind = entry.code.proprietary or ""
        parts = entry.parts()
        if len(parts) <= 1:
            references = _references(entry.details[0] if len(entry.details) == 1 else None, own)
            yield ReportedLine(account, statement.id, number, 0, *dates, entry.signed_minor, references, entry.reversal, kind)
            continue
        for part, (detail, amount) in enumerate(parts, start=1):
            references = _references(detail, own)
            yield ReportedLine(account, statement.id, number, part, *dates, amount, references, entry.reversal, kind)


def _references(detail: EntryDetail | None, own: tuple[str | None, ...]) -> tuple[str, ...]:
    """What a line may be known by, the surest first, each once."""
    given: list[str | None] = []
    if detail is not None:
        texts = (detail.end_to_end_id, detail.transaction_id, detail.instruction_id, detail.servicer_reference)
        uetr = detail.uetr or next((found for text in texts if (found := _uetr_without_hyphens(text)) is not None), None)
        given = [str(uetr) if uetr else None, *texts]
    kept = (text.strip() for text in (*given, *own) if text is not None)
    return tuple(dict.fromkeys(text for text in kept if text.upper() not in _NO_REFERENCE))


def _uetr_without_hyphens(text: str | None) -> UUID | None:
    """A UETR is 36 characters, an end-to-end id at most 35: banks without a field for it write it without its hyphens."""
    if text is None or not _HEX_32.fullmatch(text):
        return None
    found = UUID(text)
    return found if found.version == 4 else None
