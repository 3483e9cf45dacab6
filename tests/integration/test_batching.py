"""Group commit on a real PostgreSQL: one effect a key, refusals without events, several writers, faults that hurt nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from ledger import batching, handlers
from ledger import commands as c
from ledger.application import Asked, Ledger
from ledger.batching import Request
from ledger.bench.engine import complete_life, open_for_bench
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.errors import KeyReused, OutcomeUnknown, Overloaded, StillRunning
from ledger.eventstore.connections import PostgresPool, connect
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.vault import Vault

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def vault(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """A vault with a key of its own, in a database of this module."""
    pool = PostgresPool(module_database_url)
    yield Vault(pool, FileKeyProvider(tmp_path_factory.mktemp("vault") / "key"))
    pool.close()


@pytest.fixture
def ledger(module_database_url: str, vault: Vault, corridor: str) -> Iterator[Ledger]:
    """The ledger of a fresh corridor with rates and a prefunded position."""
    made = Ledger(corridor, module_database_url, clock=SetClock(NOON), vault=vault)
    open_for_bench(made, NOON)
    yield made
    made.close()


def uetr(name: str) -> UUID:
    return UUID(bytes=sha256(name.encode()).digest()[:16], version=4)


def answer_of(future: Any) -> dict[str, Any]:
    answered = future.result(timeout=30)
    return {**json.loads(answered.receipt.answer), "position": answered.receipt.position, "replayed": answered.replayed}


def test_a_complete_transfer_is_three_commits_of_known_events(ledger: Ledger) -> None:
    """Each command answers with the boundary of its commit, and the log holds exactly the facts in their order."""
    start = ledger.log_store.head().position
    transfer = uetr("complete")

    answers = [answer_of(ledger.submit(request)) for request in complete_life(ledger.corridor_code, transfer)]

    assert [a["result"] for a in answers] == [
        {"uetr": str(transfer), "state": "dispatched"},
        {"uetr": str(transfer), "state": "accepted"},
        {"uetr": str(transfer), "state": "paid"},
    ]
    events = ledger.log_store.read_page(start, 100)
    assert [(e.topic, e.boundary - start) for e in events] == [
        ("Transfer.Initiated.v1", 10),
        ("Transfer.Cleared.v1", 10),
        ("Transfer.Funded.v1", 10),
        ("Transfer.Dispatched.v1", 10),
        *[("Account.Posted.v1", 10)] * 6,
        ("Transfer.Accepted.v1", 11),
        ("Transfer.Paid.v1", 18),
        *[("Account.Posted.v1", 18)] * 6,
    ]
    assert [a["position"] - start for a in answers] == [10, 11, 18]


def test_a_refusal_leaves_its_receipt_and_no_event(ledger: Ledger) -> None:
    """The log does not move, and the same key gives the same refusal again."""
    command = c.PayTransfer(corridor=ledger.corridor_code, actor="psbc", idempotency_key="pay-nothing", uetr=uetr("nobody"))
    before = ledger.log_store.head()

    first = ledger.execute(command)
    second = ledger.execute(command)

    assert first.refusal == {
        "code": "transfer-unknown",
        "detail": f"There is no transfer {uetr('nobody')}.",
        "field": "uetr",
        "value": str(uetr("nobody")),
        "way_out": "Check the UETR, or initiate the transfer first.",
        "transient": False,
    }
    assert (first.result, first.replayed) == (None, False)
    assert second == first._replace(replayed=True)
    assert ledger.log_store.head() == before
    receipt = ledger.log_store.receipt(ids.receipt_digest("psbc", "pay-nothing"))
    assert receipt is not None
    assert (receipt.partner, receipt.command, receipt.position) == ("psbc", command.id, before.position)


def test_the_same_key_with_another_request_is_refused(ledger: Ledger) -> None:
    """A key belongs to the bytes that asked first; its first effect stays the only one."""
    command = c.AskQuote(
        corridor=ledger.corridor_code,
        actor="abb",
        idempotency_key="q",
        quote=uetr("q1"),
        creditor_agent="psbc",
        amount=100_000,
        currency="MAD",
    )
    asked = Asked("POST", "/quotes", b"one")
    given = ledger.execute(command, asked)
    position = ledger.log_store.head().position

    assert ledger.execute(command, asked) == given._replace(replayed=True)
    with pytest.raises(KeyReused):
        ledger.execute(command, Asked("POST", "/quotes", b"two"))
    with pytest.raises(KeyReused):
        ledger.execute(command, Asked("POST", "/elsewhere", b"one"))
    assert ledger.log_store.head().position == position


def test_two_writers_of_one_corridor_build_on_each_other(ledger: Ledger, module_database_url: str, vault: Vault) -> None:
    """Each step is taken by the other writer in turn: both see what the other one wrote, and positions stay dense."""
    other = Ledger(ledger.corridor_code, module_database_url, clock=SetClock(NOON), vault=vault)
    start = ledger.log_store.head().position
    writers = [ledger, other]
    results = []
    for number in range(6):
        for step, request in enumerate(complete_life(ledger.corridor_code, uetr(f"turns {number}"))):
            results.append(answer_of(writers[(number + step) % 2].submit(request))["result"]["state"])
    other.close()

    assert results == ["dispatched", "accepted", "paid"] * 6
    positions = [e.position for e in ledger.log_store.read_page(start, 1_000)]
    assert positions == list(range(start + 1, start + 6 * 18 + 1))


def test_a_faulty_handler_fails_its_own_command_only(ledger: Ledger, monkeypatch: Any) -> None:
    """A handler that records and then refuses is a fault of ours: its caller learns it, its neighbours in the batch go through."""

    def records_then_refuses(command: c.CancelTransfer, books: Any) -> dict[str, Any]:
        transfer = books.transfer(command.uetr)
        transfer.flag_unanswered(books.decision(), books.now)
        return dict(books.transfer(uetr("missing")).returns)

    monkeypatch.setitem(handlers.HANDLERS, c.CancelTransfer, records_then_refuses)
    good, bad = uetr("good neighbour"), uetr("bad neighbour")
    for life in (good, bad):
        answer_of(ledger.submit(complete_life(ledger.corridor_code, life)[0]))
    cancel = c.CancelTransfer(corridor=ledger.corridor_code, actor="abb", idempotency_key="cancel-bad", uetr=bad)

    with ledger.log_store.begin():  # holding the head makes both wait for the same batch
        futures = [ledger.submit(complete_life(ledger.corridor_code, good)[1]), ledger.submit(Request(cancel, b"f" * 32))]
    assert answer_of(futures[0])["result"] == {"uetr": str(good), "state": "accepted"}
    with pytest.raises(Exception, match="recorded an event before it was refused"):
        futures[1].result(timeout=30)
    assert ledger.log_store.receipt(ids.receipt_digest("abb", "cancel-bad")) is None
    assert answer_of(ledger.submit(complete_life(ledger.corridor_code, bad)[1]))["result"]["state"] == "accepted"


def test_a_key_that_is_being_decided_here_must_wait(ledger: Ledger) -> None:
    """The second of two parallel requests is told to ask again; then it gets the first one's answer."""
    request = complete_life(ledger.corridor_code, uetr("parallel"))[0]
    with ledger.log_store.begin():
        first = ledger.submit(request)
        with pytest.raises(StillRunning):
            ledger.submit(request)
    answered = answer_of(first)
    assert answer_of(ledger.submit(request)) == {**answered, "replayed": True}


