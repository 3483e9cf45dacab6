"""The posting table, line by line: every entry the ledger can book, on the worked example."""

from __future__ import annotations

from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain import posting
from ledger.domain.money import format_amount
from ledger.domain.posting import CashKind, Entry, EntryKind, ReturnPart, credit, debit, imbalance
from tests.unit.corridor_fixtures import PRICING, uetr

REFERENCE = UUID(int=7)
UETR = uetr()

FUNDING = {
    "abb:cash:MAD": "1030.00",
    "abb:fees:MAD": "-20.00",
    "abb:fx:MAD": "-1010.00",
    "abb:position:USD": "101.00",
    "corridor:in_flight:USD": "-100.00",
    "corridor:remuneration:USD": "-1.00",
}
PAYOUT = {
    "corridor:in_flight:USD": "100.00",
    "corridor:remuneration:USD": "1.00",
    "psbc:position:USD": "-101.00",
    "psbc:fx:CNY": "727.20",
    "psbc:cash:CNY": "-720.00",
    "psbc:fees:CNY": "-7.20",
}
SHARED = PRICING.model_copy(update={"creditor_fee": 5_00})
PART = ReturnPart(payout=180_00, settlement=25_00, instructed=250_00)

# domain.md's table: the entry, how it is made, its lines (debits positive, credits negative).
TABLE: list[tuple[str, Entry, dict[str, str]]] = [
    ("funding", posting.funding(UETR, PRICING), FUNDING),
    ("payout", posting.payout(UETR, PRICING), PAYOUT),
    ("payout", posting.payout(UETR, SHARED), PAYOUT | {"psbc:cash:CNY": "-715.00", "psbc:fees:CNY": "-12.20"}),
    (
        "refund",
        posting.refund(UETR, PRICING, fee_given_back=True),
        {
            "abb:cash:MAD": "-1030.00",
            "abb:fees:MAD": "20.00",
            "abb:fx:MAD": "1010.00",
            "abb:position:USD": "-101.00",
            "corridor:in_flight:USD": "100.00",
            "corridor:remuneration:USD": "1.00",
        },
    ),
    (
        "refund",
        posting.refund(UETR, PRICING, fee_given_back=False),
        {
            "abb:cash:MAD": "-1000.00",
            "abb:fees:MAD": "-10.00",
            "abb:fx:MAD": "1010.00",
            "abb:position:USD": "-101.00",
            "corridor:in_flight:USD": "100.00",
            "corridor:remuneration:USD": "1.00",
        },
    ),
    (
        "return",
        posting.payment_return(UETR, PRICING, PART),
        {
            "psbc:cash:CNY": "180.00",
            "psbc:fx:CNY": "-180.00",
            "psbc:position:USD": "25.00",
            "abb:position:USD": "-25.00",
            "abb:fx:MAD": "250.00",
            "abb:cash:MAD": "-250.00",
        },
    ),
    (
        "prefund",
        posting.prefund(REFERENCE, "abb", "USD", 200_00),
        {"corridor:settlement_bank:USD": "200.00", "abb:position:USD": "-200.00"},
    ),
    (
        "withdrawal",
        posting.withdrawal(REFERENCE, "psbc", "USD", 50_00),
        {"psbc:position:USD": "50.00", "corridor:settling:USD": "-50.00"},
    ),
    (
        "withdrawal_paid",
        posting.withdrawal_paid(REFERENCE, "USD", 50_00),
        {"corridor:settling:USD": "50.00", "corridor:settlement_bank:USD": "-50.00"},
    ),
    (
        "cycle_close",
        posting.cycle_close(REFERENCE, "USD", {"psbc": 101_00, "abb": 7_00}),
        {"psbc:position:USD": "101.00", "abb:position:USD": "7.00", "corridor:settling:USD": "-108.00"},
    ),
    (
        "pay_in",
        posting.pay_in(REFERENCE, "abb", "USD", 101_00),
        {"corridor:settlement_bank:USD": "101.00", "abb:position:USD": "-101.00"},
    ),
    (
        "pay_out",
        posting.pay_out(REFERENCE, "USD", 101_00),
        {"corridor:settling:USD": "101.00", "corridor:settlement_bank:USD": "-101.00"},
    ),
    (
        "settlement_charge",
        posting.settlement_charge(REFERENCE, "abb", "USD", 15_00),
        {"abb:position:USD": "15.00", "corridor:settlement_bank:USD": "-15.00"},
    ),
    ("float_in", posting.cash_moved("float_in", REFERENCE, "psbc", "CNY", 9_00), {"psbc:cash:CNY": "9.00", "psbc:own:CNY": "-9.00"}),
    ("float_out", posting.cash_moved("float_out", REFERENCE, "psbc", "CNY", 9_00), {"psbc:own:CNY": "9.00", "psbc:cash:CNY": "-9.00"}),
    ("cover_spent", posting.cash_moved("cover_spent", REFERENCE, "abb", "MAD", 9_00), {"abb:fx:MAD": "9.00", "abb:cash:MAD": "-9.00"}),
    (
        "cover_received",
        posting.cash_moved("cover_received", REFERENCE, "psbc", "CNY", 9_00),
        {"psbc:cash:CNY": "9.00", "psbc:fx:CNY": "-9.00"},
    ),
    ("fees_taken", posting.cash_moved("fees_taken", REFERENCE, "abb", "MAD", 9_00), {"abb:fees:MAD": "9.00", "abb:cash:MAD": "-9.00"}),
    ("parked", posting.parked(REFERENCE, "psbc:cash:CNY", -720_00), {"psbc:cash:CNY": "-720.00", "corridor:suspense:CNY": "720.00"}),
    ("resolved", posting.resolved(REFERENCE, "psbc:own:CNY", -720_00), {"corridor:suspense:CNY": "-720.00", "psbc:own:CNY": "720.00"}),
]


