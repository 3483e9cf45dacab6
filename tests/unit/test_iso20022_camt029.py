"""Answers to recalls: what the message and each transfer say comes to one answer, or is named as what it is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings

from ledger.iso20022 import errors
from ledger.iso20022.camt029 import read_camt029, write_camt029
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.parties import Agent
from ledger.iso20022.resolution import (
    AnsweredGroup,
    AnsweredTransfer,
    CancellationDetails,
    RecallAnswer,
    Resolution,
    ResolvedBy,
)
from ledger.iso20022.rules import Rule
from ledger.iso20022.status_report import OriginalMessage
from tests.unit.case_messages import resolutions

UETR = "00000001-1111-4222-8333-444444444444"
ROOT = "/Document/RsltnOfInvstgtn"
ASSIGNMENT = (
    "<Assgnmt><Id>A1</Id><Assgnr><Agt><FinInstnId><BICFI>BBBBCNBJ</BICFI></FinInstnId></Agt></Assgnr>"
    "<Assgne><Agt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Agt></Assgne><CreDtTm>2026-03-27T10:00:00Z</CreDtTm></Assgnmt>"
)
CASE = "<RslvdCase><Id>C1</Id></RslvdCase>"
REASON = "<CxlStsRsnInf><Rsn><Cd>CUST</Cd></Rsn></CxlStsRsnInf>"


def transfer(status: str = "<TxCxlSts>RJCR</TxCxlSts>", reason: str = REASON, case: str = CASE, uetr: str = UETR, more: str = "") -> str:
    return f"<TxInfAndSts>{case}<OrgnlUETR>{uetr}</OrgnlUETR>{status}{reason}{more}</TxInfAndSts>"


def message(*details: str, status: str = "<Conf>RJCR</Conf>", version: str = "09", above: str = "", assignment: str = ASSIGNMENT) -> bytes:
    inside = "".join(f"<CxlDtls>{one}</CxlDtls>" for one in details)
    return (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.029.001.{version}'><RsltnOfInvstgtn>"
        f"{assignment}{above}<Sts>{status}</Sts>{inside}</RsltnOfInvstgtn></Document>"
    ).encode()


HEAD = Assignment(
    "A1",
    PartyOrAgent(agent=Agent(bic="BBBBCNBJ")),
    PartyOrAgent(agent=Agent(bic="AAAAMAMC")),
    datetime(2026, 3, 27, 10, tzinfo=UTC),
)
REFUSED = AnsweredTransfer(
    index=1,
    original=OriginalTransfer(uetr=UUID(UETR)),
    case=Case("C1"),
    status="RJCR",
    answer=RecallAnswer.REFUSED,
    reasons=(CaseReason(code="CUST"),),
)


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(3, 14)])
def test_an_answer_is_read_in_every_version(version: str) -> None:
    """Whatever the version, by element."""
    assert read_camt029(message(transfer(), version=version)) == Resolution(
        assignment=HEAD, details=(CancellationDetails((REFUSED,)),), confirmation="RJCR", version=f"camt.029.001.{version}"
    )


def test_version_02_has_no_transfers_and_plain_bics() -> None:
    """It answers a case without naming a transfer, so it is read and told to name one."""
    data = (
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.029.001.02'><camt.029.001.02><Assgnmt><Id>A1</Id>"
        b"<Assgnr>BBBBCNBJ</Assgnr><Assgne>AAAAMAMC</Assgne><CreDtTm>2026-03-27T10:00:00Z</CreDtTm></Assgnmt>"
        b"<RslvdCase><Id>C1</Id><Cretr>AAAAMAMC</Cretr></RslvdCase><Sts><Conf>CNCL</Conf></Sts></camt.029.001.02></Document>"
    )
    found = read_camt029(data)
    assert replace(found, findings=()) == Resolution(
        assignment=HEAD,
        case=Case("C1", PartyOrAgent(agent=Agent(bic="AAAAMAMC"))),
        confirmation="CNCL",
        version="camt.029.001.02",
    )
    assert [(one.rule, one.xpath) for one in found.findings] == [("transfers-not-named", "/Document/camt.029.001.02/CxlDtls/TxInfAndSts")]


@pytest.mark.parametrize(
    ("confirmation", "status", "answer"),
    [
        ("CNCL", "", RecallAnswer.AGREED),
        ("CNCL", "ACCR", RecallAnswer.AGREED),
        ("PECR", "ACCR", RecallAnswer.AGREED),
        ("", "ACCR", RecallAnswer.AGREED),
        ("RJCR", "", RecallAnswer.REFUSED),
        ("PECR", "RJCR", RecallAnswer.REFUSED),
        ("PDCR", "", RecallAnswer.PENDING),
        ("PDNG", "", RecallAnswer.PENDING),
        ("FTNA", "", RecallAnswer.PENDING),
        ("CWFW", "PDCR", RecallAnswer.PENDING),
    ],
)
def test_message_and_transfer_come_to_one_answer(confirmation: str, status: str, answer: RecallAnswer) -> None:
    """Where only one of the two speaks, it speaks for both."""
    sts = f"<Conf>{confirmation}</Conf>" if confirmation else ""
    (found,) = read_camt029(message(transfer(f"<TxCxlSts>{status}</TxCxlSts>" if status else ""), status=sts)).transfers
    assert (found.answer, found.findings) == (answer, ())


def test_case_and_reason_may_stand_above_the_transfer() -> None:
    """With its group or, the case only, with the message."""
    group = (
        "<OrgnlGrpInfAndSts><OrgnlGrpCxlId>G1</OrgnlGrpCxlId><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>"
        "<OrgnlNbOfTxs>1</OrgnlNbOfTxs><GrpCxlSts>RJCR</GrpCxlSts>" + REASON + "</OrgnlGrpInfAndSts>"
    )
    found = read_camt029(message(group + transfer(case="", reason=""), above="<RslvdCase><Id>C9</Id></RslvdCase>"))
    assert found.details[0].group == AnsweredGroup(
        OriginalMessage("F1", "pacs.008.001.08"), "G1", transfer_count=1, status="RJCR", reasons=(CaseReason("CUST"),)
    )
    assert [(one.case, one.reason, one.findings) for one in found.transfers] == [(Case("C9"), "CUST", ())]


def test_the_payment_that_resolves_a_case_is_carried() -> None:
    """A return names its own UETR, amount and date."""
    more = (
        f"<RsltnRltdInf><EndToEndId>E9</EndToEndId><TxId>T9</TxId><UETR>{UETR}</UETR><IntrBkSttlmAmt Ccy='USD'>100.00</IntrBkSttlmAmt>"
        "<IntrBkSttlmDt>2026-03-28</IntrBkSttlmDt><ClrChanl>RTGS</ClrChanl></RsltnRltdInf>"
    )
    (found,) = read_camt029(message(transfer(more=more))).transfers
    assert found == replace(REFUSED, resolved_by=ResolvedBy("E9", "T9", UUID(UETR), (10_000, "USD"), date(2026, 3, 28), "RTGS"))


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("<DplctOf><Id>C0</Id></DplctOf>", {"duplicate_of": Case("C0")}),
        ("<AssgnmtCxlConf>true</AssgnmtCxlConf>", {"assignment_cancelled": True}),
        (
            "<RjctdMod><Cd>UM01</Cd></RjctdMod><RjctdMod><Prtry>WORD</Prtry></RjctdMod>",
            {"rejected_modifications": (CaseReason("UM01"), CaseReason(proprietary="WORD"))},
        ),
    ],
)
def test_other_ends_of_a_case_are_read_and_answer_no_recall(status: str, shown: dict[str, object]) -> None:
    """A duplicate, a withdrawn assignment, a refused change: carried, but neither yes nor no."""
    found = read_camt029(message(transfer("", ""), status=status))
    assert replace(found, details=()) == replace(Resolution(HEAD), **shown)  # type: ignore[arg-type]
    assert [one.rule for one in found.transfers[0].findings] == ["recall-answer-missing"]
    assert read_camt029(write_camt029(found)) == found


FAULTS = [
    (Rule.UETR_INVALID, "OrgnlUETR", transfer(uetr="1"), "RJCR"),
    (Rule.UETR_REPEATED, "OrgnlUETR", transfer() + transfer(), "RJCR"),
    (Rule.UETR_INVALID, "RsltnRltdInf/UETR", transfer(more="<RsltnRltdInf><UETR>1</UETR></RsltnRltdInf>"), "RJCR"),
    (CaseRule.CASE_MISSING, "RslvdCase/Id", transfer(case=""), "RJCR"),
    (CaseRule.ANSWER_MISSING, "TxCxlSts", transfer(""), ""),
    (CaseRule.ANSWER_MISSING, "TxCxlSts", transfer(""), "PECR"),
    (CaseRule.ANSWER_UNKNOWN, "TxCxlSts", transfer("<TxCxlSts>MAYB</TxCxlSts>"), ""),
    (CaseRule.ANSWER_UNKNOWN, "TxCxlSts", transfer(""), "MODI"),
    (CaseRule.ANSWER_CONTRADICTS, "TxCxlSts", transfer(), "CNCL"),
    (CaseRule.REFUSAL_REASON_MISSING, "CxlStsRsnInf/Rsn", transfer(reason=""), "RJCR"),
]


@pytest.mark.parametrize(("rule", "place", "inside", "confirmation"), FAULTS)
def test_each_rule_is_named_at_its_place(rule: Rule | CaseRule, place: str, inside: str, confirmation: str) -> None:
    """Rule and XPath, and nothing else is found."""
    found = read_camt029(message(inside, status=f"<Conf>{confirmation}</Conf>" if confirmation else ""))
    number = inside.count("<TxInfAndSts>")
    assert [(one.rule, one.xpath) for each in found.transfers for one in each.findings] == [
        (rule.id, f"{ROOT}/CxlDtls/TxInfAndSts[{number}]/{place}")
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (message(transfer(), assignment=""), errors.ElementMissing),
        (message(transfer(), assignment=ASSIGNMENT * 2), errors.ElementRepeated),
        (message(transfer()).replace(b"<Sts><Conf>RJCR</Conf></Sts>", b""), errors.ElementMissing),
        (message(transfer(), status="<Conf>RJCR</Conf></Sts><Sts><Conf>CNCL</Conf>"), errors.ElementRepeated),
        (message(transfer(), status="<Conf>REJECTED</Conf>"), errors.ValueInvalid),
        (message(transfer(), version="01"), errors.UnsupportedVersion),
        (message(transfer(), version="14"), errors.UnsupportedVersion),
    ],
)
def test_a_message_without_its_head_is_unreadable(data: bytes, error: type[errors.UnreadableMessage]) -> None:
    """Nothing of it is taken."""
    with pytest.raises(error):
        read_camt029(data)


@settings(max_examples=60, deadline=None)
@given(resolutions())
def test_what_is_written_is_read_again(resolution: Resolution) -> None:
    """Whatever an answer holds."""
    assert read_camt029(write_camt029(resolution)) == resolution


def test_old_versions_are_not_written() -> None:
    """They have no UETR: what came in one is written in version 09."""
    found = read_camt029(message(transfer(), version="03"))
    assert read_camt029(write_camt029(found)) == replace(found, version="camt.029.001.09")
    with pytest.raises(ValueError, match=r"camt\.029\.001\.03 is not written"):
        write_camt029(found, "camt.029.001.03")
