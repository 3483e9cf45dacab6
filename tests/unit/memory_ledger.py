"""A ledger in memory for tests: it keeps nothing but encoded events and receipts, and replays them for every batch.

So each test also tests that what was encoded decodes, and that a replay gives the aggregate that was there before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder

from ledger.books import Books
from ledger.clock import SetClock
from ledger.commands import Command
from ledger.domain import ids, posting
from ledger.domain.account import Account
from ledger.domain.account_events import AccountPosted
from ledger.domain.aggregate import Aggregate, Event
from ledger.domain.money import format_amount
from ledger.errors import Refusal
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import RecordedEvent
from ledger.handlers import HANDLERS
from tests.unit.corridor_fixtures import CORRIDOR, NOW, OPEN, RATES
from tests.unit.refusals import check_refusal

Answer = dict[str, Any] | Refusal


class MemoryLedger:
    """One corridor's log. ``rows`` are the recorded events in the order of their positions."""

    def __init__(self, clock: SetClock | None = None) -> None:
        self.clock = clock or SetClock(NOW)
        self.rows: list[RecordedEvent] = []
        self.receipts: dict[bytes, tuple[Command, Answer]] = {}
        self._streams: dict[UUID, list[RecordedEvent]] = {}
        self._mapper = EventMapper(JSONTranscoder())

    # Deciding

    def batch(self, *commands: Command) -> list[Answer]:
        """Decides commands together, as one commit. A key that was used before gets its first answer again."""
        books = Books(CORRIDOR, self.find, now=self.clock(), position=len(self.rows))
        answers = []
        for command in commands:
            digest = ids.receipt_digest(command.actor, command.idempotency_key)
            if digest not in self.receipts:
                self.receipts[digest] = (command, self._decide(command, books))
            answers.append(self.receipts[digest][1])
        self._append([cast(Event, event) for aggregate in books.collect() for event in aggregate.pending_events])
        return answers

    def _decide(self, command: Command, books: Books) -> Answer:
        books.start(command)
        try:
            answer = HANDLERS[type(command)](command, books)
        except Refusal as refusal:
            books.abandon()
            return refusal
        books.finish()
        return answer

    def _append(self, events: list[Event]) -> None:
        boundary = len(self.rows) + len(events)
        for event in events:
            stream, version, topic, state = self._mapper.encode(event)
            row = RecordedEvent(CORRIDOR, len(self.rows) + 1, boundary, stream, version, topic, state, self.clock(), b"")
            self.rows.append(row)
            self._streams.setdefault(stream, []).append(row)

    # Given, when, then

    def given(self, *commands: Command) -> MemoryLedger:
        """Runs commands that all pass."""
        for command in commands:
            self.run(command)
        return self

    def run(self, command: Command) -> dict[str, Any]:
        """The result of a command that passes."""
        [answer] = self.batch(command)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def when(self, command: Command) -> list[Event]:
        """Every event that a passing command records, in the order of the log."""
        before = len(self.rows)
        self.run(command)
        return self.events(self.rows[before:])

    def refuses(self, command: Command, refusal: type[Refusal], field: str, value: object) -> None:
        """The command is refused with exactly this and leaves no event."""
        before = list(self.rows)
        [answer] = self.batch(command)
        check_refusal(answer, refusal, field, value)
        assert self.rows == before

    # Reading

    def find(self, stream: UUID) -> Aggregate | None:
        """The aggregate of a stream, replayed from its stored bytes; None when there is none."""
        aggregate: Any = None
        for event in self.events(self._streams.get(stream, ())):
            aggregate = event.mutate(aggregate)
        return cast("Aggregate | None", aggregate)

    def events(self, rows: Iterable[RecordedEvent]) -> list[Event]:
        """The events of rows, decoded."""
        return [self._mapper.decode(row.stream_id, row.stream_version, row.topic, row.state) for row in rows]

    def account(self, name: str) -> Account:
        """An account as the log has it."""
        return cast(Account, self.find(ids.account_stream(CORRIDOR, name)))

    def balances(self) -> dict[str, str]:
        """Every account that is not at zero, on its normal side."""
        accounts = (self.account(name) for name in ACCOUNTS)
        return {a.name: format_amount(a.balance, a.currency) for a in accounts if a.balance}


ACCOUNTS = posting.account_names({"abb": "MAD", "psbc": "CNY"}, "USD")
_NAMES = {ids.account_stream(CORRIDOR, name): name for name in ACCOUNTS}


def lines(events: Iterable[Event]) -> dict[str, str]:
    """What these events book, by account: debits positive, credits negative; an account met twice is shown as a sum of its lines."""
    booked: dict[str, int] = {}
    for event in events:
        if isinstance(event, AccountPosted):
            name = _NAMES[event.originator_id]
            booked[name] = booked.get(name, 0) + sum(line.amount for line in event.lines)
    return {name: format_amount(amount, name.rpartition(":")[2]) for name, amount in booked.items()}


def of(stream: UUID, events: Iterable[Event]) -> list[Event]:
    """The events of one stream."""
    return [event for event in events if event.originator_id == stream]


def opened() -> MemoryLedger:
    """The corridor is open and both banks have published their rates."""
    return MemoryLedger().given(OPEN, *RATES)
