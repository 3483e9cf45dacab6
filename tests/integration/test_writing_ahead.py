"""Writing ahead on a real PostgreSQL: what happens to commits, and to what was decided on top of them, when another writer is faster."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from ledger import batching
from ledger import commands as c
from ledger.answers import Answered
from ledger.application import Ledger
from ledger.bench.engine import complete_life, open_for_bench
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.eventstore.connections import PostgresPool, connect
from ledger.eventstore.lease import Lease
from ledger.eventstore.log import Log
from ledger.eventstore.queries import QUERIES
from ledger.eventstore.records import NewEvent, Receipt
from ledger.known import Known
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.vault import Vault

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pool(module_database_url: str) -> Iterator[PostgresPool]:
    """Connections to a database of this module, as the application."""
    pool = PostgresPool(module_database_url)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def vault(pool: PostgresPool, tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """A vault with a key of its own."""
    return Vault(pool, FileKeyProvider(Path(tmp_path_factory.mktemp("vault")) / "key"))


@pytest.fixture
def ledger(module_database_url: str, vault: Vault, corridor: str) -> Iterator[Ledger]:
    """The ledger of a fresh corridor with rates and a prefunded position."""
    made = Ledger(corridor, module_database_url, clock=SetClock(NOON), vault=vault)
    open_for_bench(made, NOON)
    yield made
    made.close()


@pytest.fixture
def other(ledger: Ledger, module_database_url: str, vault: Vault) -> Iterator[Ledger]:
    """A second process's writer on the same corridor."""
    made = Ledger(ledger.corridor_code, module_database_url, clock=SetClock(NOON), vault=vault)
    yield made
    made.close()


def uetr(name: str) -> UUID:
    return UUID(bytes=sha256(name.encode()).digest()[:16], version=4)


def state_of(future: Future[Answered]) -> Any:
    said = json.loads(future.result(timeout=30).receipt.answer)
    return said["result"]["state"] if "result" in said else said["refusal"]["code"]


def happened(stream: UUID) -> NewEvent:
    return NewEvent(stream, 1, "test:Happened", b"{}")


def receipt_of(log: Log, digest: bytes) -> Receipt:
    return Receipt(log.corridor, digest, "abb", uuid4(), b"f" * 32, None, b"{}", 0, NOON)


@pytest.mark.parametrize("events", [[happened(uuid4())], []], ids=["events and receipts", "receipts alone"])
def test_a_commit_prepared_for_another_head_is_refused(pool: PostgresPool, corridor: str, events: list[NewEvent]) -> None:
    """Another writer moved the head meanwhile: nothing of the commit is kept, not even an answer that was a refusal."""
    log = Log(pool, corridor)
    prepared = log.prepare(log.head(), events, [receipt_of(log, b"d" * 16)], NOON)
    with log.begin() as batch:
        head = batch.commit([happened(uuid4())], [], NOON)

    with pytest.raises(IntegrityError, match="another writer was faster"):
        log.append(prepared)

    assert log.head() == head
    assert log.receipt(b"d" * 16) is None


@pytest.mark.parametrize("events", [[happened(uuid4())], []], ids=["events and receipts", "receipts alone"])
def test_a_commit_prepared_for_the_head_is_kept_in_one_trip(pool: PostgresPool, corridor: str, events: list[NewEvent]) -> None:
    """Events, receipts and the new head are there, as they were prepared."""
    log = Log(pool, corridor)
    prepared = log.prepare(log.head(), events, [receipt_of(log, b"d" * 16)], NOON)

    log.append(prepared)

    assert log.head() == prepared.after
    assert [event.state for event in log.read_page(0, 10)] == [event.state for event in events]
    assert log.receipt(b"d" * 16) == prepared.receipts[0]


def test_what_was_decided_on_a_refused_commit_is_decided_again_in_its_order(ledger: Ledger, monkeypatch: Any) -> None:
    """One commit waits for the head, a second was decided on top of it; a third writer comes first. All steps follow all the same."""
    for limit, commands in (("SPLIT_MIN", 1), ("AT_ONCE_MAX", 10), ("BATCH_MAX", 20)):
        monkeypatch.setattr(batching, limit, commands)
    start = ledger.log_store.head().position
    lives = [complete_life(ledger.corridor_code, uetr(f"on top {n}")) for n in range(30)]
    with ledger.log_store.begin() as faster:
        futures = [future for step in range(3) for future in ledger.submit_all([life[step] for life in lives])]
        faster.commit([happened(uuid4())], [], NOON)

    assert [state_of(future) for future in futures] == ["dispatched"] * 30 + ["accepted"] * 30 + ["paid"] * 30
    events = ledger.log_store.read_page(start, 10_000)
    assert [event.position for event in events] == list(range(start + 1, start + 1 + len(events)))
    assert sum(event.topic.startswith("Transfer.") for event in events) == 30 * 6


