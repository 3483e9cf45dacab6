"""One good message of every kind that is read, with as much in it as we write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ledger.iso20022.camt053 import write_camt053
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from ledger.sandbox.generator import CorridorFacts, generate_pacs008, generate_transfers

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

SAMPLES: Mapping[str, bytes] = {
    "camt.053": write_camt053(STATEMENT),
    "pacs.008": generate_pacs008(1, 1, STATED),
}
