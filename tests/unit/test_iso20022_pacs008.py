"""Files of credit transfers: read whole, faults named one by one, files that cannot be trusted refused."""

import io
import re
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from ledger.iso20022 import errors
from ledger.iso20022.credit_transfer import (
    ChargeBearer,
    ConditionKind,
    CreditTransfer,
    GroupHeader,
    Product,
    ReleaseCondition,
    TransferFault,
)
from ledger.iso20022.pacs008 import read_pacs008, stream_pacs008, write_pacs008
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party
from ledger.iso20022.rules import Rule

UETRS = [f"0000000{number}-1111-4222-8333-444444444444" for number in range(1, 6)]
HERE = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf[1]"


def transfer(uetr: str = UETRS[0], amount: str = "1000.00") -> str:
    """One good transfer in MAD, account to account."""
    return f"""
    <CdtTrfTxInf>
      <PmtId><InstrId>I1</InstrId><EndToEndId>E1</EndToEndId><TxId>T1</TxId><UETR>{uetr}</UETR></PmtId>
      <IntrBkSttlmAmt Ccy="MAD">{amount}</IntrBkSttlmAmt>
      <IntrBkSttlmDt>2026-03-27</IntrBkSttlmDt>
      <ChrgBr>DEBT</ChrgBr>
      <Dbtr>
        <Nm>Tarik Skalli</Nm>
        <PstlAdr><StrtNm>Rue Oued Fes</StrtNm><BldgNb>7</BldgNb><PstCd>10000</PstCd><TwnNm>Rabat</TwnNm><Ctry>MA</Ctry></PstlAdr>
        <Id><PrvtId>
          <DtAndPlcOfBirth><BirthDt>1980-02-29</BirthDt><CityOfBirth>Fes</CityOfBirth><CtryOfBirth>MA</CtryOfBirth></DtAndPlcOfBirth>
          <Othr><Id>ZZ123456</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm><Issr>MA</Issr></Othr>
        </PrvtId></Id>
      </Dbtr>
      <DbtrAcct><Id><IBAN>MA64350192537885096825410525</IBAN></Id></DbtrAcct>
      <DbtrAgt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></DbtrAgt>
      <CdtrAgt><FinInstnId><LEI>5493001KJTIIGC8Y1R12</LEI></FinInstnId></CdtrAgt>
      <Cdtr>
        <Nm>Xu Meiling</Nm>
        <PstlAdr><TwnNm>Shenzhen</TwnNm><Ctry>CN</Ctry><AdrLine>Hongli Lu 1</AdrLine><AdrLine>Futian</AdrLine></PstlAdr>
      </Cdtr>
      <CdtrAcct><Id><Othr><Id>6210831648560637077</Id></Othr></Id><Ccy>CNY</Ccy></CdtrAcct>
      <Purp><Cd>GIFT</Cd></Purp>
      <RmtInf><Ustrd>Cadeau</Ustrd></RmtInf>
    </CdtTrfTxInf>"""


def file(*transfers: str, count: int | None = None, group: str = "", version: str = "08") -> str:
    """A file of these transfers; ``group`` stands behind NbOfTxs."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.{version}">
  <FIToFICstmrCdtTrf>
    <GrpHdr>
      <MsgId>FILE-1</MsgId><CreDtTm>2026-03-27T20:00:00+01:00</CreDtTm><NbOfTxs>{len(transfers) if count is None else count}</NbOfTxs>
      {group}<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>
    </GrpHdr>{"".join(transfers)}
  </FIToFICstmrCdtTrf>
</Document>"""


