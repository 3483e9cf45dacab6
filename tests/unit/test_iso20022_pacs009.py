"""Transfers of banks' own money: core, cover and advice read as what they are, written and read again without a loss."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.iso20022 import errors
from ledger.iso20022.credit_transfer import GroupHeader, TransferFault
from ledger.iso20022.institution_transfer import InstitutionTransfer, InstitutionTransferFile, TransferUse, UnderlyingTransfer
from ledger.iso20022.pacs009 import read_pacs009, write_pacs009
from ledger.iso20022.parties import Account, Agent, Party
from ledger.iso20022.values import Amount
from tests.unit import message_values as chance

UETR = chance.uetr(1)
HERE = "/Document/FICdtTrf/CdtTrfTxInf[1]"
COVERED = """<UndrlygCstmrCdtTrf>
        <Dbtr><Nm>Tarik Skalli</Nm></Dbtr><DbtrAgt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></DbtrAgt>
        <CdtrAgt><FinInstnId><BICFI>BBBBCNBJ</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>Xu Meiling</Nm></Cdtr>
        <CdtrAcct><Id><Othr><Id>621</Id></Othr></Id></CdtrAcct><InstdAmt Ccy="MAD">1000.00</InstdAmt>
      </UndrlygCstmrCdtTrf>"""


def transfer(uetr: str = str(UETR), underlying: str = "") -> str:
    """One good transfer of a bank's own dollars."""
    return f"""
    <CdtTrfTxInf>
      <PmtId><InstrId>I1</InstrId><EndToEndId>E1</EndToEndId><UETR>{uetr}</UETR></PmtId>
      <IntrBkSttlmAmt Ccy="USD">250000.00</IntrBkSttlmAmt><IntrBkSttlmDt>2026-03-30</IntrBkSttlmDt><SttlmPrty>NORM</SttlmPrty>
      <InstgAgt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></InstgAgt>
      <InstdAgt><FinInstnId><BICFI>CCCCUS33</BICFI></FinInstnId></InstdAgt>
      <Dbtr><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Dbtr>
      <DbtrAcct><Id><Othr><Id>400-1</Id></Othr></Id></DbtrAcct>
      <CdtrAgt><FinInstnId><BICFI>CCCCUS33</BICFI></FinInstnId></CdtrAgt>
      <Cdtr><FinInstnId><Nm>Corridor settlement</Nm></FinInstnId></Cdtr>
      <CdtrAcct><Id><Othr><Id>400-2</Id></Othr></Id><Ccy>USD</Ccy></CdtrAcct>
      <Purp><Cd>INTC</Cd></Purp>
      <RmtInf><Ustrd>cycle 7</Ustrd></RmtInf>{underlying}
    </CdtTrfTxInf>"""


def file(*transfers: str, group: str = "", version: str = "08", service: str = "") -> bytes:
    """A file of these transfers, below a header where ``service`` names one."""
    header = f"""<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>S1</BizMsgIdr>
      <MsgDefIdr>pacs.009.001.{version}</MsgDefIdr><BizSvc>{service}</BizSvc><CreDt>2026-03-30T09:00:00Z</CreDt></AppHdr>"""
    return f"""<Envelope>{header if service else ""}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.009.001.{version}">
  <FICdtTrf>
    <GrpHdr>
      <MsgId>S1</MsgId><CreDtTm>2026-03-30T09:00:00Z</CreDtTm><NbOfTxs>{len(transfers)}</NbOfTxs>
      {group}<SttlmInf><SttlmMtd>INDA</SttlmMtd></SttlmInf>
    </GrpHdr>{"".join(transfers)}
  </FICdtTrf>
</Document></Envelope>""".encode()


GROUP = GroupHeader("S1", datetime(2026, 3, 30, 9, tzinfo=UTC), 1, "INDA", version="pacs.009.001.08")
GOOD = InstitutionTransfer(
    index=1,
    uetr=UETR,
    end_to_end_id="E1",
    settlement=Amount(25_000_000, "USD"),
    settlement_date=date(2026, 3, 30),
    debtor=Agent("AAAAMAMC"),
    creditor=Agent(name="Corridor settlement"),
    instruction_id="I1",
    priority="NORM",
    instructing_agent=Agent("AAAAMAMC"),
    instructed_agent=Agent("CCCCUS33"),
    debtor_account=Account(other="400-1"),
    creditor_agent=Agent("CCCCUS33"),
    creditor_account=Account(other="400-2", currency="USD"),
    purpose="INTC",
    remittance=("cycle 7",),
)
UNDERLYING = UnderlyingTransfer(
    debtor=Party("Tarik Skalli"),
    debtor_agent=Agent("AAAAMAMC"),
    creditor_agent=Agent("BBBBCNBJ"),
    creditor=Party("Xu Meiling"),
    creditor_account=Account(other="621"),
    instructed=Amount(100_000, "MAD"),
)


