"""camt.053, bank to customer statement: what the bank that keeps an account says happened on it.

Versions 02 to 13 are read, 08 is written (`camt053_writer`). A statement is taken only when it adds up; one that does not is refused
by name, because a reconciliation against it would find differences that are not there.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import BinaryIO

from ledger.domain.money import decimals, parse_amount
from ledger.errors import AmountInvalid, CurrencyNotAccepted
from ledger.iso20022.camt053_checks import check_statement, check_summary, choose_balances
from ledger.iso20022.camt053_writer import write_camt053
from ledger.iso20022.errors import ElementMissing, ElementRepeated, StatementRepeated, ValueInvalid
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits, safe
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from ledger.iso20022.values import plain_decimal, read_count, read_date, read_instant, read_uetr
from ledger.iso20022.xml import MessageStream

__all__ = ["read_camt053", "write_camt053"]

_GROUP = "BkToCstmrStmt/GrpHdr"
_STATEMENT = "BkToCstmrStmt/Stmt"
_ENTRY = "BkToCstmrStmt/Stmt/Ntry"


def read_camt053(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> list[Statement]:
    """Every statement of the message, each checked to add up.

    Raises an `UnreadableMessage`: the message cannot be read, or one of its statements contradicts itself, is there twice, or holds an
    entry twice.
    """
    stream = MessageStream(source, "camt.053", frozenset({_GROUP, _STATEMENT, _ENTRY}), limits=limits)
    message_id: str | None = None
    entries: list[Entry] = []
    statements: list[Statement] = []
    for path, fields in stream:
        here = _Place(fields, f"/Document/{_STATEMENT}[{len(statements) + 1}]")
        if path == _GROUP:
            if message_id is not None:
                raise ElementRepeated("The message has two group headers.", field=_GROUP, way_out="Send one.")
            message_id = _Place(fields, f"/Document/{_GROUP}").required("MsgId")
        elif message_id is None:
            raise ElementMissing("The message lacks GrpHdr, before the first statement.", field=_GROUP, way_out="Send it.")
        elif path == _ENTRY:
            entries.append(_read_entry(_Place(fields, f"{here.xpath}/Ntry[{len(entries) + 1}]")))
        else:
            statement = _read_statement(here, tuple(entries), message_id, stream.version)
            _check_not_repeated(statement, statements)
            statements.append(statement)
            entries = []
    if not statements:
        raise ElementMissing("The message lacks Stmt.", field=_STATEMENT, way_out="Send at least one statement.")
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


class _Place:
    """Fields together with where they stand, for errors that say where."""

    def __init__(self, fields: Fields, xpath: str) -> None:
        self.fields = fields
        self.xpath = xpath

    def text(self, path: str) -> str | None:
        return self.fields.text(path)

    def required(self, path: str) -> str:
        """The text at the path. Raises ElementMissing."""
        text = self.fields.text(path)
        if text is None:
            raise ElementMissing(f"{self.xpath} lacks {path}.", field=f"{self.xpath}/{path}", way_out="Send the statement complete.")
        return text

    def invalid(self, path: str, why: str) -> ValueInvalid:
        """The error that the value at the path is not what its type asks for."""
        return ValueInvalid(f"{self.xpath}/{path} {why}.", field=f"{self.xpath}/{path}", way_out="Correct it and send it again.")

    def amount(self, path: str) -> tuple[int, str]:
        """An amount of zero or more as (minor units, currency). Zeros behind the currency's decimals are dropped."""
        text, currency = self.required(path), self.required(f"{path}@Ccy")
        try:
            places = decimals(currency)
            plain = plain_decimal(text) or ""
            whole, _, fraction = plain.partition(".")
            kept = fraction[:places] + fraction[places:].rstrip("0")
            return parse_amount(f"{whole}.{kept}" if kept else whole, currency, allow_zero=True), currency
        except CurrencyNotAccepted:
            raise self.invalid(f"{path}/@Ccy", f"is {safe(currency)}, not a currency of ISO 4217") from None
        except AmountInvalid:
            raise self.invalid(path, f"is {safe(text)}, not an amount of {currency} of zero or more") from None

    def direction(self, path: str) -> Direction:
        """A CreditDebitCode."""
        text = self.required(path)
        if text not in set(Direction):
            raise self.invalid(path, f"is {safe(text)}, not CRDT or DBIT")
        return Direction(text)

    def day(self, path: str) -> date | None:
        """A DateAndDateTimeChoice as its date, in the bank's own day."""
        text = self.text(f"{path}/Dt") or self.text(f"{path}/DtTm")
        if text is None:
            return None
        found = read_date(text.partition("T")[0])
        if found is None:
            raise self.invalid(path, f"is {safe(text)}, not a date such as 2026-03-27")
        return found

    def required_day(self, path: str) -> date:
        """The date at the path. Raises ElementMissing."""
        found = self.day(path)
        if found is None:
            raise ElementMissing(f"{self.xpath} lacks {path}/Dt.", field=f"{self.xpath}/{path}", way_out="Send the statement complete.")
        return found

    def instant(self, path: str) -> datetime | None:
        """An ISODateTime; without an offset it is taken as UTC."""
        text = self.text(path)
        if text is None:
            return None
        found = read_instant(text)
        if found is None:
            raise self.invalid(path, f"is {safe(text)}, not a date and time")
        return found

    def number(self, path: str) -> int | None:
        """A whole number."""
        text = self.text(path)
        if text is None:
            return None
        found = read_count(text)
        if found is None:
            raise self.invalid(path, f"is {safe(text)}, not a number of at most 15 digits")
        return found