def test_a_uetr_that_another_process_used_is_refused_as_such(ledger: Ledger, other: Ledger) -> None:
    """The writer that assumed it new finds it in the log: with an unknown purpose too, the reason told is that the UETR is used."""
    taken = complete_life(ledger.corridor_code, uetr("taken"))[0]
    assert state_of(ledger.submit(taken)) == "dispatched"
    # From here on the other one knows where the log ends, and writes ahead.
    assert state_of(other.submit(complete_life(ledger.corridor_code, uetr("of the other"))[0])) == "dispatched"
    assert isinstance(taken.command, c.InitiateTransfer)
    again = [
        taken._replace(command=taken.command.model_copy(update={"idempotency_key": "for nothing known", "purpose": "ZZZZ"})),
        taken._replace(command=taken.command.model_copy(update={"idempotency_key": "again"})),
    ]

    assert [state_of(other.submit(request)) for request in again] == ["uetr-already-used"] * 2
    assert [state_of(ledger.submit(request)) for request in again] == ["uetr-already-used"] * 2


def test_tasks_of_an_event_loop_wait_without_a_thread(ledger: Ledger) -> None:
    """Each gets its own answer; one that is cancelled only stops waiting, and its command has its effect."""
    lives = [complete_life(ledger.corridor_code, uetr(f"task {n}")) for n in range(5)]

    async def all_of_them() -> list[bytes]:
        with ledger.log_store.begin():
            gone = asyncio.ensure_future(ledger.ask(lives[0][0]))
            rest = [asyncio.ensure_future(ledger.ask(life[0])) for life in lives[1:]]
            await asyncio.sleep(0)
            gone.cancel()
        return [(await task).receipt.digest for task in rest]

    assert asyncio.run(all_of_them()) == [life[0].digest for life in lives[1:]]
    assert state_of(ledger.submit(lives[0][0])) == "dispatched"
    assert ledger.submit(lives[0][0]).result(timeout=30).replayed


def test_processes_that_meet_take_turns_and_see_what_the_others_wrote(ledger: Ledger, other: Ledger) -> None:
    """Two writers that send at the same time to the same transfers: every step follows the one before, whoever took it."""
    lives = [complete_life(ledger.corridor_code, uetr(f"turn {n}")) for n in range(40)]
    states = []
    for step in range(3):
        futures = [(ledger, other)[(n + step) % 2].submit(life[step]) for n, life in enumerate(lives)]
        states.append({state_of(future) for future in futures})
    assert states == [{"dispatched"}, {"accepted"}, {"paid"}]


def test_a_writer_that_sleeps_on_its_turn_stops_nobody(ledger: Ledger, other: Ledger, module_database_url: str) -> None:
    """Somebody took the turn and never lets go: the others go on without one, and the head keeps them apart."""
    lives = [complete_life(ledger.corridor_code, uetr(f"asleep {n}")) for n in range(4)]
    asleep = Lease(module_database_url, ledger.corridor_code)
    asleep.take()
    states = [state_of((ledger, other)[n % 2].submit(life[0])) for n, life in enumerate(lives)]
    asleep.close()
    assert states == ["dispatched"] * 4


def test_a_lease_is_held_by_one_process_at_a_time(module_database_url: str, corridor: str) -> None:
    """It is one lock a corridor, free again once it was given back."""
    first = Lease(module_database_url, corridor)
    looking = connect(module_database_url).cursor()

    def is_free() -> bool:
        looking.execute(QUERIES["take_lease"].replace("pg_advisory_lock", "pg_try_advisory_lock"), {"corridor": corridor})
        [(free,)] = looking.fetchall()
        looking.execute("SELECT pg_advisory_unlock_all()")
        return bool(free)

    assert is_free()
    first.take()
    assert not is_free()
    first.give()
    assert is_free()
    first.close()


def test_reading_on_gives_what_reading_everything_gives(ledger: Ledger) -> None:
    """Of several postings in a row only the last is read, and the account stands as if all had been."""
    mapper, stream = ledger.mapper, ids.account_stream(ledger.corridor_code, "abb:cash:MAD")
    for n in range(3):
        state_of(ledger.submit(complete_life(ledger.corridor_code, uetr(f"posting {n}"))[0]))
    rows = ledger.log_store.select_stream(stream)
    assert [row.topic for row in rows] == ["Account.Opened.v1", *["Account.Posted.v1"] * 3]

    account = Known(mapper).read_on(stream, rows)  # type: ignore[arg-type] # the application's mapper is ours
    whole = ledger.repository.get(stream)

    assert account is not None
    assert vars(account) == vars(whole)
