"""Chains of messages that other banks wrote, run through the ledger: a transfer, what the creditor agent says of it, and what comes back.

Each runs in a corridor of its own, with the banks, the currency and the day of its messages. What a chain lacks is made by our generator.
Afterwards the log verifies, and the debtor agent is told where its transfer stands.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest

from ledger.bootstrap import Service
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.pacs002 import StatusReport, TransferStatus, read_pacs002
from ledger.iso20022.pacs004 import read_pacs004
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.payment_return import PaymentReturn
from ledger.iso20022.values import Amount
from ledger.messages.incoming import take_in
from ledger.messages.taken import Taken
from ledger.verify import verify
from tests.acceptance.chain_corridors import RECEIVER, SENDER, between, chain_corridor, file_of, first_transfer
from tests.integration.bank_messages import part, payment_return, question, replied, says, status_report, transfer_of

# What becomes of the transfer, and what its debtor agent is then told.
STATUSES = {
    "cbpr-ur/2025__pacs002_status_report_sample.xml": ("accepted", "ACSP", "G005"),
    "cbpr-ur/2026__pacs002_status_report_sample.xml": ("accepted", "ACSP", "G005"),
    "cbpr-ur/fixtures__pacs_002_2026_valid.xml": ("accepted", "ACSP", "G005"),
    "cbpr/c_56_4_1__CBPRplus_c.56.4.1_pacs.002_CtoB.xml": ("paid", "ACCC", None),
    "cbpr/p_2_2_1__CBPRplus_p.2.2.1_pacs.002-DtoC.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_2_2_1__mt299_pacs_002_D_C.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_2_3_1_a__CBPRplus_p.2.3.1.a_pacs.002_DtoA.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_2_3_1_b__CBPRplus_p.2.3.1.b_pacs.002_DtoA.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_2_3_1_b__CBPRplus_p.2.3.1.b_pacs.002_DtoC.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_2_4_1__CBPRplus_p.2.4.1_pacs.002_BtoE.xml": ("paid", "ACCC", None),
    "cbpr/p_2_4_2__mt299_pacs_002_B_E.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_2_5_1__CBPRplus_p.2.5.1_pacs.002_BtoA.xml": ("paid", "ACCC", None),
    "cbpr/p_2_5_2__CBPRplus_p.2.5.2_pacs.002_BtoA.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_2_5_2__mt199_pacs_002_B_A.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_3_1_1__CBPRplus_p.3.1.1_pacs.002_BtoA.xml": ("paid", "ACCC", None),
    "cbpr/p_3_1_2__mt199_pacs_002_B_A.xml": ("refunded", "RJCT", "…"),
    "cbpr/p_3_2_1_b__mt199_pacs_002_D_A.xml": ("refunded", "RJCT", "…"),
}
RETURNS = (
    "cbpr-ur/fixtures__pacs_004_2025_valid.xml",
    "cbpr-ur/y2025__pacs.004.max.xml",
    "cbpr/custom__mt205_pacs_004_1.xml",
    "cbpr/p_2_1_2__mt103_pacs_004_B_A.xml",
    "cbpr/p_2_3_1_a__CBPRplus_p.2.3.1.a_pacs.004-BtoA.xml",
    "cbpr/p_2_3_1_b__CBPRplus_p.2.3.1.b_pacs.004-CtoB.xml",
)
# Those that the debtor's bank itself sends.
TRANSFERS = (
    "cbpr-ur/2026__pacs008_credit_transfer_sample.xml",
    "cbpr/c_29_1_1__CBPRplus_c.29.1.1_pacs.008_AtoB.xml",
    "cbpr/c_52_1_a__CBPRplus_c.52.1.a_pacs.008-AtoB.xml",
    "cbpr/c_53_5__mt103_pacs008_A_B.xml",
)
CHAIN_OF_P_2_1_2 = (
    "cbpr/p_2_1_2__CBPRplus_p.2.1.2_pacs.008-BtoC.xml",
    "cbpr/p_2_1_2__mt103_pacs008_B_C.xml",
)


@pytest.fixture(scope="module")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the master key of this file's database lies."""
    return tmp_path_factory.mktemp("chains")


