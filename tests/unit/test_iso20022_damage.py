"""Damaged messages: whatever happens to their bytes, the readers answer with a result or a named refusal, never with a crash."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.iso20022.camt053 import read_camt053, write_camt053
from ledger.iso20022.camt054 import read_camt054, write_camt054
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, Charge, Direction, Entry, Notification, Statement
from ledger.sandbox.generator import CorridorFacts, generate_pacs008

DAY = date(2026, 3, 27)
MIDNIGHT = datetime(2026, 3, 27, tzinfo=ZoneInfo("Africa/Casablanca"))
FILE = generate_pacs008(1, 2, CorridorFacts("AAAAMAMC", "BBBBCNBJ", DAY, MIDNIGHT))
STATEMENT = write_camt053(
    Statement(
        id="S",
        account=Account(other="A", currency="MAD"),
        currency="MAD",
        opening=Balance("OPBD", 0, "MAD", DAY),
        closing=Balance("CLBD", 500, "MAD", DAY),
        entries=(Entry(500, "MAD", Direction.CREDIT, booking_date=DAY, servicer_reference="B"),),
        created_at=MIDNIGHT,
    )
)
NOTIFICATION = write_camt054(
    Notification("N", Account(other="A"), (Entry(500, "MAD", Direction.CREDIT, charges=(Charge(5, "MAD"),)),), created_at=MIDNIGHT)
)
SPLINTERS = [b"", b"<", b"</", b"&", b"]]>", b"<!--", b"\x00", b"\xff", b"-1", b"1e9", b"NaN", b"9" * 40, "٣".encode(), b"2026-02-30", b">"]


@pytest.mark.parametrize(
    ("reader", "message"),
    [(read_pacs008, FILE), (read_camt053, STATEMENT), (read_camt054, NOTIFICATION)],
    ids=["pacs.008", "camt.053", "camt.054"],
)
@given(data=st.data())
def test_damage_anywhere_is_refused_by_name_or_changes_nothing_that_matters(
    reader: Callable[[bytes], object], message: bytes, data: st.DataObject
) -> None:
    """Up to four splinters replace stretches of the message."""
    damaged = message
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        length = data.draw(st.integers(0, 40))
        damaged = damaged[:start] + data.draw(st.sampled_from(SPLINTERS)) + damaged[start + length :]
    try:
        reader(damaged)
    except UnreadableMessage as refused:
        assert refused.code and refused.way_out
