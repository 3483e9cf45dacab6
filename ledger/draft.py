"""Deciding commands, one after another, on top of a head that may not even be committed yet.

A draft works on copies of the aggregates it finds, so dropping it costs nothing: what it was built on stays as it was. It assumes that a
stream which a command is to begin does not exist. An appended event proves that, since version 1 of a stream can exist only once; for a
refused command, which appends nothing, the commit names the stream, and the log refuses it if that exists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from eventsourcing.persistence import PersistenceError

from ledger.answers import Answered, encode_answer
from ledger.books import Books
from ledger.commands import Command
from ledger.deciding.outcome import Outcome
from ledger.domain.aggregate import Aggregate
from ledger.errors import Refusal
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import Addition, End, Receipt
from ledger.handlers import HANDLERS
from ledger.waiting import Waiting

Find = Callable[[UUID], Aggregate | None]
Load = Callable[[Collection[UUID]], Mapping[UUID, Aggregate | None]]


class HandlerFault(Exception):
    """A handler failed by a fault of ours: the draft it worked on has to be dropped, and its command with it."""

    def __init__(self, waiting: Waiting, error: Exception) -> None:
        super().__init__(str(error))
        self.waiting = waiting
        self.error = error


class Decided(NamedTuple):
    """A draft that was sealed: what to append, where the log ends then, what to answer, and how the aggregates it used stand afterwards."""

    taken: Sequence[Waiting]
    addition: Addition
    end: End
    answers: Sequence[Answered]
    aggregates: Mapping[UUID, Aggregate]

    @property
    def outcomes(self) -> Sequence[tuple[Waiting, Answered]]:
        """Who is to be told what, once it is committed."""
        return [*zip(self.taken, self.answers, strict=True)]


class Draft:
    """Commands decided on top of ``base``. ``find`` gives an aggregate as it stands there if it is known, ``load`` reads streams."""

    def __init__(self, corridor: str, base: End, now: datetime, find: Find, load: Load) -> None:
        self.base = base
        self.now = max(now, base.recorded_at)
        self.taken: list[Waiting] = []
        self._corridor = corridor
        self._find_known = find
        self._load = load
        self._loaded: dict[UUID, Aggregate | None] = {}
        self._assumed_empty: set[UUID] = set()
        self._absent: set[UUID] = set()
        self._books = Books(corridor, self._find, now=self.now, position=base.position)
        self._decided: list[tuple[Waiting, UUID, bytes]] = []

    def know(self, loaded: Mapping[UUID, Aggregate | None]) -> None:
        """Aggregates read for this draft at its very base; None for an empty stream."""
        self._loaded |= loaded

    def decide_all(self, taken: Sequence[Waiting], *, assume: bool = True) -> None:
        """Decides commands in their order, after loading in one trip what nobody knows. Raises HandlerFault, PersistenceError.

        With ``assume``, streams that they are to begin are taken not to exist.
        """
        wanted: set[UUID] = set()
        for waiting in taken:
            command = waiting.request.command
            begins = command.begins() if assume else None
            for stream in command.streams():
                if stream not in self._loaded and self._find_known(stream) is None:
                    (self._assumed_empty if stream == begins else wanted).add(stream)
        # What an earlier command of this draft begins is there for a later one.
        if wanted := wanted - self._assumed_empty:
            self._loaded |= self._load(wanted)
        for waiting in taken:
            self.decide(waiting)

    def decide(self, waiting: Waiting) -> None:
        """Decides one command; a refusal leaves its receipt only. Raises HandlerFault, PersistenceError."""
        command = waiting.request.command
        try:
            outcome = self._outcome(command)
            if (
                isinstance(outcome, Refusal)
                and (begins := command.begins()) in self._assumed_empty
                and begins not in self._books.aggregates
            ):
                self._absent.add(begins)
        except PersistenceError:
            raise
        except Exception as error:
            raise HandlerFault(waiting, error) from error
        self._decided.append((waiting, self._books.command_id, encode_answer(outcome)))

    def _outcome(self, command: Command) -> Outcome:
        self._books.start(command)
        try:
            outcome = HANDLERS[type(command)](command, self._books)
            self._books.finish()
        except Refusal as refusal:
            self._books.abandon()
            # Its traceback knows the frames that know it: a circle, which would keep all that the batch made until somebody looks for it.
            refusal.__context__ = None
            return refusal.with_traceback(None)
        return outcome

    def seal(self, mapper: EventMapper) -> Decided:
        """Everything that was decided, as one commit. The draft is used up."""
        changed = self._books.collect()
        events = [mapper.encode(cast(Any, event)) for aggregate in changed for event in aggregate.pending_events]
        for aggregate in changed:
            aggregate.pending_events.clear()
        corridor, boundary = self._corridor, self.base.position + len(events)
        receipts = [
            Receipt(
                corridor, waiting.digest, waiting.request.command.actor, command, waiting.request.fingerprint,
                waiting.request.fingerprint_key, answer, boundary, self.now,
            )
            for waiting, command, answer in self._decided
        ]  # fmt: skip
        evidence = [(command, waiting.request.evidence) for waiting, command, _ in self._decided if waiting.request.evidence is not None]
        end = End(boundary, self.now) if events else self.base
        answers = [Answered(receipt, replayed=False) for receipt in receipts]
        loaded = {stream: aggregate for stream, aggregate in self._loaded.items() if aggregate is not None}
        aggregates = {**loaded, **self._books.aggregates}
        # Books and draft know each other: parted, they go at once, with all they hold, and nobody has to look for them.
        del self._books
        return Decided(
            [waiting for waiting, _, _ in self._decided],
            Addition(events, receipts, self.now, evidence, [*self._absent]),
            end,
            answers,
            aggregates,
        )

    def _find(self, stream: UUID) -> Aggregate | None:
        known = self._find_known(stream)
        if known is not None:
            return known.copy()
        if stream not in self._loaded:
            if stream in self._assumed_empty:
                return None
            self._loaded |= self._load([stream])
        return self._loaded[stream]
