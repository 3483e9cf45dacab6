"""Returns: read whole, faults named one by one, written and read again without a loss."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.iso20022 import errors
from ledger.iso20022.credit_transfer import ChargeBearer, GroupHeader, TransferFault
from ledger.iso20022.pacs004 import read_pacs004, write_pacs004
from ledger.iso20022.parties import Address, Agent, Party
from ledger.iso20022.payment_return import PaymentReturn, ReturnChain, ReturnCharge, ReturnFile, ReturnReason
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import Amount
from tests.unit import message_values as chance

UETR = chance.uetr(1)
HERE = "/Document/PmtRtr/TxInf[1]"


def a_return(uetr: str = str(UETR), return_id: str = "R1", amount: str = "70.00") -> str:
    """One good return of a part."""
    return f"""
    <TxInf>
      <RtrId>{return_id}</RtrId>
      <OrgnlGrpInf><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>
      <OrgnlInstrId>I1</OrgnlInstrId><OrgnlEndToEndId>E1</OrgnlEndToEndId><OrgnlTxId>T1</OrgnlTxId><OrgnlUETR>{uetr}</OrgnlUETR>
      <OrgnlIntrBkSttlmAmt Ccy="USD">100.00</OrgnlIntrBkSttlmAmt><OrgnlIntrBkSttlmDt>2026-03-27</OrgnlIntrBkSttlmDt>
      <RtrdIntrBkSttlmAmt Ccy="USD">{amount}</RtrdIntrBkSttlmAmt><IntrBkSttlmDt>2026-03-30</IntrBkSttlmDt>
      <RtrdInstdAmt Ccy="CNY">504.00</RtrdInstdAmt><XchgRate>7.2</XchgRate>
      <ChrgBr>SHAR</ChrgBr>
      <ChrgsInf><Amt Ccy="USD">0</Amt><Agt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Agt></ChrgsInf>
      <ChrgsInf><Amt Ccy="USD">1.50</Amt><Agt><FinInstnId><BICFI>BBBBCNBJ</BICFI></FinInstnId></Agt></ChrgsInf>
      <InstgAgt><FinInstnId><BICFI>BBBBCNBJ</BICFI></FinInstnId></InstgAgt>
      <InstdAgt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></InstdAgt>
      <RtrChain>
        <Dbtr><Pty><Nm>Xu Meiling</Nm><PstlAdr><TwnNm>Shenzhen</TwnNm><Ctry>CN</Ctry></PstlAdr></Pty></Dbtr>
        <DbtrAgt><FinInstnId><BICFI>BBBBCNBJ</BICFI></FinInstnId></DbtrAgt>
        <CdtrAgt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></CdtrAgt>
        <Cdtr><Agt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Agt></Cdtr>
      </RtrChain>
      <RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf><AddtlInf>in March</AddtlInf></RtrRsnInf>
    </TxInf>"""


def file(*returns: str, count: int | None = None, group: str = "", before: str = "", version: str = "09") -> bytes:
    """A file of these returns; ``group`` stands behind NbOfTxs, ``before`` before the first return."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.{version}">
  <PmtRtr>
    <GrpHdr>
      <MsgId>B1</MsgId><CreDtTm>2026-03-30T09:00:00+08:00</CreDtTm><NbOfTxs>{len(returns) if count is None else count}</NbOfTxs>
      {group}<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>
    </GrpHdr>{before}{"".join(returns)}
  </PmtRtr>
