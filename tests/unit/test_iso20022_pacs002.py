"""The answer to a file: its own status, one status a transfer, and why."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from lxml import etree

from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.errors import ElementMissing, ElementRepeated, UnsupportedVersion, ValueInvalid
from ledger.iso20022.pacs002 import (
    GroupStatus,
    OriginalMessage,
    StatusReason,
    StatusReport,
    TransferStatus,
    group_status_of,
    read_pacs002,
    rejection_of,
    write_pacs002,
)
from ledger.iso20022.parties import Agent
from ledger.iso20022.rules import Finding

UETR = UUID("00000001-1111-4222-8333-444444444444")
PLACE = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf[3]"


def leaves(data: bytes) -> list[tuple[str, str | None]]:
    """Every element that holds a text, with its name."""
    return [(etree.QName(element).localname, element.text) for element in etree.fromstring(data).iter() if len(element) == 0]


def test_a_file_is_answered_whole() -> None:
    """Group status and each transfer's, in the order in which the schema wants them."""
    report = StatusReport(
        message_id="A1",
        created_at=datetime(2026, 3, 27, 21, tzinfo=UTC),
        groups=(
            GroupStatus(
                OriginalMessage("F1", created_at=datetime(2026, 3, 27, 20, tzinfo=UTC)),
                status="PART",
                count=2,
                reasons=(StatusReason(proprietary="one-rejected"),),
            ),
        ),
        transfers=(
            TransferStatus("ACTC", UETR, "I1", "E1", "T1"),
            TransferStatus("RJCT", None, "I2", "E2", reasons=(StatusReason("CH21", information=("uetr-missing /PmtId/UETR", "x" * 200)),)),
        ),
        instructing_agent=Agent(bic="AAAAMAMC"),
        instructed_agent=Agent(bic="BBBBCNBJ"),
    )
    assert leaves(write_pacs002(report)) == [
        ("MsgId", "A1"),
        ("CreDtTm", "2026-03-27T21:00:00+00:00"),
        ("BICFI", "AAAAMAMC"),
        ("BICFI", "BBBBCNBJ"),
        ("OrgnlMsgId", "F1"),
        ("OrgnlMsgNmId", "pacs.008.001.08"),
        ("OrgnlCreDtTm", "2026-03-27T20:00:00+00:00"),
        ("OrgnlNbOfTxs", "2"),
        ("GrpSts", "PART"),
        ("Prtry", "one-rejected"),
        ("OrgnlInstrId", "I1"),
        ("OrgnlEndToEndId", "E1"),
        ("OrgnlTxId", "T1"),
        ("OrgnlUETR", str(UETR)),
        ("TxSts", "ACTC"),
        ("OrgnlInstrId", "I2"),
        ("OrgnlEndToEndId", "E2"),
        ("TxSts", "RJCT"),
        ("Cd", "CH21"),
        ("AddtlInf", "uetr-missing /PmtId/UETR"),
        ("AddtlInf", "x" * 105),
    ]


def test_a_fault_becomes_a_rejection_with_rule_and_element() -> None:
    """The first rule's reason code answers; every rule is named."""
    fault = TransferFault(
        index=3,
        uetr=UETR,
        instruction_id="I3",
        end_to_end_id="E3",
        findings=(
            Finding("amount-zero", f"{PLACE}/IntrBkSttlmAmt", "…", "AM01"),
            Finding("creditor-name-missing", f"{PLACE}/Cdtr/Nm", "…", "BE22"),
        ),
    )
    assert rejection_of(fault) == TransferStatus(
        "RJCT",
        UETR,
        "I3",
        "E3",
        reasons=(StatusReason("AM01", information=("amount-zero [3]/IntrBkSttlmAmt", "creditor-name-missing [3]/Cdtr/Nm")),),
    )


def test_the_status_of_a_group_follows_from_its_transfers() -> None:
    """All rejected, some, or none."""
    statuses = (["RJCT", "RJCT"], ["RJCT", "ACTC"], ["ACTC", "PDNG"], [])
    assert [group_status_of(each) for each in statuses] == ["RJCT", "PART", "ACTC", "ACTC"]


def test_texts_with_marks_of_xml_come_back_as_they_were() -> None:
    """What a sender put into its references cannot break the answer or smuggle an element into it."""
    odd = "a&b <TxSts>\"'> é王 \r\n\t]]>"
    report = StatusReport(
        message_id="A1",
        created_at=datetime(2026, 3, 27, 21, tzinfo=UTC),
        groups=(GroupStatus(OriginalMessage("F1")),),
        transfers=(
            TransferStatus("RJCT", None, odd, "", reasons=(StatusReason(information=(odd,)),)),
            TransferStatus("RJCT", reasons=(StatusReason(),)),
        ),
    )
    assert leaves(write_pacs002(report))[4:] == [
        ("OrgnlInstrId", odd),
        ("TxSts", "RJCT"),
        ("AddtlInf", odd),
        ("TxSts", "RJCT"),
        ("StsRsnInf", None),
    ]


def test_the_answer_is_indented_throughout() -> None:
    """Transfers are written apart from the group, and look as if they were not."""
    report = StatusReport(
        message_id="A1",
        created_at=datetime(2026, 3, 27, 21, tzinfo=UTC),
        groups=(GroupStatus(OriginalMessage("F1")),),
        transfers=(TransferStatus("ACTC", UETR, reasons=(StatusReason("AM04", information=("floor-reached",)),)),),
    )
    data = write_pacs002(report)
    whole = etree.fromstring(data)
    etree.indent(whole)
    assert data == etree.tostring(whole, xml_declaration=True, encoding="UTF-8") + b"\n"