GOOD = CreditTransfer(
    index=1,
    uetr=UUID(UETRS[0]),
    instruction_id="I1",
    end_to_end_id="E1",
    transaction_id="T1",
    instructed_minor=100_000,
    instructed_currency="MAD",
    settlement_minor=100_000,
    settlement_currency="MAD",
    settlement_date=date(2026, 3, 27),
    charge_bearer=ChargeBearer.DEBTOR,
    debtor=Party(
        name="Tarik Skalli",
        address=Address(street="Rue Oued Fes", building_number="7", post_code="10000", town="Rabat", country="MA"),
        birth=Birth(on=date(1980, 2, 29), town="Fes", country="MA"),
        identifications=(Identification(number="ZZ123456", scheme="NIDN", issuer="MA"),),
    ),
    debtor_account=Account(iban="MA64350192537885096825410525"),
    debtor_agent=Agent(bic="AAAAMAMC"),
    creditor_agent=Agent(lei="5493001KJTIIGC8Y1R12"),
    creditor=Party(name="Xu Meiling", address=Address(town="Shenzhen", country="CN", lines=("Hongli Lu 1", "Futian"))),
    creditor_account=Account(other="6210831648560637077", currency="CNY"),
    purpose="GIFT",
    remittance=("Cadeau",),
)


def changed(pattern: str, replacement: str) -> str:
    """The good transfer with one thing changed; the pattern must match."""
    text, count = re.subn(pattern, replacement, transfer(), count=1, flags=re.DOTALL)
    assert count == 1
    return text


def only_fault(text: str, **options: str) -> TransferFault:
    """The fault of a file of one transfer."""
    (fault,) = read_pacs008(file(text, **options).encode()).faults  # type: ignore[arg-type]
    return fault


def test_a_good_file_is_read_whole() -> None:
    """Every field a transfer carries, in its own type."""
    found = read_pacs008(file(transfer(), group="<CtrlSum>1000</CtrlSum>").encode())
    assert found.group == GroupHeader(
        message_id="FILE-1",
        created_at=datetime(2026, 3, 27, 19, tzinfo=UTC),
        transfer_count=1,
        settlement_method="CLRG",
        control_sum=Decimal(1000),
    )
    assert found.outcomes == (GOOD,)


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(2, 14)])
def test_versions_02_to_13_are_read(version: str) -> None:
    """The version read is kept."""
    found = read_pacs008(file(transfer(), version=version).encode())
    assert (found.group.version, found.transfers) == (f"pacs.008.001.{version}", (GOOD,))


def test_a_stated_settlement_keeps_both_amounts_and_the_rate() -> None:
    """InstdAmt is what the debtor sends, IntrBkSttlmAmt what the banks owe each other."""
    text = changed(r'Ccy="MAD">1000.00<', 'Ccy="USD">107.13<').replace(
        "<ChrgBr>", '<InstdAmt Ccy="MAD">1000</InstdAmt><XchgRate>0.1071340568</XchgRate><ChrgBr>'
    )
    (found,) = read_pacs008(file(text).encode()).transfers
    assert (found.instructed_minor, found.instructed_currency) == (100_000, "MAD")
    assert (found.settlement_minor, found.settlement_currency) == (10_713, "USD")
    assert (found.exchange_rate, found.states_settlement) == (Decimal("0.1071340568"), True)


def test_what_the_group_says_holds_for_transfers_that_say_nothing() -> None:
    """Settlement date, agents and product may stand once for the whole file."""
    group = (
        "<IntrBkSttlmDt>2026-03-30</IntrBkSttlmDt>"
        "<PmtTpInf><LclInstrm><Prtry>account_to_cash</Prtry></LclInstrm></PmtTpInf>"
        "<InstgAgt><FinInstnId><BICFI>BBBBMAMC</BICFI></FinInstnId></InstgAgt>"
    )
    text = changed("<IntrBkSttlmDt>.*</IntrBkSttlmDt>", "").replace("<CdtrAcct>", "<XAcct>").replace("</CdtrAcct>", "</XAcct>")
    (found,) = read_pacs008(file(text, group=group).encode()).transfers
    assert (found.settlement_date, found.product, found.instructing_agent, found.creditor_account) == (
        date(2026, 3, 30),
        Product.ACCOUNT_TO_CASH,
        Agent(bic="BBBBMAMC"),
        None,
    )


