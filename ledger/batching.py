"""Group commit: all commands that waited while the last commit ran are decided and committed together.

Every transfer of a corridor meets the same few accounts. One transaction a command would queue on their rows; here one transaction
takes the lock on the corridor's head once, for all commands that are waiting. There is no timer: an idle system commits at once.

Two threads take turns. One decides what waits on top of the commit that the other is sending, so that neither the interpreter nor the
database is idle; the commit then goes out in one trip, which the database refuses if the head is not where the batch was decided. What is
refused, and all that was decided on top of it, is decided again with care: under the head's lock, after looking up receipts and whatever
other processes wrote. So nothing is ever built upon what was not committed, and any number of processes can write to one corridor.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import get_running_loop
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from threading import Condition, Lock, Thread
from time import perf_counter
from uuid import UUID

from eventsourcing.persistence import IntegrityError, PersistenceError

from ledger.answers import Answer, Answered, Request, decode_answer, encode_answer
from ledger.clock import Clock
from ledger.domain import ids
from ledger.domain.aggregate import Aggregate
from ledger.draft import Decided, Draft, HandlerFault
from ledger.errors import OutcomeUnknown, Overloaded, StillRunning, Unavailable
from ledger.eventstore.lease import Lease
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import Commit
from ledger.known import Known
from ledger.layers import Layers
from ledger.meter import Meter
from ledger.tracing import span, tracer
from ledger.turns import Turns
from ledger.waiting import Outcome, Waiting, deliver

__all__ = ["Answer", "Answered", "Batcher", "Request", "decode_answer", "encode_answer"]

logger = logging.getLogger(__name__)

BATCH_MAX = 1_000
SPLIT_MIN = 128
"""Commands that are worth deciding, or sending, apart from others that wait."""
AT_ONCE_MAX = 64
"""Commands decided before looking again whether the other thread's commit is through."""
WAITING_MAX = 10_000
ATTEMPTS_MAX = 3
CAREFUL_BATCHES = 8
"""Batches that are decided under the lock after the log refused one, or after one in which a command had been answered before."""