NOON = datetime(2026, 3, 27, 12, 0, 0, 120000, tzinfo=UTC)
FULL = TransferStatus(
    "ACSP",
    UETR,
    "I1",
    "E1",
    "T1",
    (
        StatusReason("G005", information=("first", "second"), originator="PSBC & <sons>", originator_bic="BBBBCNBJ"),
        StatusReason(proprietary="own word"),
    ),
    OriginalMessage("F1", "pacs.008.001.12", NOON),
    status_id="S1",
    accepted_at=NOON,
    effective_date=date(2026, 3, 28),
    servicer_reference="R1",
    clearing_reference="C1",
    instructing_agent=Agent(bic="BBBBCNBJ", name="Bank & Co"),
    instructed_agent=Agent(bic="AAAAMAMC", lei="529900T8BM49AURSDO55"),
)


def document(body: str, version: str = "10", root: str = "FIToFIPmtStsRpt") -> bytes:
    """A report with a good group header and this after it."""
    header = "<GrpHdr><MsgId>A1</MsgId><CreDtTm>2026-03-27T12:00:00Z</CreDtTm></GrpHdr>"
    return f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.{version}"><{root}>{header}{body}</{root}></Document>'.encode()


@pytest.mark.parametrize("version", ["pacs.002.001.10", "pacs.002.001.12", "pacs.002.001.14"])
def test_a_report_reads_as_it_was_written(version: str) -> None:
    """Every field that is carried, in every version that is written."""
    report = StatusReport(
        "A1",
        NOON,
        groups=(GroupStatus(OriginalMessage("F1", created_at=NOON), "PART", 2, (StatusReason("NARR", information=("some",)),)),),
        transfers=(FULL, TransferStatus("RJCT", UETR)),
        instructing_agent=Agent(bic="BBBBCNBJ"),
        instructed_agent=Agent(bic="AAAAMAMC"),
    )
    data = write_pacs002(report, version)
    read = read_pacs002(data)
    assert (read, read.version, [one.index for one in read.transfers]) == (report, version, [1, 2])
    whole = etree.fromstring(data)
    etree.indent(whole)
    assert data == etree.tostring(whole, xml_declaration=True, encoding="UTF-8") + b"\n"


def test_the_oldest_report_is_read_by_its_longer_names() -> None:
    """Version 02 named the message after itself, and the reason's elements otherwise."""
    body = (
        "<TxInfAndSts><TxSts>RJCT</TxSts><StsRsnInf><StsOrgtr><Nm>B</Nm></StsOrgtr><StsRsn><Cd>AC01</Cd></StsRsn>"
        "<AddtlStsRsnInf>no such account</AddtlStsRsnInf></StsRsnInf></TxInfAndSts>"
    )
    assert read_pacs002(document(body, "02", "pacs.002.001.02")).transfers == (
        TransferStatus("RJCT", reasons=(StatusReason("AC01", information=("no such account",), originator="B"),)),
    )


def test_a_faulty_transaction_stands_beside_the_others() -> None:
    """Each rule it breaks is named with its place, and the rest of the report is read."""
    good = f"<TxInfAndSts><OrgnlUETR>{UETR}</OrgnlUETR><TxSts>ACCC</TxSts></TxInfAndSts>"
    bad = (
        "<TxInfAndSts><OrgnlEndToEndId>E2</OrgnlEndToEndId><OrgnlUETR>none</OrgnlUETR>"
        "<FctvIntrBkSttlmDt><Dt>soon</Dt></FctvIntrBkSttlmDt></TxInfAndSts>"
    )
    strange = "<TxInfAndSts><TxSts>PAID!</TxSts><ClrSysRef>1</ClrSysRef><ClrSysRef>2</ClrSysRef></TxInfAndSts>"
    report = read_pacs002(document(bad + good + strange))
    place = "/Document/FIToFIPmtStsRpt/TxInfAndSts"
    assert [(one.index, one.uetr, one.status) for one in report.transfers] == [(2, UETR, "ACCC")]
    assert [(f.index, f.end_to_end_id, [(found.rule, found.xpath, found.reason_code) for found in f.findings]) for f in report.faults] == [
        (
            1,
            "E2",
            [
                ("uetr-invalid", f"{place}[1]/OrgnlUETR", "CH16"),
                ("status-missing", f"{place}[1]/TxSts", "CH21"),
                ("date-invalid", f"{place}[1]/FctvIntrBkSttlmDt/Dt", "DT01"),
            ],
        ),
        (
            3,
            None,
            [("element-repeated", f"{place}[3]/ClrSysRef", "CH17"), ("status-invalid", f"{place}[3]/TxSts", "CH16")],
        ),
    ]


@pytest.mark.parametrize(
    ("data", "error", "field"),
    [
        (document("").replace(b"<MsgId>A1</MsgId>", b""), ElementMissing, "FIToFIPmtStsRpt/GrpHdr/MsgId"),
        (document("").replace(b"2026-03-27T12:00:00Z", b"noon"), ValueInvalid, "FIToFIPmtStsRpt/GrpHdr/CreDtTm"),
        (document("<GrpHdr/>"), ElementRepeated, "FIToFIPmtStsRpt/GrpHdr"),
        (document("<OrgnlGrpInfAndSts><OrgnlMsgId>1</OrgnlMsgId></OrgnlGrpInfAndSts>"), ValueInvalid,
         "FIToFIPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgNmId"),
        (document("", "16"), UnsupportedVersion, "Document"),
        (document("").replace(b"GrpHdr", b"Other"), ElementMissing, "FIToFIPmtStsRpt/GrpHdr"),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_taken_as_a_whole_is_refused_by_name(data: bytes, error: type[Exception], field: str) -> None:
    """The error's class and the element at fault."""
    with pytest.raises(error) as refused:
        read_pacs002(data)
    assert getattr(refused.value, "field", None) == field
