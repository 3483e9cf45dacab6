"""The simulated creditor agent: it reads its feed, decides, pays, and keeps the books of its corridor account by itself.

What it decides about a transfer follows from the seed and the UETR, never from when it is asked, so a run that was killed goes on as if
nothing had happened. Its books hold what it did, whether or not it told the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ledger import commands as c
from ledger.application import Ledger
from ledger.intake import Intake
from ledger.projections.feed import feed
from ledger.projections.snapshot import Snapshot
from ledger.projections.transfers import TransferRow, transfer
from ledger.sandbox.asking import ask, ask_all
from ledger.sandbox.seeded import chance
from ledger.sandbox.statements import CASH_PAID_OUT, PAID_OUT, RETURNED, AccountBook

# ExternalStatusReason1Code: account closed, account blocked, creditor unknown, message not for this customer.
REFUSAL_REASONS = ("AC04", "AC06", "BE06", "AC03")
RETURN_REASON = "AC04"  # ExternalReturnReason1Code: the account was closed
MISBOOKED_BY = 100  # CNY 1.00 too much
# Shares in percent.
_REFUSED, _UNCOLLECTED, _PAID_AT_ONCE = 4, 15, 30
_FEED_PAGE = 1_000


class Intent(StrEnum):
    """What the bank has made up its mind to do with a transfer."""

    PAY_AT_ONCE = "pay without accepting first"
    ACCEPT_THEN_PAY = "accept, then pay"
    REFUSE = "refuse"
    HAND_OUT = "accept, hand out the cash when the creditor comes"
    WAIT_IN_VAIN = "accept, nobody comes for the cash"
    PAY_SILENTLY = "pay and say nothing"
    PAY_AND_RETURN = "accept, pay, return it in two parts"
    MISBOOK = "accept, pay, book too much by mistake"


_ACCEPTED = {Intent.ACCEPT_THEN_PAY, Intent.HAND_OUT, Intent.WAIT_IN_VAIN, Intent.PAY_AND_RETURN, Intent.MISBOOK}
_PAID_AFTER_ACCEPTANCE = {Intent.ACCEPT_THEN_PAY, Intent.PAY_AND_RETURN, Intent.MISBOOK}


@dataclass
class Held:
    """A transfer on the bank's desk."""

    row: TransferRow
    intent: Intent
    visit: int
    answered: bool = False
    paid: bool = False


class Decided(NamedTuple):
    """What the bank made up its mind to do, and at which visit the creditor comes when it is cash."""

    intent: Intent
    visit: int


@dataclass
class Desk:
    """Everything the bank was ever told to pay, in the order of its feed."""

    held: dict[UUID, Held] = field(default_factory=dict)

    @property
    def decided(self) -> dict[UUID, Decided]:
        return {uetr: Decided(held.intent, held.visit) for uetr, held in self.held.items()}

    def with_intent(self, *intents: Intent) -> list[Held]:
        return [held for held in self.held.values() if held.intent in intents]


