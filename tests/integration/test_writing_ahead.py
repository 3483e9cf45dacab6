"""Writing ahead on a real PostgreSQL: what happens to commits, and to what was decided on top of them, when another writer is faster."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from ledger import batching, carrying
from ledger import commands as c
from ledger.answers import Answered
from ledger.application import Ledger
from ledger.bench.engine import complete_life, open_for_bench
from ledger.carrying import Carrying
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.errors import OutcomeUnknown, Unavailable
from ledger.eventstore.connections import PostgresPool, connect
from ledger.eventstore.evidence import evidence_of
from ledger.eventstore.lease import Lease
from ledger.eventstore.log import Log
from ledger.eventstore.queries import QUERIES
from ledger.eventstore.records import SIGNATURE_BYTES, Addition, Evidence, Head, NewEvent, Receipt
from ledger.known import Known
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.vault import Vault
from ledger.transparency.leaf import leaf_bytes
from ledger.transparency.merkle import leaf_hash

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


def carry_everything(monkeypatch: Any) -> None:
    """Each command goes out alone, by a process beside this one as soon as there is one."""
    monkeypatch.setattr(batching, "BATCH_MAX", 1)
    for limit in ("CARRY_FROM", "SPLIT_MIN"):
        monkeypatch.setattr(Carrying, limit, 1)


def let_carry(ledger: Ledger, monkeypatch: Any, at_once: int = 10) -> None:
    """Transfers until the writer has its commits carried by another process, ``at_once`` commands or more each."""
    batch_max = batching.BATCH_MAX
    carry_everything(monkeypatch)
    for n in range(10_000):
        futures = ledger.submit_all([complete_life(ledger.corridor_code, uetr(f"let carry {n} {m}"))[0] for m in range(3)])
        assert [state_of(future) for future in futures] == ["dispatched"] * 3
        if "carry" in ledger.batcher.layers.busy:
            monkeypatch.setattr(Carrying, "SPLIT_MIN", at_once)
            monkeypatch.setattr(batching, "BATCH_MAX", batch_max)
            return
    raise AssertionError("nothing was ever carried")


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
    prepared = log.prepare(log.head(), Addition(events, [receipt_of(log, b"d" * 16)], NOON))
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
    prepared = log.prepare(log.head(), Addition(events, [receipt_of(log, b"d" * 16)], NOON))

    log.append(prepared)

    assert log.head() == prepared.after
    assert [event.state for event in log.read_page(0, 10)] == [event.state for event in events]
    assert log.receipt(b"d" * 16) == prepared.addition.receipts[0]


def test_what_was_decided_on_a_refused_commit_is_decided_again_in_its_order(ledger: Ledger, monkeypatch: Any) -> None:
    """One commit waits for the head, a second was decided on top of it; a third writer comes first. All steps follow all the same."""
    monkeypatch.setattr(batching, "BATCH_MAX", 20)
    let_carry(ledger, monkeypatch)
    start = ledger.log_store.head().position
    lives = [complete_life(ledger.corridor_code, uetr(f"on top {n}")) for n in range(30)]
    with ledger.log_store.begin() as faster:
        futures = [future for step in range(3) for future in ledger.submit_all([life[step] for life in lives])]
        faster.commit([happened(uuid4())], [], NOON)

    assert [state_of(future) for future in futures] == ["dispatched"] * 30 + ["accepted"] * 30 + ["paid"] * 30
    events = ledger.log_store.read_page(start, 10_000)
    assert [event.position for event in events] == list(range(start + 1, start + 1 + len(events)))
    assert sum(event.topic.startswith("Transfer.") for event in events) == 30 * 6


def test_what_is_carried_is_what_this_process_would_have_written(ledger: Ledger, monkeypatch: Any) -> None:
    """Answers, events, receipts with their evidence and the tree's root are those of the same commands without a process that carries."""
    let_carry(ledger, monkeypatch, at_once=1)
    carried = ledger.batcher.layers.busy["carry"]
    head = ledger.log_store.head()
    signed = Evidence(b"base", b"s" * SIGNATURE_BYTES, None, uuid4(), None)
    life = [request._replace(evidence=signed) for request in complete_life(ledger.corridor_code, uetr("carried"))]

    answers = [ledger.submit(request).result(timeout=30) for request in life]

    assert ledger.batcher.layers.busy["carry"] > carried
    events = ledger.log_store.read_page(head.position, 1_000)
    leaves = [
        leaf_hash(leaf_bytes(e.corridor, e.position, e.boundary, e.stream_id, e.stream_version, e.topic, e.recorded_at, e.state))
        for e in events
    ]
    assert [event.leaf_hash for event in events] == leaves
    assert ledger.log_store.head() == Head(events[-1].position, events[-1].recorded_at, head.tree.extend(leaves))
    assert [ledger.log_store.receipt(answer.receipt.digest) for answer in answers] == [answer.receipt for answer in answers]
    kept = evidence_of(ledger.log_store.pool, ledger.corridor_code, [answer.receipt.command for answer in answers])
    assert kept == {answer.receipt.command: signed for answer in answers}