def test_what_the_standard_has_no_element_for_comes_back_from_the_supplement() -> None:
    """Native names, evidence and release condition survive a round trip; so does everything else."""
    full = CreditTransfer(
        index=1,
        uetr=UUID(UETRS[0]),
        end_to_end_id="NOTPROVIDED",
        instructed_minor=100_000,
        instructed_currency="MAD",
        settlement_minor=10_713,
        settlement_currency="USD",
        exchange_rate=Decimal("0.1071340568"),
        settlement_date=date(2026, 3, 27),
        accepted_at=datetime(2026, 3, 27, 9, 30, tzinfo=UTC),
        charge_bearer=ChargeBearer.SHARED,
        debtor=Party(name="Ada Akli", native_name="ⴰⴷⴰ ⴰⴽⵍⵉ", address=Address(town="Agadir", country="MA", post_box="12")),
        debtor_agent=Agent(bic="AAAAMAMCXXX", name="A Bank", clearing_member="350"),
        creditor_agent=Agent(bic="BBBBCNBJ", lei="5493001KJTIIGC8Y1R12"),
        creditor=Party(
            name="Shop Ltd",
            native_name="商店有限公司",
            address=Address(town="Yiwu", country="CN", lines=("Floor 2",)),
            identifications=(Identification(number="9133", scheme="CRED", issuer="CN", scheme_is_code=False),),
            bic="SHOPCNBJ",
            lei="5493001KJTIIGC8Y1R12",
            country_of_residence="CN",
        ),
        creditor_account=Account(other="62101234", currency="CNY", name="Shop"),
        instructing_agent=Agent(bic="AAAAMAMC"),
        instructed_agent=Agent(bic="BBBBCNBJ"),
        instruction_id="I9",
        transaction_id="T9",
        purpose="GDDS",
        category_purpose="TRAD",
        product=Product.CASH_TO_ACCOUNT,
        evidence=("invoice", "customs_declaration"),
        release_condition=ReleaseCondition(
            kind=ConditionKind.PARCEL_DELIVERED,
            reference="CP140722168CN",
            confirmed_by="AAAAMAMC",
            deadline=datetime(2026, 4, 6, 17, tzinfo=UTC),
        ),
        remittance=("Order 7", "second line"),
    )
    group = GroupHeader("F", datetime(2026, 3, 27, 20, tzinfo=UTC), 1, "INDA", settlement_date=date(2026, 3, 27))
    found = read_pacs008(write_pacs008(group, [full]))
    assert found.outcomes == (full,)
    assert found.group == GroupHeader(
        "F", datetime(2026, 3, 27, 20, tzinfo=UTC), 1, "INDA", control_sum=Decimal("107.13"), settlement_date=date(2026, 3, 27)
    )


