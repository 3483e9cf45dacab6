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

HOST = "127.0.0.1"
CLIENTS, CONNECTIONS = 2, 64
FLOOR, P99_MS_MAX = 0.6, 100.0
_ATTEMPTS, _ATTEMPT_SECONDS = 200, 0.2


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
    def rss_mb(self) -> float:
        """The memory the server holds."""
        return round(psutil.Process(self.process.process.pid).memory_info().rss / 2**20, 1)


class Answers(NamedTuple):
    """How many a second, and how long each took in ms."""

    per_second: float
    waits_ms: list[float]


def bench(plan: Plan) -> Found:
    """The server is a process of its own; its projections follow the log meanwhile, as they do in service."""
    ledger = plan.corridor()
    corridor = ledger.corridor_code
    private_key = Ed25519PrivateKey.generate()
    _register(ledger, private_key, plan)
    seconds, begun = plan.pick(4.0, 10.0, 30.0), _receipts(plan, corridor)
    rates, half, asked = [], [], 0
    with served(plan, corridor, private_key, bare=True) as server:
        plan.progress("bare endpoint")
        enough = _enough(server, f"{corridor}/bare", seconds)
        bare = [server.load(f"{corridor}/bare/{number}", enough).per_second for number in (1, 2)]
    with served(plan, corridor, private_key) as server:
        asked += CONNECTIONS
        enough = _enough(server, f"{corridor}/warm", seconds)
        full: list[Answers] = []
        for run in range(plan.runs):
            plan.progress(f"run {run + 1} of {plan.runs}: {enough} signed transfers over {CONNECTIONS} connections")
            full.append(server.load(f"{corridor}/{run}", enough))
            rates.append(full[-1].per_second)
            asked += enough // CLIENTS * CLIENTS
        plan.progress("at half that load")
        count = int(enough / 2)
        half = server.load(f"{corridor}/half", count, median(rates) / 2).waits_ms
        asked += count // CLIENTS * CLIENTS
        rss_mb = server.rss_mb
    with served(plan, corridor, private_key, bare=True) as server:
        plan.progress("bare endpoint again")
        enough = _enough(server, f"{corridor}/bare-again", seconds)
        after = [server.load(f"{corridor}/bare-again/{number}", enough).per_second for number in (1, 2)]
    yardstick = Yardstick("bare FastAPI POST, same body and signature checks", "requests/s", median(bare), median(after))
    ratio = median(rates) / yardstick.mean
    waits = [wait for run in full for wait in run.waits_ms]
    return Found(
        runs=tuple(rates),
        unit="signed transfers/s",
        yardstick=yardstick,
        ratio=ratio,
        checks=(
            Check("ratio", ratio, at_least=FLOOR),
            Check("p99 at half load, ms", percentile(half, 0.99), at_most=P99_MS_MAX),
            Check("commands lost", begun + asked - _receipts(plan, corridor), at_most=0),
        ),
        figures={
            "connections": CONNECTIONS,
            "client_processes": CLIENTS,
            "full_load": {"p50_ms": rounded(percentile(waits, 0.5)), "p99_ms": rounded(percentile(waits, 0.99))},
            "half_load": {"p50_ms": rounded(percentile(half, 0.5)), "p99_ms": rounded(percentile(half, 0.99))},
        },
        peak_rss_mb=rss_mb,
        corridors=(corridor,),
        bars=(
            Bar("bare before", yardstick.before, "yardstick"),
            *(Bar(f"run {number}", run) for number, run in enumerate(rates, 1)),
            Bar("bare after", yardstick.after, "yardstick"),
        ),
        goal=rounded(FLOOR * yardstick.mean),
    )


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


def _enough(server: Server, seed: str, seconds: float) -> int:
    """How many requests keep it busy for about so long, by a few first ones."""
    return max(CONNECTIONS, int(server.load(f"{seed}/first", CONNECTIONS).per_second * seconds))


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