def test_a_process_that_is_killed_while_it_carries_leaves_an_unknown_outcome(ledger: Ledger, monkeypatch: Any) -> None:
    """Its callers are told so; what was decided on top of its commit is done all the same, and asking again tells what became of it."""
    let_carry(ledger, monkeypatch, at_once=1)
    lives = [complete_life(ledger.corridor_code, uetr(f"killed {n}")) for n in range(2)]
    carrier = ledger.batcher._carrying.carrier
    assert carrier is not None
    with ledger.log_store.begin():
        first = ledger.submit(lives[0][0])
        # The commit waits for the head that is locked here.
        while ledger.batcher._carrying.decided is None:
            pass
        carrier._process.kill()
        with pytest.raises(OutcomeUnknown, match="the process that carried it has ended"):
            first.result(timeout=30)
        second = ledger.submit(lives[1][0])

    assert state_of(second) == "dispatched"
    assert state_of(ledger.submit(lives[0][0])) == "dispatched"
    assert [state_of(ledger.submit(life[1])) for life in lives] == ["accepted"] * 2
    assert sum(event.topic == "Transfer.Initiated.v1" for event in ledger.log_store.select_stream(uetr("killed 0"))) == 1


def test_a_carrier_whose_connection_breaks_finds_another(ledger: Ledger, module_database_url: str, monkeypatch: Any) -> None:
    """The server ends all sessions: what was on its way has an unknown outcome at worst, what comes next is done."""
    let_carry(ledger, monkeypatch, at_once=1)
    lives = [complete_life(ledger.corridor_code, uetr(f"cut {n}")) for n in range(3)]
    connect(module_database_url).cursor().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'corridor' AND pid <> pg_backend_pid()"
    )
    for life in lives:
        try:
            assert state_of(ledger.submit(life[0])) == "dispatched"
        except (OutcomeUnknown, Unavailable):
            assert state_of(ledger.submit(life[0])) == "dispatched"


def test_a_carried_refusal_leaves_the_head_where_it_was(ledger: Ledger, monkeypatch: Any) -> None:
    """Nothing was added to the log, so the writer goes on from the very head that the log has, the instant of its last event included."""
    let_carry(ledger, monkeypatch, at_once=1)
    taken = complete_life(ledger.corridor_code, uetr("taken once"))[0]
    assert state_of(ledger.submit(taken)) == "dispatched"
    clock = ledger.batcher._clock
    assert isinstance(clock, SetClock)
    clock.advance(timedelta(minutes=1))
    again = taken._replace(command=taken.command.model_copy(update={"idempotency_key": "once more"}))
    carried = ledger.batcher.layers.busy["carry"]

    assert state_of(ledger.submit(again)) == "uetr-already-used"

    assert ledger.batcher.layers.busy["carry"] > carried
    assert ledger.batcher._known.head == ledger.log_store.head()


def test_where_no_process_can_be_started_commits_go_on_without(ledger: Ledger, monkeypatch: Any) -> None:
    """The system has no room for another process: nobody who waits learns of it."""

    def no_room(_url: str, _corridor: str) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(carrying, "Carrier", no_room)
    carry_everything(monkeypatch)
    futures = ledger.submit_all([complete_life(ledger.corridor_code, uetr(f"no room {n}"))[0] for n in range(5)])
    assert [state_of(future) for future in futures] == ["dispatched"] * 5
    assert ledger.batcher._carrying.carrier is None


def test_the_process_that_carries_ends_with_the_one_that_decides(ledger: Ledger, monkeypatch: Any) -> None:
    """It sees that the other end of the line was closed, as it is when a process is killed, and is not left behind."""
    let_carry(ledger, monkeypatch)
    carrier = ledger.batcher._carrying.carrier
    assert carrier is not None
    ledger.close()
    assert carrier._process.returncode == 0


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