FAULTS = [
    (Rule.UETR_MISSING, "<UETR>.*</UETR>", "", "PmtId/UETR"),
    (Rule.UETR_INVALID, "-4222-", "-1222-", "PmtId/UETR"),
    (Rule.UETR_INVALID, "<UETR>.*</UETR>", "<UETR>ABCDEF01-1111-4222-8333-444444444444</UETR>", "PmtId/UETR"),
    (Rule.ELEMENT_REPEATED, "<ChrgBr>DEBT</ChrgBr>", "<ChrgBr>DEBT</ChrgBr><ChrgBr>CRED</ChrgBr>", "ChrgBr"),
    (Rule.ELEMENT_REPEATED, "<Nm>Xu Meiling</Nm>", "<Nm>Xu Meiling</Nm><Nm>Li Tao</Nm>", "Cdtr/Nm"),
    (Rule.TEXT_TOO_LONG, "<InstrId>I1", "<InstrId>" + "I" * 36, "PmtId/InstrId"),
    (Rule.TEXT_TOO_LONG, "Xu Meiling", "Xu " * 50, "Cdtr/Nm"),
    (Rule.REFERENCE_CHARACTERS, "<EndToEndId>E1", "<EndToEndId>E&amp;1", "PmtId/EndToEndId"),
    (Rule.REFERENCE_CHARACTERS, "ZZ123456", "ZZ٣", "Dbtr/Id/PrvtId/Othr/Id"),
    (Rule.REFERENCE_SLASHES, "<InstrId>I1", "<InstrId>/I1", "PmtId/InstrId"),
    (Rule.REFERENCE_SLASHES, "<EndToEndId>E1", "<EndToEndId>E//1", "PmtId/EndToEndId"),
    (Rule.REFERENCE_SLASHES, "<TxId>T1", "<TxId>T1/", "PmtId/TxId"),
    (Rule.TEXT_CHARACTERS, "Xu Meiling", "徐美玲", "Cdtr/Nm"),
    (Rule.TEXT_CHARACTERS, "<TwnNm>Rabat", "<TwnNm>Fès", "Dbtr/PstlAdr/TwnNm"),
    (Rule.TEXT_CHARACTERS, "Cadeau", "Cadeau\ndeux lignes", "RmtInf/Ustrd"),
    (Rule.INSTRUCTION_ID_MISSING, "<InstrId>I1</InstrId>", "", "PmtId/InstrId"),
    (Rule.END_TO_END_ID_MISSING, "<EndToEndId>E1", "<EndToEndId>", "PmtId/EndToEndId"),
    (Rule.AMOUNT_MISSING, "<IntrBkSttlmAmt.*</IntrBkSttlmAmt>", "", "IntrBkSttlmAmt"),
    (Rule.AMOUNT_INVALID, "1000.00", "", "IntrBkSttlmAmt"),
    (Rule.AMOUNT_INVALID, "1000.00", "1,000.00", "IntrBkSttlmAmt"),
    (Rule.AMOUNT_INVALID, "1000.00", "1e3", "IntrBkSttlmAmt"),
    (Rule.AMOUNT_INVALID, "1000.00", "9" * 18, "IntrBkSttlmAmt"),
    (Rule.AMOUNT_DECIMALS, "1000.00", "1000.001", "IntrBkSttlmAmt"),
    (Rule.AMOUNT_DECIMALS, 'Ccy="MAD">1000.00', 'Ccy="JPY">1000.5', "IntrBkSttlmAmt"),
    (Rule.AMOUNT_ZERO, "1000.00", "0.00", "IntrBkSttlmAmt"),
    (Rule.AMOUNT_NEGATIVE, "1000.00", "-1000.00", "IntrBkSttlmAmt"),
    (Rule.CURRENCY_MISSING, ' Ccy="MAD"', "", "IntrBkSttlmAmt/@Ccy"),
    (Rule.CURRENCY_UNKNOWN, 'Ccy="MAD"', 'Ccy="XQX"', "IntrBkSttlmAmt/@Ccy"),
    (Rule.EXCHANGE_RATE_MISSING, "<ChrgBr>", '<InstdAmt Ccy="USD">107.13</InstdAmt><ChrgBr>', "XchgRate"),
    (Rule.EXCHANGE_RATE_INVALID, "<ChrgBr>", "<XchgRate>0</XchgRate><ChrgBr>", "XchgRate"),
    (Rule.EXCHANGE_RATE_INVALID, "<ChrgBr>", "<XchgRate>1.12345678901</XchgRate><ChrgBr>", "XchgRate"),
    (Rule.DATE_MISSING, "<IntrBkSttlmDt>.*</IntrBkSttlmDt>", "", "IntrBkSttlmDt"),
    (Rule.DATE_INVALID, "2026-03-27", "2026-02-29", "IntrBkSttlmDt"),
    (Rule.DATE_INVALID, "2026-03-27", "27.03.2026", "IntrBkSttlmDt"),
    (Rule.CHARGE_BEARER_MISSING, "<ChrgBr>.*</ChrgBr>", "", "ChrgBr"),
    (Rule.CHARGE_BEARER_UNKNOWN, "DEBT", "SLEV", "ChrgBr"),
    (Rule.DEBTOR_NAME_MISSING, "<Nm>Tarik Skalli</Nm>", "", "Dbtr/Nm"),
    (Rule.DEBTOR_TOWN_MISSING, "<TwnNm>Rabat</TwnNm>", "", "Dbtr/PstlAdr/TwnNm"),
    (Rule.DEBTOR_COUNTRY_MISSING, "<Ctry>MA</Ctry>", "", "Dbtr/PstlAdr/Ctry"),
    (Rule.DEBTOR_ACCOUNT_MISSING, "<DbtrAcct>.*</DbtrAcct>", "", "DbtrAcct"),
    (Rule.DEBTOR_AGENT_MISSING, "<BICFI>AAAAMAMC</BICFI>", "", "DbtrAgt/FinInstnId"),
    (Rule.CREDITOR_NAME_MISSING, "<Nm>Xu Meiling</Nm>", "<Nm> </Nm>", "Cdtr/Nm"),
    (Rule.CREDITOR_TOWN_MISSING, "<TwnNm>Shenzhen</TwnNm>", "", "Cdtr/PstlAdr/TwnNm"),
    (Rule.CREDITOR_COUNTRY_MISSING, "<Ctry>CN</Ctry>", "", "Cdtr/PstlAdr/Ctry"),
    (Rule.CREDITOR_ACCOUNT_MISSING, "<CdtrAcct>.*</CdtrAcct>", "", "CdtrAcct"),
    (Rule.CREDITOR_AGENT_MISSING, "<CdtrAgt>.*</CdtrAgt>", "", "CdtrAgt/FinInstnId"),
    (Rule.COUNTRY_INVALID, "<Ctry>CN</Ctry>", "<Ctry>China</Ctry>", "Cdtr/PstlAdr/Ctry"),
    (
        Rule.ADDRESS_LINES_ALONE,
        "<Dbtr>",
        "<UltmtDbtr><Nm>Ada</Nm><PstlAdr><Ctry>MA</Ctry><AdrLine>Rue 1</AdrLine></PstlAdr></UltmtDbtr><Dbtr>",
        "UltmtDbtr/PstlAdr",
    ),
    (
        Rule.ADDRESS_LINES_TOO_MANY,
        "Futian</AdrLine>",
        "Futian</AdrLine><AdrLine>3</AdrLine><AdrLine>4</AdrLine>",
        "Cdtr/PstlAdr/AdrLine[3]",
    ),
    (Rule.ADDRESS_LINE_REPEATS, "Futian", "SHENZHEN", "Cdtr/PstlAdr/AdrLine[2]"),
    (Rule.ADDRESS_LINE_REPEATS, "Hongli Lu 1", "Hongli Lu 1, Shenzhen CN", "Cdtr/PstlAdr/AdrLine"),
    (Rule.TEXT_TOO_LONG, "Futian", "F" * 71, "Cdtr/PstlAdr/AdrLine[2]"),
    (Rule.BIRTH_INCOMPLETE, "<CityOfBirth>Fes</CityOfBirth>", "", "Dbtr/Id/PrvtId/DtAndPlcOfBirth"),
    (Rule.IDENTIFICATION_INVALID, "<Id>ZZ123456</Id>", "", "Dbtr/Id/PrvtId/Othr/Id"),
    (Rule.ACCOUNT_INVALID, "<Othr><Id>6210831648560637077</Id></Othr>", "", "CdtrAcct/Id"),
    (Rule.IBAN_INVALID, "MA6435", "MA6535", "DbtrAcct/Id/IBAN"),
    (Rule.BIC_INVALID, "AAAAMAMC", "AAAAMA", "DbtrAgt/FinInstnId/BICFI"),
    (Rule.LEI_INVALID, "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R13", "CdtrAgt/FinInstnId/LEI"),
    (Rule.PURPOSE_INVALID, "GIFT", "A GIFT", "Purp/Cd"),
    (Rule.PURPOSE_NOT_IN_SET, "GIFT", "ZZZZ", "Purp/Cd"),
    (
        Rule.CATEGORY_PURPOSE_NOT_IN_SET,
        "<IntrBkSttlmAmt",
        "<PmtTpInf><CtgyPurp><Cd>ZZZZ</Cd></CtgyPurp></PmtTpInf><IntrBkSttlmAmt",
        "PmtTpInf/CtgyPurp/Cd",
    ),
    (
        Rule.PRODUCT_UNKNOWN,
        "<IntrBkSttlmAmt",
        "<PmtTpInf><LclInstrm><Prtry>by_pigeon</Prtry></LclInstrm></PmtTpInf><IntrBkSttlmAmt",
        "PmtTpInf/LclInstrm/Prtry",
    ),
    (
        Rule.RELEASE_CONDITION_INVALID,
        "</RmtInf>",
        '</RmtInf><SplmtryData><Envlp><s:Splmt xmlns:s="urn:corridor-ledger:supplement:1"><s:RlsCond><s:Knd>wedding</s:Knd>'
        "</s:RlsCond></s:Splmt></Envlp></SplmtryData>",
        "SplmtryData/Envlp/{urn:corridor-ledger:supplement:1}Splmt/{urn:corridor-ledger:supplement:1}RlsCond",
    ),
]


