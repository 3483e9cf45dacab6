"""Writes what camt.053 and camt.054 have in common, valid against the official schemas of versions 08 and 12."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.elements import branch, default, leaf, root, to_bytes
from ledger.iso20022.statement import BOOKED, BankTransactionCode, Charge, Direction, Entry, EntryDetail, Exchange, Notification, Statement
from ledger.iso20022.values import write_instant

Totals = tuple[int, int]
"""How many booked entries there are and what they come to, in minor units."""


def begun(
    name: str, version: str, written: tuple[str, ...], message_id: str, created_at: datetime | None
) -> tuple[etree._Element, etree._Element]:
    """The Document and in it the message of this name, with its group header.

    Raises ValueError without a creation time, when that lacks its offset, or for a version that is read but not written.
    """
    if created_at is None:
        raise ValueError("a message says when it was created: give created_at")
    if version not in written:
        raise ValueError(f"{version} is not written; use {' or '.join(written)}")
    document = root(version, "Document")
    message = branch(document, name)
    header = branch(message, "GrpHdr")
    leaf(header, "MsgId", message_id)
    leaf(header, "CreDtTm", write_instant(created_at))
    return document, message


def streamed(document: etree._Element, element: etree._Element, entries: Iterable[Entry], *, before: str | None) -> Iterator[bytes]:
    """The document with the entries at the end of ``element``, before its last child if that is called ``before``."""
    place = etree.Comment("entries")
    if before is None:
        element.append(place)
    else:
        element.insert(len(element) - 1, place)
    head, _, tail = to_bytes(document).partition(b"<!--entries-->")
    yield head.rstrip(b" ")
    indent = b" " * (len(head) - len(head.rstrip(b" ")))
    declared = f' xmlns="{etree.QName(element).namespace}"'.encode()
    for entry in entries:
        holder = etree.Element(element.tag, nsmap=default(str(etree.QName(element).namespace)))
        add_entry(holder, entry)
        etree.indent(holder)
        # Written alone an entry declares its namespace again; the first tag is where it does so.
        text = etree.tostring(holder[0], encoding="UTF-8").rstrip().replace(declared, b"", 1)
        yield b"".join(indent + line.removeprefix(b"  ") + b"\n" for line in text.split(b"\n"))
    yield tail.removeprefix(b"\n")


def add_numbers(element: etree._Element, stated: Statement | Notification, pagination: str) -> None:
    """Id, page, sequence numbers and period, which stand first in both messages."""
    leaf(element, "Id", stated.id)
    if stated.page is not None:
        pages = branch(element, pagination)
        leaf(pages, "PgNb", str(stated.page))
        leaf(pages, "LastPgInd", "true" if stated.last_page else "false")
    if stated.sequence is not None:
        leaf(element, "ElctrncSeqNb", str(stated.sequence))
    if stated.legal_sequence is not None:
        leaf(element, "LglSeqNb", str(stated.legal_sequence))
    if stated.created_at is not None:
        leaf(element, "CreDtTm", write_instant(stated.created_at))
    if stated.from_at is not None and stated.to_at is not None:
        period = branch(element, "FrToDt")
        leaf(period, "FrDtTm", write_instant(stated.from_at))
        leaf(period, "ToDtTm", write_instant(stated.to_at))


def totals_of(entries: Iterable[Entry]) -> dict[Direction, Totals]:
    """Number and sum of the booked entries in each direction."""
    booked = [entry for entry in entries if entry.status == BOOKED]
    minors = {direction: [entry.minor for entry in booked if entry.direction is direction] for direction in Direction}
    return {direction: (len(found), sum(found)) for direction, found in minors.items()}


def add_summary(parent: etree._Element, totals: dict[Direction, Totals], currency: str) -> None:
    """The summary of the booked entries, credits before debits."""
    summary = branch(parent, "TxsSummry")
    for name, direction in (("TtlCdtNtries", Direction.CREDIT), ("TtlDbtNtries", Direction.DEBIT)):
        count, minor = totals[direction]
        element = branch(summary, name)
        leaf(element, "NbOfNtries", str(count))
        leaf(element, "Sum", format_amount(minor, currency))


def add_entry(parent: etree._Element, entry: Entry) -> None:
    """An entry with its transactions."""
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
    _add_charges(element, entry.charges)
    if entry.details or entry.batch_count is not None:
        details = branch(element, "NtryDtls")
        if entry.batch_count is not None:
            leaf(branch(details, "Btch"), "NbOfTxs", str(entry.batch_count))
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
    _add_amounts(element, detail)
    _add_charges(element, detail.charges)
    if detail.remittance or detail.creditor_references:
        information = branch(element, "RmtInf")
        for text in detail.remittance:
            leaf(information, "Ustrd", text)
        for reference in detail.creditor_references:
            leaf(branch(branch(information, "Strd"), "CdtrRefInf"), "Ref", reference)
    if detail.return_reason:
        reason = branch(branch(element, "RtrInf"), "Rsn")
        leaf(reason, "Cd" if len(detail.return_reason) <= 4 else "Prtry", detail.return_reason)
    leaf(element, "AddtlTxInf", detail.additional_info)


def _add_amounts(parent: etree._Element, detail: EntryDetail) -> None:
    """What was instructed, and the exchange that led to the transaction's amount. An exchange needs an amount to stand with."""
    with_exchange = detail.exchange is not None and detail.minor is not None and detail.currency is not None
    if detail.instructed_minor is None and not with_exchange:
        return
    amounts = branch(parent, "AmtDtls")
    if detail.instructed_minor is not None and detail.instructed_currency is not None:
        currency = detail.instructed_currency
        instructed = branch(amounts, "InstdAmt")
        leaf(instructed, "Amt", format_amount(detail.instructed_minor, currency), Ccy=currency)
        if not with_exchange:
            _add_exchange(instructed, detail.exchange)
    if with_exchange and detail.minor is not None and detail.currency is not None:
        transaction = branch(amounts, "TxAmt")
        leaf(transaction, "Amt", format_amount(detail.minor, detail.currency), Ccy=detail.currency)
        _add_exchange(transaction, detail.exchange)


def _add_exchange(parent: etree._Element, exchange: Exchange | None) -> None:
    if exchange is not None:
        element = branch(parent, "CcyXchg")
        leaf(element, "SrcCcy", exchange.source)
        leaf(element, "TrgtCcy", exchange.target)
        leaf(element, "UnitCcy", exchange.unit)
        leaf(element, "XchgRate", f"{exchange.rate:f}")
        leaf(element, "CtrctId", exchange.contract)


def _add_charges(parent: etree._Element, charges: tuple[Charge, ...]) -> None:
    if not charges:
        return
    element = branch(parent, "Chrgs")
    for charge in charges:
        record = branch(element, "Rcrd")
        leaf(record, "Amt", format_amount(charge.minor, charge.currency), Ccy=charge.currency)
        leaf(record, "CdtDbtInd", charge.direction)
        if charge.included is not None:
            leaf(record, "ChrgInclInd", "true" if charge.included else "false")
        if charge.kind is not None:
            kind = branch(record, "Tp")
            if charge.kind_is_code:
                leaf(kind, "Cd", charge.kind)
            else:
                leaf(branch(kind, "Prtry"), "Id", charge.kind)
        leaf(record, "Br", charge.bearer)
