"""The database goes away and comes back: the service says so, loses nothing, and the same key then has its one effect."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import extensions

from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.errors import OutcomeUnknown
from ledger.eventstore.commits import send_commit
from ledger.eventstore.connections import PostgresConnection
from ledger.eventstore.migrate import migrate
from tests.acceptance.conftest import FRIDAY_MORNING, ServedCorridor, told, transfer, uetr
from tests.conftest import fresh_corridor
from tests.integration.serviced import settings_of

UNAVAILABLE = {
    "type": "/problems/unavailable",
    "title": "The service is not available",
    "status": 503,
    "detail": "The service cannot answer at present.",
    "way_out": "Try again shortly, a command with the same idempotency key.",
    "transient": True,
}
Switch = Callable[[bool], None]


@pytest.fixture
def database(empty_database_url: str) -> str:
    """A migrated database of this test alone, since it is taken away."""
    migrate(empty_database_url)
    return empty_database_url


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[ServedCorridor]:
    """An open corridor on a database of its own."""
    settings = settings_of(database, tmp_path)
    clock = SetClock(FRIDAY_MORNING)
    with Service(settings, clock=clock) as service:
        served = ServedCorridor(service, fresh_corridor(), clock)
        try:
            served.open()
            yield served
        finally:
            served.close()


@pytest.fixture
def reachable(database: str, server_url: str) -> Iterator[Switch]:
    """Lets the database be reached or not: off, it refuses new connections and ends those there are."""
    name = extensions.parse_dsn(database)["dbname"]
    connection = psycopg2.connect(extensions.make_dsn(server_url, dbname="postgres"))
    connection.autocommit = True

    def switch(on: bool) -> None:
        cursor = connection.cursor()
        cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(on).lower()}")
        if not on:
            cursor.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", (name,))

    yield switch
    switch(True)
    connection.close()


def test_without_a_database_everything_says_503_and_when_to_come_back(served: ServedCorridor, reachable: Switch) -> None:
    """Commands, reads and readiness; only the question whether the process lives is still answered with yes."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    reachable(False)
    answers = [
        served.post("abb", "/transfers", transfer(2), "t2"),
        served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"),
        served.get("abb", f"/transfers/{uetr(1)}"),
        served.get("abb", "/terms"),
    ]
    assert [(told(answer, 503), answer.headers["Retry-After"]) for answer in answers] == [(UNAVAILABLE, "5")] * 4
    assert told(served.client.get("/health"), 200) == {"status": "alive"}
    ready = served.client.get("/ready")
    assert told(ready, 503) == {"ready": False, "database": "unreachable", "pending_migrations": [], "projections": "unknown"}
    assert ready.headers["Retry-After"] == "5"


def test_what_failed_for_want_of_a_database_is_done_once_it_is_back(served: ServedCorridor, reachable: Switch) -> None:
    """No receipt was left, so the same key is decided then; and reads go on where they stood."""
    before = served.head()
    reachable(False)
    told(served.post("abb", "/transfers", transfer(1), "t1"), 503)
    reachable(True)
    log = served.service.ledger(served.corridor).log_store
    assert (log.head().position, log.receipt(ids.receipt_digest("abb", "t1"))) == (before, None)
    sent = told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    shown = told(served.get("psbc", f"/transfers/{uetr(1)}", at_least=sent["position"]), 200)
    assert (shown["position"], shown["state"]) == (sent["position"], "dispatched")
    assert told(served.client.get("/ready"), 200) == {
        "ready": True,
        "database": "reachable",
        "pending_migrations": [],
        "projections": "following",
        "projection_lag_events": 0,
    }


def test_a_lost_answer_is_told_as_unknown_and_the_same_key_tells_what_became_of_it(
    served: ServedCorridor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit happened, its answer was lost: 503 that says so; asked again, the transfer is there, once (I5)."""
    before = served.head()

    def commit_and_lose_the_answer(connection: PostgresConnection, statements: bytes, data: bytes = b"") -> None:
        send_commit(connection, statements, data)
        raise OutcomeUnknown("the connection broke before the answer came")

    with monkeypatch.context() as broken:
        broken.setattr("ledger.eventstore.log.send_commit", commit_and_lose_the_answer)
        lost = served.post("abb", "/transfers", transfer(1), "t1")
    assert told(lost, 503) == {
        "type": "/problems/outcome-unknown",
        "title": "The outcome is unknown",
        "status": 503,
        "detail": "Whether the command was done is not known.",
        "way_out": "Repeat it with the same idempotency key: the answer then says what became of it.",
        "transient": True,
    }
    assert lost.headers["Retry-After"] == "1"
    again = served.post("abb", "/transfers", transfer(1), "t1")
    assert (told(again, 201)["state"], again.headers["Idempotent-Replayed"]) == ("dispatched", "true")
    initiated = [row.topic for row in served.service.ledger(served.corridor).log_store.read_page(before, 100)]
    assert initiated.count("Transfer.Initiated.v1") == 1
