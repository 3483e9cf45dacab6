"""Recalls: read in every version, written so that nothing carried is lost, every rule named at its place."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings

from ledger.iso20022 import errors
from ledger.iso20022.camt056 import Recall, RecalledGroup, RecalledTransfer, Underlying, read_camt056, write_camt056
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.parties import Address, Agent, Party
from ledger.iso20022.rules import Finding, Rule
from ledger.iso20022.status_report import OriginalMessage
from tests.unit.case_messages import recalls

UETR = "00000001-1111-4222-8333-444444444444"
OTHER = "00000002-1111-4222-8333-444444444444"
HERE = "/Document/FIToFIPmtCxlReq/Undrlyg"
ASSIGNMENT = (
    "<Assgnmt><Id>R1</Id><Assgnr><Agt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Agt></Assgnr>"
    "<Assgne><Agt><FinInstnId><BICFI>BBBBCNBJ</BICFI></FinInstnId></Agt></Assgne><CreDtTm>2026-03-27T09:00:00Z</CreDtTm></Assgnmt>"
)
CASE = "<Case><Id>C1</Id><Cretr><Agt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Agt></Cretr></Case>"
REASON = "<CxlRsnInf><Rsn><Cd>DUPL</Cd></Rsn></CxlRsnInf>"
BY = Agent(bic="AAAAMAMC")


def transfer(case: str = CASE, uetr: str = f"<OrgnlUETR>{UETR}</OrgnlUETR>", reason: str = REASON, more: str = "") -> str:
    return f"<TxInf>{case}<OrgnlEndToEndId>E1</OrgnlEndToEndId>{uetr}{more}{reason}</TxInf>"


def message(*underlying: str, version: str = "08", assignment: str = ASSIGNMENT, above: str = "") -> bytes:
    inside = "".join(f"<Undrlyg>{one}</Undrlyg>" for one in underlying)
    return (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.056.001.{version}'><FIToFIPmtCxlReq>"
        f"{assignment}{above}{inside}</FIToFIPmtCxlReq></Document>"
    ).encode()


PLAIN = RecalledTransfer(
    index=1,
    original=OriginalTransfer(uetr=UUID(UETR), end_to_end_id="E1"),
    case=Case("C1", PartyOrAgent(agent=BY)),
    reasons=(CaseReason(code="DUPL"),),
)


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(1, 12)])
def test_a_recall_is_read_in_every_version(version: str) -> None:
    """Whatever the version, by element."""
    assert read_camt056(message(transfer(), version=version)) == Recall(
        assignment=Assignment(
            "R1", PartyOrAgent(agent=BY), PartyOrAgent(agent=Agent(bic="BBBBCNBJ")), datetime(2026, 3, 27, 9, tzinfo=UTC)
        ),
        underlying=(Underlying((PLAIN,)),),
        version=f"camt.056.001.{version}",
    )


def test_old_names_of_elements_are_understood() -> None:
    """BIC before 2013 and BICOrBEI in a party."""
    old = ASSIGNMENT.replace("BICFI", "BIC").replace(
        "<Agt><FinInstnId><BIC>AAAAMAMC</BIC></FinInstnId></Agt>", "<Pty><Id><OrgId><BICOrBEI>AAAAMAMC</BICOrBEI></OrgId></Id></Pty>"
    )
    found = read_camt056(message(transfer(), version="02", assignment=old)).assignment
    assert (found.assigner, found.assignee) == (PartyOrAgent(party=Party("", bic="AAAAMAMC")), PartyOrAgent(agent=Agent(bic="BBBBCNBJ")))


def test_case_and_reason_may_stand_above_the_transfer() -> None:
    """With its group or, the case only, with the message; the transfer's own word goes before."""
    group = (
        "<OrgnlGrpInfAndCxl><GrpCxlId>G1</GrpCxlId><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>"
        "<NbOfTxs>2</NbOfTxs><GrpCxl>false</GrpCxl><CxlRsnInf><Rsn><Prtry>TWICE</Prtry></Rsn></CxlRsnInf></OrgnlGrpInfAndCxl>"
    )
    bare = transfer("", f"<OrgnlUETR>{OTHER}</OrgnlUETR>", "")
    recall = read_camt056(message(group + transfer() + bare, above="<Case><Id>C9</Id></Case>"))
    assert recall.underlying[0].group == RecalledGroup(
        OriginalMessage("F1", "pacs.008.001.08"), "G1", transfer_count=2, whole=False, reasons=(CaseReason(proprietary="TWICE"),)
    )
    assert [(one.index, one.case and one.case.id, one.reason, one.findings) for one in recall.transfers] == [
        (1, "C1", "DUPL", ()),
        (2, "C9", "TWICE", ()),
    ]