class Batcher:
    """One writer of one corridor in this process; any number of processes may each have one."""

    def __init__(self, log: Log, mapper: EventMapper, clock: Clock) -> None:
        self._log = log
        self._mapper = mapper
        self._clock = clock
        self._known = Known(mapper)
        self._deciding = Lock()
        # All that follows is read and changed under this condition only.
        self._changed = Condition()
        self._waiting: deque[Waiting] = deque()
        self._running: set[bytes] = set()
        self._draft: Draft | None = None
        self._sending: Decided | None = None
        self._careful = 1
        self._lease = Lease(log.pool.url, log.corridor)
        self._turns = Turns(self._lease)
        self._closed = False
        self.layers = Layers()
        self.meter = Meter()
        self._tracer = tracer()
        self._threads = [Thread(target=self._run, name=f"batcher {log.corridor} {n}", daemon=True) for n in (1, 2)]
        for thread in self._threads:
            thread.start()

    # Callers

    def submit(self, request: Request) -> Future[Answered]:
        """Queues a command. The future holds its receipt, or Unavailable, OutcomeUnknown.

        Raises StillRunning when the same key is being decided here, Overloaded when too many commands wait.
        """
        return self.submit_all([request])[0]

    def submit_all(self, requests: Sequence[Request]) -> list[Future[Answered]]:
        """Queues commands together, in their order, all of them or none; raises as `submit` does."""
        futures: list[Future[Answered]] = [Future() for _ in requests]
        for future in futures:
            # What is in the batcher's hands can no longer be cancelled.
            future.set_running_or_notify_cancel()
        self._enqueue([Waiting(request, future) for request, future in zip(requests, futures, strict=True)])
        return futures

    def ask(self, request: Request) -> asyncio.Future[Answered]:
        """The durable answer to a command, for a task of an event loop to await; raises as `submit` and its future do.

        A task that is cancelled stops waiting; its command is decided all the same.
        """
        loop = get_running_loop()
        future: asyncio.Future[Answered] = loop.create_future()
        self._enqueue([Waiting(request, future, loop)])
        return future

    def _enqueue(self, queued: Sequence[Waiting]) -> None:
        digests = {waiting.digest for waiting in queued}
        with self._changed:
            if self._closed:
                raise Unavailable("This process is closing. Try again with the same key.")
            if len(digests) < len(queued) or not digests.isdisjoint(self._running):
                raise StillRunning("A command with this idempotency key is being decided. Ask again shortly with the same key.")
            if len(self._waiting) + len(queued) > WAITING_MAX:
                raise Overloaded(f"{len(self._waiting)} commands are waiting. Try again shortly with the same key.")
            self._running |= digests
            self._waiting.extend(queued)
            self._changed.notify_all()

    def waiting(self) -> int:
        """How many commands wait to be decided."""
        return len(self._waiting)

    def close(self) -> None:
        """Decides what is waiting, then stops."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._lease.close()

    # The two writing threads

    def _run(self) -> None:
        while True:
            with self._deciding:
                decided = self._decide()
            if decided is None:
                return
            self._send(decided)

    def _decide(self) -> Decided | None:
        """Decides what waits, until it is this thread's turn to send. None when the batcher is closed and nothing waits."""
        while True:
            if not self._wait_for_turn():
                return None
            with self._changed:
                if self._careful:
                    self._changed.wait_for(lambda: self._sending is None)
                draft = self._draft = None if self._careful else self._new_draft()
            decided = None
            if draft is None:
                self._decide_with_care()
            else:
                decided = self._decide_ahead(draft)
            if decided is not None:
                return decided

    def _wait_for_turn(self) -> bool:
        """Waits for something to decide, and for this process's turn where others write too. False when closed and nothing waits."""
        while True:
            with self._changed:
                if self._turns.held and not self._closed:
                    patience = self._turns.patience()
                    over = not patience or not self._changed.wait_for(self._may_begin, patience)
                else:
                    over = False
                    self._changed.wait_for(lambda: self._may_begin() or (self._closed and not self._waiting))
                    if not self._waiting:
                        return False
                if not over and not self._turns.wanted:
                    return True
                self._changed.wait_for(lambda: self._sending is None)
            if over:
                self._turns.end()
                continue
            self._turns.begin()
            with self._changed:
                self._careful = max(self._careful, 1)
            return True

    def _may_begin(self) -> bool:
        """Whether what waits is to be decided now: always when nothing is being sent, else only what is worth a commit of its own."""
        return bool(self._waiting) and (self._sending is None or len(self._waiting) >= SPLIT_MIN)

    def _decide_ahead(self, draft: Draft) -> Decided | None:
        """Decides on top of the commit that is being sent. None when that commit failed, or a handler did."""
        try:
            while taken := self._take(draft):
                self.layers.measure("decide", draft.decide_all, taken)
            decided = None if draft.dropped else self.layers.measure("encode", draft.seal, self._mapper)
        except Exception as error:
            with self._changed:
                if draft.dropped:
                    return None
                self._draft = None
            self._give_up(draft.taken, error)
            return None
        with self._changed:
            self._changed.wait_for(lambda: self._sending is None or draft.dropped)
            if draft.dropped:
                return None
            self._draft, self._sending = None, decided
        return decided

    def _new_draft(self) -> Draft:
        ahead, known = self._sending, self._known
        if ahead is None:
            assert known.head is not None
            return Draft(self._log, known.head, self._clock(), known.find, self._load)
        changed = ahead.aggregates
        return Draft(self._log, ahead.commit.after, self._clock(), lambda stream: changed.get(stream) or known.find(stream), self._load)

    def _load(self, streams: Collection[UUID]) -> Mapping[UUID, Aggregate | None]:
        return self._known.load(streams, self._log.read_streams)

    def _take(self, draft: Draft) -> Sequence[Waiting]:
        """The next commands of a draft; none when it was dropped, or when it is to be sealed now.

        When the other thread sends nothing, all that waits goes into one commit, since each costs the same whatever is in it; only a
        group that is worth two splits in halves, one being decided while the other is sent. A draft that waits for the other thread is
        sealed once it is as large as what that one sends.
        """
        with self._changed:
            while not draft.dropped:
                full = bool(draft.taken) and (len(draft.taken) >= BATCH_MAX or draft.taken[-1].alone or self._next_is_alone())
                if self._sending is None:
                    enough = not self._waiting or len(draft.taken) >= max(SPLIT_MIN, len(self._waiting))
                else:
                    enough = not self._waiting and len(draft.taken) >= len(self._sending.taken)
                if full or (draft.taken and enough):
                    break
                if self._waiting:
                    taken = self._pop(AT_ONCE_MAX)
                    draft.taken += taken
                    return taken
                self._changed.wait()
            return ()

    def _pop(self, most: int) -> list[Waiting]:
        """What has waited longest, up to a command that needs a commit of its own."""
        taken = [self._waiting.popleft()]
        while self._waiting and len(taken) < most and not taken[-1].alone and not self._next_is_alone():
            taken.append(self._waiting.popleft())
        return taken

    def _next_is_alone(self) -> bool:
        return bool(self._waiting) and self._waiting[0].alone

    def _send(self, decided: Decided) -> None:
        try:
            self._commit(decided, self._log.append)
        except Exception as error:
            with self._changed:
                # What was decided on top of it falls with it, and is decided after it: nothing is until the sending ends.
                draft, self._draft = self._draft, None
                if draft is not None:
                    draft.dropped = True
                    self._waiting.extendleft(reversed(draft.taken))
                self._careful = CAREFUL_BATCHES
            self._give_up(decided.taken, error)
            with self._changed:
                self._sending = None
                self._changed.notify_all()
            return
        with self._changed:
            self._known.advance(decided.commit.after, decided.aggregates.values())
            self._sending = None
        self._answer(zip(decided.taken, decided.answers, strict=True))

    def _decide_with_care(self) -> None:
        """One batch from beginning to end under the head's lock."""
        with self._changed:
            taken = self._pop(BATCH_MAX)
        known = self._known
        streams = {stream for waiting in taken for stream in waiting.request.command.streams()}
        wanted = known.versions([ids.corridor_stream(self._log.corridor), *streams])
        try:
            with self._log.begin([waiting.digest for waiting in taken], wanted) as batch:
                met_others = known.meet(batch.head)
                draft = Draft(self._log, batch.head, self._clock(), known.find, lambda missing: known.load(missing, batch.load))
                draft.know({stream: known.read_on(stream, rows) for stream, rows in batch.streams.items()})
                new = [waiting for waiting in taken if waiting.digest not in batch.receipts]
                self.layers.measure("decide", draft.decide_all, new, assume=False)
                decided = self.layers.measure("encode", draft.seal, self._mapper)
                self._commit(decided, batch.append)
        except Exception as error:
            self._give_up(taken, error)
            return
        with self._changed:
            known.advance(decided.commit.after, decided.aggregates.values())
            self._turns.note(met_others=met_others)
            self._careful = CAREFUL_BATCHES if batch.receipts else 0 if met_others else self._careful - 1
        replayed = [(w, Answered(batch.receipts[w.digest], replayed=True)) for w in taken if w.digest in batch.receipts]
        self._answer([*replayed, *zip(decided.taken, decided.answers, strict=True)])

    def _commit(self, decided: Decided, append: Callable[[Commit], None]) -> None:
        began, commands = perf_counter(), len(decided.taken)
        with span(self._tracer, "commit", corridor=self._log.corridor, commands=commands):
            self.layers.measure("send", append, decided.commit)
        self.meter.committed(commands, perf_counter() - began)

    # How it ends

    def _answer(self, outcomes: Iterable[tuple[Waiting, Outcome]]) -> None:
        answered = list(outcomes)
        self.meter.answered(outcome for _, outcome in answered)
        with self._changed:
            self._running.difference_update([waiting.digest for waiting, _ in answered])
            self._changed.notify_all()
        self.layers.measure("answer", deliver, answered)

    def _give_up(self, taken: Sequence[Waiting], error: Exception) -> None:
        """Nothing of these was kept, or it is not known. Who can be decided again, is; the others are told."""
        match error:
            case HandlerFault():
                # A fault of ours in one handler: its caller learns of it, its neighbours are decided again without it.
                logger.error("command failed", exc_info=error.error, extra={"command": type(error.waiting.request.command).__name__})
                lost: dict[Waiting, Exception] = {error.waiting: error.error}
            case IntegrityError():
                for waiting in taken:
                    waiting.attempts += 1
                refused = Unavailable(f"The log refused the batch: {error}")
                lost = {waiting: refused for waiting in taken if waiting.attempts >= ATTEMPTS_MAX}
            case OutcomeUnknown():
                lost = dict.fromkeys(taken, error)
            case PersistenceError():
                logger.warning("the log cannot be written: %s", type(error).__name__)
                lost = dict.fromkeys(taken, Unavailable("The log cannot be written at present. Try again with the same key."))
            case _:
                logger.error("batch failed", exc_info=error)
                lost = dict.fromkeys(taken, error)
        with self._changed:
            self._waiting.extendleft(reversed([waiting for waiting in taken if waiting not in lost]))
            self._careful = max(self._careful, 1)
            self._changed.notify_all()
        self._answer(lost.items())
