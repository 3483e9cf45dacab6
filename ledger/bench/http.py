"""T3, ``corridor bench http``: signed transfers over HTTP, one a request, beside a bare endpoint with the same body and checks."""

from __future__ import annotations

import socket
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import pairwise
from statistics import fmean
from time import monotonic
from typing import Any, NamedTuple

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ledger import commands as c
from ledger.application import Ledger
from ledger.bench.children import Child, child
from ledger.bench.figures import median, percentile, rounded
from ledger.bench.plan import Plan
from ledger.bench.presigned import KEY_ID
from ledger.bench.result import Bar, Check, Found, Yardstick
from ledger.domain.permissions import permissions_of
from ledger.errors import Unavailable
from ledger.eventstore.notifications import Listener
from ledger.projections.waiting import at_least

HOST = "127.0.0.1"
CLIENTS, CONNECTIONS = 2, 64
FLOOR, P99_MS_MAX = 0.6, 100.0
_ATTEMPTS, _ATTEMPT_SECONDS = 200, 0.2
_PROJECTED_SECONDS_MAX = 60.0


class Server(NamedTuple):
    """A server that answers, and the clients that are ready to ask it."""

    process: Child
    clients: list[Child]

    def load(self, seed: str, requests: int, rate: float | None = None, connections: int = CONNECTIONS) -> Answers:
        """Sends so many requests from all clients together."""
        each = max(1, connections // CLIENTS)
        for number, client in enumerate(self.clients):
            client.tell(
                seed=f"{seed}/{number}", requests=requests // CLIENTS, connections=each, rate=None if rate is None else rate / CLIENTS
            )
        for client in self.clients:
            client.answer()
        for client in self.clients:
            client.tell(go=True)
        said = [client.answer() for client in self.clients]
        statuses: Counter[str] = Counter()
        for one in said:
            statuses.update(one["statuses"])
        if statuses.keys() != {"201"}:
            raise Unavailable(f"The server answered {dict(statuses)}; a bench asks only for what is granted.")
        seconds = max(one["ended"] for one in said) - min(one["began"] for one in said)
        return Answers(statuses.total() / seconds, [wait * 1_000 for one in said for wait in one["waits"]])

    @property
    def busy_seconds(self) -> float:
        """Processor time that the server and the processes it started have taken so far."""
        server = psutil.Process(self.process.process.pid)
        return sum(sum(one.cpu_times()[:2]) for one in (server, *server.children(recursive=True)))

    @property
    def rss_mb(self) -> float:
        """The memory the server holds."""
        return round(psutil.Process(self.process.process.pid).memory_info().rss / 2**20, 1)


class Answers(NamedTuple):
    """How many a second, and how long each took in ms."""

    per_second: float
    waits_ms: list[float]


def bench(plan: Plan) -> Found:
    """Both servers stand side by side and are loaded in turns, in short rounds, so that what the machine does meanwhile meets both alike;
    ``ratio`` is the median of the rounds', each held against the bare rounds around it.

    The projections of the one follow its log meanwhile, as they do in service, and have come to its end before the other's turn.
    """
    ledger = plan.corridor()
    corridor = ledger.corridor_code
    private_key = Ed25519PrivateKey.generate()
    _register(ledger, private_key, plan)
    seconds, begun = plan.pick(2.5, 6.0, 20.0), _receipts(plan, corridor)
    with served(plan, corridor, private_key, bare=True) as bare, served(plan, corridor, private_key) as full:
        plan.progress("both servers warm up")
        yardsticks = _Rounds(bare, f"{corridor}/bare", seconds)
        measured = _Rounds(full, f"{corridor}/full", seconds)
        behind = [_projected_after(plan, ledger)]
        yardsticks.go_on()
        for run in range(plan.runs):
            plan.progress(f"round {run + 1} of {plan.runs}: {measured.requests} signed transfers over {CONNECTIONS} connections")
            measured.go_on()
            behind.append(_projected_after(plan, ledger))
            yardsticks.go_on()
        plan.progress("at half that load")
        rate = median(measured.rates) / 2
        half = full.load(f"{corridor}/half", _even(rate * seconds), rate).waits_ms
        rss_mb = full.rss_mb
    asked = measured.asked + len(half)
    flanks = [fmean(pair) for pair in pairwise(yardsticks.rates)]
    ratio = median([rate / flank for rate, flank in zip(measured.rates, flanks, strict=True)])
    return Found(
        runs=tuple(measured.rates),
        unit="signed transfers/s",
        yardstick=Yardstick("bare FastAPI POST, same body and signature checks", "requests/s", yardsticks.rates[0], yardsticks.rates[-1]),
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_least=FLOOR),
            Check("p99 at half load, ms", percentile(half, 0.99), at_most=P99_MS_MAX),
            Check("commands lost", begun + asked - _receipts(plan, corridor), at_most=0),
        ),
        layers={
            "unit": "µs a request of processor time, without the database's",
            "server": rounded(median(measured.busy)),
            "bare server": rounded(median(yardsticks.busy)),
        },
        figures={
            "connections": CONNECTIONS,
            "client_processes": CLIENTS,
            "bare_per_second": [rounded(rate) for rate in yardsticks.rates],
            "projections_behind_s": rounded(max(behind)),
            "full_load": {"p50_ms": rounded(percentile(measured.waits, 0.5)), "p99_ms": rounded(percentile(measured.waits, 0.99))},
            "half_load": {"p50_ms": rounded(percentile(half, 0.5)), "p99_ms": rounded(percentile(half, 0.99))},
        },
        peak_rss_mb=rss_mb,
        corridors=(corridor,),
        bars=(
            *(Bar(f"bare {number}", rate, "yardstick") for number, rate in enumerate(yardsticks.rates, 1)),
            *(Bar(f"round {number}", rate) for number, rate in enumerate(measured.rates, 1)),
        ),
        goal=rounded(FLOOR * median(yardsticks.rates)),
    )


