"""Two sets of lines that should agree and almost do: what a bank's statements say, and the ledger's journal, with planted breaks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from ledger.domain.money import format_amount

BREAKS_EVERY = 200
"""One line in so many is planted to differ: 0.5 %."""
CLASSES = ("amount_differs", "missing_in_statement", "missing_in_ledger", "duplicate_in_statement")
_HEADER = "row,statement,account,currency,date,value_date,amount,direction,uetr,end_to_end_id,reference,reversal,kind\n"


class Line(NamedTuple):
    """A line of either side: minor units, debit positive."""

    uetr: UUID
    amount: int
    booked_on: date


class TwoSides(NamedTuple):
    """``expected`` are the ledger's lines, ``reported`` the bank's, by day; ``planted`` tells the class under which each UETR differs."""

    days: tuple[date, ...]
    expected: tuple[list[Line], ...]
    reported: tuple[list[Line], ...]
    planted: dict[str, str]


def two_sides(seed: str, lines: int, last_day: date, days: int) -> TwoSides:
    """So many payouts on each side over some days, the same each time for a seed. Every planted break is of a UETR of its own."""
    dice = random.Random(seed)  # noqa: S311 - invents lines, guards nothing
    dates = tuple(last_day - timedelta(days=days - 1 - day) for day in range(days))
    expected: tuple[list[Line], ...] = tuple([] for _ in dates)
    reported: tuple[list[Line], ...] = tuple([] for _ in dates)
    planted: dict[str, str] = {}
    for number in range(lines):
        day = number * days // lines
        line = Line(UUID(int=dice.getrandbits(128), version=4), -(10_000 + number % 90_000), dates[day])
        kind = CLASSES[number // BREAKS_EVERY % len(CLASSES)] if number % BREAKS_EVERY == BREAKS_EVERY - 1 else ""
        if kind:
            planted[str(line.uetr)] = kind
        if kind != "missing_in_ledger":
            expected[day].append(line)
        if kind != "missing_in_statement":
            reported[day].append(line._replace(amount=line.amount - 100) if kind == "amount_differs" else line)
        if kind == "duplicate_in_statement":
            reported[day].append(line)
    return TwoSides(dates, expected, reported, planted)


def csv_statements(sides: TwoSides, account_number: str, currency: str, opening: int) -> Iterator[bytes]:
    """One statement a day, each opening as the one before closed."""
    balances = list(accumulate((sum(line.amount for line in day) for day in sides.reported), initial=opening))
    for number, (day, lines) in enumerate(zip(sides.days, sides.reported, strict=True)):
        begin, said = f"BENCH-{day:%Y%m%d},{account_number},{currency},{day}", [_HEADER]
        said.append(f"opening,{begin},,{_amount(balances[number], currency)},,,,,\n")
        said += [
            f"line,{begin},,{_amount(line.amount, currency)},{line.uetr},,{day:%m%d}-{entry},,\n" for entry, line in enumerate(lines, 1)
        ]
        said.append(f"closing,{begin},,{_amount(balances[number + 1], currency)},,,,,\n")
        yield "".join(said).encode()


def _amount(minor: int, currency: str) -> str:
    """Two cells: the amount, and the direction as the bank sees it (our debit is its customer's money: CRDT)."""
    return f"{format_amount(abs(minor), currency)},{'DBIT' if minor < 0 else 'CRDT'}"
