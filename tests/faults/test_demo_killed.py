"""The demo is killed with SIGKILL, again and again, and run again: it ends as if nothing had happened."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.migrate import migrate
from ledger.sandbox import story
from ledger.sandbox.demo import demo_service, run_demo
from ledger.sandbox.demo_result import DemoResult
from reconciliation.report import Report
from tests.faults.demo_runner import demo_settings

TRANSFERS = 40
KILLS = 10
KILLS_BY_THE_CLOCK = 4
SEED = 7
LOOK_EVERY_SECONDS = 0.002


@pytest.fixture(scope="module")
def undisturbed(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    """The small demo, run in peace."""
    return run_to_the_end(module_database_url, tmp_path_factory.mktemp("undisturbed"))


def run_to_the_end(database_url: str, folder: Path) -> DemoResult:
    with demo_service(demo_settings(database_url, folder)) as service:
        return run_demo(service, transfers=TRANSFERS)


@dataclass
class RunningDemo:
    """A demo in another process, and the log it writes."""

    process: subprocess.Popen[bytes]
    log: Log

    def kill_at(self, position: int) -> int:
        """Kills it as soon as the log has reached a position and it has added something, or when it is done; where the log then ends."""
        position = max(position, self.log.head().position + 1)
        while self.process.poll() is None and self.log.head().position < position:
            self._let_run(LOOK_EVERY_SECONDS)
        return self.kill()

    def kill_after(self, seconds: float) -> int:
        """Kills it after a span of time, or when it is done; where the log then ends."""
        self._let_run(seconds)
        return self.kill()

    def _let_run(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def kill(self) -> int:
        self.process.kill()
        self.process.wait()
        return self.log.head().position


@contextlib.contextmanager
def demo_running(database_url: str, folder: Path, log: Log) -> Iterator[RunningDemo]:
    """Starts the demo; it is gone afterwards in any case."""
    command = [sys.executable, "-m", "tests.faults.demo_runner", database_url, str(folder), str(TRANSFERS)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield RunningDemo(process, log)
    finally:
        process.kill()
        process.wait()


def test_killed_at_ten_moments_it_ends_with_the_same_balances(undisturbed: DemoResult, empty_database_url: str, tmp_path: Path) -> None:
    """Ten kills at ever later places of the log, then a run in peace: balances, states and reports are those of an undisturbed demo."""
    migrate(empty_database_url)
    log = Log(PostgresPool(empty_database_url), story.CORRIDOR)
    places = sorted(random.Random(SEED).sample(range(undisturbed.position), KILLS))

    ended_at = []
    for place in places:
        with demo_running(empty_database_url, tmp_path, log) as demo:
            ended_at.append(demo.kill_at(place))
    again = run_to_the_end(empty_database_url, tmp_path)

    assert ended_at == sorted(ended_at)
    assert ended_at[0] < undisturbed.position
    assert_same_end(again, undisturbed)


def test_killed_by_the_clock_it_ends_with_the_same_balances(undisturbed: DemoResult, empty_database_url: str, tmp_path: Path) -> None:
    """The same with kills by the clock, which hit between commits too: in the vault, in the projections, in the night job."""
    migrate(empty_database_url)
    log = Log(PostgresPool(empty_database_url), story.CORRIDOR)
    dice = random.Random(SEED)
    for _ in range(KILLS_BY_THE_CLOCK):
        with demo_running(empty_database_url, tmp_path, log) as demo:
            demo.kill_after(dice.uniform(0.6, 1.3))
    again = run_to_the_end(empty_database_url, tmp_path)

    assert_same_end(again, undisturbed)


def assert_same_end(again: DemoResult, undisturbed: DemoResult) -> None:
    """Everything but the numbering of the log, which depends on how many commits there were."""
    assert again.verification.ok, again.verification
    assert again.balances == undisturbed.balances
    assert again.states == undisturbed.states
    assert again.decided == undisturbed.decided
    assert [found(report) for report in again.reports] == [found(report) for report in undisturbed.reports]
    assert again.ok


def found(report: Report) -> list[tuple[str, str, str, bool]]:
    """The differences of a night, without the log positions in their ids."""
    return sorted((one.break_class, one.account, one.difference, one.new) for one in report.differences)