def booked(entry: Entry) -> dict[str, str]:
    """An entry's lines as decimal strings, by account."""
    assert len({account for account, _ in entry.lines}) == len(entry.lines)
    return {account: format_amount(amount, account.rpartition(":")[2]) for account, amount in entry.lines}


@pytest.mark.parametrize(("kind", "entry", "expected"), TABLE, ids=[f"{kind} {n}" for n, (kind, *_) in enumerate(TABLE)])
def test_every_entry_books_the_lines_of_the_table(kind: str, entry: Entry, expected: dict[str, str]) -> None:
    """The whole entry, to the minor unit."""
    assert (entry.kind, booked(entry)) == (kind, expected)


def test_the_table_is_complete() -> None:
    """Every kind of entry that can be stored is tried above."""
    assert {kind for kind, *_ in TABLE} == set(get_args(EntryKind))
    assert set(posting.CASH_KINDS) == set(get_args(CashKind))


def test_a_refund_with_the_fee_undoes_the_funding_line_by_line() -> None:
    """Nothing of the transfer remains on any account."""
    sums = dict.fromkeys(FUNDING, 0)
    for entry in (posting.funding(UETR, PRICING), posting.refund(UETR, PRICING, fee_given_back=True)):
        for account, amount in entry.lines:
            sums[account] += amount
    assert sums == dict.fromkeys(FUNDING, 0)


def test_only_entries_that_ask_for_money_are_checked_against_floors() -> None:
    """All others record what happened (I12)."""
    assert sorted(posting.FLOOR_CHECKED) == ["funding", "pay_out", "withdrawal", "withdrawal_paid"]


def test_lines_of_nothing_are_left_out() -> None:
    """A free transfer has no fee line; an entry of zero lines has none at all."""
    free = PRICING.model_copy(update={"fee": 0, "remuneration": 0, "remuneration_cover": 0, "remuneration_value": 0})
    assert booked(posting.funding(UETR, free)) == {
        "abb:cash:MAD": "1000.00",
        "abb:fx:MAD": "-1000.00",
        "abb:position:USD": "100.00",
        "corridor:in_flight:USD": "-100.00",
    }
    assert posting.cycle_close(REFERENCE, "USD", {}).lines == ()


def test_an_entry_balances_in_each_currency_by_itself() -> None:
    """A dirham too much is not made good by a dollar too little (I2)."""
    lines = [debit("abb:cash:MAD", 100), credit("abb:own:MAD", 99), credit("abb:position:USD", 1)]
    assert imbalance(lines) == {"MAD": 1, "USD": -1}
    with pytest.raises(AssertionError, match="float_in does not balance"):
        Entry.of("float_in", REFERENCE, lines)


@given(
    amounts=st.fixed_dictionaries({
        "instructed": st.integers(1, 10**12),
        "settlement": st.integers(1, 10**12),
        "remuneration": st.integers(0, 10**6),
        "remuneration_cover": st.integers(0, 10**6),
        "payout": st.integers(10**6, 10**12),
        "remuneration_value": st.integers(0, 10**6),
        "creditor_fee": st.integers(0, 10**6 - 1),
    }),
    margin=st.integers(0, 10**6),
    part=st.builds(ReturnPart, *[st.integers(0, 10**12)] * 3),
)  # fmt: skip
def test_every_entry_of_a_transfer_balances_whatever_the_amounts(amounts: dict[str, int], margin: int, part: ReturnPart) -> None:
    """Debits equal credits in dirhams, dollars and yuan, each for itself (I2)."""
    pricing = PRICING.model_copy(update=amounts | {"fee": amounts["remuneration_cover"] + margin})
    for entry in (
        posting.funding(UETR, pricing),
        posting.payout(UETR, pricing),
        posting.refund(UETR, pricing, fee_given_back=True),
        posting.refund(UETR, pricing, fee_given_back=False),
        posting.payment_return(UETR, pricing, part),
    ):
        assert imbalance(entry.lines) == {}


def test_a_corridor_has_these_accounts() -> None:
    """Four of each bank in its own currency, a position each, the corridor's own, and suspense in every currency."""
    assert posting.account_names({"abb": "MAD", "psbc": "CNY"}, "USD") == [
        "abb:cash:MAD",
        "abb:own:MAD",
        "abb:fees:MAD",
        "abb:fx:MAD",
        "psbc:cash:CNY",
        "psbc:own:CNY",
        "psbc:fees:CNY",
        "psbc:fx:CNY",
        "abb:position:USD",
        "psbc:position:USD",
        "corridor:in_flight:USD",
        "corridor:remuneration:USD",
        "corridor:settling:USD",
        "corridor:settlement_bank:USD",
        "corridor:suspense:MAD",
        "corridor:suspense:CNY",
        "corridor:suspense:USD",
    ]


def test_only_these_kinds_have_floors() -> None:
    """Position, in flight, settling and settlement bank; every other account records what happened."""
    assert {kind for kind, (_, floored) in posting.ACCOUNT_KINDS.items() if floored} == {
        "position", "in_flight", "settling", "settlement_bank",
    }  # fmt: skip
