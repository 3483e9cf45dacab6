"""Questions about payments: read whole, faults named one by one, written and read again without a loss."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.iso20022 import errors
from ledger.iso20022.credit_transfer import TransferFault
from ledger.iso20022.pacs028 import AskedTransfer, StatusRequest, read_pacs028, write_pacs028
from ledger.iso20022.parties import Agent
from ledger.iso20022.status_report import OriginalMessage
from tests.unit import message_values as chance

UETR = chance.uetr(1)
HERE = "/Document/FIToFIPmtStsReq/TxInf[1]"


def question(uetr: str = str(UETR)) -> str:
    """One good question."""
    return f"""
    <TxInf>
      <StsReqId>Q1</StsReqId>
      <OrgnlGrpInf><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>
      <OrgnlInstrId>I1</OrgnlInstrId><OrgnlEndToEndId>E1</OrgnlEndToEndId><OrgnlUETR>{uetr}</OrgnlUETR>
      <AccptncDtTm>2026-03-27T10:00:00Z</AccptncDtTm>
    </TxInf>"""


def request(*questions: str, version: str = "03") -> bytes:
    """A request of these questions."""
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.028.001.{version}"><FIToFIPmtStsReq>
    <GrpHdr><MsgId>Q1</MsgId><CreDtTm>2026-03-30T09:00:00Z</CreDtTm>
      <InstgAgt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></InstgAgt></GrpHdr>{"".join(questions)}
</FIToFIPmtStsReq></Document>""".encode()


GOOD = AskedTransfer(
    index=1,
    uetr=UETR,
    request_id="Q1",
    original=OriginalMessage("F1", "pacs.008.001.08"),
    original_instruction_id="I1",
    original_end_to_end_id="E1",
    accepted_at=datetime(2026, 3, 27, 10, tzinfo=UTC),
)
WHOLE = StatusRequest("Q1", datetime(2026, 3, 30, 9, tzinfo=UTC), (GOOD,), instructing_agent=Agent("AAAAMAMC"))


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(1, 16)])
def test_a_request_is_read_whole_in_every_version(version: str) -> None:
    """Every element that is carried."""
    assert read_pacs028(request(question(), version=version)) == replace(WHOLE, version=f"pacs.028.001.{version}")


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (f"<OrgnlUETR>{UETR}</OrgnlUETR>", "", ("uetr-missing", "OrgnlUETR")),
        (str(UETR), "no-uetr", ("uetr-invalid", "OrgnlUETR")),
        ("<StsReqId>Q1</StsReqId>", "<StsReqId>Q1</StsReqId>" * 2, ("element-repeated", "StsReqId")),
        ("<StsReqId>Q1", f"<StsReqId>{'Q' * 36}", ("text-too-long", "StsReqId")),
        ("2026-03-27T10:00:00Z", "yesterday", ("date-invalid", "AccptncDtTm")),
        ("pacs.008.001.08", "pacs8", ("original-message-invalid", "OrgnlGrpInf/OrgnlMsgNmId")),
    ],
)
def test_each_rule_broken_is_named_with_its_place(old: str, new: str, broken: tuple[str, str]) -> None:
    """One thing wrong, one finding; the neighbour is answered all the same."""
    read = read_pacs028(request(question().replace(old, new, 1), question(str(chance.uetr(2)))))
    fault = read.asked[0]
    assert isinstance(fault, TransferFault)
    assert [(finding.rule, finding.xpath) for finding in fault.findings] == [(broken[0], f"{HERE}/{broken[1]}")]
    assert read.asked[1] == replace(GOOD, index=2, uetr=chance.uetr(2))


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (request(), errors.ElementMissing),
        (request(question()).replace(b"<MsgId>Q1</MsgId>", b""), errors.ElementMissing),
        (request(question()).replace(b"2026-03-30T09:00:00Z", b"now"), errors.ValueInvalid),
        (request(question()).replace(b"GrpHdr", b"Header"), errors.ElementMissing),
        (request(question(), version="16"), errors.UnsupportedVersion),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_whole(data: bytes, refusal: type[errors.UnreadableMessage]) -> None:
    """Nothing of it is read."""
    with pytest.raises(refusal):
        read_pacs028(data)


QUESTIONS = st.builds(
    AskedTransfer,
    index=st.just(1),
    uetr=chance.UETRS,
    request_id=st.none() | chance.texts(),
    original=st.none() | chance.ORIGINALS,
    original_instruction_id=st.none() | chance.texts(),
    original_end_to_end_id=st.none() | chance.texts(),
    original_transaction_id=st.none() | chance.texts(),
    accepted_at=st.none() | chance.INSTANTS,
    clearing_reference=st.none() | chance.texts(),
    instructing_agent=chance.SOME_AGENTS,
    instructed_agent=chance.SOME_AGENTS,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(QUESTIONS, min_size=1, max_size=3), chance.texts(), chance.INSTANTS, chance.SOME_AGENTS, chance.SOME_AGENTS)
def test_what_is_written_is_read_again(
    questions: list[AskedTransfer], message_id: str, created_at: datetime, instructing: Agent | None, instructed: Agent | None
) -> None:
    """Whatever is asked."""
    asked = tuple(replace(one, index=number) for number, one in enumerate(questions, 1))
    whole = StatusRequest(message_id, created_at, asked, instructing, instructed)
    assert read_pacs028(write_pacs028(whole)) == whole


def test_nothing_to_ask_is_refused() -> None:
    """A request asks about a payment."""
    with pytest.raises(ValueError, match="at least one payment"):
        write_pacs028(replace(WHOLE, asked=()))