def rules_broken(data: bytes) -> list[tuple[str, str]]:
    """Rule and place of every finding."""
    return [
        (finding.rule, finding.xpath)
        for outcome in read_pacs009(data).outcomes
        if isinstance(outcome, TransferFault)
        for finding in outcome.findings
    ]


def test_a_transfer_between_banks_is_read_whole() -> None:
    """Every element that is carried."""
    assert read_pacs009(file(transfer())) == InstitutionTransferFile(GROUP, TransferUse.CORE, (GOOD,))


def test_a_cover_names_what_it_covers() -> None:
    """With a header that says so, or without one."""
    for service in ("swift.cbprplus.cov.03", ""):
        read = read_pacs009(file(transfer(underlying=COVERED), service=service))
        assert (read.use, read.outcomes) == (TransferUse.COVER, (replace(GOOD, underlying=UNDERLYING),))


def test_an_advice_is_told_by_its_service() -> None:
    """Nothing in the Document says so."""
    read = read_pacs009(file(transfer(), service="swift.cbprplus.adv.02"))
    assert (read.use, read.outcomes) == (TransferUse.ADVICE, (GOOD,))


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(2, 16)])
def test_all_versions_are_read(version: str) -> None:
    """Those that exist today and those that the next years bring."""
    assert read_pacs009(file(transfer(), version=version)).outcomes == (GOOD,)


def test_the_group_may_give_the_date_and_the_banks() -> None:
    """What a transfer does not say itself."""
    group = "<IntrBkSttlmDt>2026-03-31</IntrBkSttlmDt>"
    bare = transfer().replace("<IntrBkSttlmDt>2026-03-30</IntrBkSttlmDt>", "")
    assert read_pacs009(file(bare, group=group)).outcomes == (replace(GOOD, settlement_date=date(2026, 3, 31)),)


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (f"<UETR>{UETR}</UETR>", "", ("uetr-missing", "PmtId/UETR")),
        (str(UETR), "no-uetr", ("uetr-invalid", "PmtId/UETR")),
        ("<EndToEndId>E1</EndToEndId>", "", ("end-to-end-id-missing", "PmtId/EndToEndId")),
        ("<InstrId>I1</InstrId>", f"<InstrId>{'I' * 36}</InstrId>", ("text-too-long", "PmtId/InstrId")),
        ('<IntrBkSttlmAmt Ccy="USD">250000.00</IntrBkSttlmAmt>', "", ("amount-missing", "IntrBkSttlmAmt")),
        (">250000.00<", ">0<", ("amount-zero", "IntrBkSttlmAmt")),
        ("<IntrBkSttlmDt>2026-03-30</IntrBkSttlmDt>", "", ("settlement-date-missing", "IntrBkSttlmDt")),
        ("<IntrBkSttlmDt>2026-03-30</IntrBkSttlmDt>", "<IntrBkSttlmDt/>", ("settlement-date-missing", "IntrBkSttlmDt")),
        (">2026-03-30<", ">30 March<", ("date-invalid", "IntrBkSttlmDt")),
        ("<SttlmPrty>NORM</SttlmPrty>", "<SttlmPrty>FAST</SttlmPrty>", ("priority-unknown", "SttlmPrty")),
        ("<Dbtr><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Dbtr>", "<Dbtr><FinInstnId/></Dbtr>",
         ("debtor-institution-missing", "Dbtr/FinInstnId")),
        ("<Nm>Corridor settlement</Nm>", "", ("creditor-institution-missing", "Cdtr/FinInstnId")),
        ("<Purp><Cd>INTC</Cd></Purp>", "<Purp><Cd>INTRACOMPANY</Cd></Purp>", ("purpose-invalid", "Purp/Cd")),
        ("<SttlmPrty>NORM</SttlmPrty>", "<SttlmPrty>NORM</SttlmPrty>" * 2, ("element-repeated", "SttlmPrty")),
        ("<Othr><Id>400-1</Id></Othr>", "", ("account-invalid", "DbtrAcct/Id")),
        ("</CdtTrfTxInf>", COVERED.replace("<Cdtr><Nm>Xu Meiling</Nm></Cdtr>", "") + "</CdtTrfTxInf>",
         ("underlying-transfer-missing", "UndrlygCstmrCdtTrf")),
    ],
)  # fmt: skip
def test_each_rule_broken_is_named_with_its_place(old: str, new: str, broken: tuple[str, str]) -> None:
    """One thing wrong, one finding; the neighbour is taken all the same."""
    bad = transfer().replace(old, new, 1)
    assert bad != transfer()
    data = file(bad, transfer(str(chance.uetr(2))))
    assert rules_broken(data) == [(broken[0], f"{HERE}/{broken[1]}")]
    assert read_pacs009(data).outcomes[1] == replace(GOOD, index=2, uetr=chance.uetr(2))


