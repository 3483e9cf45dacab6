"""Announced receipts: what, where, when and from whom; never money yet."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings

from ledger.iso20022 import errors
from ledger.iso20022.camt057 import AnnouncedReceipt, Announcement, Expectation, Notification, read_camt057, write_camt057
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.cases import PartyOrAgent
from ledger.iso20022.parties import Account, Agent, Party
from ledger.iso20022.rules import Rule
from tests.unit import test_iso20022_camt029, test_iso20022_camt056
from tests.unit.case_messages import announcements

UETR = "00000001-1111-4222-8333-444444444444"
HERE = "/Document/NtfctnToRcv/Ntfctn"
HEADER = "<GrpHdr><MsgId>N1</MsgId><CreDtTm>2026-03-27T09:00:00Z</CreDtTm></GrpHdr>"
DATE = "<XpctdValDt>2026-03-30</XpctdValDt>"
AMOUNT = "<Amt Ccy='USD'>250000.00</Amt>"


def item(inside: str = f"<Id>I1</Id>{AMOUNT}{DATE}") -> str:
    return f"<Itm>{inside}</Itm>"


def message(*items: str, version: str = "06", header: str = HEADER, above: str = "<Id>G1</Id>") -> bytes:
    return (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.057.001.{version}'><NtfctnToRcv>{header}"
        f"<Ntfctn>{above}{''.join(items)}</Ntfctn></NtfctnToRcv></Document>"
    ).encode()


PLAIN = AnnouncedReceipt(1, "I1", (25_000_000, "USD"), Expectation(expected_on=date(2026, 3, 30)))


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(3, 9)])
def test_an_announcement_is_read_in_every_version(version: str) -> None:
    """Whatever the version, by element."""
    assert read_camt057(message(item(), version=version)) == Announcement(
        message_id="N1",
        created_at=datetime(2026, 3, 27, 9, tzinfo=UTC),
        notifications=(Notification("G1", (PLAIN,)),),
        version=f"camt.057.001.{version}",
    )


def test_what_stands_above_holds_for_every_receipt() -> None:
    """Account, servicer, date and debtor are said once; a receipt's own word goes before."""
    above = (
        "<Id>G1</Id><Acct><Id><Othr><Id>CORRIDOR-USD</Id></Othr></Id></Acct>"
        "<AcctSvcr><FinInstnId><BICFI>CCCCUS33</BICFI></FinInstnId></AcctSvcr><TtlAmt Ccy='USD'>250001.00</TtlAmt>"
        + DATE
        + "<Dbtr><Agt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Agt></Dbtr>"
    )
    own = (
        f"<Id>I2</Id><EndToEndId>E2</EndToEndId><UETR>{UETR}</UETR><Amt Ccy='USD'>1</Amt><XpctdValDt>2026-03-31</XpctdValDt>"
        "<Dbtr><Pty><Nm>Payer</Nm></Pty></Dbtr><Purp><Cd>CASH</Cd></Purp>"
    )
    found = read_camt057(message(item(f"<Id>I1</Id>{AMOUNT}"), item(own), above=above))
    account, servicer = Account(other="CORRIDOR-USD"), Agent(bic="CCCCUS33")
    of_all = Expectation(
        account=account,
        servicer=servicer,
        expected_on=date(2026, 3, 30),
        debtor=PartyOrAgent(agent=Agent(bic="AAAAMAMC")),
    )
    assert (found.notifications[0].expectation, found.notifications[0].total) == (of_all, (25_000_100, "USD"))
    assert found.receipts == (
        replace(PLAIN, expectation=of_all),
        AnnouncedReceipt(
            2,
            "I2",
            (100, "USD"),
            replace(of_all, expected_on=date(2026, 3, 31), debtor=PartyOrAgent(party=Party("Payer"))),
            end_to_end_id="E2",
            uetr=UUID(UETR),
            purpose="CASH",
        ),
    )


