"""The answer to a file: its own status, one status a transfer, and why."""

from datetime import UTC, datetime
from uuid import UUID

from lxml import etree

from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.pacs002 import StatusReason, StatusReport, TransferStatus, group_status_of, rejection_of, write_pacs002
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
        original_message_id="F1",
        original_created_at=datetime(2026, 3, 27, 20, tzinfo=UTC),
        original_count=2,
        group_status="PART",
        reason=StatusReason(proprietary="one-rejected"),
        transfers=(
            TransferStatus("ACTC", UETR, "I1", "E1", "T1"),
            TransferStatus("RJCT", None, "I2", "E2", reason=StatusReason("CH21", information=("uetr-missing /PmtId/UETR", "x" * 200))),
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
        reason=StatusReason("AM01", information=("amount-zero [3]/IntrBkSttlmAmt", "creditor-name-missing [3]/Cdtr/Nm")),
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
        original_message_id="F1",
        transfers=(
            TransferStatus("RJCT", None, odd, "", reason=StatusReason(information=(odd,))),
            TransferStatus("RJCT", reason=StatusReason()),
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
        original_message_id="F1",
        transfers=(TransferStatus("ACTC", UETR, reason=StatusReason("AM04", information=("floor-reached",))),),
    )
    data = write_pacs002(report)
    whole = etree.fromstring(data)
    etree.indent(whole)
    assert data == etree.tostring(whole, xml_declaration=True, encoding="UTF-8") + b"\n"
