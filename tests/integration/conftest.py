"""What tests share that run a whole service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.bootstrap import Service
from ledger.clock import SetClock
from tests.integration.serviced import friday_clock, open_corridor, settings_of


@pytest.fixture(scope="module")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the master key of a file's database lies."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def clock() -> SetClock:
    """A Friday in the corridor's business hours, until a test says otherwise."""
    return friday_clock()


@pytest.fixture
def service(module_database_url: str, key_folder: Path, clock: SetClock, corridor: str) -> Iterator[Service]:
    """A service with an open, funded corridor of this test alone."""
    with Service(settings_of(module_database_url, key_folder), clock=clock) as service:
        open_corridor(service, corridor)
        yield service
