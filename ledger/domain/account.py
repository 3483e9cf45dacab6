"""An account: one currency, one balance, a normal side, perhaps a floor, a status."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from ledger.domain.account_events import AccountFloorSet, AccountOpened, AccountPosted, AccountStatusProposed, AccountStatusSet, PostedLine
from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.money import format_amount
from ledger.domain.posting import ACCOUNT_KINDS, Side
from ledger.errors import AccountClosed, AccountFrozen, AccountNotEmpty, FloorReached, SecondOfficerNeeded

AccountStatus = Literal["open", "frozen", "closed"]


class Account(Aggregate):
    """Decides floor, currency and status. Lines of one commit are collected and recorded as one event."""

    TOPIC = "Account"
    SHARED = True

    def __init__(self) -> None:
        self.name = ""
        self.currency = ""
        self.normal_side: Side = "debit"
        self.floor: int | None = None
        self.status: AccountStatus = "open"
        self.proposed: tuple[AccountStatus, str] | None = None
        self.balance = 0
        self.collected: list[PostedLine] = []
        self.collected_sum = 0

    @classmethod
    def open(cls, stream: UUID, by: Decision, *, name: str, floor: int | None) -> Account:
        """A new account called ``owner:kind:currency``; its kind fixes the normal side."""
        _, kind, currency = name.split(":")
        return cls.begin(AccountOpened, stream, by, name=name, currency=currency, normal_side=ACCOUNT_KINDS[kind][0], floor=floor)

    def copy(self) -> Self:
        """As of any aggregate; the lines of a commit are collected in place, so the copy collects its own."""
        twin = super().copy()
        twin.collected, twin.collected_sum = [], 0
        return twin

    @property
    def standing(self) -> int:
        """The balance on the normal side, the lines collected in this commit included (minor units)."""
        return self.balance + self.collected_sum

    def effect(self, amount: int) -> int:
        """What a signed line (debit positive) does to the balance on the normal side."""
        return amount if self.normal_side == "debit" else -amount

    def check_accepts(self, amount: int, floor: int | None) -> None:
        """For entries that ask for money to be there: raises AccountFrozen, AccountClosed or FloorReached (I12).

        ``floor`` is the one in force now, in minor units on the normal side; `set_floor` may still have to follow it.
        """
        if self.status == "frozen":
            raise AccountFrozen(
                f"Account {self.name} is frozen.", field="account", value=self.name, way_out="Wait until officers unfreeze it."
            )
        if self.status == "closed":
            raise AccountClosed(f"Account {self.name} is closed.", field="account", value=self.name, way_out="Use an open account.")
        effect = self.effect(amount)
        if floor is not None and effect < 0 and self.standing + effect < floor:
            raise FloorReached(
                f"Account {self.name} stands at {format_amount(self.standing, self.currency)} and may not fall below "
                f"{format_amount(floor, self.currency)}; this would take {format_amount(-effect, self.currency)}.",
                field="account",
                value=self.name,
                way_out="Fund the position or wait for settlement, then try again with a new key.",
            )

    def collect(self, line: PostedLine) -> None:
        """Takes a line into this commit's event. Never refuses: guards ran before (`check_accepts`)."""
        self.collected.append(line)
        self.collected_sum += line.amount if self.normal_side == "debit" else -line.amount

    def record_collected(self, at: datetime) -> None:
        """Records the commit's lines, if any, as one event."""
        if not self.collected:
            return
        lines, balance = tuple(self.collected), self.standing
        self.collected, self.collected_sum = [], 0
        below = self.floor is not None and balance < self.floor
        self.record_undecided(AccountPosted, at, lines=lines, balance=balance, below_floor=below)

    def set_floor(self, by: Decision, floor: int) -> None:
        """A lower cap is valid at once for new fundings and is never itself a breach."""
        if floor != self.floor:
            self.record(AccountFloorSet, by, floor=floor)

    def set_status(self, by: Decision, status: AccountStatus) -> None:
        """Freezes at one officer's word; opens again or closes when a second officer says what a first one said.

        Whatever else is said in between takes the first one's word back. Raises AccountClosed for a closed account, AccountNotEmpty when
        closing with a balance, SecondOfficerNeeded when the same officer says it twice.
        """
        if self.status == "closed":
            raise AccountClosed(
                f"Account {self.name} is closed for good.", field="account", value=self.name, way_out="Use another account."
            )
        if status == "closed" and self.standing:
            raise AccountNotEmpty(
                f"Account {self.name} still holds {format_amount(self.standing, self.currency)}.",
                field="account",
                value=self.name,
                way_out="Bring the balance to zero first.",
            )
        if status in (self.status, "frozen"):
            if status != self.status or self.proposed is not None:
                self.record(AccountStatusSet, by, status=status)
        elif self.proposed is None or self.proposed[0] != status:
            self.record(AccountStatusProposed, by, status=status)
        elif self.proposed[1] == by.actor:
            raise SecondOfficerNeeded(
                f"{by.actor} proposed this for account {self.name} before.",
                field="actor",
                value=by.actor,
                way_out="Let another officer say the same.",
            )
        else:
            self.record(AccountStatusSet, by, status=status)