FAULTS = [
    (CaseRule.RECEIPT_ID_MISSING, "Id", AMOUNT + DATE),
    (CaseRule.RECEIPT_AMOUNT_MISSING, "Amt", f"<Id>I1</Id>{DATE}"),
    (CaseRule.RECEIPT_DATE_MISSING, "XpctdValDt", f"<Id>I1</Id>{AMOUNT}"),
    (Rule.AMOUNT_DECIMALS, "Amt", f"<Id>I1</Id><Amt Ccy='USD'>1.001</Amt>{DATE}"),
    (Rule.DATE_INVALID, "XpctdValDt", f"<Id>I1</Id>{AMOUNT}<XpctdValDt>soon</XpctdValDt>"),
    (Rule.UETR_INVALID, "UETR", f"<Id>I1</Id><UETR>1</UETR>{AMOUNT}{DATE}"),
    (Rule.ELEMENT_REPEATED, "Amt", f"<Id>I1</Id>{AMOUNT}{AMOUNT}{DATE}"),
    (
        Rule.BIC_INVALID,
        "DbtrAgt/FinInstnId/BICFI",
        f"<Id>I1</Id>{AMOUNT}{DATE}<DbtrAgt><FinInstnId><BICFI>A</BICFI></FinInstnId></DbtrAgt>",
    ),
]


@pytest.mark.parametrize(("rule", "place", "inside"), FAULTS, ids=[row[0].id for row in FAULTS])
def test_each_rule_is_named_at_its_place(rule: Rule | CaseRule, place: str, inside: str) -> None:
    """Rule and XPath, and nothing else is found; its neighbour is taken."""
    receipts = read_camt057(message(item(inside), item())).receipts
    assert [[(one.rule, one.xpath) for one in receipt.findings] for receipt in receipts] == [[(rule.id, f"{HERE}/Itm[1]/{place}")], []]


def test_every_rule_of_cases_is_broken_in_some_test() -> None:
    """The rules of all three messages have their row."""
    broken = {row[0] for table in (FAULTS, test_iso20022_camt029.FAULTS, test_iso20022_camt056.FAULTS) for row in table}
    assert broken | {CaseRule.TRANSFERS_NOT_NAMED} >= set(CaseRule)


def test_a_fault_above_is_that_of_every_receipt() -> None:
    """Nobody guesses for which of them the wrong account was meant."""
    above = "<Id>G1</Id><Acct><Id><IBAN>MA00</IBAN></Id></Acct>"
    receipts = read_camt057(message(item(), item(f"<Id>I2</Id>{AMOUNT}{DATE}"), above=above)).receipts
    assert [[one.rule for one in receipt.findings] for receipt in receipts] == [["iban-invalid"], ["iban-invalid"]]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (message(item(), header=""), errors.ElementMissing),
        (message(item(), header=HEADER * 2), errors.ElementRepeated),
        (message(item(), header="<GrpHdr><CreDtTm>2026-03-27T09:00:00Z</CreDtTm></GrpHdr>"), errors.ElementMissing),
        (message(item(), header="<GrpHdr><MsgId>N1</MsgId></GrpHdr>"), errors.ElementMissing),
        (message(item(), above=""), errors.ElementMissing),
        (message(), errors.ElementMissing),
        (message(item(), version="02"), errors.UnsupportedVersion),
    ],
)
def test_a_message_without_its_head_is_unreadable(data: bytes, error: type[errors.UnreadableMessage]) -> None:
    """Nothing of it is taken."""
    with pytest.raises(error):
        read_camt057(data)


@settings(max_examples=60, deadline=None)
@given(announcements())
def test_what_is_written_is_read_again(announcement: Announcement) -> None:
    """Whatever an announcement holds."""
    assert read_camt057(write_camt057(announcement)) == announcement


def test_old_versions_are_not_written() -> None:
    """They have no UETR: what came in one is written in version 06."""
    found = read_camt057(message(item(), version="03"))
    assert read_camt057(write_camt057(found)) == replace(found, version="camt.057.001.06")
    with pytest.raises(ValueError, match=r"camt\.057\.001\.03 is not written"):
        write_camt057(found, "camt.057.001.03")
