"""The posting table: every entry the ledger can book, in one place.

A line's amount is signed: a debit is positive, a credit negative, in minor units of the account's currency. Every entry sums to zero
in each of its currencies (I2); `Entry.of` refuses one that does not. An account is named ``owner:kind:currency``; the corridor as an
owner is a book, not a legal person.

Example (MAD 1,000.00 sent, fee MAD 30.00 of which MAD 10.00 buys the paying bank's USD 1.00; USD 100.00; CNY 720.00):

=========  =============================================================================================
funding    Dr abb:cash 1,030 · Cr abb:fees 20 · Cr abb:fx 1,010 ‖ Dr abb:position 101 · Cr in_flight 100 · Cr remuneration 1
payout     Dr in_flight 100 · Dr remuneration 1 · Cr psbc:position 101 ‖ Dr psbc:fx 727.20 · Cr psbc:cash 720 · Cr psbc:fees 7.20
refund     the reverse of funding; a kept fee stays whole on abb:fees
=========  =============================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from ledger.domain.pricing import Pricing

Side = Literal["debit", "credit"]

# kind -> (normal side, has a floor). Only these kinds exist; only these four have floors (I12).
ACCOUNT_KINDS: dict[str, tuple[Side, bool]] = {
    "cash": ("debit", False),
    "own": ("credit", False),
    "fees": ("credit", False),
    "fx": ("debit", False),
    "position": ("credit", True),
    "in_flight": ("credit", True),
    "remuneration": ("credit", False),
    "settling": ("credit", True),
    "settlement_bank": ("debit", True),
    "suspense": ("credit", False),
}

EntryKind = Literal[
    "funding", "payout", "refund", "return", "prefund", "withdrawal", "withdrawal_paid", "cycle_close", "pay_in", "pay_out",
    "settlement_charge", "float_in", "float_out", "cover_spent", "cover_received", "fees_taken", "parked", "resolved",
]  # fmt: skip
_ENTRY_KINDS = frozenset(get_args(EntryKind))
CashKind = Literal["float_in", "float_out", "cover_spent", "cover_received", "fees_taken"]
CASH_KINDS: tuple[str, ...] = get_args(CashKind)

# Entries that ask for money to be there; all others record what happened and are never refused for a floor or a freeze (I12).
FLOOR_CHECKED: frozenset[str] = frozenset({"funding", "withdrawal", "withdrawal_paid", "pay_out"})


Line = tuple[str, int]
"""One side of an entry: the account, and the amount in minor units of its currency, debit positive."""


class Entry(NamedTuple):
    """A balanced booking. ``reference`` is the stream it belongs to: a transfer's UETR, a cycle, a movement, a break."""

    kind: EntryKind
    reference: UUID
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, kind: EntryKind, reference: UUID, lines: Iterable[Line]) -> Entry:
        """The entry without its zero lines. An unbalanced one, or one of other things than whole minor units, is a fault of this module,
        never of a caller."""
        kept = tuple([line for line in lines if line[1]])
        assert kind in _ENTRY_KINDS and type(reference) is UUID, f"no entry is called {kind} or belongs to {reference}"
        assert {type(amount) for _, amount in kept} <= {int}, f"{kind} is not in whole minor units: {kept}"
        assert not imbalance(kept), f"{kind} does not balance: {imbalance(kept)}"
        return cls(kind, reference, kept)


def imbalance(lines: Iterable[Line]) -> Mapping[str, int]:
    """By how much debits exceed credits in each currency where they are not equal; empty when the lines balance."""
    sums: dict[str, int] = {}
    for account, amount in lines:
        # An account's name ends in its currency, which ISO 4217 gives three letters.
        currency = account[-3:]
        sums[currency] = sums.get(currency, 0) + amount
    return {currency: total for currency, total in sums.items() if total}


def debit(account: str, amount: int) -> Line:
    return account, amount


def credit(account: str, amount: int) -> Line:
    return account, -amount


def account_name(owner: str, kind: str, currency: str) -> str:
    """``abb:cash:MAD``."""
    return f"{owner}:{kind}:{currency}"


