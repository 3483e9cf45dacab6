"""What makes a statement one to rely on: it adds up, is in one currency, and holds nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from ledger.domain.money import format_amount
from ledger.iso20022.errors import (
    BalanceMissing,
    EntryRepeated,
    StatementCurrencyMixed,
    StatementDoesNotAddUp,
    StatementTotalsWrong,
)
from ledger.iso20022.fields import Fields, safe
from ledger.iso20022.statement import BOOKED, Balance, Direction, Entry, Statement
from ledger.iso20022.values import read_count, read_decimal

_AGAIN = "Ask the bank to send the statement again."
# A page that is not the first or last opens or closes with an interim balance (external balance type codes).
_OPENING, _CLOSING, _INTERIM = ("OPBD", "PRCD"), ("CLBD",), "ITBD"


def choose_balances(balances: Sequence[Balance], xpath: str, *, paged: bool) -> tuple[Balance, Balance, tuple[Balance, ...]]:
    """The opening and the closing booked balance, and the others in their order.

    Raises BalanceMissing when one of the two is absent, or is stated twice with different amounts.
    """
    interim = [balance for balance in balances if balance.type == _INTERIM] if paged else []
    opening = _stated(balances, _OPENING, xpath) or (interim[0] if interim else None)
    closing = _stated(balances, _CLOSING, xpath) or (interim[-1] if interim else None)
    if opening is None or closing is None or opening is closing:
        absent = f"an opening balance ({' or '.join(_OPENING)})" if opening is None else f"a closing balance ({_CLOSING[0]})"
        raise BalanceMissing(f"{xpath} lacks {absent}.", field=f"{xpath}/Bal", way_out=_AGAIN)
    return opening, closing, tuple(balance for balance in balances if balance is not opening and balance is not closing)


def _stated(balances: Iterable[Balance], types: tuple[str, ...], xpath: str) -> Balance | None:
    for kind in types:
        found = [balance for balance in balances if balance.type == kind]
        if len({(balance.minor, balance.currency) for balance in found}) > 1:
            raise BalanceMissing(f"{xpath} states {kind} twice, with different amounts.", field=f"{xpath}/Bal", way_out=_AGAIN)
        if found:
            return found[0]
    return None


def check_statement(statement: Statement, xpath: str) -> None:
    """Raises StatementCurrencyMixed, EntryRepeated or StatementDoesNotAddUp."""
    currencies = {statement.opening.currency, statement.closing.currency, *(entry.currency for entry in statement.entries)}
    if currencies != {statement.currency}:
        raise StatementCurrencyMixed(
            f"{xpath} is in {statement.currency} but holds amounts in {', '.join(sorted(currencies - {statement.currency}))}.",
            field=f"{xpath}/Ntry",
            way_out=_AGAIN,
        )
    check_no_entry_repeated(statement.entries, xpath)
    expected = statement.opening.minor + statement.net_booked_minor
    if expected != statement.closing.minor:
        opening, entries, closing, difference = (
            format_amount(minor, statement.currency)
            for minor in (
                statement.opening.minor,
                statement.net_booked_minor,
                statement.closing.minor,
                statement.closing.minor - expected,
            )
        )
        raise StatementDoesNotAddUp(
            f"{xpath}: opening {opening} and booked entries {entries} do not make closing {closing} {statement.currency}; "
            f"the difference is {difference}.",
            field=f"{xpath}/Bal",
            value=difference,
            way_out=_AGAIN,
        )


def check_no_entry_repeated(entries: Iterable[Entry], xpath: str) -> None:
    """Raises EntryRepeated for a booking that stands there twice. A reference alone does not make two entries one: Swiss banks write the
    same NtryRef, the number of the contract, on every entry under it."""
    bookings: set[tuple[object, ...]] = set()
    for number, entry in enumerate(entries, start=1):
        booking = (entry.servicer_reference, entry.signed_minor, entry.status, entry.reversal, entry.booking_date)
        known_by = entry.servicer_reference or entry.reference
        if known_by is not None:
            if (known_by, *booking) in bookings:
                raise EntryRepeated(
                    f"{xpath}/Ntry[{number}] stands in the statement before, with reference {safe(known_by)}.",
                    field=f"{xpath}/Ntry[{number}]",
                    way_out=_AGAIN,
                )
            bookings.add((known_by, *booking))


def check_summary(every: Sequence[Entry], currency: str, fields: Fields, xpath: str) -> None:
    """Raises StatementTotalsWrong when TxsSummry differs from the entries. Banks count all entries or the booked ones: either will do."""
    booked = tuple(entry for entry in every if entry.status == BOOKED)
    for element, direction in (("TtlNtries", None), ("TtlCdtNtries", Direction.CREDIT), ("TtlDbtNtries", Direction.DEBIT)):
        totals = [_totals(entries, direction, currency) for entries in (every, booked)]
        path = f"TxsSummry/{element}"
        number, total = fields.text(f"{path}/NbOfNtries"), fields.text(f"{path}/Sum")
        numbers, sums = {count for count, _ in totals}, {amount for _, amount in totals}
        if number is not None and read_count(number) not in numbers:
            raise _totals_wrong(f"{xpath}/{path}/NbOfNtries", number, sorted(map(str, numbers)))
        if total is not None and read_decimal(total, digits_max=18, decimals_max=17) not in sums:
            raise _totals_wrong(f"{xpath}/{path}/Sum", total, sorted(map(str, sums)))


def _totals(entries: Iterable[Entry], direction: Direction | None, currency: str) -> tuple[int, Decimal]:
    minors = [entry.minor for entry in entries if direction is None or entry.direction is direction]
    return len(minors), Decimal(format_amount(sum(minors), currency))


def _totals_wrong(xpath: str, stated: str, found: list[str]) -> StatementTotalsWrong:
    return StatementTotalsWrong(
        f"{xpath} says {safe(stated)}, the entries come to {' or '.join(found)}.", field=xpath, value=safe(stated), way_out=_AGAIN
    )
