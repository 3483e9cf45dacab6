"""One good message of every kind that is read, with as much in it as we write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ledger.iso20022.admi002 import MessageReject, write_admi002
from ledger.iso20022.camt053 import write_camt053
from ledger.iso20022.camt054 import write_camt054
from ledger.iso20022.pacs002 import GroupStatus, OriginalMessage, StatusReason, StatusReport, TransferStatus, write_pacs002
from ledger.iso20022.parties import Account, Agent
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from ledger.sandbox.generator import CorridorFacts, generate_pacs008, generate_transfers
from tests.unit import (
    test_iso20022_camt029,
    test_iso20022_camt054,
    test_iso20022_camt056,
    test_iso20022_camt057,
    test_iso20022_pacs004,
    test_iso20022_pacs009,
    test_iso20022_pacs028,
)

DAY = date(2026, 3, 27)
MIDNIGHT = datetime(2026, 3, 27, tzinfo=ZoneInfo("Africa/Casablanca"))
FACTS = CorridorFacts("AAAAMAMC", "BBBBCNBJ", DAY, MIDNIGHT)
STATED = replace(FACTS, settlement_currency="USD", instructed_per_settlement=Decimal("9.3341"))
TRANSFER = generate_transfers(1, 1, STATED)[0]

STATEMENT = Statement(
    id="S1",
    account=Account(iban="MA64350192537885096825410525", currency="MAD", name="Cash"),
    currency="MAD",
    opening=Balance("OPBD", 0, "MAD", DAY),
    closing=Balance("CLBD", -100, "MAD", DAY),
    entries=(
        Entry(
            minor=100,
            currency="MAD",
            direction=Direction.DEBIT,
            booking_date=DAY,
            value_date=DAY,
            reference="1",
            servicer_reference="B1",
            code=BankTransactionCode("PMNT", "RCDT", "XBCT", "NTRF", "BANK"),
            details=(EntryDetail(TRANSFER.uetr, "E", "I", "T", "B", "M", 100, "MAD", Direction.DEBIT, "AC04", "note"),),
        ),
        Entry(5, "MAD", Direction.CREDIT, status="PDNG"),
    ),
    created_at=MIDNIGHT,
    sequence=1,
)

REPORT = StatusReport(
    message_id="A1",
    created_at=MIDNIGHT,
    groups=(GroupStatus(OriginalMessage("FILE-1", "pacs.008.001.08", MIDNIGHT), status="PART", count=2),),
    transfers=(
        TransferStatus("ACSP", TRANSFER.uetr, "I1", "E1", "T1"),
        TransferStatus("RJCT", TRANSFER.uetr, "I2", "E2", "T2", (StatusReason("AC04", information=("closed",)),)),
    ),
    instructing_agent=Agent(bic="BBBBCNBJ"),
    instructed_agent=Agent(bic="AAAAMAMC"),
)
RESOLVED_CASE = "<RslvdCase><Id>C1</Id><Cretr><Agt><FinInstnId><BICFI>AAAAMAMC</BICFI></FinInstnId></Agt></Cretr></RslvdCase>"
REJECT = MessageReject("FILE-1", "not-xml", MIDNIGHT, "line 3", "The message is not well-formed.")

SAMPLES: Mapping[str, bytes] = {
    "admi.002": write_admi002(REJECT),
    "camt.029": test_iso20022_camt029.message(test_iso20022_camt029.transfer(case=RESOLVED_CASE)),
    "camt.053": write_camt053(STATEMENT),
    "camt.054": write_camt054(test_iso20022_camt054.FULL),
    "camt.056": test_iso20022_camt056.message(test_iso20022_camt056.transfer()),
    "camt.057": test_iso20022_camt057.message(test_iso20022_camt057.item()),
    "pacs.002": write_pacs002(REPORT),
    "pacs.004": test_iso20022_pacs004.file(test_iso20022_pacs004.a_return()),
    "pacs.008": generate_pacs008(1, 1, STATED),
    "pacs.009": test_iso20022_pacs009.file(test_iso20022_pacs009.transfer(underlying=test_iso20022_pacs009.COVERED)),
    "pacs.028": test_iso20022_pacs028.request(test_iso20022_pacs028.question()),
}
