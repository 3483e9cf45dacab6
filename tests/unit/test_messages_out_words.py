"""How what the ledger knows is put into the words of messages."""

from decimal import Decimal

import pytest

from ledger.messages.credit_transfers_out import charge_bearer, settlement_per_instructed
from ledger.messages.told import coded, message_id, within_35


@pytest.mark.parametrize(
    ("price", "factor"),
    [("9.3189", "0.1073088025"), ("1", "1.0000000000"), ("0.05", "20.000000000"), ("0.000003", "333333.33333")],
)
def test_a_rate_keeps_as_many_digits_as_the_standard_has_room_for(price: str, factor: str) -> None:
    """Eleven digits, at most ten of them behind the point."""
    assert str(settlement_per_instructed(Decimal(price))) == factor


@pytest.mark.parametrize(("agreed", "said"), [("DEBT", "DEBT"), ("SHAR", "SHAR"), ("CRED", "CRED"), ("SLEV", "DEBT")])
def test_charges_are_said_as_they_were_priced(agreed: str, said: str) -> None:
    """SLEV is no word of the corridor's messages; it was priced as if the debtor bore all charges."""
    assert charge_bearer(agreed) == said


def test_a_reason_is_a_code_or_the_senders_own_word() -> None:
    """A code has four characters; a word as many as a message has room for."""
    assert [coded(word) for word in ("AC04", "ac04", "own word " * 5)] == [
        ("AC04", None), (None, "ac04"), (None, "own word own word own word own word"),
    ]  # fmt: skip


def test_a_reference_stands_as_it_is_or_is_stood_for() -> None:
    """The same for the same reference, and another one for another."""
    exact, longer, other = "R" * 35, "R" * 36, "R" * 37
    assert (within_35(exact), len(within_35(longer)), within_35(longer) == within_35(other)) == (exact, 35, False)


def test_the_longest_message_id_fits() -> None:
    """Two names of eight letters, and more positions than a log will have."""
    assert len(message_id("abcdefgh-ijklmnop", 10**13, 9)) <= 35