class Story(NamedTuple):
    """One chain: its corridor, and the transfer that it is about."""

    service: Service
    corridor: str
    uetr: UUID

    def begins(self, data: bytes) -> None:
        """The debtor agent sends the transfer."""
        taken = take_in(self.service, self.corridor, SENDER, data)
        assert [(item.status, item.sentence) for item in taken.items] == [("ACTC", "")]

    def goes_on(self, data: bytes) -> Taken:
        """The creditor agent sends a message that is taken; sent again, it is answered by the same bytes."""
        taken = take_in(self.service, self.corridor, RECEIVER, data)
        assert (taken.status, [item.sentence for item in taken.items]) == ("accepted", [""])
        again = take_in(self.service, self.corridor, RECEIVER, data)
        assert (again.recognised, again.reply) == (True, taken.reply)
        return taken

    @property
    def state(self) -> str:
        return transfer_of(self.service, self.corridor, self.uetr).state

    def told(self) -> tuple[str, str | None]:
        """What the debtor agent is told when it asks."""
        [(_, status, reason)] = replied(take_in(self.service, self.corridor, SENDER, question("ASKED", [self.uetr])).reply)
        return status, reason

    def verifies(self) -> bool:
        """Whether every rule holds over the whole log."""
        return verify(self.service.pool, self.corridor).ok


def banks(header: BusinessHeader | None) -> tuple[str, str]:
    """Sender and receiver of a chain, of which the message is an answer."""
    assert header is not None and header.sender_bic is not None and header.receiver_bic is not None
    return header.receiver_bic, header.sender_bic


def report_of(data: bytes) -> tuple[StatusReport, TransferStatus]:
    report = read_pacs002(data)
    [status] = report.transfers
    return report, status


def return_of(data: bytes) -> tuple[BusinessHeader | None, datetime, PaymentReturn]:
    file = read_pacs004(data)
    [one] = file.outcomes
    assert isinstance(one, PaymentReturn)
    return file.group.header, file.group.created_at, one


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_of_another_bank_does_what_it_says(
    module_database_url: str, key_folder: Path, corridor: str, conformance_data: Path, name: str
) -> None:
    """The transfer is made by our generator, under the UETR and the ids that the report names."""
    data = (conformance_data / "iso20022" / name).read_bytes()
    report, status = report_of(data)
    assert status.uetr is not None
    sender, receiver = banks(report.header)
    at = report.created_at - timedelta(hours=1)
    with chain_corridor(
        module_database_url, key_folder, corridor, sender=sender, receiver=receiver, currency="EUR", at=at
    ) as (service, clock):  # fmt: skip
        story = Story(service, corridor, status.uetr)
        story.begins(
            first_transfer(
                status.uetr, sender=sender, receiver=receiver, minor=6_578_432, currency="EUR", at=at,
                end_to_end_id=status.end_to_end_id or "NOTPROVIDED", instruction_id=status.instruction_id,
            )
        )  # fmt: skip
        clock.set(report.created_at)
        story.goes_on(data)
        state, word, reason = STATUSES[name]
        if reason == "…":
            reason = status.reason_code or "NARR"
        assert (story.state, story.told(), story.verifies()) == (state, (word, reason), True)