class SimulatedPayingBank:
    """One bank at the receiving end. ``visits`` is how many times creditors come to collect cash over the days of the simulation."""

    def __init__(self, ledger: Ledger, participant: str, seed: int, *, visits: int) -> None:
        terms = ledger.terms()
        bank = terms.participant(participant)
        self.participant = participant
        self.desk = Desk()
        self.book = AccountBook(participant, bank.statement_account, bank.currency, bank.calendar)
        self._ledger = ledger
        self._seed = seed
        self._visits = visits
        self._rounds = 0
        self._read_to = 0

    # Its feed

    def read_feed(self, at: Snapshot, now: datetime) -> int:
        """Takes what was dispatched to it up to ``now`` onto the desk and decides about it; how many were new."""
        new = list(self._dispatched(at, now))
        first_round, self._rounds = self._rounds == 0, self._rounds + 1
        for row, intent in self._intents(new, with_one_of_each=first_round):
            self.desk.held[row.uetr] = Held(row, intent, visit=chance(self._seed, f"visit/{row.uetr}", self._visits))
        return len(new)

    def _dispatched(self, at: Snapshot, now: datetime) -> Iterator[TransferRow]:
        while entries := feed(at, self.participant, after=self._read_to, size=_FEED_PAGE):
            for entry in entries:
                if entry.recorded_at > now:
                    return
                self._read_to = entry.position
                if entry.kind == "dispatched":
                    yield transfer(at, entry.uetr)

    def _intents(self, rows: Sequence[TransferRow], *, with_one_of_each: bool) -> Iterator[tuple[TransferRow, Intent]]:
        """Shares are kept by rank, so that even a small day has its refusals; ranks follow from seed and UETR."""
        ranked = sorted(rows, key=lambda row: chance(self._seed, f"rank/{row.uetr}", 2**63))
        accounts = [row for row in ranked if row.payout_method == "account"]
        cash = [row for row in ranked if row.payout_method == "cash"]
        special = [Intent.PAY_SILENTLY, Intent.PAY_AND_RETURN, Intent.MISBOOK] if with_one_of_each else []
        refused = _share(len(accounts), _REFUSED, at_least=2 if with_one_of_each else 0)
        at_once = _share(len(accounts), _PAID_AT_ONCE, at_least=0)
        intents = [*special, *[Intent.REFUSE] * refused, *[Intent.PAY_AT_ONCE] * at_once]
        yield from zip(accounts, _filled(intents, Intent.ACCEPT_THEN_PAY, len(accounts)), strict=True)
        in_vain = _share(len(cash), _UNCOLLECTED, at_least=1 if with_one_of_each else 0)
        yield from zip(cash, _filled([Intent.WAIT_IN_VAIN] * in_vain, Intent.HAND_OUT, len(cash)), strict=True)

    # What it does

    def answer_feed(self, now: datetime) -> None:
        """Accepts, refuses, or pays at once; one payment it makes without a word."""
        new = [held for held in self.desk.held.values() if not held.answered]
        self._say(self._accept(held) for held in new if held.intent in _ACCEPTED)
        self._say(self._refuse(held) for held in new if held.intent is Intent.REFUSE)
        self._pay(now, [held for held in new if held.intent is Intent.PAY_AT_ONCE])
        for held in new:
            held.answered = True
            if held.intent is Intent.PAY_SILENTLY:
                self._book_payment(now, held)

    def pay_accepted(self, now: datetime) -> None:
        """Credits the accounts of what it accepted."""
        self._pay(now, self.desk.with_intent(*_PAID_AFTER_ACCEPTANCE))

    def hand_out_cash(self, now: datetime, visit: int, intake: Intake) -> None:
        """The creditors of this visit come with their identity document and the code they were told."""
        self._pay(now, [held for held in self.desk.with_intent(Intent.HAND_OUT) if held.visit == visit], intake)

    def give_back(self, now: datetime, part: int, of_parts: int) -> None:
        """Returns one of so many parts of a payment; the first ones are a third of it, the last one is the rest."""
        for held in self.desk.with_intent(Intent.PAY_AND_RETURN):
            paid = held.row.paid_to_creditor
            third = paid // 3
            amount = third if part < of_parts else paid - third * (of_parts - 1)
            return_id = f"RTN-{held.row.uetr.hex[:12]}-{part}"
            self.book.book(now, amount, return_id, RETURNED, uetr=held.row.uetr, text="Return")
            ask(
                self._ledger,
                c.ReturnTransfer(
                    **self._said(f"return/{held.row.uetr}/{return_id}", "account closed"),
                    uetr=held.row.uetr,
                    return_id=return_id,
                    amount=amount,
                    reason=RETURN_REASON,
                ),
            )

    def _pay(self, now: datetime, payments: Sequence[Held], intake: Intake | None = None) -> None:
        due = [held for held in payments if not held.paid]
        self._say(
            c.PayTransfer(
                **self._said(f"pay/{held.row.uetr}"),
                uetr=held.row.uetr,
                identity_checked=intake is not None,
                code="" if intake is None else intake.code_proof(held.row.uetr, intake.collection_code(held.row.uetr)),
            )
            for held in due
        )
        for held in due:
            self._book_payment(now, held)

    def _book_payment(self, now: datetime, held: Held) -> None:
        if held.paid:
            return
        held.paid = True
        amount = held.row.paid_to_creditor + (MISBOOKED_BY if held.intent is Intent.MISBOOK else 0)
        code = CASH_PAID_OUT if held.row.payout_method == "cash" else PAID_OUT
        self.book.book(now, -amount, f"PAY-{held.row.uetr.hex[:20]}", code, uetr=held.row.uetr)

    def _accept(self, held: Held) -> c.Command:
        return c.AcceptTransfer(**self._said(f"accept/{held.row.uetr}"), uetr=held.row.uetr)

    def _refuse(self, held: Held) -> c.Command:
        reason = REFUSAL_REASONS[chance(self._seed, f"reason/{held.row.uetr}", len(REFUSAL_REASONS))]
        return c.RefuseTransfer(**self._said(f"refuse/{held.row.uetr}"), uetr=held.row.uetr, reason=reason)

    def _said(self, key: str, cause: str = "feed") -> Mapping[str, str]:
        return {"corridor": self._ledger.corridor_code, "actor": self.participant, "idempotency_key": key, "cause": cause}

    def _say(self, commands: Iterable[c.Command]) -> None:
        ask_all(self._ledger, list(commands))


def _share(count: int, percent: int, *, at_least: int) -> int:
    return max(count * percent // 100, at_least)


def _filled(intents: Sequence[Intent], rest: Intent, count: int) -> list[Intent]:
    """So many intents: the given ones first, then the rest."""
    return [*intents, *[rest] * count][:count]
