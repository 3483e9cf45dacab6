"""Writes camt.053.001.08 and 12, valid against the official schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.elements import add_account_fields, branch, leaf, to_bytes
from ledger.iso20022.statement import Balance, Direction, Entry, Statement
from ledger.iso20022.statement_writer import Totals, add_entry, add_numbers, add_summary, begun, streamed, totals_of

VERSION = "camt.053.001.08"
WRITTEN = (VERSION, "camt.053.001.12")


def write_camt053(
    statements: Statement | Sequence[Statement],
    *,
    message_id: str | None = None,
    created_at: datetime | None = None,
    version: str = VERSION,
) -> bytes:
    """A message of one or more statements in UTF-8; the same statements give the same bytes.

    ``message_id`` and ``created_at`` are those of the first statement unless given. Raises ValueError without a statement, without a
    creation time, with an instant that lacks its offset, or for a version that is not written.
    """
    held = [statements] if isinstance(statements, Statement) else list(statements)
    if not held:
        raise ValueError("a message has at least one statement")
    first = held[0]
    document, message = begun("BkToCstmrStmt", version, WRITTEN, message_id or first.message_id or first.id, created_at or first.created_at)
    for statement in held:
        element = _add_enclosing(message, statement, totals_of(statement.entries))
        for entry in statement.entries:
            add_entry(element, entry)
        leaf(element, "AddtlStmtInf", statement.additional_info)
    return to_bytes(document)


def stream_camt053(
    statement: Statement, totals: dict[Direction, Totals], entries: Iterable[Entry], *, version: str = VERSION
) -> Iterator[bytes]:
    """The message of one statement piece by piece, so that one of any length is never held whole.

    ``entries`` are its entries in their order, ``totals`` number and sum of the booked ones; those in ``statement`` itself are not looked
    at. Raises ValueError for a version that is not written, or when the statement has no creation time.
    """
    document, message = begun("BkToCstmrStmt", version, WRITTEN, statement.message_id or statement.id, statement.created_at)
    element = _add_enclosing(message, statement, totals)
    leaf(element, "AddtlStmtInf", statement.additional_info)
    yield from streamed(document, element, entries, before="AddtlStmtInf" if statement.additional_info else None)


def _add_enclosing(parent: etree._Element, statement: Statement, totals: dict[Direction, Totals]) -> etree._Element:
    """Everything of a statement that comes before its entries."""
    element = branch(parent, "Stmt")
    add_numbers(element, statement, "StmtPgntn")
    add_account_fields(branch(element, "Acct"), statement.account)
    for balance in (statement.opening, statement.closing, *statement.balances):
        _add_balance(element, balance)
    add_summary(element, totals, statement.currency)
    return element


def _add_balance(parent: etree._Element, balance: Balance) -> None:
    element = branch(parent, "Bal")
    is_code = len(balance.type) <= 4
    leaf(branch(branch(element, "Tp"), "CdOrPrtry"), "Cd" if is_code else "Prtry", balance.type)
    leaf(element, "Amt", format_amount(abs(balance.minor), balance.currency), Ccy=balance.currency)
    leaf(element, "CdtDbtInd", Direction.CREDIT if balance.minor >= 0 else Direction.DEBIT)
    leaf(branch(element, "Dt"), "Dt", balance.on.isoformat())
