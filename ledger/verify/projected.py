"""I8: the projections, compared with the replay of the log when it has come to where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from itertools import repeat
from operator import add
from typing import Any
from uuid import UUID

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.parts import in_parts
from ledger.eventstore.queries import read_blocks
from ledger.pacing import Pace, Pages
from ledger.verify.aside import Aside
from ledger.verify.lives import Life
from ledger.verify.report import Rules
from ledger.verify.standing import Standing
from ledger.verify.surroundings import Surroundings

QUERIES = read_blocks(files("ledger.verify").joinpath("queries.sql").read_text(encoding="utf-8"))

SUMMED_BLOCKS, LEAST_BLOCKS = 1_000, 16
TRANSFERS, LEAST_TRANSFERS = 5_000, 100
_KEY_LENGTHS = {"cycles": 1, "cycle_payments": 3, "movements": 1, "breaks": 1, "cases": 1, "rate_sheets": 2}


class ProjectedCheck:
    """Compares at one boundary: `position`, where the projections stand."""

    def __init__(self, rules: Rules, cursor: PostgresCursor, corridor: str, position: int, pace: Pace) -> None:
        self._equal = rules["I8"]
        self._pace = pace
        self._cursor, self._corridor = cursor, corridor
        self.position = position
        self.done = position == 0
        # Of the audit trail.
        self.decided = 0
        self.decided_sum = 0

    def compare(self, accounts: dict[int, Standing], lives: Aside[Life], surroundings: Surroundings) -> None:
        """Everything the tables hold against everything the log came to at this boundary."""
        self.done = True
        self._accounts({account.name: account for account in accounts.values()})
        self._transfers(lives)
        for table, length in _KEY_LENGTHS.items():
            self._keyed(table, length, surroundings)
        trail = [*self._parts("audit_trail")]
        count, total = sum(some for some, _ in trail), sum(some for _, some in trail)
        self._equal.checked += 1
        if (count, total) != (self.decided, self.decided_sum):
            self._equal.breaks(self.position, f"the audit trail has {count} events up to here, the log {self.decided}, or other ones")

    def end(self, last: int) -> None:
        """What the log leaves to be said when it has ended."""
        if not self.done:
            where = "ahead of the log" if self.position > last else "inside a commit"
            self._equal.breaks(min(self.position, last + 1), f"the projections stand at {self.position}, {where}")
        elif self._equal.first_break is None:
            self._equal.detail = f"projections at {self.position} of {last}" if self.position else "nothing is projected"

    def _accounts(self, replayed: dict[str, Standing]) -> None:
        history, journal = self._sums("balance_history"), self._sums("journal_lines")
        for name, *stands in self._rows("accounts"):
            found = [*stands, *history.get(name, (0, 0)), *journal.get(name, (0, 0, 0))]
            account = replayed.pop(name, None)
            self._equal.checked += 1
            if account is None:
                self._equal.breaks(self.position, f"balances has account {name}, which was never opened")
                continue
            expected = [
                account.currency, "debit" if account.sign > 0 else "credit", account.floor, account.status, account.balance,
                account.boundary, account.commits, account.commits_sum, account.lines, account.balance * account.sign, account.lines_sum,
            ]  # fmt: skip
            if found != expected:
                self._equal.breaks(account.boundary, f"{name}: {_difference(_ACCOUNT, found, expected)}")
        for account in replayed.values():
            self._equal.breaks(account.boundary, f"balances lacks account {account.name}")

    def _sums(self, table: str) -> dict[str, tuple[int, ...]]:
        """What the rows of each account come to."""
        sums: dict[str, tuple[int, ...]] = {}
        for account, *some in self._parts(table):
            sums[account] = tuple(map(add, sums.get(account, repeat(0)), some))
        return sums

    def _parts(self, table: str) -> Iterator[tuple[Any, ...]]:
        pages = Pages(self._pace, SUMMED_BLOCKS, LEAST_BLOCKS)
        for part in in_parts(
            self._cursor, f"projections.{table}", QUERIES[table], self._corridor, lambda: pages.size, events=self.position
        ):
            yield from part
            pages.end()

    def _transfers(self, lives: Aside[Life]) -> None:
        """Both sides in the order of UETRs, side by side."""
        pages = Pages(self._pace, TRANSFERS, LEAST_TRANSFERS)
        replayed = lives.in_order(pages.end)
        following = next(replayed, None)
        for uetr, *found in self._projected_transfers(pages):
            self._equal.checked += 1
            while following is not None and following[0] < uetr.int:
                self._lacks(*following)
                following = next(replayed, None)
            if following is None or following[0] != uetr.int:
                self._equal.breaks(self.position, f"transfers has {uetr}, which was never initiated")
                continue
            life = following[1]
            expected = [
                life.state, life.frozen, life.unknown, life.instructed, life.fee, life.settlement, life.remuneration, life.payable,
                life.returned_payout, life.returned_settlement, life.returned_instructed, life.last_position,
            ]  # fmt: skip
            if found != expected:
                self._equal.breaks(life.last_position, f"transfer {uetr}: {_difference(_TRANSFER, found, expected)}")
            following = next(replayed, None)
        while following is not None:
            self._lacks(*following)
            following = next(replayed, None)

    def _projected_transfers(self, pages: Pages) -> Iterator[tuple[Any, ...]]:
        """All rows of the table by UETR, piece by piece along its key: nothing is sorted."""
        after = None
        while page := self._cursor.rows(QUERIES["transfers"], {"corridor": self._corridor, "after": after, "size": pages.size}):
            yield from page
            after = str(page[-1][0])
            pages.end()

    def _lacks(self, stream: int, life: Life) -> None:
        self._equal.breaks(life.last_position, f"transfers lacks {UUID(int=stream)}")

    def _keyed(self, table: str, length: int, surroundings: Surroundings) -> None:
        replayed = dict(surroundings.tables[table])
        for row in self._rows(table):
            key, found = row[:length], row[length:]
            said = replayed.pop(key, None)
            self._equal.checked += 1
            if said is None:
                self._equal.breaks(self.position, f"{table} has {_named(key)}, of which the log says nothing")
            elif found != said.values:
                self._equal.breaks(said.position, f"{table} says of {_named(key)} {found}, the log {said.values}")
        for key, said in replayed.items():
            self._equal.breaks(said.position, f"{table} lacks {_named(key)}")

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._cursor.rows(QUERIES[query], {"corridor": self._corridor})


_ACCOUNT = (
    "currency", "normal side", "floor", "status", "balance", "boundary", "commits in its history", "balances in its history",
    "lines in its journal", "sum of its lines", "amounts or positions of its lines",
)  # fmt: skip
_TRANSFER = (
    "state", "frozen", "unknown", "instructed", "fee", "settlement", "remuneration", "paid to creditor", "returned payout",
    "returned settlement", "returned instructed", "last position",
)  # fmt: skip


def _difference(names: tuple[str, ...], found: list[Any], expected: list[Any]) -> str:
    return "; ".join(
        f"{name} is {here}, by the log {there}" for name, here, there in zip(names, found, expected, strict=True) if here != there
    )


def _named(key: tuple[Any, ...]) -> str:
    return " ".join(map(str, key))
