"""Where the accounts stand, now and as of any boundary."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ledger.errors import AccountUnknown
from ledger.projections.snapshot import AsOf, Snapshot


class Balance(NamedTuple):
    """One account. `balance` and `floor` are minor units of `currency` on the account's normal side ("debit" or "credit"); `boundary` and
    `recorded_at` are those of the last commit that touched it."""

    account: str
    currency: str
    normal_side: str
    balance: int
    floor: int | None
    status: str
    boundary: int
    recorded_at: datetime

    @property
    def owner(self) -> str:
        return self.account.split(":")[0]

    @property
    def kind(self) -> str:
        return self.account.split(":")[1]

    @property
    def signed(self) -> int:
        """The balance with debits positive: over all accounts of a currency these sum to zero (I1)."""
        return self.balance if self.normal_side == "debit" else -self.balance

    @property
    def below_floor(self) -> bool:
        """Whether new fundings on it stop (I12)."""
        return self.floor is not None and self.balance < self.floor


class InFlight(NamedTuple):
    """Customers' money between funding and payout, in minor units of the settlement currency, with what stands beside it.

    `held_before_funding` is the settlement value of the `held_transfers` that were initiated and not funded: still their bank's own
    liability.
    """

    currency: str
    in_flight: int
    remuneration: int
    transfers: int
    held_before_funding: int
    held_transfers: int


def balances(at: Snapshot, as_of: AsOf = None) -> list[Balance]:
    """Every account that existed then, by name. Raises ReadTooEarly."""
    if as_of is None:
        return [Balance(*row) for row in at.rows("balances")]
    return [Balance(*row) for row in at.rows("balances_at", boundary=at.boundary_at(as_of))]


def balance(at: Snapshot, account: str, as_of: AsOf = None) -> Balance:
    """One account. Raises AccountUnknown when there was none by that name, ReadTooEarly."""
    rows = at.rows("balance_at", account=account, boundary=at.boundary_at(as_of))
    if not rows:
        raise AccountUnknown(f"There is no account {account!r}.", field="account", value=account, way_out="List the corridor's accounts.")
    return Balance(*rows[0])


def positions(at: Snapshot, as_of: AsOf = None) -> dict[str, Balance]:
    """What the corridor owes each participant; below zero the participant owes. Raises ReadTooEarly."""
    return {found.owner: found for found in balances(at, as_of) if found.kind == "position"}


def in_flight(at: Snapshot) -> InFlight:
    """Money in flight now."""
    corridor = {found.kind: found for found in balances(at) if found.owner == "corridor" and found.kind != "suspense"}
    if "in_flight" not in corridor:
        raise AccountUnknown(
            f"Corridor {at.corridor} has no accounts yet.", field="corridor", value=at.corridor, way_out="Open it with its terms first."
        )
    [(transfers, held_transfers, held_before_funding)] = at.rows("in_flight")
    money, remuneration = corridor["in_flight"], corridor["remuneration"]
    return InFlight(money.currency, money.balance, remuneration.balance, transfers, held_before_funding, held_transfers)
