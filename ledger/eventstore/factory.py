"""Wires the library's applications to this event store: `PERSISTENCE_MODULE=ledger.eventstore`.

The environment names the corridor (CORRIDOR) and the database (CORRIDOR_DATABASE_URL); a recorder made here belongs to
that corridor alone.
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast

from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    TrackingRecorder,
    TTrackingRecorder,
)
from eventsourcing.utils import resolve_topic

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.notifications import Listener, Notifier
from ledger.eventstore.recorders import (
    CorridorAggregateRecorder,
    CorridorApplicationRecorder,
    CorridorProcessRecorder,
    CorridorTrackingRecorder,
)


class CorridorFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes the recorders of one corridor, on one pool of connections."""

    CORRIDOR = "CORRIDOR"
    CORRIDOR_DATABASE_URL = "CORRIDOR_DATABASE_URL"

    @cached_property
    def pool(self) -> PostgresPool:
        return PostgresPool(self._setting(self.CORRIDOR_DATABASE_URL))

    @cached_property
    def notifier(self) -> Notifier:
        return Notifier(self.pool.url)

    @cached_property
    def listener(self) -> Listener:
        return Listener(self.pool.url)

    @cached_property
    def log(self) -> Log:
        return Log(self.pool, self._setting(self.CORRIDOR), announce=self.notifier.announce)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:  # noqa: ARG002 - one table for all
        return CorridorAggregateRecorder(self.pool, self.log.corridor)

    def application_recorder(self) -> CorridorApplicationRecorder:
        recorder_class: type[CorridorApplicationRecorder] = self._class(self.APPLICATION_RECORDER_TOPIC, CorridorApplicationRecorder)
        return recorder_class(self.log, lambda: self.listener, _now)

    def tracking_recorder(self, tracking_recorder_class: type[TTrackingRecorder] | None = None) -> TTrackingRecorder:
        chosen = tracking_recorder_class or self._class(self.TRACKING_RECORDER_TOPIC, CorridorTrackingRecorder)
        recorder_class = cast(type[CorridorTrackingRecorder], chosen)
        return cast(TTrackingRecorder, recorder_class(self.pool, self.log.corridor))

    def process_recorder(self) -> CorridorProcessRecorder:
        recorder_class: type[CorridorProcessRecorder] = self._class(self.PROCESS_RECORDER_TOPIC, CorridorProcessRecorder)
        return recorder_class(self.log, lambda: self.listener, _now)

    def close(self) -> None:
        for name in ("listener", "notifier", "pool"):
            part = vars(self).pop(name, None)
            if part is not None:
                part.close()

    def _class(self, topic_name: str, default: Any) -> Any:
        topic = self.env.get(topic_name)
        return resolve_topic(topic) if topic else default

    def _setting(self, name: str) -> str:
        value = self.env.get(name)
        if not value:
            raise InfrastructureFactoryError(f"{name} is not set: the event store needs it to know where to write.")
        return value


def _now() -> datetime:
    return datetime.now(UTC)
