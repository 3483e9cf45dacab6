"""A process beside this one keeps the projections: it follows, is replaced when it ends, and never outlives who started it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from ledger.eventstore.mapper import UnknownEvent
from ledger.eventstore.notifications import Listener
from ledger.projections import beside
from ledger.projections.beside import Beside
from ledger.projections.waiting import at_least
from tests.integration.small_corridor import SmallCorridor

PATIENCE = 60.0
"""Seconds after which something never happens; nothing here takes long."""


@pytest.fixture
def small(database_url: str, corridor: str) -> Iterator[SmallCorridor]:
    """A corridor in which everything has happened once, not projected yet."""
    small = SmallCorridor(database_url, corridor)
    small.live_a_day()
    yield small
    small.close()


@pytest.fixture
def listener(database_url: str) -> Iterator[Listener]:
    """Hears how far projections have come."""
    listener = Listener(database_url)
    yield listener
    listener.close()


def test_another_process_follows_a_corridor_until_it_is_closed(small: SmallCorridor, listener: Listener, database_url: str) -> None:
    """What was there and what comes later is projected, whoever waits; then the process is gone."""
    follower = Beside(database_url)
    process = psutil.Process(follower.process_id)
    try:
        follower.follow(small.code)
        for number in (101, 102):
            position = small.answer(small.initiation(number)).position
            assert at_least(small.pool, listener, small.code, position, PATIENCE, hurry=follower.hurry) >= position
        assert not follower.failed
    finally:
        follower.close()
    assert not process.is_running()


def test_a_process_that_was_killed_is_followed_by_another(
    small: SmallCorridor, listener: Listener, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one is told which corridors to follow, and goes on where the tables stand."""
    monkeypatch.setattr(beside, "START_AGAIN_SECONDS", 0.01)
    follower = Beside(database_url)
    try:
        follower.follow(small.code)
        at_least(small.pool, listener, small.code, small.log.head().position, PATIENCE)
        first = psutil.Process(follower.process_id)
        os.kill(first.pid, signal.SIGKILL)
        position = small.answer(small.initiation(101)).position
        assert at_least(small.pool, listener, small.code, position, PATIENCE) >= position
        second = psutil.Process(follower.process_id)
        assert second != first
    finally:
        follower.close()
    assert not first.is_running()
    assert not second.is_running()


def test_the_process_ends_when_the_one_that_started_it_was_killed(database_url: str) -> None:
    """Its end of the line closes, however the other process came to its end; nobody has to tell it."""
    starting = f"from ledger.projections.beside import Beside\nprint(Beside({database_url!r}).process_id, flush=True)\ninput()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", starting], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as starter:
        assert starter.stdout is not None
        follower = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    _, alive = psutil.wait_procs([follower], PATIENCE)
    assert alive == []


def test_projections_that_stop_for_good_are_told_of(small: SmallCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that a newer version wrote stops them; the process says of which corridor."""

    def newer_version_wrote_this(*_: object) -> None:
        raise UnknownEvent("Event 7 has a topic this version does not know.")

    monkeypatch.setattr("ledger.projections.following.Runner.run_forever", newer_version_wrote_this)
    said = io.StringIO()
    beside.work([f"follow {small.code}\n"], said, small.pool)
    assert said.getvalue() == f"stopped {small.code}\n"


def test_where_no_process_can_be_started_whoever_wanted_one_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller can then do the work itself."""

    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(OSError, match="no more processes"):
        Beside(database_url)
