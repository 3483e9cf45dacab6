"""Group commit: all commands that waited while the last commit ran are decided and committed together.

Every transfer of a corridor meets the same few accounts. One transaction a command would queue on their rows; here one transaction
takes the lock on the corridor's head once, for all commands that are waiting. There is no timer: an idle system commits at once.

A batch goes: take → begin (lock the head, look up receipts, load streams, catch up with other processes) → decide each command alone →
commit events and receipts → answer. Aggregates stay in a cache between batches; the head check brings it up to date, and any failure
empties it, so nothing that was not committed is ever built upon.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from threading import Condition, Thread
from typing import Any, NamedTuple, cast
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import IntegrityError, PersistenceError
from pydantic_core import from_json, to_json

from ledger.books import Books
from ledger.clock import Clock
from ledger.commands import Command
from ledger.domain import ids
from ledger.domain.aggregate import Aggregate
from ledger.errors import OutcomeUnknown, Overloaded, Refusal, StillRunning, Unavailable
from ledger.eventstore.log import Batch, Log
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import Receipt, RecordedEvent
from ledger.handlers import HANDLERS

logger = logging.getLogger(__name__)

BATCH_MAX = 1_000
WAITING_MAX = 10_000
CACHED_AGGREGATES_MAX = 50_000
ATTEMPTS_MAX = 3


class Request(NamedTuple):
    """A command with what its receipt will need: the fingerprint of the bytes that asked for it, and which key made it."""

    command: Command
    fingerprint: bytes
    fingerprint_key: UUID | None = None

    @property
    def digest(self) -> bytes:
        return ids.receipt_digest(self.command.actor, self.command.idempotency_key)


class Answered(NamedTuple):
    """What a caller gets: the receipt of its command, and whether it had been answered before."""

    receipt: Receipt
    replayed: bool


class Batcher:
    """One writer of one corridor in this process; any number of processes may each have one."""

    def __init__(self, log: Log, mapper: EventMapper, clock: Clock) -> None:
        self._log = log
        self._mapper = mapper
        self._clock = clock
        self._cache: OrderedDict[UUID, Aggregate] = OrderedDict()
        self._position: int | None = None
        self._waiting: deque[tuple[Request, Future[Answered]]] = deque()
        self._running: set[bytes] = set()
        self._changed = Condition()
        self._closed = False
        self._thread = Thread(target=self._run, name=f"batcher {log.corridor}", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Future[Answered]:
        """Queues a command. The future holds its receipt, or Unavailable, OutcomeUnknown.

        Raises StillRunning when the same key is being decided here, Overloaded when too many commands wait.
        """
        return self.submit_all([request])[0]

    def submit_all(self, requests: Sequence[Request]) -> list[Future[Answered]]:
        """Queues commands together, in their order, all of them or none; raises as `submit` does."""
        digests = {request.digest for request in requests}
        with self._changed:
            if self._closed:
                raise Unavailable("This process is closing. Try again with the same key.")
            if len(digests) < len(requests) or digests & self._running:
                raise StillRunning("A command with this idempotency key is being decided. Ask again shortly with the same key.")
            if len(self._waiting) + len(requests) > WAITING_MAX:
                raise Overloaded(f"{len(self._waiting)} commands are waiting. Try again shortly with the same key.")
            queued: list[tuple[Request, Future[Answered]]] = [(request, Future()) for request in requests]
            self._running |= digests
            self._waiting.extend(queued)
            self._changed.notify()
        return [future for _, future in queued]

    def close(self) -> None:
        """Decides what is waiting, then stops."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    # The writer's thread

    def _run(self) -> None:
        while batch := self._take():
            self._process(batch)

    def _take(self) -> list[tuple[Request, Future[Answered]]]:
        """Everything that waits, up to a command that needs a commit of its own; empty when closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            batch: list[tuple[Request, Future[Answered]]] = []
            while self._waiting and len(batch) < BATCH_MAX:
                if self._waiting[0][0].command.alone and batch:
                    break
                batch.append(self._waiting.popleft())
                if batch[-1][0].command.alone:
                    break
            return batch

    def _process(self, batch: list[tuple[Request, Future[Answered]]]) -> None:
        remaining = [request for request, _ in batch]
        failures: dict[bytes, Exception] = {}
        answers: Mapping[bytes, Answered] = {}
        for attempt in range(1, ATTEMPTS_MAX + len(batch)):
            try:
                answers = self._attempt(remaining)
                break
            except _HandlerFault as fault:
                # A fault of ours in one handler: its caller learns of it, its neighbours are decided again without it.
                logger.exception("command failed", extra={"command": type(fault.request.command).__name__})
                failures[fault.request.digest] = fault.error
                remaining = [r for r in remaining if r.digest != fault.request.digest]
            except IntegrityError as error:
                if attempt >= ATTEMPTS_MAX:
                    failures |= {r.digest: Unavailable(f"The log refused the batch: {error}") for r in remaining}
                    break
            except OutcomeUnknown as error:
                failures |= {r.digest: error for r in remaining}
                break
            except PersistenceError as error:
                logger.warning("the log cannot be written: %s", type(error).__name__)
                failures |= {r.digest: Unavailable("The log cannot be written at present. Try again with the same key.") for r in remaining}
                break
            except Exception as error:
                logger.exception("batch failed")
                failures |= {r.digest: error for r in remaining}
                break
            finally:
                if not answers:
                    self._forget()
        with self._changed:
            self._running -= {request.digest for request, _ in batch}
        for request, future in batch:
            if request.digest in answers:
                future.set_result(answers[request.digest])
            else:
                future.set_exception(failures[request.digest])

    def _forget(self) -> None:
        self._cache.clear()
        self._position = None

    def _attempt(self, requests: list[Request]) -> Mapping[bytes, Answered]:
        if not requests:
            return {}
        wanted = {stream: 0 for request in requests for stream in request.command.streams() if stream not in self._cache}
        wanted[ids.corridor_stream(self._log.corridor)] = 0
        wanted = {stream: 0 for stream in wanted if stream not in self._cache}
        with self._log.begin([r.digest for r in requests], wanted, self._position) as batch:
            loaded = self._catch_up(batch)
            now = max(self._clock(), batch.head.recorded_at)
            books = Books(self._log.corridor, lambda stream: self._find(stream, loaded, batch), now=now, position=batch.head.position)
            decided = self._decide(requests, books, batch)
            changed = books.collect()
            events = [self._mapper.encode(cast(Any, event)) for aggregate in changed for event in aggregate.pending_events]
            boundary = batch.head.position + len(events)
            receipts = {
                request.digest: Receipt(
                    corridor=self._log.corridor,
                    digest=request.digest,
                    partner=request.command.actor,
                    command=request.command.id,
                    fingerprint=request.fingerprint,
                    fingerprint_key=request.fingerprint_key,
                    answer=answer,
                    position=boundary,
                    recorded_at=now,
                )
                for request, answer in decided
            }
            head = batch.commit(events, receipts.values(), now)
            self._remember(changed, loaded.values())
            self._position = head.position
            answers = {digest: Answered(receipt, replayed=True) for digest, receipt in batch.receipts.items()}
            return answers | {digest: Answered(receipt, replayed=False) for digest, receipt in receipts.items()}

    def _decide(self, requests: Iterable[Request], books: Books, batch: Batch) -> list[tuple[Request, bytes]]:
        decided = []
        for request in requests:
            if request.digest in batch.receipts:
                continue
            books.start(request.command)
            try:
                outcome = HANDLERS[type(request.command)](request.command, books)
                books.finish()
            except Refusal as refusal:
                try:
                    books.abandon()
                except Exception as error:
                    raise _HandlerFault(request, error) from error
                outcome = refusal
            except PersistenceError:
                raise
            except Exception as error:
                raise _HandlerFault(request, error) from error
            decided.append((request, encode_answer(outcome)))
        return decided

    # The cache

    def _catch_up(self, batch: Batch) -> dict[UUID, Aggregate | None]:
        """Applies what other processes wrote to the cached aggregates; returns the aggregates loaded for this batch."""
        if batch.stale:
            self._cache.clear()
        for event in batch.others:
            aggregate = self._cache.get(event.stream_id)
            if aggregate is not None and event.stream_version == aggregate.version + 1:
                self._apply(aggregate, [event])
        return {stream: self._apply(None, events) for stream, events in batch.streams.items()}

    def _find(self, stream: UUID, loaded: dict[UUID, Aggregate | None], batch: Batch) -> Aggregate | None:
        aggregate = self._cache.get(stream)
        if aggregate is not None:
            return aggregate
        if stream not in loaded:
            loaded[stream] = self._apply(None, batch.load({stream: 0})[stream])
        return loaded[stream]

    def _apply(self, aggregate: Aggregate | None, events: Iterable[RecordedEvent]) -> Aggregate | None:
        for row in events:
            event = self._mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)
            aggregate = cast(Aggregate, cast(CanMutateAggregate[UUID], event).mutate(aggregate))
        return aggregate

    def _remember(self, changed: Iterable[Aggregate], loaded: Iterable[Aggregate | None]) -> None:
        for aggregate in changed:
            aggregate.pending_events.clear()
        for known in (*loaded, *changed):
            if known is not None:
                self._cache[known.id] = known
                self._cache.move_to_end(known.id)
        while len(self._cache) > CACHED_AGGREGATES_MAX:
            self._cache.popitem(last=False)


class _HandlerFault(Exception):
    def __init__(self, request: Request, error: Exception) -> None:
        super().__init__(str(error))
        self.request = request
        self.error = error


# Answers, as the receipts keep them


def encode_answer(outcome: dict[str, Any] | Refusal) -> bytes:
    """The stored answer: the handler's ids and positions, or the refusal in words."""
    if isinstance(outcome, Refusal):
        return to_json(
            {
                "refusal": {
                    "code": outcome.code,
                    "detail": outcome.detail,
                    "field": outcome.field,
                    "value": outcome.value,
                    "way_out": outcome.way_out,
                    "transient": outcome.transient,
                }
            }
        )
    return to_json({"result": outcome})


class Answer(NamedTuple):
    """A stored answer, read: exactly one of ``result`` and ``refusal`` is there. ``position`` is the boundary it was committed at."""

    position: int
    recorded_at: datetime
    result: dict[str, Any] | None
    refusal: dict[str, Any] | None
    replayed: bool


def decode_answer(answered: Answered) -> Answer:
    """The answer that a receipt keeps."""
    said = from_json(answered.receipt.answer)
    return Answer(answered.receipt.position, answered.receipt.recorded_at, said.get("result"), said.get("refusal"), answered.replayed)
