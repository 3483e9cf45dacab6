"""Notifications of entries: read in every version, written in two, and what both messages carry of an entry."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from lxml import etree

from ledger.iso20022 import errors
from ledger.iso20022.camt053 import read_camt053, write_camt053
from ledger.iso20022.camt053_writer import stream_camt053
from ledger.iso20022.camt054 import read_camt054, stream_camt054, write_camt054
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import (
    Balance,
    BankTransactionCode,
    Charge,
    Direction,
    Entry,
    EntryDetail,
    Exchange,
    Notification,
    Statement,
)
from ledger.iso20022.statement_writer import totals_of

DAY = date(2026, 3, 27)
NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
UETR = UUID("00000001-1111-4222-8333-444444444444")
RICH = Entry(
    minor=10_440,
    currency="CHF",
    direction=Direction.CREDIT,
    booking_date=DAY,
    value_date=DAY,
    reference="010391391",
    servicer_reference="B-7",
    reversal=True,
    code=BankTransactionCode("PMNT", "RCDT", "VCOM"),
    charges=(Charge(440, "CHF", Direction.DEBIT, False, "6", False), Charge(100, "CHF", included=True, kind="BRKF", bearer="SHAR")),
    batch_count=2,
    details=(
        EntryDetail(
            uetr=UETR,
            end_to_end_id="E1",
            minor=10_000,
            currency="CHF",
            direction=Direction.CREDIT,
            instructed_minor=11_250,
            instructed_currency="USD",
            exchange=Exchange("USD", Decimal("0.8889"), "CHF", "USD", "FX-1"),
            charges=(Charge(50, "CHF"),),
            creditor_references=("210000000003139471430009017", "RF18539007547034"),
            remittance=("invoice 7", "and 8"),
        ),
        EntryDetail(instructed_minor=500, instructed_currency="USD", exchange=Exchange("USD", Decimal("1.1"))),
    ),
)
PLAIN = Entry(1, "CHF", Direction.DEBIT, status="PDNG")
FULL = Notification(
    id="N1",
    account=Account(iban="CH2909000000250094239", currency="CHF"),
    entries=(RICH, PLAIN),
    created_at=NOON,
    from_at=NOON,
    to_at=NOON,
    sequence=7,
    legal_sequence=8,
    page=1,
    last_page=False,
    additional_info="more to come",
    message_id="M1",
)


def entry(more: str = "", amount: str = "100.00") -> str:
    return f"<Ntry><Amt Ccy='CHF'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BkTxCd/>{more}</Ntry>"


def message(inside: str, version: str = "04") -> bytes:
    return (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}'><BkToCstmrDbtCdtNtfctn>"
        f"<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-27T23:00:00Z</CreDtTm></GrpHdr>"
        f"<Ntfctn><Id>N1</Id><Acct><Id><IBAN>CH2909000000250094239</IBAN></Id></Acct>{inside}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


@pytest.mark.parametrize("version", ["camt.054.001.08", "camt.054.001.12"])
def test_what_a_notification_carries_comes_back(version: str) -> None:
    """Charges, batches, exchange, structured and free references, in both versions that are written."""
    assert read_camt054(write_camt054(FULL, version=version)) == [replace(FULL, version=version)]


def test_a_statement_carries_the_same_of_an_entry() -> None:
    """camt.053 and camt.054 share their entries."""
    booked = replace(RICH, reversal=False)
    statement = Statement(
        "S1", Account(other="A"), "CHF", Balance("OPBD", 0, "CHF", DAY), Balance("CLBD", 10_440, "CHF", DAY), (booked, PLAIN),
        created_at=NOON, version="camt.053.001.12", message_id="S1",
    )  # fmt: skip
    assert read_camt053(write_camt053(statement, version="camt.053.001.12")) == [statement]


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(2, 14)])
def test_every_version_is_read(version: str) -> None:
    """By element: charges stand one by one up to version 03, below records since."""
    old = "<Chrgs><Amt Ccy='CHF'>4.40</Amt><CdtDbtInd>DBIT</CdtDbtInd><Tp><Cd>BRKF</Cd></Tp></Chrgs>"
    new = "<Chrgs><Rcrd><Amt Ccy='CHF'>4.40</Amt><CdtDbtInd>DBIT</CdtDbtInd><Tp><Cd>BRKF</Cd></Tp></Rcrd></Chrgs>"
    (found,) = read_camt054(message(entry(old if version < "04" else new), version))
    assert found.entries == (Entry(10_000, "CHF", Direction.CREDIT, charges=(Charge(440, "CHF", Direction.DEBIT, None, "BRKF"),)),)
    assert found.version == f"camt.054.001.{version}"


def test_a_statement_in_pieces_is_the_statement_whole() -> None:
    """Streamed entry by entry it is the same document, with and without a closing text."""
    for text in ("the end", None):
        statement = Statement(
            "S1", Account(other="A"), "CHF", Balance("OPBD", 0, "CHF", DAY), Balance("CLBD", 10_440, "CHF", DAY), (RICH, PLAIN),
            created_at=NOON, additional_info=text,
        )  # fmt: skip
        pieces = b"".join(stream_camt053(statement, totals_of(statement.entries), statement.entries))
        assert pieces == write_camt053(statement)
        notification = replace(FULL, additional_info=text)
        pieces = b"".join(stream_camt054(notification, totals_of(FULL.entries), "CHF", FULL.entries))
        assert pieces == write_camt054(notification)
    assert etree.fromstring(pieces).tag == "{urn:iso:std:iso:20022:tech:xsd:camt.054.001.08}Document"


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (message(entry()).replace(b"camt.054.001.04", b"camt.052.001.08"), errors.UnexpectedMessage, "is a camt.052"),
        (message(entry("<AcctSvcrRef>B7</AcctSvcrRef>") * 2), errors.EntryRepeated, "Ntry[2] stands in the statement before"),
        (message(entry(), "01"), errors.UnsupportedVersion, "Version 01 of camt.054 is not read."),
        (message(entry(amount="1.234")), errors.ValueInvalid, "'1.234', not an amount of CHF of zero or more"),
        (message(entry("<RvslInd>yes</RvslInd>")), errors.ValueInvalid, "RvslInd is 'yes', not true or false"),
        (message("").replace(b"<Ntfctn>", b"<X>").replace(b"</Ntfctn>", b"</X>"), errors.ElementMissing, "lacks Ntfctn"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(data: bytes, kind: type[Exception], says: str) -> None:
    """Another message, a repeated entry, wrong totals, values that are none."""
    with pytest.raises(kind) as refused:
        read_camt054(data)
    assert says in str(refused.value)


def test_one_contract_number_on_every_entry_is_no_repetition() -> None:
    """Swiss banks write the same NtryRef on all entries under one contract; the bank's own reference tells them apart."""
    first, second = (entry(f"<NtryRef>010391391</NtryRef><AcctSvcrRef>B{number}</AcctSvcrRef>") for number in (1, 2))
    (found,) = read_camt054(message(first + second))
    assert [one.servicer_reference for one in found.entries] == ["B1", "B2"]


def test_a_version_that_is_not_written_is_refused() -> None:
    """So that nobody gets a document in a version nobody has checked."""
    with pytest.raises(ValueError, match=r"camt\.054\.001\.09 is not written"):
        write_camt054(FULL, version="camt.054.001.09")
