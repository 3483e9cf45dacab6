"""What a handler works on: the aggregates of one corridor, the instant, and the one way to post an entry.

Books belong to one batch. Each command of the batch gets them in turn; what it staged is dropped if it is refused, so one command never
leaves half of itself behind and never hurts its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from ledger.commands import Command
from ledger.domain import ids
from ledger.domain.account import Account
from ledger.domain.account_events import PostedLine
from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.calendar import BusinessDates
from ledger.domain.case import ComplianceCase
from ledger.domain.corridor import Corridor
from ledger.domain.cycle import SettlementCycle
from ledger.domain.movement import Movement
from ledger.domain.personal_data import Person
from ledger.domain.posting import FLOOR_CHECKED, Entry
from ledger.domain.pricing import SheetRate
from ledger.domain.quote import Quote
from ledger.domain.rates import RateSheets
from ledger.domain.reconciliation_break import ReconciliationBreak
from ledger.domain.retention import Retention
from ledger.domain.signing_keys import SigningKeys
from ledger.domain.terms import Terms
from ledger.domain.transfer import Transfer
from ledger.errors import (
    AccountUnknown,
    BreakUnknown,
    CaseUnknown,
    CycleUnknown,
    KeyUnknown,
    LedgerError,
    MovementUnknown,
    QuoteUnknown,
    RateMissing,
    TransferUnknown,
    UnknownCorridor,
)

AggregateT = TypeVar("AggregateT", bound=Aggregate)


class _Open(NamedTuple):
    """An account as one batch posts to it: its floor in force now, the dates of its lines."""

    account: Account
    floor: int | None
    dates: BusinessDates


class GuardAfterFact(LedgerError):
    """A handler recorded an event and refused afterwards: a fault of the handler, never of the caller."""


class Books:
    """The aggregates of one corridor at one head.

    ``find`` returns the aggregate of a stream, or None when the stream is empty; ``position`` is the log position of the head, which is
    the end of the commit before this one.
    """

    def __init__(self, corridor_code: str, find: Callable[[UUID], Aggregate | None], *, now: datetime, position: int) -> None:
        self.corridor_code = corridor_code
        self.now = now
        self.position = position
        self._find = find
        self._touched: dict[UUID, Aggregate] = {}
        self._accounts: dict[str, Account] = {}
        self._open: dict[str, _Open] = {}
        self._terms: Terms | None = None
        self._rates: dict[tuple[str, str], tuple[RateSheets, int, SheetRate]] = {}
        # Of the command in hand: what it looked at (with how many events were pending before), whether it created something, what it
        # posts, who decides.
        self._command: Command
        self.command_id: UUID
        self._seen: list[tuple[Aggregate, int]] = []
        self._created = False
        self._staged: list[tuple[_Open, PostedLine]] = []
        self._by: Decision | None = None

    @property
    def aggregates(self) -> Mapping[UUID, Aggregate]:
        """Every aggregate that the batch has looked at or begun, by stream."""
        return self._touched

    # One command at a time

    def start(self, command: Command) -> None:
        """From here on everything belongs to ``command``."""
        self._command = command
        self.command_id = command.id
        self._seen, self._created, self._staged, self._by = [], False, [], None

    def finish(self) -> None:
        """The command was decided: its lines go to the accounts, after the floors that have come into force."""
        for (account, floor, _), line in self._staged:
            if floor is not None and floor != account.floor:
                account.set_floor(self.decision(), floor)
            account.collect(line)

    def abandon(self) -> None:
        """The command was refused: nothing of it may remain. Raises GuardAfterFact when a handler recorded before it refused."""
        if self._created or any(len(aggregate.pending_events) != before for aggregate, before in self._seen):
            raise GuardAfterFact(f"{type(self._command).__name__} recorded an event before it was refused")

    def collect(self) -> list[Aggregate]:
        """Every aggregate with something to append, in the order in which the batch touched them; accounts last, by name."""
        accounts = [self._accounts[name] for name in sorted(self._accounts)]
        for account in accounts:
            account.record_collected(self.now)
        others = [a for a in self._touched.values() if not isinstance(a, Account)]
        return [a for a in (*others, *accounts) if a.pending_events]

    def decision(self) -> Decision:
        """Who decides, when, by which command and under which terms."""
        if self._by is None:
            command = self._command
            terms = self.terms.version if self._terms is not None or self.corridor_or_none() is not None else 0
            self._by = Decision(self.now, command.actor, self.command_id, command.cause, terms)
        return self._by

    # Aggregates

    def add(self, aggregate: Aggregate) -> None:
        """A new aggregate of this command."""
        self._touched[aggregate.id] = aggregate
        if isinstance(aggregate, Account):
            self._accounts[aggregate.name] = aggregate
        self._created = True

    def _get(self, stream: UUID, kind: type[AggregateT]) -> AggregateT | None:
        aggregate = self._touched.get(stream)
        if aggregate is None:
            aggregate = self._find(stream)
            if aggregate is None:
                return None
            self._touched[stream] = aggregate
        self._seen.append((aggregate, len(aggregate.pending_events)))
        return aggregate if isinstance(aggregate, kind) else None

    def exists(self, stream: UUID) -> bool:
        """Whether anything was ever recorded under this id."""
        return self._get(stream, Aggregate) is not None

    def corridor_or_none(self) -> Corridor | None:
        return self._get(ids.corridor_stream(self.corridor_code), Corridor)

    @property
    def corridor(self) -> Corridor:
        """Raises UnknownCorridor."""
        corridor = self.corridor_or_none()
        if corridor is None:
            raise UnknownCorridor.never_opened(self.corridor_code)
        return corridor

    @property
    def terms(self) -> Terms:
        """The terms in force on the settlement currency's date."""
        if self._terms is None:
            newest = self.corridor.agreements[-1]
            self._terms = self.corridor.terms_on(newest.settlement.calendar.local(self.now).date())
        return self._terms

    def forget_terms(self) -> None:
        """After an amendment the terms in force may be others."""
        self._terms, self._open = None, {}

    def account(self, name: str) -> Account:
        """Raises AccountUnknown."""
        account = self._accounts.get(name)
        if account is None:
            account = self._get(ids.account_stream(self.corridor_code, name), Account)
            if account is None:
                raise AccountUnknown(f"There is no account {name!r}.", field="account", value=name, way_out="List the corridor's accounts.")
            self._accounts[name] = account
        return account

    def transfer(self, uetr: UUID) -> Transfer:
        """Raises TransferUnknown."""
        transfer = self._get(uetr, Transfer)
        if transfer is None:
            raise TransferUnknown(
                f"There is no transfer {uetr}.", field="uetr", value=uetr, way_out="Check the UETR, or initiate the transfer first."
            )
        return transfer

    def signing_keys_or_none(self) -> SigningKeys | None:
        return self._get(ids.keys_stream(self.corridor_code), SigningKeys)

    def signing_keys(self, key_id: str) -> SigningKeys:
        """The corridor's keys, for a step of one of them. Raises UnknownCorridor, or KeyUnknown when none was ever proposed."""
        keys = self._get(ids.keys_stream(self.corridor.code), SigningKeys)
        if keys is None:
            raise KeyUnknown(f"There is no key {key_id!r}.", field="key_id", value=key_id, way_out="Register it first.")
        return keys

    def rates_or_none(self, participant: str) -> RateSheets | None:
        return self._get(ids.rates_stream(self.corridor_code, participant), RateSheets)

    def rates(self, participant: str) -> RateSheets:
        """Raises RateMissing when the participant never published a sheet."""
        sheets = self.rates_or_none(participant)
        if sheets is None:
            raise RateMissing(
                f"{participant} has not published a rate sheet.",
                field="rate",
                value=participant,
                way_out=f"Wait until {participant} publishes one.",
            )
        return sheets

    def rate(self, participant: str, currency: str) -> SheetRate:
        """The participant's price of one ``currency`` now, looked up once for each state of its sheets. Raises RateMissing."""
        looked_up = self._rates.get((participant, currency))
        if looked_up is not None:
            sheets, version, rate = looked_up
            if sheets.version == version:
                return rate
        sheets = self.rates(participant)
        rate = sheets.rate(currency, self.now)
        self._rates[participant, currency] = sheets, sheets.version, rate
        return rate

    def quote(self, quote: UUID) -> Quote:
        """Raises QuoteUnknown."""
        found = self._get(quote, Quote)
        if found is None:
            raise QuoteUnknown(f"There is no quote {quote}.", field="quote", value=quote, way_out="Ask for a quote first.")
        return found

    def cycle(self, number: int) -> SettlementCycle:
        """Raises CycleUnknown."""
        cycle = self._get(ids.cycle_stream(self.corridor_code, number), SettlementCycle)
        if cycle is None:
            raise CycleUnknown(f"There is no cycle {number}.", field="cycle", value=number, way_out="List the corridor's cycles.")
        return cycle

    def movement_or_none(self, reference: str) -> Movement | None:
        return self._get(ids.movement_stream(self.corridor_code, reference), Movement)

    def movement(self, reference: str) -> Movement:
        """Raises MovementUnknown."""
        movement = self.movement_or_none(reference)
        if movement is None:
            raise MovementUnknown(
                f"There is no movement {reference!r}.",
                field="reference",
                value=reference,
                way_out="Name the reference it was booked under.",
            )
        return movement

    def case(self, case: str) -> ComplianceCase:
        """Raises CaseUnknown."""
        found = self._get(ids.case_stream(self.corridor_code, case), ComplianceCase)
        if found is None:
            raise CaseUnknown(f"There is no case {case!r}.", field="case", value=case, way_out="List the open cases.")
        return found

    def break_or_none(self, break_id: str) -> ReconciliationBreak | None:
        return self._get(ids.break_stream(self.corridor_code, break_id), ReconciliationBreak)

    def reconciliation_break(self, break_id: str) -> ReconciliationBreak:
        """Raises BreakUnknown."""
        found = self.break_or_none(break_id)
        if found is None:
            raise BreakUnknown(f"There is no break {break_id!r}.", field="break", value=break_id, way_out="List the open breaks.")
        return found

    def retention_or_none(self, uetr: UUID) -> Retention | None:
        return self._get(ids.retention_stream(self.corridor_code, uetr), Retention)

    def person_or_none(self, subject: UUID) -> Person | None:
        return self._get(ids.person_stream(self.corridor_code, subject), Person)

    # Posting

    def post(self, entry: Entry) -> None:
        """Checks an entry against its accounts and stages it; it reaches them when the command is decided.

        A handler posts before it records, since this may refuse: AccountFrozen, AccountClosed, FloorReached (only for entries that ask
        for money to be there, I12), CalendarExhausted.
        """
        kind, reference, lines = entry
        asks = kind in FLOOR_CHECKED
        staged = []
        for name, amount in lines:
            opened = self._open.get(name) or self._opened(name)
            account, floor, (booking, value) = opened
            if asks:
                account.check_accepts(amount, floor)
            staged.append((opened, PostedLine(kind, reference, self.command_id, amount, booking, value)))
        self._staged.extend(staged)

    def positions(self, participants: Iterable[str], currency: str) -> dict[str, int]:
        """What the corridor owes each participant now (minor units; below zero the participant owes)."""
        return {p: self.account(f"{p}:position:{currency}").standing for p in participants}

    def _opened(self, name: str) -> _Open:
        """A position's floor follows the terms, and amended terms come into force on a day without any command."""
        account = self.account(name)
        owner, kind, _ = name.split(":")
        floor = -self.terms.cap(owner) if kind == "position" else account.floor
        opened = self._open[name] = _Open(account, floor, self.terms.calendar(owner).dates(self.now))
        return opened