def test_everything_about_the_original_is_carried() -> None:
    """References, amount, dates, message, who asks and why."""
    more = (
        "<OrgnlClrSysRef>K1</OrgnlClrSysRef><OrgnlIntrBkSttlmAmt Ccy='MAD'>1000</OrgnlIntrBkSttlmAmt>"
        "<OrgnlIntrBkSttlmDt>2026-03-27</OrgnlIntrBkSttlmDt>"
    )
    reason = (
        "<CxlRsnInf><Orgtr><Nm>Debtor Co</Nm><PstlAdr><TwnNm>Rabat</TwnNm><Ctry>MA</Ctry></PstlAdr></Orgtr>"
        "<Rsn><Cd>FRAD</Cd></Rsn><AddtlInf>one</AddtlInf><AddtlInf>two</AddtlInf></CxlRsnInf>"
    )
    first = (
        "<OrgnlGrpInf><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>"
        "<OrgnlCreDtTm>2026-03-27T08:00:00.250+01:00</OrgnlCreDtTm></OrgnlGrpInf><OrgnlInstrId>I1</OrgnlInstrId>"
    )
    (found,) = read_camt056(message(transfer(case=CASE + first, more=more, reason=reason))).transfers
    assert found == replace(
        PLAIN,
        original=OriginalTransfer(
            uetr=UUID(UETR),
            instruction_id="I1",
            end_to_end_id="E1",
            clearing_reference="K1",
            amount=(100_000, "MAD"),
            settlement_date=date(2026, 3, 27),
            message=OriginalMessage("F1", "pacs.008.001.08", datetime.fromisoformat("2026-03-27T08:00:00.250+01:00")),
        ),
        reasons=(
            CaseReason("FRAD", originator=Party("Debtor Co", address=Address(town="Rabat", country="MA")), information=("one", "two")),
        ),
    )


FAULTS = [
    (Rule.UETR_MISSING, "TxInf[1]/OrgnlUETR", (transfer(uetr=""),)),
    (Rule.UETR_INVALID, "TxInf[1]/OrgnlUETR", (transfer(uetr="<OrgnlUETR>1</OrgnlUETR>"),)),
    (Rule.UETR_REPEATED, "TxInf[2]/OrgnlUETR", (transfer() + transfer(),)),
    (Rule.ELEMENT_REPEATED, "TxInf[1]/OrgnlEndToEndId", (transfer(more="<OrgnlEndToEndId>E2</OrgnlEndToEndId>"),)),
    (Rule.BIC_INVALID, "TxInf[1]/Case/Cretr/Agt/FinInstnId/BICFI", (transfer(case=CASE.replace("AAAAMAMC", "AAAA")),)),
    (Rule.AMOUNT_ZERO, "TxInf[1]/OrgnlIntrBkSttlmAmt", (transfer(more="<OrgnlIntrBkSttlmAmt Ccy='MAD'>0</OrgnlIntrBkSttlmAmt>"),)),
    (Rule.DATE_INVALID, "TxInf[1]/OrgnlIntrBkSttlmDt", (transfer(more="<OrgnlIntrBkSttlmDt>soon</OrgnlIntrBkSttlmDt>"),)),
    (Rule.TEXT_TOO_LONG, "TxInf[1]/OrgnlInstrId", (transfer(more=f"<OrgnlInstrId>{'x' * 36}</OrgnlInstrId>"),)),
    (CaseRule.CASE_MISSING, "TxInf[1]/Case/Id", (transfer(case=""),)),
    (CaseRule.RECALL_REASON_MISSING, "TxInf[1]/CxlRsnInf/Rsn", (transfer(reason=""),)),
    (CaseRule.REASON_INVALID, "TxInf[1]/CxlRsnInf/Rsn/Cd", (transfer(reason=REASON.replace("DUPL", "TOO LONG")),)),
    (Rule.REASON_NOT_IN_SET, "TxInf[1]/CxlRsnInf/Rsn/Cd", (transfer(reason=REASON.replace("DUPL", "ZZZZ")),)),
    (CaseRule.ORIGINAL_MESSAGE_INCOMPLETE, "TxInf[1]/OrgnlGrpInf", (transfer(more="<OrgnlGrpInf/>"),)),
    (
        CaseRule.INDICATOR_INVALID,
        "TxInf[1]/Case/ReopCaseIndctn",
        (transfer(case=CASE.replace("</Case>", "<ReopCaseIndctn>yes</ReopCaseIndctn></Case>")),),
    ),
    (
        CaseRule.COUNT_INVALID,
        "OrgnlGrpInfAndCxl/NbOfTxs",
        (
            "<OrgnlGrpInfAndCxl><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008</OrgnlMsgNmId><NbOfTxs>many</NbOfTxs>"
            f"</OrgnlGrpInfAndCxl>{transfer()}",
        ),
    ),
]


