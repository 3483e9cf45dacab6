"""A bank that keeps an account which the ledger mirrors: its statements show what the ledger booked, unless a test changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from ledger.domain.terms import Terms
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, Direction, Entry, EntryDetail, Statement
from ledger.projections.cycles import cycles
from ledger.projections.lines import JournalLine
from ledger.projections.movements import movements
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from tests.integration.projected import each_line


def entry_of(line: JournalLine, references: dict[UUID, str], number: int, payments: dict[tuple[str, int], str]) -> Entry:
    """The bank's line for one of the ledger's: a debit of our account is a credit at the bank."""
    reference = references.get(line.reference) or payments.get((line.entry, line.amount))
    detail = EntryDetail(end_to_end_id=reference) if reference else EntryDetail(uetr=line.reference)
    return Entry(
        minor=abs(line.amount),
        currency=line.currency,
        direction=Direction.CREDIT if line.amount > 0 else Direction.DEBIT,
        booking_date=line.booking_date,
        value_date=line.value_date,
        reference=str(number),
        details=(detail,),
    )


def entries_of(pool: PostgresPool, corridor: str, account: str, first: date, last: date) -> list[Entry]:
    """What the bank would show of the days: everything the ledger has booked on the account."""
    Runner(Log(pool, corridor)).catch_up()
    with snapshot(pool, corridor) as at:
        references = {movement.stream: movement.reference for movement in movements(at, size=1_000)}
        payments = {
            (payment.direction, payment.amount if payment.direction == "pay_in" else -payment.amount): payment.bank_reference
            for cycle in cycles(at)
            for payment in cycle.payments
        }
        booked = [line for line in each_line(at, account) if first <= line.booking_date <= last]
        lines = [line for line in booked if line.entry not in ("parked", "resolved")]
    return [entry_of(line, references, number, payments) for number, line in enumerate(lines, start=1)]


def statement_of(
    terms: Terms, account: str, number: str, entries: Sequence[Entry], *, first: date, last: date, opening: int = 0
) -> Statement:
    """A statement that adds up, of the account's own number at its bank; ``opening`` in minor units, credit positive as the bank has it."""
    owner, _, currency = account.split(":")
    holder = terms.participants.get(owner, terms.settlement)
    numbered = tuple(replace(entry, reference=str(count)) for count, entry in enumerate(entries, start=1))
    closing = opening + sum(entry.signed_minor for entry in numbered)
    return Statement(
        id=number,
        account=Account(other=holder.statement_account, currency=currency),
        currency=currency,
        opening=Balance("OPBD", opening, currency, first),
        closing=Balance("CLBD", closing, currency, last),
        entries=numbered,
    )
