"""One signed request reaches two processes of the service: one takes it, the other tells it as a replay."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import httpx
import pytest

from api.signing import RequestSigner, idempotency_key
from ledger.bootstrap import Service
from ledger.clock import SetClock
from tests.acceptance.conftest import FRIDAY_MORNING, ServedCorridor, private_key, told, transfer, uetr
from tests.integration.serviced import settings_of

SERVE = f"""from datetime import datetime
from ledger import clock
clock.system_clock = lambda: datetime.fromisoformat("{FRIDAY_MORNING.isoformat()}")
from ledger.cli import main
main()
"""


NONCE = "nonce-for-both-00001"
HEALTHY = (200, None, None)
REPLAY = (401, "nonce-reused", "abb")


class Process:
    """A `corridor serve` of its own on the test's database; what it logs goes to a file."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with log.open("w", encoding="utf-8") as lines:
            command = [sys.executable, "-c", SERVE, "serve", "--port", str(port)]
            self._process = subprocess.Popen(command, env=environment, stderr=lines, stdout=subprocess.DEVNULL)

    def wait_until_it_serves(self) -> None:
        """Asks until somebody answers; httpx tries the connection anew, a little later each time."""
        with httpx.Client(base_url=self.url, transport=httpx.HTTPTransport(retries=8), timeout=60) as client:
            assert client.get("/health").status_code == 200

    def end(self) -> list[dict[str, Any]]:
        """Ends as an operator ends it; the lines about requests that it logged."""
        self._process.terminate()
        assert self._process.wait(60) is not None
        lines = [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("message") == "answered"]


@pytest.fixture
def processes(module_database_url: str, corridor: str, tmp_path: Path) -> Iterator[tuple[ServedCorridor, Process, Process]]:
    """An open corridor, and two processes that serve it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CORRIDOR_")}
    settings = settings_of(module_database_url, tmp_path)
    environment |= {"CORRIDOR_DATABASE_URL": str(settings.database_url), "CORRIDOR_DATA_DIR": str(tmp_path)}
    with ExitStack() as ends:
        service = ends.enter_context(Service(settings, clock=SetClock(FRIDAY_MORNING)))
        served = ServedCorridor(service, corridor, SetClock(FRIDAY_MORNING))
        try:
            served.open()
        finally:
            served.close()
        one, other = (Process(environment, tmp_path / f"{name}.log") for name in ("one", "other"))
        ends.callback(one.end)
        ends.callback(other.end)
        one.wait_until_it_serves()
        other.wait_until_it_serves()
        yield served, one, other


def ordering(served: ServedCorridor, number: int, nonce: str) -> httpx.Request:
    """The sending bank orders a transfer under a key of its own: signed for an address that both processes stand behind."""
    url = "http://corridor.example" + served.path("/transfers")
    request = httpx.Request("POST", url, json=transfer(number), headers=idempotency_key(f"t{number}"))
    RequestSigner("abb", private_key("abb"), clock=served.clock, nonce=lambda: nonce).sign(request)
    return request


def sent(request: httpx.Request, to: Process) -> httpx.Response:
    """The very bytes of the request, to one of the processes."""
    address = httpx.URL(to.url)
    moved = httpx.Request(
        request.method, request.url.copy_with(host=address.host, port=address.port), content=request.content, headers=request.headers
    )
    with httpx.Client(timeout=60) as client:
        return client.send(moved)


def test_one_of_two_processes_takes_a_request_and_the_other_one_refuses_it(processes: tuple[ServedCorridor, Process, Process]) -> None:
    """Sent to both in the same moment: 201 and 401 nonce-reused, and a line of each. The other process refuses the nonce for a further
    command too, whose key stays free: signed anew, that command is done."""
    served, *both = processes
    together, answers = Barrier(2), dict[Process, httpx.Response]()
    request = ordering(served, 1, NONCE)

    def send(to: Process) -> None:
        together.wait(60)
        answers[to] = sent(request, to)

    threads = [Thread(target=send, args=(process,)) for process in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken, refused = sorted(both, key=lambda process: answers[process].status_code)
    assert told(answers[taken], 201)["uetr"] == uetr(1)
    assert told(answers[refused], 401)["type"] == "/problems/nonce-reused"
    assert told(sent(ordering(served, 2, NONCE), refused), 401)["type"] == "/problems/nonce-reused"
    done = sent(ordering(served, 2, "a nonce of its own 01"), refused)
    assert (told(done, 201)["uetr"], done.headers.get("Idempotent-Replayed")) == (uetr(2), None)
    lines = {process: [(line["status"], line.get("problem"), line.get("key")) for line in process.end()] for process in both}
    assert lines[taken] == [HEALTHY, (201, None, None)]
    assert lines[refused] == [HEALTHY, REPLAY, REPLAY, (201, None, None)]