def account_names(participants: Mapping[str, str], settlement: str) -> list[str]:
    """Every account of a corridor. ``participants`` maps each bank to its own currency."""
    own = [account_name(p, kind, currency) for p, currency in participants.items() for kind in ("cash", "own", "fees", "fx")]
    positions = [account_name(p, "position", settlement) for p in participants]
    corridor = [account_name("corridor", k, settlement) for k in ("in_flight", "remuneration", "settling", "settlement_bank")]
    suspense = [account_name("corridor", "suspense", currency) for currency in dict.fromkeys([*participants.values(), settlement])]
    return [*own, *positions, *corridor, *suspense]


# A transfer's own entries


def funding(uetr: UUID, p: Pricing) -> Entry:
    """The debtor agent takes the money in and owes its settlement value; it is in flight from here on."""
    d, mad, usd = p.debtor_agent, p.debtor_currency, p.settlement_currency
    return Entry.of("funding", uetr, [
        debit(f"{d}:cash:{mad}", p.instructed + p.fee),
        credit(f"{d}:fees:{mad}", p.fee - p.remuneration_cover),
        credit(f"{d}:fx:{mad}", p.instructed + p.remuneration_cover),
        debit(f"{d}:position:{usd}", p.settlement + p.remuneration),
        credit(f"corridor:in_flight:{usd}", p.settlement),
        credit(f"corridor:remuneration:{usd}", p.remuneration),
    ])  # fmt: skip


def payout(uetr: UUID, p: Pricing) -> Entry:
    """The creditor agent paid: the corridor owes it what was in flight and its remuneration. A fee the creditor bears lowers the cash
    that leaves and raises the fees."""
    c, cny, usd = p.creditor_agent, p.creditor_currency, p.settlement_currency
    return Entry.of("payout", uetr, [
        debit(f"corridor:in_flight:{usd}", p.settlement),
        debit(f"corridor:remuneration:{usd}", p.remuneration),
        credit(f"{c}:position:{usd}", p.settlement + p.remuneration),
        debit(f"{c}:fx:{cny}", p.payout + p.remuneration_value),
        credit(f"{c}:cash:{cny}", p.payout - p.creditor_fee),
        credit(f"{c}:fees:{cny}", p.remuneration_value + p.creditor_fee),
    ])  # fmt: skip


def refund(uetr: UUID, p: Pricing, *, fee_given_back: bool) -> Entry:
    """The reverse of funding. When the fee is kept, the part that was to buy remuneration becomes fee income too."""
    d, mad, usd = p.debtor_agent, p.debtor_currency, p.settlement_currency
    fee_lines = (
        [debit(f"{d}:fees:{mad}", p.fee - p.remuneration_cover), credit(f"{d}:cash:{mad}", p.instructed + p.fee)]
        if fee_given_back
        else [credit(f"{d}:fees:{mad}", p.remuneration_cover), credit(f"{d}:cash:{mad}", p.instructed)]
    )
    return Entry.of("refund", uetr, [
        debit(f"{d}:fx:{mad}", p.instructed + p.remuneration_cover),
        *fee_lines,
        debit(f"corridor:in_flight:{usd}", p.settlement),
        debit(f"corridor:remuneration:{usd}", p.remuneration),
        credit(f"{d}:position:{usd}", p.settlement + p.remuneration),
    ])  # fmt: skip


class ReturnPart(NamedTuple):
    """One part of a return in the three currencies, in minor units: taken back from the creditor, moved between the banks, given back
    to the debtor."""

    payout: int
    settlement: int
    instructed: int


def payment_return(uetr: UUID, p: Pricing, part: ReturnPart) -> Entry:
    """Money that was paid comes back. Fees and remuneration stay earned; a surplus of the rate stays on the bearer's fx."""
    d, c, usd = p.debtor_agent, p.creditor_agent, p.settlement_currency
    return Entry.of("return", uetr, [
        debit(f"{c}:cash:{p.creditor_currency}", part.payout),
        credit(f"{c}:fx:{p.creditor_currency}", part.payout),
        debit(f"{c}:position:{usd}", part.settlement),
        credit(f"{d}:position:{usd}", part.settlement),
        debit(f"{d}:fx:{p.debtor_currency}", part.instructed),
        credit(f"{d}:cash:{p.debtor_currency}", part.instructed),
    ])  # fmt: skip


