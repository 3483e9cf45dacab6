"""A pacs.008 reads as it was written, in every version and every script that people are named in."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from ledger.iso20022.credit_transfer import Charge, ChargeBearer, CreditTransfer, GroupHeader, TransferFault
from ledger.iso20022.pacs008 import read_pacs008, write_pacs008
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party

ABB, PSBC = Agent(bic="ABBMMAMCXXX"), Agent(bic="PSBCCNBJXXX")
NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
GROUP = GroupHeader(
    message_id="abb-psbc-41-1",
    created_at=NOON,
    transfer_count=1,
    settlement_method="CLRG",
    settlement_date=date(2026, 3, 27),
    instructing_agent=ABB,
    instructed_agent=PSBC,
)
TRANSFER = CreditTransfer(
    index=1,
    uetr=UUID("00000001-1111-4222-8333-444444444444"),
    end_to_end_id="E1",
    instructed_minor=100_000,
    instructed_currency="MAD",
    settlement_minor=10_000,
    settlement_currency="USD",
    settlement_date=date(2026, 3, 27),
    charge_bearer=ChargeBearer.CREDITOR,
    debtor=Party(
        "Amina El Idrissi",
        "أمينة الإدريسي",
        Address(street="Avenue Mohammed V", building_number="12", post_code="10000", town="Rabat", country="MA"),
        Birth(date(1990, 2, 1), "Fes", "MA"),
        (Identification("AB123456"),),
    ),
    debtor_agent=ABB,
    creditor_agent=PSBC,
    creditor=Party("Wang Fang", "王芳", Address(town="Beijing", country="CN")),
    debtor_account=Account(iban="MA64350192537885096825410525"),
    creditor_account=Account(other="6217000010001234567"),
    instruction_id="41-1",
    exchange_rate=Decimal("0.1000000000"),
    instructing_agent=ABB,
    instructed_agent=PSBC,
    purpose="DEPD",
    charges=(Charge(500, "CNY", PSBC), Charge(0, "MAD", ABB)),
    payout_minor=71_500,
    payout_currency="CNY",
    remittance=("rent",),
)
VERSIONS = ["pacs.008.001.08", "pacs.008.001.10", "pacs.008.001.12"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_transfer_reads_as_it_was_written(version: str) -> None:
    """Every field that is carried, charges and the amount to pay out among them."""
    file = read_pacs008(write_pacs008(GROUP, [TRANSFER], version))
    assert (file.transfers, file.faults, file.group.version) == ((TRANSFER,), (), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("latin", "native"),
    [
        ("Amina El Idrissi", "أمينة الإدريسي"),
        ("Wang Fang", "王芳"),
        ("Yidir Ameqqran", "ⵢⵉⴷⵉⵔ ⴰⵎⵇⵇⵔⴰⵏ"),
        ("Nguyen Thi Anh Tuyet", "Nguyễn Thị Ánh Tuyết"),
        ("Somchai Vongsa", "ສົມໄຊ ວົງສາ"),
        ("Zhang San", "\U00020000\U0002a6d6"),
    ],
    ids=["arabic", "chinese", "tifinagh", "vietnamese", "lao", "beyond-the-first-plane"],
)
def test_a_name_keeps_both_of_its_forms(version: str, latin: str, native: str) -> None:
    """The Latin form stands where every bank looks, the person's own script beside it, character for character."""
    party = Party(latin, native, Address(town="Rabat", country="MA"))
    transfer = replace(TRANSFER, debtor=party, creditor=party)
    assert read_pacs008(write_pacs008(GROUP, [transfer], version)).transfers == (transfer,)


def test_instructions_in_other_words_are_left_alone() -> None:
    """Only the corridor's own word fixes a payout; what another bank asks of the creditor agent does not."""
    data = write_pacs008(GROUP, [TRANSFER]).replace(b"/PAYOUT/CNY715.00", b"/ACC/call before paying")
    assert read_pacs008(data).transfers == (replace(TRANSFER, payout_minor=None, payout_currency=None),)


@pytest.mark.parametrize(
    ("before", "after", "rule", "place"),
    [
        (b"/PAYOUT/CNY715.00", b"/PAYOUT/XXX715.00", "amount-invalid", "InstrForCdtrAgt/InstrInf"),
        (b"/PAYOUT/CNY715.00", b"/PAYOUT/CNY715.001", "amount-invalid", "InstrForCdtrAgt/InstrInf"),
        (b'<Amt Ccy="CNY">5.00', b'<Amt Ccy="CNY">-5.00', "amount-invalid", "ChrgsInf/Amt"),
        (b'<Amt Ccy="CNY">5.00', b'<Amt Ccy="XYZ">5.00', "currency-unknown", "ChrgsInf/Amt/@Ccy"),
        (b'<Amt Ccy="CNY">5.00', b"<Amt>5.00", "currency-missing", "ChrgsInf/Amt/@Ccy"),
    ],
)
def test_a_charge_or_payout_that_is_no_amount_is_named(before: bytes, after: bytes, rule: str, place: str) -> None:
    """The rule and the element of the one transfer that has it."""
    data = write_pacs008(GROUP, [TRANSFER])
    assert before in data
    (fault,) = read_pacs008(data.replace(before, after)).outcomes
    assert isinstance(fault, TransferFault)
    assert [(found.rule, found.xpath) for found in fault.findings] == [(rule, f"/Document/FIToFICstmrCdtTrf/CdtTrfTxInf[1]/{place}")]
