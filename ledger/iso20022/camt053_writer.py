"""Writes camt.053.001.08, valid against the official schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.elements import add_account_fields, branch, leaf, root, to_bytes
from ledger.iso20022.statement import BOOKED, Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from ledger.iso20022.values import write_instant

VERSION = "camt.053.001.08"


def write_camt053(
    statements: Statement | Sequence[Statement], *, message_id: str | None = None, created_at: datetime | None = None
) -> bytes:
    """A message of one or more statements in UTF-8; the same statements give the same bytes.

    ``message_id`` and ``created_at`` are those of the first statement unless given. Raises ValueError without a statement, without a
    creation time, or with an instant that lacks its offset.
    """
    held = [statements] if isinstance(statements, Statement) else list(statements)
    if not held:
        raise ValueError("a message has at least one statement")
    created = created_at or held[0].created_at
    if created is None:
        raise ValueError("a message says when it was created: give created_at")
    document = root(VERSION, "Document")
    message = branch(document, "BkToCstmrStmt")
    header = branch(message, "GrpHdr")
    leaf(header, "MsgId", message_id or held[0].message_id or held[0].id)
    leaf(header, "CreDtTm", write_instant(created))
    for statement in held:
        _add_statement(message, statement)
    return to_bytes(document)


def _add_statement(parent: etree._Element, statement: Statement) -> None:
    element = branch(parent, "Stmt")
    leaf(element, "Id", statement.id)
    if statement.page is not None:
        pages = branch(element, "StmtPgntn")
        leaf(pages, "PgNb", str(statement.page))
        leaf(pages, "LastPgInd", "true" if statement.last_page else "false")
    if statement.sequence is not None:
        leaf(element, "ElctrncSeqNb", str(statement.sequence))
    if statement.legal_sequence is not None:
        leaf(element, "LglSeqNb", str(statement.legal_sequence))
    if statement.created_at is not None:
        leaf(element, "CreDtTm", write_instant(statement.created_at))
    if statement.from_at is not None and statement.to_at is not None:
        period = branch(element, "FrToDt")
        leaf(period, "FrDtTm", write_instant(statement.from_at))
        leaf(period, "ToDtTm", write_instant(statement.to_at))
    add_account_fields(branch(element, "Acct"), statement.account)
    for balance in (statement.opening, statement.closing, *statement.balances):
        _add_balance(element, balance)
    _add_summary(element, statement)
    for entry in statement.entries:
        _add_entry(element, entry)
    leaf(element, "AddtlStmtInf", statement.additional_info)


def _add_balance(parent: etree._Element, balance: Balance) -> None:
    element = branch(parent, "Bal")
    is_code = len(balance.type) <= 4
    leaf(branch(branch(element, "Tp"), "CdOrPrtry"), "Cd" if is_code else "Prtry", balance.type)
    leaf(element, "Amt", format_amount(abs(balance.minor), balance.currency), Ccy=balance.currency)
    leaf(element, "CdtDbtInd", Direction.CREDIT if balance.minor >= 0 else Direction.DEBIT)
    leaf(branch(element, "Dt"), "Dt", balance.on.isoformat())


def _add_summary(parent: etree._Element, statement: Statement) -> None:
    booked = [entry for entry in statement.entries if entry.status == BOOKED]
    summary = branch(parent, "TxsSummry")
    for name, direction in (("TtlCdtNtries", Direction.CREDIT), ("TtlDbtNtries", Direction.DEBIT)):
        minors = [entry.minor for entry in booked if entry.direction is direction]
        element = branch(summary, name)
        leaf(element, "NbOfNtries", str(len(minors)))
        leaf(element, "Sum", format_amount(sum(minors), statement.currency))


def _add_entry(parent: etree._Element, entry: Entry) -> None:
    element = branch(parent, "Ntry")
    leaf(element, "NtryRef", entry.reference)
    leaf(element, "Amt", format_amount(entry.minor, entry.currency), Ccy=entry.currency)
    leaf(element, "CdtDbtInd", entry.direction)
    leaf(element, "RvslInd", "true" if entry.reversal else None)
    leaf(branch(element, "Sts"), "Cd", entry.status)
    for name, on in (("BookgDt", entry.booking_date), ("ValDt", entry.value_date)):
        if on is not None:
            leaf(branch(element, name), "Dt", on.isoformat())
    leaf(element, "AcctSvcrRef", entry.servicer_reference)
    _add_code(element, entry.code)
    if entry.details:
        details = branch(element, "NtryDtls")
        for detail in entry.details:
            _add_detail(details, detail, entry)
    leaf(element, "AddtlNtryInf", entry.additional_info)


def _add_code(parent: etree._Element, code: BankTransactionCode) -> None:
    element = branch(parent, "BkTxCd")
    if code.domain and code.family and code.sub_family:
        domain = branch(element, "Domn")
        leaf(domain, "Cd", code.domain)
        family = branch(domain, "Fmly")
        leaf(family, "Cd", code.family)
        leaf(family, "SubFmlyCd", code.sub_family)
    if code.proprietary:
        own = branch(element, "Prtry")
        leaf(own, "Cd", code.proprietary)
        leaf(own, "Issr", code.proprietary_issuer)


def _add_detail(parent: etree._Element, detail: EntryDetail, entry: Entry) -> None:
    element = branch(parent, "TxDtls")
    references = (
        ("MsgId", detail.message_id),
        ("AcctSvcrRef", detail.servicer_reference),
        ("InstrId", detail.instruction_id),
        ("EndToEndId", detail.end_to_end_id),
        ("UETR", str(detail.uetr) if detail.uetr else None),
        ("TxId", detail.transaction_id),
    )
    if any(text for _, text in references):
        refs = branch(element, "Refs")
        for name, text in references:
            leaf(refs, name, text)
    if detail.minor is not None:
        currency = detail.currency or entry.currency
        leaf(element, "Amt", format_amount(detail.minor, currency), Ccy=currency)
    leaf(element, "CdtDbtInd", detail.direction)
    if detail.return_reason:
        reason = branch(branch(element, "RtrInf"), "Rsn")
        leaf(reason, "Cd" if len(detail.return_reason) <= 4 else "Prtry", detail.return_reason)
    leaf(element, "AddtlTxInf", detail.additional_info)