# Settlement between the banks


def prefund(movement: UUID, participant: str, currency: str, amount: int) -> Entry:
    """The settlement bank confirmed that the participant's money is there."""
    return Entry.of("prefund", movement, [
        debit(f"corridor:settlement_bank:{currency}", amount),
        credit(f"{participant}:position:{currency}", amount),
    ])  # fmt: skip


def withdrawal(movement: UUID, participant: str, currency: str, amount: int) -> Entry:
    """The participant asks for money back; until the settlement bank confirms, it is settling."""
    return Entry.of("withdrawal", movement, [
        debit(f"{participant}:position:{currency}", amount),
        credit(f"corridor:settling:{currency}", amount),
    ])  # fmt: skip


def withdrawal_paid(movement: UUID, currency: str, amount: int) -> Entry:
    """The settlement bank confirmed that a withdrawal left."""
    return Entry.of("withdrawal_paid", movement, [
        debit(f"corridor:settling:{currency}", amount),
        credit(f"corridor:settlement_bank:{currency}", amount),
    ])  # fmt: skip


def cycle_close(cycle: UUID, currency: str, pay_outs: Mapping[str, int]) -> Entry:
    """What the payees are to receive leaves their positions and is settling."""
    return Entry.of("cycle_close", cycle, [
        *(debit(f"{payee}:position:{currency}", amount) for payee, amount in pay_outs.items()),
        credit(f"corridor:settling:{currency}", sum(pay_outs.values())),
    ])  # fmt: skip


def pay_in(cycle: UUID, participant: str, currency: str, amount: int) -> Entry:
    """A payer's money arrived at the settlement bank."""
    return Entry.of("pay_in", cycle, [
        debit(f"corridor:settlement_bank:{currency}", amount),
        credit(f"{participant}:position:{currency}", amount),
    ])  # fmt: skip


def pay_out(cycle: UUID, currency: str, amount: int) -> Entry:
    """A payee's money left the settlement bank."""
    return Entry.of("pay_out", cycle, [
        debit(f"corridor:settling:{currency}", amount),
        credit(f"corridor:settlement_bank:{currency}", amount),
    ])  # fmt: skip


def settlement_charge(movement: UUID, bearer: str, currency: str, amount: int) -> Entry:
    """The settlement bank charged; the bearer named by the terms owes it."""
    return Entry.of("settlement_charge", movement, [
        debit(f"{bearer}:position:{currency}", amount),
        credit(f"corridor:settlement_bank:{currency}", amount),
    ])  # fmt: skip


# A bank's own treasury, reported by the bank


_CASH_MOVES: dict[str, tuple[str, str]] = {  # kind -> (debited, credited)
    "float_in": ("cash", "own"),
    "float_out": ("own", "cash"),
    "cover_spent": ("fx", "cash"),
    "cover_received": ("cash", "fx"),
    "fees_taken": ("fees", "cash"),
}


def cash_moved(kind: CashKind, movement: UUID, participant: str, currency: str, amount: int) -> Entry:
    """Float brought or taken, cover bought (its cost left) or sold (its proceeds arrived), fees taken out."""
    debited, credited = _CASH_MOVES[kind]
    return Entry.of(kind, movement, [
        debit(f"{participant}:{debited}:{currency}", amount),
        credit(f"{participant}:{credited}:{currency}", amount),
    ])  # fmt: skip


# Adjustment by two officers


def parked(break_stream: UUID, account: str, difference: int) -> Entry:
    """Brings a mirrored account to its statement: ``difference`` (debit positive) against suspense."""
    currency = account.rpartition(":")[2]
    return Entry.of("parked", break_stream, [
        debit(account, difference),
        credit(f"corridor:suspense:{currency}", difference),
    ])  # fmt: skip


def resolved(break_stream: UUID, account: str, difference: int) -> Entry:
    """Moves a parked ``difference`` (debit positive, as parked) out of suspense: to the right account, or back where it was."""
    currency = account.rpartition(":")[2]
    return Entry.of("resolved", break_stream, [
        debit(f"corridor:suspense:{currency}", difference),
        credit(account, difference),
    ])  # fmt: skip
