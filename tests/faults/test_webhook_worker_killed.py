"""The webhook worker is killed in the middle of a delivery, and nothing is lost or told out of order (fault F02)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import urlencode

import pytest
from psycopg2 import extensions

from ledger.eventstore.migrate import migrate
from ledger.projections.runner import Runner
from tests.integration.receiving_bank import ReceivingBank, Told, receiving_bank
from tests.integration.small_corridor import SmallCorridor, uetr_of

TRANSFERS = 6
KILLS = 3


@pytest.fixture
def bank() -> Iterator[ReceivingBank]:
    """The other end."""
    with receiving_bank() as bank:
        yield bank


def test_a_worker_killed_while_it_delivers_loses_nothing(empty_database_url: str, tmp_path: Path, bank: ReceivingBank) -> None:
    """Each of three workers is killed while a delivery is under way; a last one finishes. Every entry came, in its transfer's order."""
    migrate(empty_database_url)
    small = SmallCorridor(empty_database_url, "abb-psbc")
    small.open()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CORRIDOR_")} | {
        "CORRIDOR_DATABASE_URL": "postgresql:///?" + urlencode(extensions.parse_dsn(empty_database_url)),
        "CORRIDOR_DATA_DIR": str(tmp_path),
        "CORRIDOR_WEBHOOKS_FILE": str(tmp_path / "webhooks.toml"),
    }
    destination = f'corridor = "abb-psbc"\nparticipant = "psbc"\nurl = "{bank.url}"\n'
    (tmp_path / "webhooks.toml").write_text(f'allowed_hosts = ["127.0.0.1"]\nfor_tests = true\n[[destination]]\n{destination}')
    command = [sys.executable, "-c", "from ledger.cli import main; main()", "webhooks", "deliver"]
    subprocess.run([*command, "--once"], env=environment, check=True, capture_output=True)
    for number in range(1, TRANSFERS + 1):
        small.initiate(number)
        small.accept(number)
        small.pay(number)
    Runner(small.log).catch_up()
    # A bank that keeps the worker waiting for its answer, until the worker is gone.
    for _ in range(KILLS):
        asked, gone = Event(), Event()

        def keep_waiting(_told: Told, asked: Event = asked, gone: Event = gone) -> tuple[int, dict[str, str]]:
            asked.set()
            gone.wait(60)
            return 204, {}

        bank.answer = keep_waiting
        worker = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        assert asked.wait(60)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        gone.set()
        # The claims of the dead worker end; here nobody waits a minute for it.
        with small.pool.transaction() as cursor:
            cursor.execute("UPDATE webhooks.deliveries SET claimed_until = NULL")
    bank.answer = lambda _told: (204, {})
    subprocess.run([*command, "--once"], env=environment, check=True, capture_output=True)
    with small.pool.transaction() as cursor:
        assert cursor.rows("SELECT DISTINCT state FROM webhooks.deliveries") == [("delivered",)]
    for number in range(1, TRANSFERS + 1):
        told = [told.entry["kind"] for told in bank.told if told.entry["uetr"] == str(uetr_of(number))]
        assert list(dict.fromkeys(told)) == ["dispatched", "accepted", "paid"]
        assert told == sorted(told, key=["dispatched", "accepted", "paid"].index)
    small.close()
