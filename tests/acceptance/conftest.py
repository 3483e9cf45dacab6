"""A corridor served over HTTP on loopback, with real signatures, a real PostgreSQL and a clock that the test sets."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from threading import Thread
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.app import create_app
from api.http_heads import BoundedHeads
from api.signing import RequestSigner, idempotency_key, public_key_hex
from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain.permissions import permissions_of
from ledger.sandbox.identity_served import served_identity
from ledger.settings import Settings
from tests.acceptance.people import Browser, NewBrowser
from tests.integration.serviced import open_corridor, settings_of

FRIDAY_MORNING = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
PRINCIPALS = ("abb", "psbc", "officer:amina", "officer:bo", "operator:ops", "bank:settlement")
BODY_BYTES_MAX = 1024 * 1024
YASMINA = {"name": "Yasmina Testouni", "town": "Rabat", "country": "MA"}
WEI = {"name": "Wei Shili", "native_name": "魏实例", "town": "Beijing", "country": "CN", "account": "6210000000000000000"}
# On the invented list that screening uses.
LISTED = {"name": "Qasmir Volnadi", "town": "Rabat", "country": "MA"}


def private_key(key_id: str) -> Ed25519PrivateKey:
    """The same key each time for a key id, so that a test can be read and run again."""
    return Ed25519PrivateKey.from_private_bytes(sha256(key_id.encode()).digest())


def uetr(number: int) -> str:
    """The number-th transfer's reference: a UUID of version 4, the same in each run."""
    return str(UUID(bytes=sha256(f"uetr {number}".encode()).digest()[:16], version=4))


def transfer(number: int = 1, **changes: Any) -> dict[str, Any]:
    """MAD 1,000.00 from Yasmina to Wei, account to account, support of dependants."""
    body: dict[str, Any] = {
        "uetr": uetr(number),
        "creditor_agent": "psbc",
        "product": "account_to_account",
        "purpose": "DEPD",
        "evidence": ["identity", "kinship"],
        "amount": "1000.00",
        "currency": "MAD",
        "debtor": YASMINA,
        "creditor": WEI,
    }
    return body | changes


def told(response: httpx.Response, status: int) -> Any:
    """The body of an answer that must have this status; a wrong one shows the body it came with."""
    assert (response.status_code, response.text) == (status, response.text)
    return response.json()


