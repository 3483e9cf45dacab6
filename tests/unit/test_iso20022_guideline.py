"""The usage guideline, held against the reader: what it calls required is missed, what it calls allowed is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from lxml import etree

from ledger.iso20022.credit_transfer import ChargeBearer, ConditionKind, CreditTransfer, GroupHeader, ReleaseCondition
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.guideline import PACS_008, Characters, Element, Use
from ledger.iso20022.pacs008 import read_pacs008, write_pacs008
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"


def person(name: str, native_name: str, town: str, country: str) -> Party:
    """With everything that the guideline has a row for."""
    return Party(
        name=name,
        native_name=native_name,
        address=Address(
            street="Long Street",
            building_number="7",
            post_box="12",
            post_code="10000",
            town=town,
            country=country,
            lines=("Floor 2", "Left"),
        ),
        birth=Birth(on=date(1980, 2, 29), town=town, country=country),
        identifications=(Identification(number="ZZ123456", scheme="NIDN", issuer=country),),
        country_of_residence=country,
    )


FULL = CreditTransfer(
    index=1,
    uetr=UUID("00000001-1111-4222-8333-444444444444"),
    end_to_end_id="E1",
    instruction_id="I1",
    transaction_id="T1",
    instructed_minor=100_000,
    instructed_currency="MAD",
    settlement_minor=10_713,
    settlement_currency="USD",
    exchange_rate=Decimal("0.1071340568"),
    settlement_date=date(2026, 3, 27),
    accepted_at=datetime(2026, 3, 27, 9, 30, tzinfo=UTC),
    charge_bearer=ChargeBearer.SHARED,
    debtor=person("Ada Akli", "ⴰⴷⴰ ⴰⴽⵍⵉ", "Agadir", "MA"),
    debtor_account=Account(iban="MA64350192537885096825410525"),
    debtor_agent=Agent(bic="AAAAMAMC", lei="5493001KJTIIGC8Y1R12"),
    creditor_agent=Agent(bic="BBBBCNBJ", lei="5493001KJTIIGC8Y1R12"),
    creditor=person("Xu Meiling", "徐美玲", "Shenzhen", "CN"),
    creditor_account=Account(other="6210831648560637077"),
    instructing_agent=Agent(bic="AAAAMAMC"),
    instructed_agent=Agent(bic="BBBBCNBJ"),
    purpose="GIFT",
    category_purpose="CASH",
    evidence=("invoice",),
    release_condition=ReleaseCondition(ConditionKind.PARCEL_DELIVERED, "CP140722168CN", "AAAAMAMC", datetime(2026, 4, 6, tzinfo=UTC)),
    remittance=("Cadeau",),
)
GROUP = GroupHeader(
    "FILE-1",
    datetime(2026, 3, 27, 20, tzinfo=UTC),
    1,
    "CLRG",
    instructing_agent=Agent(bic="AAAAMAMC"),
    instructed_agent=Agent(bic="BBBBCNBJ"),
)
MESSAGE = write_pacs008(GROUP, [FULL])


def place_of(tree: etree._Element, path: str) -> etree._Element:
    """The element at a path of the guideline."""
    top = path if path.startswith("GrpHdr/") else f"CdtTrfTxInf/{path}"
    steps = "/".join(f"{{{NAMESPACE}}}{step}" for step in f"FIToFICstmrCdtTrf/{top}".split("/"))
    found = tree.find(steps)
    assert found is not None, path
    return found


def broken_by(path: str, change: Callable[[etree._Element], None]) -> list[str]:
    """The rules that the message breaks once an element of it is changed; what makes a whole file unreadable is a rule, too."""
    tree = etree.fromstring(MESSAGE)
    change(place_of(tree, path))
    try:
        file = read_pacs008(etree.tostring(tree))
    except UnreadableMessage as refused:
        return [refused.code]
    return [finding.rule for fault in file.faults for finding in fault.findings]


def remove(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def saying(text: str) -> Callable[[etree._Element], None]:
    """Makes an element say something else."""

    def say(element: etree._Element) -> None:
        element.text = text

    return say


def rows(use: Use) -> list[Element]:
    return [element for element in PACS_008 if element.use is use]


def test_the_message_with_every_element_is_taken_as_it_was() -> None:
    """So each test below changes one thing of a good message."""
    assert read_pacs008(MESSAGE).outcomes == (FULL,)


@pytest.mark.parametrize("element", rows(Use.REQUIRED), ids=lambda element: element.path)
def test_an_element_called_required_is_missed(element: Element) -> None:
    """By one rule that says so."""
    assert len(broken_by(element.path, remove)) == 1


@pytest.mark.parametrize("element", rows(Use.ALLOWED), ids=lambda element: element.path)
def test_an_element_called_allowed_may_be_left_away(element: Element) -> None:
    """It was there, and nobody misses it."""
    assert broken_by(element.path, remove) == []


@pytest.mark.parametrize("element", rows(Use.REFUSED), ids=lambda element: element.path)
def test_an_element_called_refused_is_named(element: Element) -> None:
    """The message is good without it and not with it."""
    before = element.path.partition("[")[0]

    def add(found: etree._Element) -> None:
        for _ in range(2):
            etree.SubElement(found.getparent() if found.getparent() is not None else found, found.tag).text = "More"

    assert broken_by(before, add) == ["address-lines-too-many"]


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("IntrBkSttlmDt", "settlement-date-missing"),
        ("XchgRate", "exchange-rate-missing"),
        ("DbtrAcct", "debtor-account-missing"),
        ("CdtrAcct", "creditor-account-missing"),
    ],
)
def test_an_element_called_conditional_is_missed_under_its_condition(path: str, rule: str) -> None:
    """Two currencies, an account at either end, and no date for the whole file."""
    assert broken_by(path, remove) == [rule]


def test_every_conditional_element_has_its_condition_tested() -> None:
    """A new one comes with its row above."""
    assert {element.path for element in rows(Use.CONDITIONAL)} == {"IntrBkSttlmDt", "XchgRate", "DbtrAcct", "CdtrAcct"}


@pytest.mark.parametrize(
    "element", [row for row in PACS_008 if row.use is not Use.REFUSED and row.length_max is not None], ids=lambda element: element.path
)
def test_a_text_keeps_to_its_characters_and_its_length(element: Element) -> None:
    """Set X takes no ampersand, its extension no accent; one character more than the length is too long."""
    # Where the text stands in an element with children; the debtor's account has an IBAN, which has its own form.
    number = {"DbtrAcct": "CdtrAcct/Id/Othr/Id", "CdtrAcct": "CdtrAcct/Id/Othr/Id"}
    path = number.get(element.path, f"{element.path}/Id" if element.path.endswith("/Othr") else element.path)
    length = element.length_max or 0
    wrong = "value-invalid" if path == "GrpHdr/MsgId" else None
    assert broken_by(path, saying("A" * length)) == []
    assert broken_by(path, saying("A" * (length + 1))) == [wrong or "text-too-long"]
    strict = element.characters is Characters.X
    outside = wrong or ("reference-characters" if strict else "text-characters")
    assert broken_by(path, saying("A&B")) == ([outside] if strict else [])
    assert broken_by(path, saying("Fès")) == [outside]


def test_the_supplement_is_written_in_any_script() -> None:
    """It was, and the message was taken."""
    assert [row.path for row in PACS_008 if row.characters is Characters.ANY] == ["SplmtryData"]
    (found,) = read_pacs008(MESSAGE).transfers
    assert (found.debtor.native_name, found.creditor.native_name) == ("ⴰⴷⴰ ⴰⴽⵍⵉ", "徐美玲")
