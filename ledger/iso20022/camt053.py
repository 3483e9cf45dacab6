"""camt.053, bank to customer statement: what the bank that keeps an account says happened on it.

Versions 02 to 13 are read, 08 and 12 are written (`camt053_writer`). A statement is taken only when it adds up; one that does not is
refused by name, because a reconciliation against it would find differences that are not there.
"""

from __future__ import annotations

from typing import BinaryIO

from ledger.iso20022.camt053_checks import check_statement, check_summary, choose_balances
from ledger.iso20022.camt053_writer import write_camt053
from ledger.iso20022.errors import StatementRepeated
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits, safe
from ledger.iso20022.statement import Balance, Direction, Statement
from ledger.iso20022.statement_entries import Told, read_account, read_each
from ledger.iso20022.statement_fields import Place

__all__ = ["read_camt053", "write_camt053"]

_STATEMENT = "BkToCstmrStmt/Stmt"


def read_camt053(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> list[Statement]:
    """Every statement of the message, each checked to add up.

    Raises an `UnreadableMessage`: the message cannot be read, or one of its statements contradicts itself, is there twice, or holds an
    entry twice.
    """
    statements: list[Statement] = []
    for told in read_each(source, "camt.053", _STATEMENT, "statement", limits):
        statement = _read_statement(told)
        _check_not_repeated(statement, statements)
        statements.append(statement)
    return statements


def _check_not_repeated(statement: Statement, before: list[Statement]) -> None:
    """One message may hold the pages of a statement, but no page twice."""
    for other in before:
        if (other.id, other.page, other.account.number) == (statement.id, statement.page, statement.account.number):
            raise StatementRepeated(
                f"Statement {safe(statement.id)} stands in the message twice.",
                field=f"{_STATEMENT}/Id",
                value=safe(statement.id),
                way_out="Send each statement once.",
            )


def _read_statement(told: Told) -> Statement:
    here = told.here
    account = read_account(here)
    page = here.number("StmtPgntn/PgNb")
    last_page = here.indicator("StmtPgntn/LastPgInd") is not False
    balances = [_read_balance(here, path) for path in here.fields.siblings("Bal")]
    opening, closing, others = choose_balances(balances, here.xpath, paged=page is not None)
    statement = Statement(
        id=here.required("Id"),
        account=account,
        currency=account.currency or opening.currency,
        opening=opening,
        closing=closing,
        entries=told.entries,
        created_at=here.instant("CreDtTm"),
        from_at=here.instant("FrToDt/FrDtTm"),
        to_at=here.instant("FrToDt/ToDtTm"),
        sequence=here.number("ElctrncSeqNb"),
        legal_sequence=here.number("LglSeqNb"),
        page=page,
        last_page=last_page,
        balances=others,
        additional_info=here.text("AddtlStmtInf"),
        message_id=told.message_id,
        version=told.version,
    )
    check_statement(statement, here.xpath)
    check_summary(statement.entries, statement.currency, here.fields, here.xpath)
    return statement


def _read_balance(here: Place, path: str) -> Balance:
    minor, currency = here.amount(f"{path}/Amt")
    kind = here.text(f"{path}/Tp/CdOrPrtry/Cd") or here.text(f"{path}/Tp/Cd") or here.text(f"{path}/Tp/CdOrPrtry/Prtry")
    signed = minor if here.direction(f"{path}/CdtDbtInd") is Direction.CREDIT else -minor
    return Balance(kind or here.required(f"{path}/Tp/CdOrPrtry/Cd"), signed, currency, here.required_day(f"{path}/Dt"))