def test_a_cover_without_what_it_covers_is_a_fault() -> None:
    """Its header says cover, and the transfer it covers is missing."""
    assert rules_broken(file(transfer(), service="swift.cbprplus.cov.02")) == [
        ("underlying-transfer-missing", f"{HERE}/UndrlygCstmrCdtTrf")
    ]


def test_one_uetr_stands_once() -> None:
    """The first one is taken."""
    assert rules_broken(file(transfer(), transfer())) == [("uetr-repeated", "/Document/FICdtTrf/CdtTrfTxInf[2]/PmtId/UETR")]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (file(), errors.ElementMissing),
        (file(transfer(), group="<CtrlSum>1</CtrlSum>"), errors.ControlSumWrong),
        (file(transfer()).replace(b"<NbOfTxs>1", b"<NbOfTxs>2"), errors.TransferCountWrong),
        (file(transfer(), version="16"), errors.UnsupportedVersion),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(data: bytes, refusal: type[errors.UnreadableMessage]) -> None:
    """Nothing of it is read."""
    with pytest.raises(refusal):
        read_pacs009(data)


COVERS = st.builds(
    UnderlyingTransfer,
    debtor=chance.PARTIES,
    debtor_agent=chance.AGENTS,
    creditor_agent=chance.AGENTS,
    creditor=chance.PARTIES,
    debtor_account=st.none() | chance.ACCOUNTS,
    creditor_account=st.none() | chance.ACCOUNTS,
    remittance=st.lists(chance.texts(140), max_size=2).map(tuple),
    instructed=st.none() | chance.AMOUNTS,
)
TRANSFERS = st.builds(
    InstitutionTransfer,
    index=st.just(1),
    uetr=chance.UETRS,
    end_to_end_id=chance.texts(),
    settlement=chance.AMOUNTS,
    settlement_date=chance.DAYS,
    debtor=chance.AGENTS,
    creditor=chance.AGENTS,
    instruction_id=st.none() | chance.texts(),
    transaction_id=st.none() | chance.texts(),
    clearing_reference=st.none() | chance.texts(),
    priority=st.none() | st.sampled_from(["URGT", "HIGH", "NORM"]),
    instructing_agent=chance.AGENTS,
    instructed_agent=chance.AGENTS,
    previous_agents=chance.UP_TO_THREE_AGENTS,
    intermediaries=chance.UP_TO_THREE_AGENTS,
    debtor_account=st.none() | chance.ACCOUNTS,
    debtor_agent=chance.SOME_AGENTS,
    creditor_agent=chance.SOME_AGENTS,
    creditor_account=st.none() | chance.ACCOUNTS,
    purpose=st.none() | st.just("INTC"),
    remittance=st.lists(chance.texts(140), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(TRANSFERS, min_size=1, max_size=3, unique_by=lambda one: one.uetr), st.none() | COVERS)
def test_what_is_written_is_read_again(
    data: st.DataObject, transfers: list[InstitutionTransfer], underlying: UnderlyingTransfer | None
) -> None:
    """Whatever stands in a file, covers among them."""
    whole = InstitutionTransferFile(
        replace(data.draw(chance.groups(len(transfers))), version="pacs.009.001.08"),
        TransferUse.CORE if underlying is None else TransferUse.COVER,
        tuple(replace(one, index=number, underlying=underlying) for number, one in enumerate(transfers, 1)),
    )
    assert read_pacs009(write_pacs009(whole)) == whole


def test_nothing_to_write_is_refused() -> None:
    """A file has a transfer."""
    with pytest.raises(ValueError, match="at least one transfer"):
        write_pacs009(InstitutionTransferFile(GROUP, TransferUse.CORE, ()))