@pytest.mark.parametrize(("rule", "place", "underlying"), FAULTS, ids=[row[0].id for row in FAULTS])
def test_each_rule_is_named_at_its_place(rule: Rule | CaseRule, place: str, underlying: tuple[str, ...]) -> None:
    """Rule and XPath, and nothing else is found."""
    recall = read_camt056(message(*underlying))
    assert [(one.rule, one.xpath) for found in recall.transfers for one in found.findings] == [(rule.id, f"{HERE}/{place}")]


def test_the_reason_of_a_recall_is_of_its_set_or_a_word() -> None:
    """A code that nobody knows is told; a word of the sender's own is taken."""
    unknown, word = (REASON.replace("<Cd>DUPL</Cd>", reason) for reason in ("<Cd>ZZZZ</Cd>", "<Prtry>ZZZZ</Prtry>"))
    recall = read_camt056(message(transfer(reason=unknown) + transfer(reason=word, uetr=f"<OrgnlUETR>{OTHER}</OrgnlUETR>")))
    assert [[found.rule for found in one.findings] for one in recall.transfers] == [["reason-not-in-set"], []]


def test_a_file_is_not_recalled_by_its_message_id() -> None:
    """A group without its transfers is told so, and is no transfer."""
    group = "<OrgnlGrpInfAndCxl><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInfAndCxl>"
    recall = read_camt056(message(group))
    assert (recall.transfers, recall.findings) == (
        (),
        (
            Finding(
                "transfers-not-named",
                f"{HERE}/TxInf",
                "A recall and its answer name each transfer; a file of transfers is not recalled by its message id. "
                "State one TxInf, in an answer TxInfAndSts, for each transfer with its UETR.",
                "CH21",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (message(transfer(), assignment=""), errors.ElementMissing),
        (message(transfer(), assignment=ASSIGNMENT * 2), errors.ElementRepeated),
        (message(transfer(), assignment=ASSIGNMENT.replace("<Id>R1</Id>", "")), errors.ElementMissing),
        (message(transfer(), assignment=ASSIGNMENT.replace("<Id>R1</Id>", "<Id>R1</Id><Id>R2</Id>")), errors.ElementRepeated),
        (message(transfer(), assignment=ASSIGNMENT.replace("R1", "R" * 36)), errors.ValueInvalid),
        (message(transfer(), assignment=ASSIGNMENT.replace("2026-03-27T09:00:00Z", "today")), errors.ValueInvalid),
        (message(), errors.ElementMissing),
        (message(transfer(), above="<CtrlData><NbOfTxs>2</NbOfTxs></CtrlData>"), errors.TransferCountWrong),
        (message(transfer(), above="<CtrlData><NbOfTxs>two</NbOfTxs></CtrlData>"), errors.ValueInvalid),
        (message(transfer(), version="12"), errors.UnsupportedVersion),
    ],
)
def test_a_message_without_its_head_is_unreadable(data: bytes, error: type[errors.UnreadableMessage]) -> None:
    """Nothing of it is taken."""
    with pytest.raises(error):
        read_camt056(data)


@settings(max_examples=60, deadline=None)
@given(recalls())
def test_what_is_written_is_read_again(recall: Recall) -> None:
    """Whatever a recall holds."""
    assert read_camt056(write_camt056(recall)) == recall


def test_old_versions_are_not_written() -> None:
    """They have no UETR, so the transfer would be lost: what came in one is written in version 08."""
    recall = read_camt056(message(transfer(), version="02"))
    assert read_camt056(write_camt056(recall)) == replace(recall, version="camt.056.001.08")
    with pytest.raises(ValueError, match=r"camt\.056\.001\.02 is not written"):
        write_camt056(recall, "camt.056.001.02")