@pytest.mark.parametrize(
    ("rule", "pattern", "replacement", "path"), FAULTS, ids=[f"{number}-{row[0].id}" for number, row in enumerate(FAULTS)]
)
def test_each_rule_names_its_breach_and_nothing_else(rule: Rule, pattern: str, replacement: str, path: str) -> None:
    """One change breaks one rule, told with the element it was looked at."""
    fault = only_fault(changed(pattern, replacement))
    assert [(finding.rule, finding.xpath) for finding in fault.findings] == [(rule.id, f"{HERE}/{path}")]
    assert fault.sentence.startswith(rule.sentence) and fault.sentence.endswith(rule.way_out)
    assert fault.reason_code == rule.reason_code


def test_every_rule_has_a_test() -> None:
    """A new rule comes with its case: here, or by its id in the test of the message it belongs to."""
    tests = Path(__file__).parent.parent
    texts = [path.read_text() for path in (*tests.glob("unit/test_iso20022_*.py"), *tests.glob("integration/test_*_in.py"))]
    elsewhere = {rule for rule in Rule if any(f'"{rule.id}"' in text for text in texts)}
    assert {row[0] for row in FAULTS} | {Rule.UETR_REPEATED} | elsewhere == set(Rule)


def test_an_address_with_lines_alone_lacks_town_and_country() -> None:
    """Lines never stand alone: what they say has to stand in fields of its own, however well a reader would find it."""
    fault = only_fault(
        changed("<TwnNm>Shenzhen</TwnNm><Ctry>CN</Ctry><AdrLine>Hongli Lu 1</AdrLine>", "<AdrLine>Hongli Lu 1, Shenzhen, China</AdrLine>")
    )
    assert [(finding.rule, finding.xpath) for finding in fault.findings] == [
        ("creditor-town-missing", f"{HERE}/Cdtr/PstlAdr/TwnNm"),
        ("creditor-country-missing", f"{HERE}/Cdtr/PstlAdr/Ctry"),
    ]


