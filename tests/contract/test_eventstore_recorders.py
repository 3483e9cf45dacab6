"""The event sourcing library's own test cases for recorders, run against ours."""

from typing import Any

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
from eventsourcing.utils import Environment

from ledger.eventstore import CorridorFactory
from ledger.eventstore.recorders import (
    CorridorAggregateRecorder,
    CorridorApplicationRecorder,
    CorridorProcessRecorder,
    CorridorTrackingRecorder,
)


class OnFreshCorridor:
    """Gives each test a factory bound to a corridor of its own, since a log cannot be emptied between tests."""

    env: Environment
    corridor_factory: CorridorFactory

    @pytest.fixture(autouse=True)
    def bind_corridor(self, database_url: str, corridor: str) -> Any:
        """Sets the environment the library's factories read."""
        self.env = Environment(
            "Corridor",
            {
                "PERSISTENCE_MODULE": "ledger.eventstore",
                "CORRIDOR": corridor,
                "CORRIDOR_DATABASE_URL": database_url,
            },
        )
        factory = InfrastructureFactory.construct(self.env)
        assert isinstance(factory, CorridorFactory)
        self.corridor_factory = factory
        yield
        factory.close()


class TestAggregateRecorder(OnFreshCorridor, AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self.corridor_factory.aggregate_recorder(purpose="snapshots")


class TestApplicationRecorder(OnFreshCorridor, ApplicationRecorderTestCase[CorridorApplicationRecorder]):
    def create_recorder(self) -> CorridorApplicationRecorder:
        return self.corridor_factory.application_recorder()

    def test_insert_subscribe(self) -> None:
        """A subscription yields what was there and then what is written while it is open."""
        self.optional_test_insert_subscribe()


class TestTrackingRecorder(OnFreshCorridor, TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return self.corridor_factory.tracking_recorder()


class TestProcessRecorder(OnFreshCorridor, ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        return self.corridor_factory.process_recorder()


class TestProcessRecorderAsApplicationRecorder(OnFreshCorridor, ApplicationRecorderTestCase[CorridorProcessRecorder]):
    def create_recorder(self) -> CorridorProcessRecorder:
        return self.corridor_factory.process_recorder()


class TestNonInterleaving(OnFreshCorridor, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self.corridor_factory.application_recorder()


class TrackingRecorderOfATest(CorridorTrackingRecorder):
    """A subclass for the library to find by its topic."""


class TestInfrastructureFactory(OnFreshCorridor, InfrastructureFactoryTestCase[CorridorFactory]):
    def expected_factory_class(self) -> type[CorridorFactory]:
        return CorridorFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return CorridorAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return CorridorApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return CorridorTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return TrackingRecorderOfATest

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return CorridorProcessRecorder
