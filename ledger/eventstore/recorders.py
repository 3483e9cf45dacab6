"""The recorders of the event sourcing library, each bound to one corridor.

Events go through `log.Log`, so what the library writes has positions, boundaries and leaf hashes like everything else.
Snapshots are kept in a table of their own without positions.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Tracking,
    TrackingRecorder,
    WaitInterruptedError,
)

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.notifications import Listener
from ledger.eventstore.queries import QUERIES
from ledger.eventstore.records import NewEvent
from ledger.eventstore.tracking import advance_tracking, tracking_position

_END = 2**62
_LOOK_SECONDS = 0.02
"""How soon a waiting caller sees tracking that another process recorded."""


class CorridorAggregateRecorder(AggregateRecorder):
    """Keeps snapshots: versions of streams without a place in the log."""

    def __init__(self, pool: PostgresPool, corridor: str) -> None:
        self._pool = pool
        self._corridor = corridor

    def insert_events(self, stored_events: Sequence[StoredEvent], **_kwargs: Any) -> Sequence[int] | None:
        if stored_events:
            values = {
                "corridor": self._corridor,
                "streams": [str(event.originator_id) for event in stored_events],
                "versions": [event.originator_version for event in stored_events],
                "topics": [event.topic for event in stored_events],
                "states": [event.state.hex() for event in stored_events],
            }
            with self._pool.transaction() as cursor:
                cursor.execute(QUERIES["insert_snapshots"], values)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query = "select_snapshots_backwards" if desc else "select_snapshots"
        values = _slice(self._corridor, originator_id, gt, lte, limit)
        return [StoredEvent(*row) for row in self._pool.rows(QUERIES[query], values)]


class CorridorApplicationRecorder(ApplicationRecorder):
    """Appends to a corridor's log and reads it; notification ids are positions, without gaps."""

    def __init__(self, log: Log, listener: Callable[[], Listener], clock: Callable[[], datetime]) -> None:
        self._log = log
        self._listener = listener
        self._clock = clock

    def insert_events(self, stored_events: Sequence[StoredEvent], **_kwargs: Any) -> Sequence[int] | None:
        return self._append(stored_events, None)

    def _append(self, stored_events: Sequence[StoredEvent], tracking: Tracking | None) -> Sequence[int]:
        if not stored_events and tracking is None:
            return []
        events = [NewEvent(_uuid(event.originator_id), event.originator_version, event.topic, event.state) for event in stored_events]
        with self._log.begin() as batch:
            if tracking is not None:
                name, position = tracking.application_name, tracking.notification_id
                if not advance_tracking(batch.cursor, self._log.corridor, name, position):
                    raise _already_tracked(tracking)
            start = batch.head.position
            batch.commit(events, [], self._clock())
        return list(range(start + 1, start + 1 + len(events)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query = "select_stored_events_backwards" if desc else "select_stored_events"
        values = _slice(self._log.corridor, originator_id, gt, lte, limit)
        return [StoredEvent(*row) for row in self._log.pool.rows(QUERIES[query], values)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        values = {
            "corridor": self._log.corridor,
            "start": (start or 0) + (0 if inclusive_of_start else 1),
            "stop": _END if stop is None else stop,
            "topics": list(topics),
            "limit": limit,
        }
        rows = self._log.pool.rows(QUERIES["select_notifications"], values)
        return [
            Notification(originator_id=stream_id, originator_version=version, topic=topic, state=state, id=position)
            for position, stream_id, version, topic, state in rows
        ]

    def max_notification_id(self) -> int | None:
        return self._log.head().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "CorridorSubscription":
        return CorridorSubscription(self, self._listener(), gt=gt, topics=topics)


class CorridorSubscription(ListenNotifySubscription[CorridorApplicationRecorder]):
    """Yields events as they are recorded, pulled whenever the listener hears that a log has grown."""

    def __init__(
        self,
        recorder: CorridorApplicationRecorder,
        listener: Listener,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._listener = listener
        # The callback is also called once now: what was written before it was added is pulled after all.
        listener.add_callback(self._has_been_notified.set)

    def stop(self) -> None:
        super().stop()
        self._listener.remove_callback(self._has_been_notified.set)


class CorridorTrackingRecorder(TrackingRecorder):
    """Keeps how far readers have come; a reader only ever moves forward."""

    def __init__(self, pool: PostgresPool, corridor: str) -> None:
        self._pool = pool
        self._corridor = corridor
        self._moved = threading.Condition()

    def insert_tracking(self, tracking: Tracking) -> None:
        with self._pool.transaction() as cursor:
            name, position = tracking.application_name, tracking.notification_id
            if not advance_tracking(cursor, self._corridor, name, position):
                raise _already_tracked(tracking)
        self._tell_waiting()

    def max_tracking_id(self, application_name: str) -> int | None:
        with self._pool.connection() as connection:
            return tracking_position(connection.cursor(), self._corridor, application_name) or None

    def wait(
        self,
        application_name: str,
        notification_id: int | None,
        timeout: float = 1.0,
        interrupt: threading.Event | None = None,
    ) -> None:
        """Waits until `application_name` has come as far as `notification_id`.

        What this process records is seen at once, what another one records within 20 ms. Raises TimeoutError after
        `timeout` seconds, WaitInterruptedError when `interrupt` is set.
        """
        deadline = monotonic() + timeout
        with self._moved:
            while not self.has_tracking_id(application_name, notification_id):
                if interrupt is not None and interrupt.is_set():
                    raise WaitInterruptedError
                remaining = deadline - monotonic()
                if remaining <= 0:
                    raise TimeoutError(f"Reader {application_name} did not come as far as {notification_id} within {timeout} s.")
                self._moved.wait(min(remaining, _LOOK_SECONDS))

    def _tell_waiting(self) -> None:
        with self._moved:
            self._moved.notify_all()


class CorridorProcessRecorder(CorridorTrackingRecorder, CorridorApplicationRecorder, ProcessRecorder):
    """Appends events and moves a reader forward in one transaction."""

    def __init__(self, log: Log, listener: Callable[[], Listener], clock: Callable[[], datetime]) -> None:
        CorridorTrackingRecorder.__init__(self, log.pool, log.corridor)
        CorridorApplicationRecorder.__init__(self, log, listener, clock)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        positions = self._append(stored_events, kwargs.get("tracking"))
        self._tell_waiting()
        return positions


def _slice(corridor: str, originator_id: UUID | str, gt: int | None, lte: int | None, limit: int | None) -> dict[str, object]:
    return {
        "corridor": corridor,
        "stream_id": str(originator_id),
        "gt": -1 if gt is None else gt,
        "lte": _END if lte is None else lte,
        "limit": limit,
    }


def _uuid(originator_id: UUID | str) -> UUID:
    return originator_id if isinstance(originator_id, UUID) else UUID(originator_id)


def _already_tracked(tracking: Tracking) -> IntegrityError:
    return IntegrityError(f"Reader {tracking.application_name} stands at {tracking.notification_id} or further already.")