def test_a_line_that_uses_a_word_of_a_field_repeats_nothing() -> None:
    """A street that is named after a town is not the town; and a bank's own address is not looked at."""
    text = changed("Futian", "Shenzhen Lu 7").replace(
        "<BICFI>AAAAMAMC</BICFI>", "<BICFI>AAAAMAMC</BICFI><PstlAdr><AdrLine>Rabat</AdrLine></PstlAdr>"
    )
    (found,) = read_pacs008(file(text).encode()).transfers
    assert found.creditor.address is not None and found.creditor.address.lines == ("Hongli Lu 1", "Shenzhen Lu 7")


def test_texts_may_use_the_extension_of_set_x_and_the_supplement_any_script() -> None:
    """What CBPR+ allows in names and free texts passes, and a name in its own script stands beside the Latin one."""
    text = changed("Cadeau", "Gift #7 &amp; more [50%] a_b").replace(
        "</RmtInf>",
        '</RmtInf><SplmtryData><Envlp><s:Splmt xmlns:s="urn:corridor-ledger:supplement:1"><s:DbtrNtvNm>طارق الصقلي</s:DbtrNtvNm>'
        "</s:Splmt></Envlp></SplmtryData>",
    )
    (found,) = read_pacs008(file(text).encode()).transfers
    assert (found.remittance, found.debtor.native_name) == (("Gift #7 & more [50%] a_b",), "طارق الصقلي")


