"""One pass over a corridor's log, in one transaction, that checks every rule the log can be held to.

It reads the stored rows as JSON and asks neither the aggregates nor the posting table: a fault there must not hide itself. Rows that were
tampered with break a rule at their position; they never break the checker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from uuid import UUID

from ledger.errors import UnknownCorridor
from ledger.eventstore.activity import pace_beside
from ledger.eventstore.audit import StoredRow, stored_head, stored_rows
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.eventstore.mapper import read_state
from ledger.eventstore.tracking import tracking_position
from ledger.pacing import FULL_SPEED, Pace, Pages
from ledger.projections.queries import LIVE
from ledger.projections.snapshot import snapshot
from ledger.verify.aside import ROOM
from ledger.verify.books import BooksCheck
from ledger.verify.commands import CommandsCheck
from ledger.verify.evidence import EvidenceCheck
from ledger.verify.keys import KeysCheck
from ledger.verify.lives import FACTS_OF_A_LIFE, Lives
from ledger.verify.projected import ProjectedCheck
from ledger.verify.readable import unreadable
from ledger.verify.report import Report, new_rules
from ledger.verify.seen import Seen
from ledger.verify.stored import StoredCheck
from ledger.verify.surroundings import Surroundings

Progress = Callable[[int, int], None]
"""Told (position, head) as the pass goes on."""

Handler = Callable[[Seen], None]

PAGE_SIZE, LEAST_PAGE_SIZE = 500, 100
_POSTED = "Account.Posted.v1"


def verify(pool: PostgresPool, corridor: str, progress: Progress | None = None, *, pace: Pace | None = None) -> Report:
    """Checks the whole log of a corridor, and its projections as far as they have come; a rebuild cannot switch meanwhile.

    Gives way to writers unless another `pace` is given. Raises UnknownCorridor when nothing is stored under that code; whatever else is
    wrong stands in the report.
    """
    with snapshot(pool, corridor) as at:
        pace = pace or pace_beside(pool, _events(at.cursor, corridor))
        # A long log takes longer than an ordinary transaction may rest; and its sums are not worth more than one processor.
        at.cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL max_parallel_workers_per_gather = 0")
        return Verification(at.cursor, corridor, pace).run(progress)


class Verification:
    """The checks of one pass, and which fact goes to which of them. ``room`` is how many streams are kept in memory."""

    def __init__(self, cursor: PostgresCursor, corridor: str, pace: Pace = FULL_SPEED, *, room: int = ROOM) -> None:
        self._cursor, self._corridor = cursor, corridor
        self._pages = Pages(pace, PAGE_SIZE, LEAST_PAGE_SIZE)
        self._rules = new_rules()
        self._stored = StoredCheck(self._rules, corridor, room)
        self._lives = Lives(self._rules, room)
        self._books = BooksCheck(self._rules, self._lives)
        events = _events(cursor, corridor)
        self._commands = CommandsCheck(self._rules, cursor, corridor, pace=pace, pages=self._pages, events=events)
        self._surroundings = Surroundings()
        self._keys = KeysCheck(self._rules)
        self._evidence = EvidenceCheck(self._rules, cursor, corridor, pace, events)
        projected = tracking_position(cursor, corridor, LIVE.tracking)
        self._projected = ProjectedCheck(self._rules, cursor, corridor, projected, pace)
        self._handlers = self._table()
        self._unreadable = self._rules["I9"]

    def run(self, progress: Progress | None) -> Report:
        """The pass."""
        with closing(self._stored), closing(self._lives):
            return self._run(progress)

    def _run(self, progress: Progress | None) -> Report:
        head = stored_head(self._cursor, self._corridor)
        boundary = position = 0
        self._commands.boundary(0)
        for page in self._read():
            for row in page:
                if row[1] != boundary and boundary > 0:
                    self._boundary(position)
                position, boundary = row[0], row[1]
                self._stored.row(*row)
                self._event(position, row[2], row[3], row[4], row[5])
                if position == boundary:
                    self._boundary(position)
                    boundary = 0
            self._stored.page_end()
            if progress is not None:
                progress(position, max(position, 0 if head is None else head.position))
            self._pages.end(len(page))
        if boundary > 0:
            self._boundary(position)
        if head is None and position == 0 and self._projected.position == 0 and not self._commands.any:
            raise UnknownCorridor(
                f"Nothing is stored under corridor {self._corridor!r}.", field="corridor", value=self._corridor,
                way_out="Name a corridor that was opened.",
            )  # fmt: skip
        self._stored.end(head)
        self._commands.end(position)
        self._evidence.end(position)
        self._projected.end(position)
        return Report(self._corridor, position, {name: rule.result() for name, rule in self._rules.items()})

    def _read(self) -> Iterator[list[StoredRow]]:
        """Stored rows page by page; where nobody writes the next page is read, on a cursor of its own, while this one is being checked."""
        rows = PostgresCursor(self._cursor.raw.connection.cursor())
        with ThreadPoolExecutor(1, thread_name_prefix="verify") as ahead:
            page = stored_rows(rows, self._corridor, 0, self._pages.size)
            while page:
                after = page[-1].position
                following = None if self._pages.beside else ahead.submit(stored_rows, rows, self._corridor, after, self._pages.size)
                yield page
                page = stored_rows(rows, self._corridor, after, self._pages.size) if following is None else following.result()

    def _event(self, position: int, stream_id: UUID, version: int, topic: str, state: bytes) -> None:
        why = unreadable(stream_id, version, topic, state)
        if why is not None:
            self._unreadable.breaks(position, why)
            return
        newest, facts = read_state(topic, state)
        if newest == _POSTED:
            self._commands.booked(position, facts["lines"])
        else:
            self._commands.named(position, newest, facts["command"])
            self._projected.decided += 1
            self._projected.decided_sum += position
        handler = self._handlers.get(newest)
        if handler is not None:
            handler(Seen(position, stream_id.int, facts))

    def _boundary(self, position: int) -> None:
        self._books.boundary(position)
        self._commands.boundary(position)
        if position == self._projected.position:
            self._projected.compare(self._books.accounts, self._lives.lives, self._surroundings)

    # Which fact goes where

    def _table(self) -> dict[str, Handler]:
        books, lives, around, keys = self._books, self._lives, self._surroundings, self._keys
        return {
            "Corridor.Opened.v2": self._corridor_opened,
            "Account.Opened.v1": books.opened,
            _POSTED: books.posted,
            "Account.FloorSet.v1": books.floor_set,
            "Account.StatusSet.v1": books.status_set,
            "Transfer.Initiated.v1": lives.initiated,
            **{f"Transfer.{name}.v1": partial(lives.step, name) for name in FACTS_OF_A_LIFE},
            "ComplianceCase.Opened.v1": _both(lives.case_opened, around.case_opened),
            "ComplianceCase.OpinionGiven.v1": lives.opinion_given,
            "ComplianceCase.Decided.v1": _both(lives.case_decided, around.case_decided),
            "SettlementCycle.Closed.v1": around.cycle_closed,
            "SettlementCycle.PaidIn.v1": around.cycle_paid("pay_in"),
            "SettlementCycle.PaidOut.v1": around.cycle_paid("pay_out"),
            "SettlementCycle.Settled.v1": around.cycle_settled,
            "Movement.PositionFunded.v1": around.moved("booked"),
            "Movement.PayInAnnounced.v1": around.moved("announced"),
            "Movement.SettlementCharged.v1": around.moved("booked"),
            "Movement.CashMoved.v1": around.moved("booked"),
            "Movement.WithdrawalRequested.v1": around.moved("requested"),
            "Movement.WithdrawalPaid.v1": around.withdrawal_paid,
            "ReconciliationBreak.Found.v1": around.break_found,
            "ReconciliationBreak.Parked.v1": around.break_parked,
            "ReconciliationBreak.Resolved.v1": around.break_resolved,
            "RateSheet.Published.v1": around.sheet_published,
            "SigningKeys.KeyProposed.v1": keys.proposed,
            "SigningKeys.KeyDeclined.v1": keys.declined,
            **{
                topic: _both(check, partial(self._evidence.of_a_key, topic))
                for topic, check in {
                    "SigningKeys.KeyRegistered.v1": keys.registered,
                    "SigningKeys.KeySuspended.v1": keys.suspended,
                    "SigningKeys.KeySuspensionLifted.v1": keys.lifted,
                    "SigningKeys.KeyRevoked.v1": keys.revoked,
                }.items()
            },
        }

    def _corridor_opened(self, seen: Seen) -> None:
        self._books.settlement_currency = seen.facts["agreement"]["settlement"]["currency"]


def _events(cursor: PostgresCursor, corridor: str) -> int:
    head = stored_head(cursor, corridor)
    return 0 if head is None else head.position


def _both(first: Handler, second: Handler) -> Handler:
    def both(seen: Seen) -> None:
        first(seen)
        second(seen)

    return both
