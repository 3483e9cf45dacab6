"""Bank statements: taken when they add up, refused by name when they do not."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from ledger.iso20022 import errors
from ledger.iso20022.camt053 import read_camt053, write_camt053
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement

HERE = "/Document/BkToCstmrStmt/Stmt[1]"
UETR = "00000001-1111-4222-8333-444444444444"


def balance(kind: str, amount: str, direction: str = "CRDT", currency: str = "MAD") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>"
        f"<CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>2026-03-27</Dt></Dt></Bal>"
    )


def entry(amount: str, direction: str = "CRDT", status: str = "BOOK", more: str = "", currency: str = "MAD") -> str:
    return (
        f"<Ntry><Amt Ccy='{currency}'>{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>"
        f"<BookgDt><Dt>2026-03-27</Dt></BookgDt>{more}<BkTxCd/></Ntry>"
    )


OPENING, CLOSING = balance("OPBD", "100.00"), balance("CLBD", "1080.00")
ENTRIES = entry("1000.00") + entry("20.00", "DBIT") + entry("55.00", status="PDNG")


def statement(inside: str = OPENING + CLOSING + ENTRIES, number: str = "S1") -> str:
    return f"<Stmt><Id>{number}</Id><Acct><Id><Othr><Id>ABB-CASH</Id></Othr></Id><Ccy>MAD</Ccy></Acct>{inside}</Stmt>"


def message(*statements: str, version: str = "08") -> bytes:
    return (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'><BkToCstmrStmt>"
        f"<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-27T23:00:00Z</CreDtTm></GrpHdr>{''.join(statements)}</BkToCstmrStmt></Document>"
    ).encode()


def test_a_statement_that_adds_up_is_read_whole() -> None:
    """Opening, booked entries and closing; what is pending is read but changes nothing."""
    day = date(2026, 3, 27)
    (found,) = read_camt053(message(statement()))
    assert found == Statement(
        id="S1",
        message_id="M1",
        account=Account(other="ABB-CASH", currency="MAD"),
        currency="MAD",
        opening=Balance("OPBD", 10_000, "MAD", day),
        closing=Balance("CLBD", 108_000, "MAD", day),
        entries=(
            Entry(100_000, "MAD", Direction.CREDIT, booking_date=day),
            Entry(2_000, "MAD", Direction.DEBIT, booking_date=day),
            Entry(5_500, "MAD", Direction.CREDIT, status="PDNG", booking_date=day),
        ),
    )
    assert found.net_booked_minor == 98_000


def test_an_entry_keeps_every_reference_that_finds_its_transfer() -> None:
    """References of the entry and of each transaction in it, codes, dates, reversal and return reason."""
    more = f"""<ValDt><DtTm>2026-03-30T00:00:00+01:00</DtTm></ValDt><AcctSvcrRef>BANK-7</AcctSvcrRef>
      <NtryDtls><TxDtls>
        <Refs><MsgId>F1</MsgId><AcctSvcrRef>B-7-1</AcctSvcrRef><InstrId>I1</InstrId><EndToEndId>E1</EndToEndId>
          <UETR>{UETR}</UETR><TxId>T1</TxId></Refs>
        <Amt Ccy="MAD">600.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf><AddtlTxInf>one</AddtlTxInf>
      </TxDtls></NtryDtls>
      <NtryDtls><TxDtls><AmtDtls><TxAmt><Amt Ccy="USD">42.85</Amt></TxAmt></AmtDtls></TxDtls></NtryDtls>
      <AddtlNtryInf>two together</AddtlNtryInf>"""
    text = (
        entry("980.00", more=more)
        .replace("<Ntry>", "<Ntry><NtryRef>7</NtryRef>")
        .replace(
            "<BkTxCd/>",
            "<RvslInd>true</RvslInd><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>XBCT</SubFmlyCd></Fmly></Domn>"
            "<Prtry><Cd>NTRF</Cd><Issr>BANK</Issr></Prtry></BkTxCd>",
        )
    )
    (found,) = read_camt053(message(statement(OPENING + CLOSING + text)))
    assert found.entries == (
        Entry(
            minor=98_000,
            currency="MAD",
            direction=Direction.CREDIT,
            booking_date=date(2026, 3, 27),
            value_date=date(2026, 3, 30),
            reference="7",
            servicer_reference="BANK-7",
            reversal=True,
            code=BankTransactionCode("PMNT", "RCDT", "XBCT", "NTRF", "BANK"),
            details=(
                EntryDetail(
                    uetr=UUID(UETR),
                    end_to_end_id="E1",
                    instruction_id="I1",
                    transaction_id="T1",
                    servicer_reference="B-7-1",
                    message_id="F1",
                    minor=60_000,
                    currency="MAD",
                    direction=Direction.CREDIT,
                    return_reason="AC04",
                    additional_info="one",
                ),
                EntryDetail(minor=4_285, currency="USD"),
            ),
            additional_info="two together",
        ),
    )


def test_versions_before_08_say_the_status_as_a_plain_code() -> None:
    """<Sts>BOOK</Sts> and <Sts><Cd>BOOK</Cd></Sts> mean the same."""
    old = statement().replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
    (found,) = read_camt053(message(old, version="02"))
    assert [one.status for one in found.entries] == ["BOOK", "BOOK", "PDNG"]


def test_zeros_behind_the_decimals_of_a_currency_change_no_amount() -> None:
    """Some banks write five decimals for every currency."""
    (found,) = read_camt053(message(statement().replace("1080.00", "1080.00000")))
    assert found.closing.minor == 108_000


def test_a_page_between_opens_and_closes_with_interim_balances() -> None:
    """Statements in pages carry ITBD where the day neither begins nor ends."""
    inside = "<StmtPgntn><PgNb>2</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>" + balance("ITBD", "5.00") + balance("ITBD", "4.00", "DBIT")
    (found,) = read_camt053(message(statement(inside + entry("9.00", "DBIT"))))
    assert (found.opening.minor, found.closing.minor, found.page, found.last_page) == (500, -400, 2, False)


def test_a_previous_closing_balance_opens_the_day() -> None:
    """PRCD stands for OPBD; other balances are kept beside."""
    inside = balance("PRCD", "100.00") + CLOSING + balance("CLAV", "990.00")
    (found,) = read_camt053(message(statement(inside + ENTRIES)))
    assert (found.opening.type, [(one.type, one.minor) for one in found.balances]) == ("PRCD", [("CLAV", 99_000)])


SUMMARY = "<TxsSummry><TtlCdtNtries><NbOfNtries>{}</NbOfNtries><Sum>{}</Sum></TtlCdtNtries></TxsSummry>"


@pytest.mark.parametrize("totals", [("1", "1000.00"), ("2", "1055")])
def test_a_summary_may_count_booked_entries_or_all(totals: tuple[str, str]) -> None:
    """Banks do either."""
    (found,) = read_camt053(message(statement(OPENING + CLOSING + SUMMARY.format(*totals) + ENTRIES)))
    assert len(found.entries) == 3


REFUSED = [
    (
        statement().replace("1000.00", "1000.01"),
        errors.StatementDoesNotAddUp,
        f"{HERE}: opening 100.00 and booked entries 980.01 do not make closing 1080.00 MAD; the difference is -0.01.",
    ),
    (statement(OPENING + ENTRIES), errors.BalanceMissing, f"{HERE} lacks a closing balance (CLBD)."),
    (statement(CLOSING + ENTRIES), errors.BalanceMissing, f"{HERE} lacks an opening balance (OPBD or PRCD)."),
    (
        statement(OPENING + CLOSING + balance("OPBD", "1.00") + ENTRIES),
        errors.BalanceMissing,
        f"{HERE} states OPBD twice",
    ),
    (
        statement(OPENING + CLOSING + entry("980.00", currency="USD")),
        errors.StatementCurrencyMixed,
        f"{HERE} is in MAD but holds amounts in USD.",
    ),
    (
        statement(OPENING + CLOSING + entry("490.00", more="<AcctSvcrRef>B7</AcctSvcrRef>") * 2),
        errors.EntryRepeated,
        f"{HERE}/Ntry[2] stands in the statement before, with reference 'B7'.",
    ),
    (
        statement(OPENING + CLOSING + entry("490.00").replace("<Ntry>", "<Ntry><NtryRef>7</NtryRef>") * 2),
        errors.EntryRepeated,
        f"{HERE}/Ntry[2] stands in the statement before, with reference '7'.",
    ),
    (
        statement(OPENING + CLOSING + SUMMARY.format(3, "1000.00") + ENTRIES),
        errors.StatementTotalsWrong,
        f"{HERE}/TxsSummry/TtlCdtNtries/NbOfNtries says '3', the entries come to 1 or 2.",
    ),
    (
        statement(OPENING + CLOSING + SUMMARY.format(1, "1000.01") + ENTRIES),
        errors.StatementTotalsWrong,
        f"{HERE}/TxsSummry/TtlCdtNtries/Sum says '1000.01', the entries come to 1000.00 or 1055.00.",
    ),
    (statement() * 2, errors.StatementRepeated, "Statement 'S1' stands in the message twice."),
    ("", errors.ElementMissing, "The message lacks Stmt."),
    (statement().replace("<Id>S1</Id>", ""), errors.ElementMissing, f"{HERE} lacks Id."),
    (statement().replace("ABB-CASH", ""), errors.ElementMissing, f"{HERE} lacks Acct/Id/IBAN."),
    (statement().replace("<Sts><Cd>BOOK</Cd></Sts>", ""), errors.ElementMissing, f"{HERE}/Ntry[1] lacks Sts/Cd."),
    (statement().replace("<Dt><Dt>2026-03-27</Dt></Dt>", ""), errors.ElementMissing, f"{HERE} lacks Bal/Dt/Dt."),
    (
        statement().replace("1000.00", "-1000.00"),
        errors.ValueInvalid,
        f"{HERE}/Ntry[1]/Amt is '-1000.00', not an amount of MAD of zero or more.",
    ),
    (statement().replace("1000.00", "1000.005"), errors.ValueInvalid, f"{HERE}/Ntry[1]/Amt is '1000.005'"),
    (statement().replace("MAD", "XQX"), errors.ValueInvalid, f"{HERE}/Ntry[1]/Amt/@Ccy is 'XQX'"),
    (
        statement().replace("DBIT", "DEBT"),
        errors.ValueInvalid,
        f"{HERE}/Ntry[2]/CdtDbtInd is 'DEBT', not CRDT or DBIT.",
    ),
    (
        statement().replace("2026-03-27", "2026-02-29"),
        errors.ValueInvalid,
        f"{HERE}/Ntry[1]/BookgDt is '2026-02-29'",
    ),
    (
        statement("<CreDtTm>now</CreDtTm>" + OPENING + CLOSING + ENTRIES),
        errors.ValueInvalid,
        f"{HERE}/CreDtTm is 'now'",
    ),
    (
        statement("<ElctrncSeqNb>x</ElctrncSeqNb>" + OPENING + CLOSING + ENTRIES),
        errors.ValueInvalid,
        f"{HERE}/ElctrncSeqNb is 'x'",
    ),
]


@pytest.mark.parametrize(("text", "error", "told"), REFUSED, ids=[f"{number}-{row[1].code}" for number, row in enumerate(REFUSED)])
def test_a_statement_that_cannot_be_relied_on_is_refused(text: str, error: type[errors.UnreadableMessage], told: str) -> None:
    """Each cause has its name and says where it was seen."""
    with pytest.raises(errors.UnreadableMessage) as refused:
        read_camt053(message(text))
    assert type(refused.value) is error
    assert str(refused.value).startswith(told)


def test_a_message_whose_header_is_missing_cut_or_doubled_is_refused() -> None:
    """A statement whose message cannot be named is not taken."""
    data = message(statement())
    for wrong, error in (
        (data.replace(b"GrpHdr", b"Header"), errors.ElementMissing),
        (data.replace(b"<MsgId>M1</MsgId>", b""), errors.ElementMissing),
        (data.replace(b"<Stmt>", b"<GrpHdr><MsgId>M2</MsgId></GrpHdr><Stmt>"), errors.ElementRepeated),
        (data[:-30], errors.TruncatedMessage),
        (data.replace(b"camt.053", b"camt.052"), errors.UnexpectedMessage),
    ):
        with pytest.raises(error):
            read_camt053(wrong)


FULL = Statement(
    id="S2",
    message_id="M2",
    account=Account(iban="MA64350192537885096825410525", currency="MAD", name="Corridor cash"),
    currency="MAD",
    opening=Balance("OPBD", 10_000, "MAD", date(2026, 3, 27)),
    closing=Balance("CLBD", -5_000, "MAD", date(2026, 3, 27)),
    balances=(Balance("CLAV", -5_000, "MAD", date(2026, 3, 27)), Balance("OUR-OWN", 0, "MAD", date(2026, 3, 27))),
    entries=(
        Entry(
            minor=15_000,
            currency="MAD",
            direction=Direction.DEBIT,
            booking_date=date(2026, 3, 27),
            value_date=date(2026, 3, 30),
            reference="1",
            servicer_reference="B1",
            reversal=True,
            code=BankTransactionCode("PMNT", "RCDT", "XBCT", "NTRF", "BANK"),
            details=(
                EntryDetail(
                    UUID(UETR), "E1", "I1", "T1", "B-1", "F1", 15_000, "MAD", Direction.DEBIT, return_reason="AC04", additional_info="x"
                ),
                EntryDetail(),
            ),
            additional_info="returned",
        ),
        Entry(0, "MAD", Direction.CREDIT, status="INFO"),
    ),
    created_at=datetime(2026, 3, 27, 23, tzinfo=UTC),
    from_at=datetime(2026, 3, 27, tzinfo=UTC),
    to_at=datetime(2026, 3, 28, tzinfo=UTC),
    sequence=12,
    legal_sequence=13,
    page=1,
    last_page=False,
    additional_info="end of day",
)


def test_a_statement_survives_writing_and_reading() -> None:
    """Every field comes back, and the same statement gives the same bytes."""
    data = write_camt053(FULL)
    assert read_camt053(data) == [FULL]
    assert write_camt053([FULL]) == data


def test_a_message_of_several_statements_is_named_by_its_first_unless_told() -> None:
    """Message id and creation time can be given."""
    data = write_camt053([FULL], message_id="OTHER", created_at=datetime(2026, 3, 28, tzinfo=UTC))
    assert [found.message_id for found in read_camt053(data)] == ["OTHER"]


def test_nothing_to_write_or_no_time_to_write_is_refused() -> None:
    """A message has a statement and a creation time."""
    with pytest.raises(ValueError, match="at least one statement"):
        write_camt053([])
    untimed = Statement("S", Account(other="A"), "MAD", FULL.opening, FULL.closing)
    with pytest.raises(ValueError, match="created_at"):
        write_camt053(untimed)