class ServedCorridor:
    """One corridor of a service that answers on ``url``; requests are signed as the principal named first."""

    def __init__(
        self, service: Service, corridor: str, clock: SetClock, *, settings_for: Callable[[str], Settings] | None = None, **how: Any
    ) -> None:
        self.service = service
        self.corridor = corridor
        self.clock = clock
        self.nonces = iter(range(1, 10**9))
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        if settings_for is not None:
            # What depends on where it listens.
            service.settings = settings_for(self.url)
        # Between two requests more time goes by than what is known of keys may be old, so each sees what was decided before it.
        seconds = count()
        self.app = create_app(service, **({"monotonic": lambda: float(next(seconds))} | how))
        # Connections made before the server accepts wait in the socket's backlog, so nobody has to ask whether it has started.
        self._server = uvicorn.Server(uvicorn.Config(self.app, http=BoundedHeads, log_level="error", access_log=False, proxy_headers=False))
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [listening]}, name="served corridor")
        self._thread.start()
        self.client = httpx.Client(base_url=self.url, timeout=60)

    def close(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join()

    def path(self, path: str) -> str:
        return f"/v1/corridors/{self.corridor}{path}"

    def signer(self, principal: str, key_id: str | None = None) -> RequestSigner:
        """Signs as a principal, by the clock of the test."""
        key_id = key_id or principal
        return RequestSigner(key_id, private_key(key_id), clock=self.clock, nonce=lambda: f"nonce-{next(self.nonces):016}")

    def post(self, principal: str, path: str, body: Any, key: str, **headers: str) -> httpx.Response:
        """A signed command under an idempotency key."""
        return self.client.post(self.path(path), json=body, headers=idempotency_key(key) | headers, auth=self.signer(principal))

    def get(self, principal: str, path: str, **params: Any) -> httpx.Response:
        """A signed read."""
        return self.client.get(self.path(path), params=params, auth=self.signer(principal))

    def head(self) -> int:
        """Where the corridor's log ends."""
        return self.service.ledger(self.corridor).log_store.head().position

    def open(self) -> None:
        """Opens the corridor with the shipped terms and both banks' rates, nothing funded, and registers everybody's key."""
        open_corridor(self.service, self.corridor, prefund=0)
        for principal in PRINCIPALS:
            self.register(principal, principal)

    def register(
        self,
        key_id: str,
        principal: str,
        *,
        after: timedelta = timedelta(0),
        lasting: timedelta = timedelta(days=365),
        may: tuple[str, ...] = (),
        public_key: tuple[str, str] | None = None,
    ) -> None:
        """Two people register a key, valid from some time after the test begins; for everything unless ``may`` says for what.

        ``public_key``: algorithm and hex of another key than the Ed25519 key that belongs to the id.
        """
        algorithm, digits = public_key or ("ed25519", public_key_hex(private_key(key_id)))
        proposal = c.RegisterKey(
            corridor=self.corridor,
            actor="operator:ops",
            idempotency_key=f"key {key_id}",
            key_id=key_id,
            principal=principal,
            algorithm=algorithm,
            public_key=digits,
            valid_from=FRIDAY_MORNING + after,
            valid_until=FRIDAY_MORNING + after + lasting,
            permissions=may or permissions_of(principal, ("abb", "psbc")),
        )
        self.ask(proposal)
        self.ask(c.ApproveKey(**self.said("officer:amina", f"key {key_id}"), key_id=key_id, public_key=digits))

    def said(self, actor: str, key: str) -> dict[str, str]:
        """What every command says of its origin."""
        return {"corridor": self.corridor, "actor": actor, "idempotency_key": key}

    def ask(self, command: c.Command) -> None:
        """A command that passes, asked by the library and not over HTTP."""
        assert self.service.ledger(self.corridor).execute(command).refusal is None


@pytest.fixture(scope="module")
def acceptance_settings(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for a database of this file's stories: a vault belongs to one master key, and here they share one."""
    settings = settings_of(module_database_url, tmp_path_factory.mktemp("acceptance"))
    # The clock stands, so nobody has time to read, and all that people do they do in one minute; their pace has stories of its own.
    return settings.model_copy(update={"max_body_bytes": BODY_BYTES_MAX, "reading_seconds_min": 0, "acts_per_minute_max": 600})


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at nine o'clock UTC on a Friday of business in all three calendars."""
    return SetClock(FRIDAY_MORNING)


@pytest.fixture
def service(acceptance_settings: Settings, clock: SetClock) -> Iterator[Service]:
    """A service of this test alone."""
    with Service(acceptance_settings, clock=clock) as service:
        yield service


@pytest.fixture
def served(service: Service, corridor: str, clock: SetClock) -> Iterator[ServedCorridor]:
    """An open corridor of this test alone, served."""
    served = ServedCorridor(service, corridor, clock)
    try:
        served.open()
        yield served
    finally:
        served.close()


@pytest.fixture
def console(service: Service, corridor: str, clock: SetClock) -> Iterator[ServedCorridor]:
    """An open corridor with a hold on transfer 1, whose people sign in at the invented identity provider."""
    with ExitStack() as open_parts:
        served = ServedCorridor(
            service, corridor, clock, settings_for=lambda url: open_parts.enter_context(served_identity(service.settings, clock, url))
        )
        open_parts.callback(served.close)
        served.open()
        told(served.post("abb", "/transfers", transfer(1, debtor=LISTED), "t1"), 201)
        told(served.get("officer:bo", "/cases", at_least=served.head()), 200)
        yield served


@pytest.fixture
def new_browser(console: ServedCorridor) -> Iterator[NewBrowser]:
    """Opens browsers that know nothing of each other."""
    with ExitStack() as open_browsers:

        def open_one() -> Browser:
            browser = Browser(console.url)
            open_browsers.callback(browser.close)
            return browser

        yield open_one


@pytest.fixture
def browser(new_browser: NewBrowser) -> Browser:
    """One browser."""
    return new_browser()