class _Rounds:
    """The rounds of one server, after it has warmed up: requests a second, and µs of a processor a request, by round; each wait in ms."""

    def __init__(self, server: Server, seed: str, seconds: float) -> None:
        self._server, self._seed, self._seconds = server, seed, seconds
        first = server.load(f"{seed}/first", CONNECTIONS)
        warm = server.load(f"{seed}/warm", _even(first.per_second * seconds / 2))
        self.requests = _even(warm.per_second * seconds)
        self.asked = len(first.waits_ms) + len(warm.waits_ms)
        self.rates: list[float] = []
        self.busy: list[float] = []
        self.waits: list[float] = []

    def go_on(self) -> None:
        """One round."""
        before = self._server.busy_seconds
        answers = self._server.load(f"{self._seed}/{len(self.rates)}", self.requests)
        self.busy.append((self._server.busy_seconds - before) / self.requests * 1e6)
        self.rates.append(answers.per_second)
        self.waits += answers.waits_ms
        self.asked += self.requests
        self.requests = _even(answers.per_second * self._seconds)


@contextmanager
def served(plan: Plan, corridor: str, private_key: Ed25519PrivateKey, *, bare: bool = False) -> Iterator[Server]:
    """A server on loopback, once it answers, with its clients."""
    port = _free_port()
    given: dict[str, Any] = {
        "host": HOST,
        "port": port,
        "path": f"/v1/corridors/{corridor}/transfers",
        "private_key": private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex(),
    }
    with ExitStack() as stack:
        process = stack.enter_context(child(plan.service, "ledger.bench.served", host=HOST, port=port, bare=bare))
        _wait_until_answering(process, port)
        yield Server(process, [stack.enter_context(child(plan.service, "ledger.bench.http_client", **given)) for _ in range(CLIENTS)])


def _even(requests: float) -> int:
    """So many that every client has as many as the others."""
    return max(CONNECTIONS, int(requests) // CLIENTS * CLIENTS)


def _projected_after(plan: Plan, ledger: Ledger) -> float:
    """Waits for the projections to come to the end of the log; seconds."""
    began, pool = monotonic(), plan.service.pool
    listener = Listener(pool.url)
    try:
        at_least(pool, listener, ledger.corridor_code, ledger.log_store.head().position, _PROJECTED_SECONDS_MAX)
    finally:
        listener.close()
    return monotonic() - began


def _wait_until_answering(process: Child, port: int) -> None:
    for _ in range(_ATTEMPTS):
        if process.process.poll() is not None:
            process.answer()
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            pass
        else:
            return
        try:
            process.process.wait(_ATTEMPT_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    raise Unavailable(f"The server on port {port} did not start.")


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _register(ledger: Ledger, private_key: Ed25519PrivateKey, plan: Plan) -> None:
    now = plan.service.clock()
    public_key = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    about = {"corridor": ledger.corridor_code, "key_id": KEY_ID, "public_key": public_key}
    proposal = c.RegisterKey.model_validate(
        {
            **about,
            "actor": "operator:bench",
            "idempotency_key": "key",
            "principal": "abb",
            "valid_from": now,
            "valid_until": now + timedelta(days=1),
            "permissions": permissions_of("abb", ("abb",)),
        }
    )
    approval = c.ApproveKey.model_validate({**about, "actor": "officer:second", "idempotency_key": "key approved"})
    for command in (proposal, approval):
        answer = ledger.execute(command)
        assert answer.refusal is None, answer.refusal


def _receipts(plan: Plan, corridor: str) -> int:
    [(found,)] = plan.service.pool.rows("SELECT count(*) FROM ledger.receipts WHERE corridor = %(corridor)s", {"corridor": corridor})
    return int(found)