def test_one_bad_transfer_in_five_leaves_the_four_others() -> None:
    """The file goes on; the bad one is named by its place, id and rule."""
    texts = [transfer(uetr) for uetr in UETRS]
    texts[2] = transfer(UETRS[2], amount="1000.001")
    found = read_pacs008(file(*texts, group="<CtrlSum>5000.001</CtrlSum>").encode())
    assert [(one.index, str(one.uetr)) for one in found.transfers] == [(1, UETRS[0]), (2, UETRS[1]), (4, UETRS[3]), (5, UETRS[4])]
    (fault,) = found.faults
    assert (fault.index, str(fault.uetr), fault.instruction_id, fault.end_to_end_id) == (3, UETRS[2], "I1", "E1")
    assert (fault.rule, fault.reason_code) == ("amount-decimals", "CH20")
    assert fault.xpath == "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf[3]/IntrBkSttlmAmt"
    assert fault.sentence == ("An amount has no more decimals than its currency (ISO 4217). Found '1000.001'. Send whole minor units.")


def test_a_uetr_that_stands_twice_is_taken_once() -> None:
    """The first one stands; the second is named."""
    found = read_pacs008(file(transfer(), transfer(amount="5.00")).encode())
    assert found.transfers == (GOOD,)
    assert [(fault.index, fault.rule, fault.uetr) for fault in found.faults] == [(2, "uetr-repeated", UUID(UETRS[0]))]


def test_all_that_is_wrong_with_a_transfer_is_told_at_once() -> None:
    """So that its sender mends it once."""
    fault = only_fault(transfer(amount="0").replace("<Nm>Xu Meiling</Nm>", "").replace("DEBT", "BOTH"))
    assert [finding.rule for finding in fault.findings] == ["amount-zero", "charge-bearer-unknown", "creditor-name-missing"]


def test_a_fault_tells_nothing_personal() -> None:
    """Names, addresses, accounts and birth days stay out of the sentences."""
    text = (
        transfer().replace("MA6435", "MA6535").replace("<Ctry>CN</Ctry>", "<Ctry>Hongli Lu 1</Ctry>").replace("1980-02-29", "29 Feb 1980")
    )
    told = " ".join(finding.sentence for finding in only_fault(text).findings)
    assert [word for word in ("Skalli", "350192537885096825410525", "Hongli", "1980") if word in told] == []


def test_a_transfer_shown_in_a_log_shows_no_person() -> None:
    """Neither names nor accounts nor what the debtor wrote stand in its repr."""
    assert [word for word in ("Skalli", "Meiling", "Rabat", "1980", "ZZ123456", "MA64", "Cadeau") if word in repr(GOOD)] == []


def test_a_hostile_transfer_is_told_in_twenty_findings_at_most() -> None:
    """Thousands of faults in one transfer do not make thousands of sentences."""
    text = changed("<Issr>MA</Issr></Othr>", "<Issr>MA</Issr></Othr>" + "<Othr><Issr>x</Issr></Othr>" * 500)
    assert len(only_fault(text).findings) == 20


