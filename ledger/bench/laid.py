"""A journal and statements for the night job without the transfers behind them.

The ledger's lines are laid into the journal projection for a while and taken out again before the rules are verified: writing so many
transfers would take longer than all else, and the night job reads nothing of them but these lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.application import Ledger
from ledger.bench.statement_lines import Line, TwoSides, csv_statements
from ledger.bootstrap import Service
from ledger.domain.posting import account_name
from ledger.projections.runner import Runner

BANK = "psbc"
_COPY = (
    "COPY projections.journal_lines (corridor, account, position, line_no, boundary, recorded_at, currency, entry, reference, command,"
    " amount, booking_date, value_date) FROM STDIN"
)
_COPY_PART = 100_000
_TAKE_OUT = (
    "DELETE FROM projections.journal_lines WHERE corridor = %(corridor)s AND account = %(account)s AND position = %(position)s"
    " AND line_no >= %(first)s"
)
_FIRST_LINE = 1_000_000
"""Above any number that a line of an event has."""


@contextmanager
def laid(service: Service, ledger: Ledger, sides: TwoSides) -> Iterator[None]:
    """The ledger's side of the lines stands in the journal, at the boundary its projections have reached, as long as the block lasts."""
    corridor, account, position = ledger.corridor_code, _account(ledger), Runner(ledger.log_store).catch_up()
    recorded_at, currency = service.clock().isoformat(), account.rpartition(":")[2]
    begin, between = f"{corridor}\t{account}\t{position}\t", f"\t{position}\t{recorded_at}\t{currency}\tpayout\t"

    def row(number: int, line: Line) -> str:
        return f"{begin}{number}{between}{line.uetr}\t{line.uetr}\t{line.amount}\t{line.booked_on}\t{line.booked_on}\n"

    numbered = list(enumerate((line for day in sides.expected for line in day), _FIRST_LINE))
    with service.pool.transaction() as cursor:
        for start in range(0, len(numbered), _COPY_PART):
            cursor.copy_in(_COPY, "".join(row(number, line) for number, line in numbered[start : start + _COPY_PART]).encode())
    try:
        yield
    finally:
        with service.pool.transaction() as cursor:
            cursor.execute(_TAKE_OUT, {"corridor": corridor, "account": account, "position": position, "first": _FIRST_LINE})


def statements(ledger: Ledger, sides: TwoSides) -> Iterator[bytes]:
    """The bank's side of the lines: one CSV statement a day."""
    bank = ledger.terms().participant(BANK)
    opening = -sum(line.amount for day in sides.expected for line in day)
    return csv_statements(sides, bank.statement_account, bank.currency, opening)


def _account(ledger: Ledger) -> str:
    return account_name(BANK, "cash", ledger.terms().participant(BANK).currency)
