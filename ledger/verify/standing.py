"""Accounts and entries as the replay of the lines leaves them."""

from __future__ import annotations


class Standing:
    """An account as the lines so far leave it: `balance` on its normal side, in minor units."""

    __slots__ = (
        "balance", "boundary", "commits", "commits_sum", "currency", "floor", "kind", "lines", "lines_sum", "name", "sign", "status",
    )  # fmt: skip

    def __init__(self, name: str, currency: str, normal_side: str, floor: int | None) -> None:
        self.name = name
        self.kind = name.split(":")[1]
        self.currency = currency
        self.sign = 1 if normal_side == "debit" else -1
        self.floor = floor
        self.status = "open"
        self.balance = 0
        self.boundary = 0
        # What the projections are compared with: how many lines and commits, and sums that change with any of them.
        self.lines = 0
        self.lines_sum = 0
        self.commits = 0
        self.commits_sum = 0


class Entry:
    """The lines of one entry met so far in this commit."""

    __slots__ = ("lines", "position")

    def __init__(self, position: int) -> None:
        self.position = position
        self.lines: list[tuple[Standing, int]] = []