@pytest.mark.parametrize("name", RETURNS)
def test_a_return_of_another_bank_brings_back_what_it_says(
    module_database_url: str, key_folder: Path, corridor: str, conformance_data: Path, name: str
) -> None:
    """The transfer and the word that it was paid are made by us, the return is theirs: all of it comes back."""
    data = (conformance_data / "iso20022" / name).read_bytes()
    header, made_at, one = return_of(data)
    sender, receiver = banks(header)
    at = made_at - timedelta(hours=1)
    with chain_corridor(
        module_database_url, key_folder, corridor, sender=sender, receiver=receiver, currency=one.returned.currency, at=at
    ) as (service, _):  # fmt: skip
        story = Story(service, corridor, one.uetr)
        story.begins(
            first_transfer(
                one.uetr, sender=sender, receiver=receiver, minor=one.returned.minor, currency=one.returned.currency, at=at,
                end_to_end_id=one.original_end_to_end_id or "NOTPROVIDED", instruction_id=one.original_instruction_id,
            )
        )  # fmt: skip
        story.goes_on(status_report("PAID", says(one.uetr, "ACCC")))
        story.goes_on(data)
        transfer = transfer_of(service, corridor, one.uetr)
        assert [part.settlement for part in transfer.returns.values()] == [one.returned.minor]
        assert (story.state, story.told(), story.verifies()) == ("returned", ("ACCC", None), True)


@pytest.mark.parametrize("name", TRANSFERS)
def test_a_transfer_of_another_bank_goes_through_as_it_stands(
    module_database_url: str, key_folder: Path, corridor: str, conformance_data: Path, name: str
) -> None:
    """Its file is taken in unchanged, between the two banks at its ends; what the other one says of it, and sends back, is made by us."""
    data = (conformance_data / "iso20022" / name).read_bytes()
    file = read_pacs008(data)
    [sent] = file.transfers
    sender, receiver, currency = sent.debtor_agent.bic, sent.creditor_agent.bic, sent.settlement_currency
    assert sender is not None and receiver is not None
    with chain_corridor(
        module_database_url, key_folder, corridor, sender=sender, receiver=receiver, currency=currency, at=file.group.created_at
    ) as (service, _):  # fmt: skip
        story = Story(service, corridor, sent.uetr)
        story.begins(data)
        story.goes_on(status_report("ACCEPTED", says(sent.uetr, "ACSP", "G005")))
        assert story.told() == ("ACSP", "G005")
        story.goes_on(status_report("PAID", says(sent.uetr, "ACCC")))
        story.goes_on(payment_return("BACK", part(sent.uetr, Amount(sent.settlement_minor, currency), reason="FOCR")))
        returned = transfer_of(service, corridor, sent.uetr).returned
        assert (returned.settlement, returned.instructed, story.state) == (sent.settlement_minor, sent.instructed_minor, "returned")
        assert story.verifies()


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("name", CHAIN_OF_P_2_1_2)
def test_a_transfer_and_its_return_by_the_same_banks(
    module_database_url: str, key_folder: Path, corridor: str, conformance_data: Path, name: str, number: int
) -> None:
    """Use case p.2.1.2, between the banks B and C: USD 136,490.00 goes, USD 136,480.00 comes back, since C keeps its charge of ten."""
    folder = conformance_data / "iso20022"
    [sent] = read_pacs008((folder / name).read_bytes()).transfers
    data = (folder / f"cbpr/custom__mt205_pacs_004_{number}.xml").read_bytes()
    header, made_at, one = return_of(data)
    sender, receiver = banks(header)
    at = made_at - timedelta(hours=1)
    with chain_corridor(
        module_database_url, key_folder, corridor, sender=sender, receiver=receiver, currency="USD", at=at
    ) as (service, _):  # fmt: skip
        story = Story(service, corridor, sent.uetr)
        story.begins(file_of(between(sent, sender=sender, receiver=receiver, on=at.date()), at))
        story.goes_on(status_report("PAID", says(sent.uetr, "ACCC")))
        story.goes_on(data)
        returned = transfer_of(service, corridor, one.uetr).returned
        assert (returned.settlement, returned.payout, story.state) == (13_648_000, 13_648_000, "returned")
        assert (story.told(), story.verifies()) == (("ACCC", None), True)
