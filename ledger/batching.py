"""Group commit: all commands that waited while the last commit ran are decided and committed together.

Every transfer of a corridor meets the same few accounts. One transaction a command would queue on their rows; here one transaction
takes the lock on the corridor's head once, for all commands that are waiting. There is no timer: an idle system commits at once.

One thread decides. When commands keep waiting behind its commits, a process beside this one carries them to the database, and what comes
meanwhile is decided on top of the commit that is on its way, so that neither the interpreter nor the database is idle. A commit goes out
in one trip, which the database refuses if the head is not where the batch was decided. What is refused, and all that was decided on top of
it, is decided again with care: under the head's lock, after looking up receipts and whatever other processes wrote. So nothing is ever
built upon what was not committed, and any number of processes can write to one corridor.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import AbstractEventLoop, get_running_loop
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from threading import Lock, Thread
from time import perf_counter
from uuid import UUID

from eventsourcing.persistence import IntegrityError, PersistenceError

from ledger.answers import Answer, Answered, Request, decode_answer, encode_answer
from ledger.bell import Bell
from ledger.carrying import CarriedInVain, Carrying
from ledger.clock import Clock
from ledger.domain import ids
from ledger.domain.aggregate import Aggregate
from ledger.draft import Decided, Draft, HandlerFault
from ledger.errors import OutcomeUnknown, Overloaded, StillRunning, Unavailable
from ledger.eventstore.lease import Lease
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import Addition, Head
from ledger.known import Known
from ledger.layers import Layers
from ledger.meter import Meter
from ledger.tracing import span, tracer
from ledger.turns import Turns
from ledger.waiting import Outcome, Waiting, deliver

__all__ = ["Answer", "Answered", "Batcher", "Request", "decode_answer", "encode_answer"]

logger = logging.getLogger(__name__)

BATCH_MAX = 1_000
WAITING_MAX = 10_000
ATTEMPTS_MAX = 3
LOOK_SECONDS = 1.0
"""How often an idle writer looks whether something waits, without having been called."""
CAREFUL_BATCHES = 8
"""Batches that are decided under the lock after the log refused one, or after one in which a command had been answered before."""


class Batcher:
    """One writer of one corridor in this process; any number of processes may each have one."""

    def __init__(self, log: Log, mapper: EventMapper, clock: Clock) -> None:
        self._log = log
        self._mapper = mapper
        self._clock = clock
        self._known = Known(mapper)
        self._lock = Lock()
        # Read and changed under the lock only.
        self._waiting: deque[Waiting] = deque()
        self._running: set[bytes] = set()
        self._closed = False
        self._bell = Bell()
        self._rings_in: AbstractEventLoop | None = None
        # All that follows belongs to the thread that decides.
        self._careful = 1
        self._lease = Lease(log.pool.url, log.corridor)
        self._turns = Turns(self._lease)
        self.layers = Layers()
        self.meter = Meter()
        self._carrying = Carrying(log, self.layers, self.meter)
        self._tracer = tracer()
        self._thread = Thread(target=self._run, name=f"batcher {log.corridor}", daemon=True)
        self._thread.start()

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
        self._bell.ring()
        return futures

    def ask(self, request: Request) -> asyncio.Future[Answered]:
        """The durable answer to a command, for a task of an event loop to await; raises as `submit` and its future do.

        A task that is cancelled stops waiting; its command is decided all the same.
        """
        loop = get_running_loop()
        future: asyncio.Future[Answered] = loop.create_future()
        self._enqueue([Waiting(request, future, loop)])
        # Tasks that were answered together ask again together: the bell rings once, after all of them.
        if self._rings_in is not loop:
            self._rings_in = loop
            loop.call_soon(self._ring_from_loop)
        return future

    def _ring_from_loop(self) -> None:
        self._rings_in = None
        self._bell.ring()

    def _enqueue(self, queued: Sequence[Waiting]) -> None:
        digests = {waiting.digest for waiting in queued}
        with self._lock:
            if self._closed:
                raise Unavailable("This process is closing. Try again with the same key.")
            if len(digests) < len(queued) or not digests.isdisjoint(self._running):
                raise StillRunning("A command with this idempotency key is being decided. Ask again shortly with the same key.")
            if len(self._waiting) + len(queued) > WAITING_MAX:
                raise Overloaded(f"{len(self._waiting)} commands are waiting. Try again shortly with the same key.")
            self._running |= digests
            self._waiting.extend(queued)

    def waiting(self) -> int:
        """How many commands wait to be decided."""
        return len(self._waiting)

    def close(self) -> None:
        """Decides what is waiting, then stops."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._bell.ring()
        self._thread.join()
        self._bell.close()
        self._lease.close()

    # The thread that decides

    def _run(self) -> None:
        while self._wait_for_turn():
            if not self._careful:
                self._decide_ahead()
            elif self._landed():
                self._decide_with_care()
        self._carrying.dismiss()

    def _wait_for_turn(self) -> bool:
        """Waits for something to decide, and for this process's turn where others write too. False when closed and nothing is left."""
        while not self._waiting:
            if self._carrying.decided is not None:
                self._bell.wait(self._is_roused, also=self._carrying.carrier)
                if self._carrying.is_over or self._closed:
                    self._landed()
            elif self._closed:
                return False
            elif self._turns.held:
                patience = self._turns.patience()
                if patience:
                    self._bell.wait(self._is_roused, seconds=patience)
                else:
                    self._turns.end()
            else:
                # A loop that was closed before it could ring has left something behind.
                self._bell.wait(self._is_roused, seconds=LOOK_SECONDS)
        if self._turns.held and not self._turns.patience():
            self._landed()
            self._turns.end()
        if self._turns.wanted:
            self._landed()
            self._turns.begin()
            self._careful = max(self._careful, 1)
        return True

    def _is_roused(self) -> bool:
        return bool(self._waiting) or self._closed

    def _decide_ahead(self) -> None:
        """Decides what waits, on top of the commit that is on its way or of the head, and sends it."""
        draft, taken = self._new_draft(), list[Waiting]()
        # Not where processes take turns: there, all processors are busy.
        carrying = self._carrying.is_ready and not self._turns.held
        try:
            while more := self._take(taken, carrying=carrying):
                taken += more
                self.layers.measure("decide", draft.decide_all, more)
            decided = self.layers.measure("encode", draft.seal, self._mapper)
        except Exception as error:
            self._give_up(taken, error)
            return
        landed = self._land(on_top=taken)
        if landed is not None:
            # The next commit is on its way before the callers of the last one are told.
            sent = self._send(decided, carrying=carrying and (len(taken) >= self._carrying.SPLIT_MIN or bool(self._waiting)))
            self._answer([*landed, *sent])

    def _new_draft(self) -> Draft:
        known, carried, corridor = self._known, self._carrying.decided, self._log.corridor
        assert known.head is not None
        if carried is None:
            return Draft(corridor, known.head.end, self._clock(), known.find, self._load)
        changed = carried.aggregates
        return Draft(corridor, carried.end, self._clock(), lambda stream: changed.get(stream) or known.find(stream), self._load)

    def _load(self, streams: Collection[UUID]) -> Mapping[UUID, Aggregate | None]:
        return self._known.load(streams, self._log.read_streams)

    def _take(self, taken: Sequence[Waiting], *, carrying: bool) -> Sequence[Waiting]:
        """The next commands of a draft that holds those ``taken``; none when it is to be sent now.

        All that waits goes into one commit, since each costs the same whatever is in it. Only where another process carries them, what is
        decided goes out as soon as nothing else is on its way; while something is, the draft grows.
        """
        while not taken or not (len(taken) >= BATCH_MAX or taken[-1].alone or self._next_is_alone()):
            if taken and self._carrying.is_over and (carrying or not self._waiting):
                break
            if self._waiting:
                return self._pop(self._carrying.SPLIT_MIN if carrying else BATCH_MAX - len(taken))
            carried = self._carrying.decided
            if self._closed or (carried is not None and len(taken) >= len(carried.taken)):
                break
            self._bell.wait(self._is_roused, also=self._carrying.carrier)
        return ()

    def _pop(self, most: int) -> list[Waiting]:
        """What has waited longest, up to a command that needs a commit of its own."""
        with self._lock:
            taken = [self._waiting.popleft()]
            while self._waiting and len(taken) < most and not taken[-1].alone and not self._next_is_alone():
                taken.append(self._waiting.popleft())
        return taken

    def _next_is_alone(self) -> bool:
        return bool(self._waiting) and self._waiting[0].alone

    def _decide_with_care(self) -> None:
        """One batch from beginning to end under the head's lock."""
        taken = self._pop(BATCH_MAX)
        known = self._known
        streams = {stream for waiting in taken for stream in waiting.request.command.streams()}
        wanted = known.versions([ids.corridor_stream(self._log.corridor), *streams])
        try:
            with self._log.begin([waiting.digest for waiting in taken], wanted) as batch:
                met_others = known.meet(batch.head)
                draft = Draft(
                    self._log.corridor, batch.head.end, self._clock(), known.find, lambda missing: known.load(missing, batch.load)
                )
                draft.know({stream: known.read_on(stream, rows) for stream, rows in batch.streams.items()})
                new = [waiting for waiting in taken if waiting.digest not in batch.receipts]
                self.layers.measure("decide", draft.decide_all, new, assume=False)
                decided = self.layers.measure("encode", draft.seal, self._mapper)
                self._commit(decided, batch.append)
        except Exception as error:
            self._give_up(taken, error)
            return
        self._turns.note(met_others=met_others)
        self._careful = CAREFUL_BATCHES if batch.receipts else 0 if met_others else self._careful - 1
        replayed = [(w, Answered(batch.receipts[w.digest], replayed=True)) for w in taken if w.digest in batch.receipts]
        self._answer([*replayed, *decided.outcomes])

    # Sending

    def _send(self, decided: Decided, *, carrying: bool) -> Sequence[tuple[Waiting, Outcome]]:
        """Appends what was decided on the head. Who is to be told what of it by now: nobody when it is carried, or when it failed."""
        head = self._known.head
        assert head is not None
        try:
            if carrying and self._carrying.send(head, decided):
                return ()
            self._commit(decided, lambda addition: self._log.append(self._log.prepare(head, addition)))
        except Exception as error:
            self._failed(decided.taken, error)
            return ()
        self._carrying.note_queue(len(decided.taken) + len(self._waiting))
        return decided.outcomes

    def _commit(self, decided: Decided, append: Callable[[Addition], Head]) -> None:
        """Appends by this thread, and knows the log to end there."""
        began, commands = perf_counter(), len(decided.taken)
        with span(self._tracer, "commit", corridor=self._log.corridor, commands=commands):
            head = self.layers.measure("send", append, decided.addition)
        self.meter.committed(commands, perf_counter() - began)
        self._known.advance(head, decided.aggregates.values())

    def _land(self, on_top: Sequence[Waiting] = ()) -> Sequence[tuple[Waiting, Outcome]] | None:
        """Waits for the outcome of the commit that is on its way. Who is to be told what of it; None when it failed and falls with it what
        was decided ``on_top``, to be decided after it again."""
        try:
            landed = self._carrying.land()
        except CarriedInVain as fallen:
            self._put_back(on_top)
            self._failed(fallen.decided.taken, fallen.error)
            return None
        if landed is None:
            return ()
        head, carried = landed
        self._known.advance(head, carried.aggregates.values())
        return carried.outcomes

    def _landed(self) -> bool:
        """Waits for the commit that is on its way, if any, and tells its callers. Whether something is left to decide."""
        self._answer(self._land() or ())
        return bool(self._waiting)

    # How it ends

    def _answer(self, outcomes: Sequence[tuple[Waiting, Outcome]]) -> None:
        if outcomes:
            self.meter.answered(outcome for _, outcome in outcomes)
            with self._lock:
                self._running.difference_update([waiting.digest for waiting, _ in outcomes])
            self.layers.measure("answer", deliver, outcomes)

    def _put_back(self, taken: Sequence[Waiting]) -> None:
        """To be decided again, before all that waits."""
        with self._lock:
            self._waiting.extendleft(reversed(taken))

    def _failed(self, taken: Sequence[Waiting], error: Exception) -> None:
        """The log refused a commit that was decided ahead, or was not reached."""
        self._careful = CAREFUL_BATCHES
        if isinstance(error, OutcomeUnknown):
            self._carrying.dismiss()
        self._give_up(taken, error)

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
        self._put_back([waiting for waiting in taken if waiting not in lost])
        self._careful = max(self._careful, 1)
        self._answer([*lost.items()])