</Document>""".encode()


GROUP = GroupHeader("B1", datetime(2026, 3, 30, 1, tzinfo=UTC), 1, "CLRG", version="pacs.004.001.09")
GOOD = PaymentReturn(
    index=1,
    uetr=UETR,
    returned=Amount(7000, "USD"),
    reasons=(ReturnReason("AC04", information=("closed", "in March")),),
    return_id="R1",
    original=OriginalMessage("F1", "pacs.008.001.08"),
    original_instruction_id="I1",
    original_end_to_end_id="E1",
    original_transaction_id="T1",
    original_settlement=Amount(10000, "USD"),
    original_settlement_date=date(2026, 3, 27),
    settlement_date=date(2026, 3, 30),
    returned_instructed=Amount(50400, "CNY"),
    exchange_rate=Decimal("7.2"),
    charge_bearer=ChargeBearer.SHARED,
    charges=(ReturnCharge(Amount(150, "USD"), Agent("BBBBCNBJ")),),
    instructing_agent=Agent("BBBBCNBJ"),
    instructed_agent=Agent("AAAAMAMC"),
    chain=ReturnChain(
        debtor=Party("Xu Meiling", address=Address(town="Shenzhen", country="CN")),
        creditor=Agent("AAAAMAMC"),
        debtor_agent=Agent("BBBBCNBJ"),
        creditor_agent=Agent("AAAAMAMC"),
    ),
)


def rules_broken(data: bytes) -> list[tuple[str, str]]:
    """Rule and place of every finding."""
    return [
        (finding.rule, finding.xpath)
        for outcome in read_pacs004(data).outcomes
        if isinstance(outcome, TransferFault)
        for finding in outcome.findings
    ]


def test_a_return_is_read_whole() -> None:
    """Every element that is carried, and a charge of nothing left away."""
    assert read_pacs004(file(a_return())) == ReturnFile(GROUP, (GOOD,))


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(2, 16)])
def test_all_versions_are_read(version: str) -> None:
    """Those that exist today and those that the next years bring."""
    assert read_pacs004(file(a_return(), version=version)).outcomes == (GOOD,)


def test_the_message_returned_may_stand_once_for_all() -> None:
    """OrgnlGrpInf of the file; two parts of one transfer have a return id each."""
    before = "<OrgnlGrpInf><OrgnlMsgId>F9</OrgnlMsgId><OrgnlMsgNmId>MT103</OrgnlMsgNmId></OrgnlGrpInf>"
    read = read_pacs004(file(a_return(), a_return(return_id="R2"), before=before))
    assert read.original == OriginalMessage("F9", "MT103")
    assert read.outcomes == (GOOD, replace(GOOD, index=2, return_id="R2"))


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (f"<OrgnlUETR>{UETR}</OrgnlUETR>", "", [("uetr-missing", "OrgnlUETR")]),
        (str(UETR), str(UETR).upper().replace("1111", "AAAA"), [("uetr-invalid", "OrgnlUETR")]),
        ("<OrgnlInstrId>I1</OrgnlInstrId>", "<OrgnlInstrId>I1</OrgnlInstrId>" * 2, [("element-repeated", "OrgnlInstrId")]),
        ("<RtrId>R1</RtrId>", f"<RtrId>{'R' * 36}</RtrId>", [("text-too-long", "RtrId")]),
        (
            '<RtrdIntrBkSttlmAmt Ccy="USD">70.00</RtrdIntrBkSttlmAmt>',
            "",
            [("returned-amount-missing", "RtrdIntrBkSttlmAmt")],
        ),
        ('Ccy="USD">70.00', ">70.00", [("currency-missing", "RtrdIntrBkSttlmAmt/@Ccy")]),
        ('Ccy="USD">70.00', 'Ccy="USX">70.00', [("currency-unknown", "RtrdIntrBkSttlmAmt/@Ccy")]),
        (">70.00<", ">70.001<", [("amount-decimals", "RtrdIntrBkSttlmAmt")]),
        (">70.00<", ">0.00<", [("amount-zero", "RtrdIntrBkSttlmAmt")]),
        (">70.00<", ">-70.00<", [("amount-negative", "RtrdIntrBkSttlmAmt")]),
        (">70.00<", ">seventy<", [("amount-invalid", "RtrdIntrBkSttlmAmt")]),
        ("2026-03-30</IntrBkSttlmDt>", "2026-02-30</IntrBkSttlmDt>", [("date-invalid", "IntrBkSttlmDt")]),
        ("<XchgRate>7.2</XchgRate>", "<XchgRate>0</XchgRate>", [("exchange-rate-invalid", "XchgRate")]),
        ("<ChrgBr>SHAR</ChrgBr>", "<ChrgBr>SLEV</ChrgBr>", [("charge-bearer-unknown", "ChrgBr")]),
        ("<Rsn><Cd>AC04</Cd></Rsn>", "", [("return-reason-missing", "RtrRsnInf/Rsn")]),
        ("<Cd>AC04</Cd>", "<Cd>CLOSED</Cd>", [("reason-invalid", "RtrRsnInf/Rsn/Cd")]),
        ("pacs.008.001.08", "foo.123.456.78", [("original-message-invalid", "OrgnlGrpInf/OrgnlMsgNmId")]),
        ("<BICFI>AAAAMAMC</BICFI></FinInstnId></InstdAgt>", "<BICFI>AAAA</BICFI></FinInstnId></InstdAgt>",
         [("bic-invalid", "InstdAgt/FinInstnId/BICFI")]),
        ("<Ctry>CN</Ctry>", "<Ctry>China</Ctry>", [("country-invalid", "RtrChain/Dbtr/Pty/PstlAdr/Ctry")]),
    ],
)  # fmt: skip
def test_each_rule_broken_is_named_with_its_place(old: str, new: str, broken: list[tuple[str, str]]) -> None:
    """One thing wrong, one finding; the neighbour is taken all the same."""
    bad = a_return().replace(old, new, 1)
    assert bad != a_return()
    data = file(bad, a_return(str(chance.uetr(2))))
    assert rules_broken(data) == [(rule, f"{HERE}/{path}") for rule, path in broken]
    assert read_pacs004(data).outcomes[1] == replace(GOOD, index=2, uetr=chance.uetr(2))


def test_the_same_part_twice_is_a_fault_of_the_second() -> None:
    """A return is known by UETR and return id."""
    assert rules_broken(file(a_return(), a_return(amount="30.00"))) == [("return-repeated", "/Document/PmtRtr/TxInf[2]/RtrId")]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (file(), errors.ElementMissing),
        (file(a_return(), count=2), errors.TransferCountWrong),
        (file(a_return(), group="<CtrlSum>71</CtrlSum>"), errors.ControlSumWrong),
        (file(a_return(), group='<TtlRtrdIntrBkSttlmAmt Ccy="CNY">70</TtlRtrdIntrBkSttlmAmt>'), errors.ControlSumWrong),
        (file(a_return()).replace(b"CLRG", b"CASH"), errors.ValueInvalid),
        (file(a_return()).replace(b"<MsgId>B1</MsgId>", b""), errors.ElementMissing),
        (file(a_return(), before="<OrgnlGrpInf><OrgnlMsgId>F9</OrgnlMsgId></OrgnlGrpInf>"), errors.ValueInvalid),
        (file(a_return(), version="16"), errors.UnsupportedVersion),
        (file(a_return()).replace(b"pacs.004", b"pacs.008"), errors.UnexpectedMessage),
        (file(a_return())[:-30], errors.TruncatedMessage),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(data: bytes, refusal: type[errors.UnreadableMessage]) -> None:
    """Nothing of it is read."""
    with pytest.raises(errors.UnreadableMessage) as caught:
        read_pacs004(data)
    assert type(caught.value) is refusal


ENDS = chance.PARTIES | chance.AGENTS
CHAINS = st.builds(
    ReturnChain,
    debtor=ENDS,
    creditor=ENDS,
    debtor_agent=chance.SOME_AGENTS,
    creditor_agent=chance.SOME_AGENTS,
    previous_agents=chance.UP_TO_THREE_AGENTS,
    intermediaries=chance.UP_TO_THREE_AGENTS,
    ultimate_debtor=st.none() | ENDS,
    initiating_party=st.none() | ENDS,
    ultimate_creditor=st.none() | ENDS,
)
RETURNS = st.builds(
    PaymentReturn,
    index=st.just(1),
    uetr=chance.UETRS,
    returned=chance.AMOUNTS,
    reasons=st.lists(
        st.builds(
            ReturnReason,
            code=st.sampled_from(["AC04", "FOCR"]),
            information=st.lists(chance.texts(105), max_size=2).map(tuple),
            originator=st.none() | chance.PARTIES,
        )
        | st.builds(ReturnReason, proprietary=chance.texts()),
        min_size=1,
        max_size=2,
    ).map(tuple),
    return_id=st.none() | chance.texts(),
    original=st.none() | chance.ORIGINALS,
    original_instruction_id=st.none() | chance.texts(),
    original_end_to_end_id=st.none() | chance.texts(),
    original_transaction_id=st.none() | chance.texts(),
    original_clearing_reference=st.none() | chance.texts(),
    original_settlement=st.none() | chance.AMOUNTS,
    original_settlement_date=st.none() | chance.DAYS,
    settlement_date=st.none() | chance.DAYS,
    returned_instructed=st.none() | chance.AMOUNTS,
    exchange_rate=st.none() | st.decimals("0.0001", "9999", places=4),
    compensation=st.none() | chance.AMOUNTS,
    charge_bearer=st.none() | st.sampled_from(ChargeBearer),
    charges=st.lists(st.builds(ReturnCharge, amount=chance.AMOUNTS, agent=chance.AGENTS), max_size=2).map(tuple),
    clearing_reference=st.none() | chance.texts(),
    instructing_agent=chance.SOME_AGENTS,
    instructed_agent=chance.SOME_AGENTS,
    chain=st.none() | CHAINS,
)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(RETURNS, min_size=1, max_size=3, unique_by=lambda one: one.uetr), st.none() | chance.ORIGINALS)
def test_what_is_written_is_read_again(data: st.DataObject, returns: list[PaymentReturn], original: OriginalMessage | None) -> None:
    """Whatever stands in a file, in every version that is written."""
    version = data.draw(st.sampled_from(["pacs.004.001.09", "pacs.004.001.11", "pacs.004.001.13"]))
    group = replace(data.draw(chance.groups(len(returns))), version=version)
    whole = ReturnFile(group, tuple(replace(one, index=number) for number, one in enumerate(returns, 1)), original)
    assert read_pacs004(write_pacs004(whole, version)) == whole


def test_nothing_to_write_is_refused() -> None:
    """No return, or a version that is not ours to write."""
    with pytest.raises(ValueError, match="at least one return"):
        write_pacs004(ReturnFile(GROUP, ()))
    with pytest.raises(ValueError, match="is not written"):
        write_pacs004(ReturnFile(GROUP, (GOOD,)), "pacs.004.001.02")