def test_too_many_waiting_commands_are_turned_away(ledger: Ledger, monkeypatch: Any) -> None:
    """The queue has an end; who is turned away has left no trace."""
    monkeypatch.setattr(batching, "WAITING_MAX", 2)
    requests = [complete_life(ledger.corridor_code, uetr(f"crowd {n}"))[0] for n in range(9)]
    taken, turned_away = [], []
    with ledger.log_store.begin():
        for request in requests:
            try:
                taken.append((request, ledger.submit(request)))
            except Overloaded:
                turned_away.append(request)
    assert [answer_of(future)["result"]["state"] for _, future in taken] == ["dispatched"] * len(taken)
    assert turned_away != []
    assert [ledger.log_store.receipt(request.digest) for request in turned_away] == [None] * len(turned_away)


def test_a_database_that_drops_the_connection_loses_nothing(ledger: Ledger, module_database_url: str) -> None:
    """The writer's session is killed in the trip that would have committed: its caller is told to ask again, and that has one effect."""
    request = complete_life(ledger.corridor_code, uetr("dropped"))[0]
    owner = connect(module_database_url)
    with ledger.log_store.begin(), closing(owner), owner.cursor() as cursor:
        future = ledger.submit(request)
        while not cursor.rowcount > 0:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
    with pytest.raises(OutcomeUnknown):
        future.result(timeout=30)
    assert answer_of(ledger.submit(request))["result"] == {"uetr": str(uetr("dropped")), "state": "dispatched"}


def test_closing_a_cycle_is_a_commit_of_its_own(ledger: Ledger) -> None:
    """The cycle ends at the end of the commit before it, however many commands wait beside it."""
    requests = [complete_life(ledger.corridor_code, uetr(f"cycle {n}"))[0] for n in range(4)]
    close = ledger.request(c.CloseCycle(corridor=ledger.corridor_code, actor="operator:night", idempotency_key="close"))
    with ledger.log_store.begin():
        before = [ledger.submit(request) for request in requests[:2]]
        closing = ledger.submit(close)
        after = [ledger.submit(request) for request in requests[2:]]
    boundaries = [answer_of(future)["position"] for future in before]
    closed = answer_of(closing)
    assert closed["result"]["boundary"] == max(boundaries)
    assert closed["position"] > max(boundaries)
    assert {answer_of(future)["position"] > closed["position"] for future in after} == {True}


def test_time_never_runs_back_in_the_log(ledger: Ledger, module_database_url: str, vault: Vault) -> None:
    """A process whose clock is behind records at the head's instant, not before it."""
    late = Ledger(ledger.corridor_code, module_database_url, clock=SetClock(NOON - timedelta(hours=3)), vault=vault)
    answer_of(late.submit(complete_life(ledger.corridor_code, uetr("behind the clock"))[0]))
    late.close()
    assert ledger.log_store.head().recorded_at == NOON


def test_nothing_can_be_asked_of_a_corridor_that_was_never_opened(module_database_url: str, vault: Vault, corridor: str) -> None:
    """The refusal names the corridor and the way out."""
    unopened = Ledger(corridor, module_database_url, clock=SetClock(NOON), vault=vault)
    answer = unopened.execute(c.CloseCycle(corridor=corridor, actor="operator:night", idempotency_key="close"))
    unopened.close()
    assert answer.refusal == {
        "code": "unknown-corridor",
        "detail": f"Corridor '{corridor}' was not opened.",
        "field": "corridor",
        "value": corridor,
        "way_out": "Open it with its terms first.",
        "transient": False,
    }