def _read_statement(here: _Place, entries: tuple[Entry, ...], message_id: str, version: str) -> Statement:
    account = _read_account(here)
    page = here.number("StmtPgntn/PgNb")
    last_page = here.text("StmtPgntn/LastPgInd") in (None, "true", "1")
    balances = [_read_balance(here, path) for path in here.fields.siblings("Bal")]
    opening, closing, others = choose_balances(balances, here.xpath, paged=page is not None)
    statement = Statement(
        id=here.required("Id"),
        account=account,
        currency=account.currency or opening.currency,
        opening=opening,
        closing=closing,
        entries=entries,
        created_at=here.instant("CreDtTm"),
        from_at=here.instant("FrToDt/FrDtTm"),
        to_at=here.instant("FrToDt/ToDtTm"),
        sequence=here.number("ElctrncSeqNb"),
        legal_sequence=here.number("LglSeqNb"),
        page=page,
        last_page=last_page,
        balances=others,
        additional_info=here.text("AddtlStmtInf"),
        message_id=message_id,
        version=version,
    )
    check_statement(statement, here.xpath)
    check_summary(statement, here.fields, here.xpath)
    return statement


def _read_account(here: _Place) -> Account:
    iban, other = here.text("Acct/Id/IBAN"), here.text("Acct/Id/Othr/Id")
    if iban is None and other is None:
        here.required("Acct/Id/IBAN")
    return Account(iban=iban, other=other, currency=here.text("Acct/Ccy"), name=here.text("Acct/Nm"))


def _read_balance(here: _Place, path: str) -> Balance:
    minor, currency = here.amount(f"{path}/Amt")
    kind = here.text(f"{path}/Tp/CdOrPrtry/Cd") or here.text(f"{path}/Tp/Cd") or here.text(f"{path}/Tp/CdOrPrtry/Prtry")
    signed = minor if here.direction(f"{path}/CdtDbtInd") is Direction.CREDIT else -minor
    return Balance(kind or here.required(f"{path}/Tp/CdOrPrtry/Cd"), signed, currency, here.required_day(f"{path}/Dt"))


def _read_entry(here: _Place) -> Entry:
    minor, currency = here.amount("Amt")
    return Entry(
        minor=minor,
        currency=currency,
        direction=here.direction("CdtDbtInd"),
        status=here.text("Sts") or here.required("Sts/Cd"),  # a plain code up to version 07, a choice since
        booking_date=here.day("BookgDt"),
        value_date=here.day("ValDt"),
        reference=here.text("NtryRef"),
        servicer_reference=here.text("AcctSvcrRef"),
        reversal=here.text("RvslInd") in ("true", "1"),
        code=_read_code(here.fields, "BkTxCd"),
        details=tuple(
            _read_detail(here, path) for details in here.fields.siblings("NtryDtls") for path in here.fields.siblings(f"{details}/TxDtls")
        ),
        additional_info=here.text("AddtlNtryInf"),
    )


def _read_code(fields: Fields, path: str) -> BankTransactionCode:
    return BankTransactionCode(
        domain=fields.text(f"{path}/Domn/Cd"),
        family=fields.text(f"{path}/Domn/Fmly/Cd"),
        sub_family=fields.text(f"{path}/Domn/Fmly/SubFmlyCd"),
        proprietary=fields.text(f"{path}/Prtry/Cd"),
        proprietary_issuer=fields.text(f"{path}/Prtry/Issr"),
    )


def _read_detail(here: _Place, path: str) -> EntryDetail:
    refs = f"{path}/Refs"
    amount = next((name for name in (f"{path}/Amt", f"{path}/AmtDtls/TxAmt/Amt") if here.fields.has(name)), None)
    minor, currency = here.amount(amount) if amount is not None else (None, None)
    return EntryDetail(
        uetr=read_uetr(here.text(f"{refs}/UETR") or ""),
        end_to_end_id=here.text(f"{refs}/EndToEndId"),
        instruction_id=here.text(f"{refs}/InstrId"),
        transaction_id=here.text(f"{refs}/TxId"),
        servicer_reference=here.text(f"{refs}/AcctSvcrRef"),
        message_id=here.text(f"{refs}/MsgId"),
        minor=minor,
        currency=currency,
        direction=here.direction(f"{path}/CdtDbtInd") if here.fields.has(f"{path}/CdtDbtInd") else None,
        return_reason=here.text(f"{path}/RtrInf/Rsn/Cd") or here.text(f"{path}/RtrInf/Rsn/Prtry"),
        additional_info=here.text(f"{path}/AddtlTxInf"),
    )