GROUP_FAULTS = [
    (file(transfer(), count=2), errors.TransferCountWrong, "NbOfTxs says 2, the file has 1 transfers. Send the whole file again."),
    (file(transfer(), transfer(UETRS[1]), count=1), errors.TransferCountWrong, "NbOfTxs says 1, the file has 2 transfers."),
    (
        file(transfer(), group="<CtrlSum>999.99</CtrlSum>"),
        errors.ControlSumWrong,
        "CtrlSum says 999.99, the settlement amounts come to 1000.00.",
    ),
    (
        file(transfer(), group='<TtlIntrBkSttlmAmt Ccy="MAD">7</TtlIntrBkSttlmAmt>'),
        errors.ControlSumWrong,
        "TtlIntrBkSttlmAmt says 7, the settlement amounts come to 1000.00.",
    ),
    (
        file(transfer(), group='<TtlIntrBkSttlmAmt Ccy="USD">1000</TtlIntrBkSttlmAmt>'),
        errors.ControlSumWrong,
        "TtlIntrBkSttlmAmt is in another currency than the settlement amounts.",
    ),
    (file(), errors.ElementMissing, "The file lacks CdtTrfTxInf."),
    (file(transfer()).replace("GrpHdr", "Header"), errors.ElementMissing, "The file lacks GrpHdr, before the first transfer."),
    (file().replace("GrpHdr", "Header"), errors.ElementMissing, "The file lacks GrpHdr."),
    (file(transfer()).replace("<MsgId>FILE-1</MsgId>", ""), errors.ElementMissing, "The file lacks MsgId."),
    (file(transfer()).replace("FILE-1", "F" * 36), errors.ValueInvalid, "MsgId has more than 35 characters."),
    (file(transfer()).replace("FILE-1", "DÉPÔT"), errors.ValueInvalid, "MsgId has characters outside of set X."),
    (file(transfer()).replace("FILE-1</MsgId>", "FILE-1</MsgId><MsgId>FILE-2</MsgId>"), errors.ElementRepeated, "MsgId stands twice."),
    (file(transfer()).replace("2026-03-27T20:00:00+01:00", "tonight"), errors.ValueInvalid, "CreDtTm is 'tonight', not a date and time"),
    (file(transfer()).replace("<NbOfTxs>1</NbOfTxs>", ""), errors.ElementMissing, "The file lacks NbOfTxs."),
    (file(transfer()).replace("<NbOfTxs>1<", "<NbOfTxs>one<"), errors.ValueInvalid, "NbOfTxs is 'one', not a number"),
    (file(transfer()).replace("<SttlmMtd>CLRG</SttlmMtd>", ""), errors.ElementMissing, "The file lacks SttlmMtd."),
    (file(transfer()).replace("CLRG", "CASH"), errors.ValueInvalid, "SttlmInf/SttlmMtd is 'CASH', not one of CLRG, COVE, INDA, INGA."),
    (file(transfer(), group="<CtrlSum>much</CtrlSum>"), errors.ValueInvalid, "CtrlSum is 'much', not a decimal number"),
    (file(transfer(), group="<IntrBkSttlmDt>soon</IntrBkSttlmDt>"), errors.ValueInvalid, "IntrBkSttlmDt is 'soon', not a date"),
    (file(transfer())[:-40], errors.TruncatedMessage, "The message ends too early"),
]


@pytest.mark.parametrize(("text", "error", "told"), GROUP_FAULTS)
def test_a_file_that_cannot_be_trusted_as_a_whole_is_refused(text: str, error: type[errors.UnreadableMessage], told: str) -> None:
    """Totals that are wrong, a group header that lacks something, a file cut short."""
    with pytest.raises(errors.UnreadableMessage) as refused:
        read_pacs008(text.encode())
    assert type(refused.value) is error
    assert str(refused.value).startswith(told)


def test_a_stream_gives_the_header_first_and_the_wrong_total_last() -> None:
    """Why nothing may be done with a stream before it is at its end."""
    stream = stream_pacs008(file(transfer(), count=2).encode())
    assert isinstance(next(stream), GroupHeader)
    assert next(stream) == GOOD
    with pytest.raises(errors.TransferCountWrong):
        next(stream)


def test_a_long_file_needs_the_memory_of_one_transfer() -> None:
    """A thousand transfers are streamed in less memory than their text has."""
    data = file(*(transfer(f"{number:08x}-1111-4222-8333-444444444444") for number in range(1_000))).encode()
    source = io.BytesIO(data)
    tracemalloc.start()
    kinds = {type(outcome) for outcome in stream_pacs008(source)}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kinds == {GroupHeader, CreditTransfer}
    assert peak < 1_000_000 < len(data)


def test_an_instant_without_offset_is_read_as_utc_and_never_written() -> None:
    """The standard allows it; we do not spread it."""
    found = read_pacs008(file(transfer()).replace("20:00:00+01:00", "20:00:00.250").encode())
    assert found.group.created_at == datetime(2026, 3, 27, 20, 0, 0, 250_000, tzinfo=UTC)
    naive = GroupHeader("F", datetime(2026, 3, 27), 1, "CLRG")  # noqa: DTZ001  # the very thing that is refused
    with pytest.raises(ValueError, match="without an offset"):
        write_pacs008(naive, [GOOD])


def test_a_file_without_transfers_is_not_written() -> None:
    """The schema asks for at least one."""
    with pytest.raises(ValueError, match="at least one transfer"):
        write_pacs008(GroupHeader("F", datetime(2026, 3, 27, tzinfo=UTC), 0, "CLRG"), [])
