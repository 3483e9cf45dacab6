"""Banks are told by webhook what happened to their transfers: at least once, in each transfer's order, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.signing import RequestSigner
from api.webhooks.destinations import Destination, Destinations
from api.webhooks.post import body_of
from api.webhooks.queue import ATTEMPTS_MAX, CLAIM, KEPT_FOR, Queue, Reader
from api.webhooks.worker import Worker
from ledger.errors import Malformed
from ledger.projections.runner import Runner
from tests.integration.receiving_bank import ReceivingBank, Told, receiving_bank
from tests.integration.small_corridor import SmallCorridor, uetr_of

PSBC = Reader("abb-psbc", "psbc")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def small(empty_database_url: str) -> Iterator[SmallCorridor]:
    """An open corridor in a database of its own."""
    from ledger.eventstore.migrate import migrate  # noqa: PLC0415 - only this fixture migrates

    migrate(empty_database_url)
    small = SmallCorridor(empty_database_url, "abb-psbc")
    small.open()
    yield small
    small.close()


@pytest.fixture
def bank() -> Iterator[ReceivingBank]:
    """The other end."""
    with receiving_bank() as bank:
        yield bank


def destinations(url: str, **changes: object) -> Destinations:
    said = {"corridor": PSBC.corridor, "participant": PSBC.participant, "url": url}
    return Destinations.model_validate({"allowed_hosts": ["127.0.0.1"], "for_tests": True, "destination": [said], **changes})


def worker(small: SmallCorridor, url: str) -> Worker:
    return Worker(Queue(small.pool), destinations(url), RequestSigner("corridor", KEY, clock=small.clock), small.clock)


def project(small: SmallCorridor) -> None:
    Runner(small.log).catch_up()


def kinds(told: list[Told]) -> list[tuple[str, str]]:
    return [(told.entry["kind"], told.entry["uetr"]) for told in told]


def test_a_bank_is_told_what_happens_from_the_first_run_on(small: SmallCorridor, bank: ReceivingBank) -> None:
    """What came before stays in the feed; what comes after is told once, as the feed has it, named and signed."""
    small.initiate(1)
    project(small)
    telling = worker(small, bank.url)
    assert telling.run_once() == 0
    small.initiate(2)
    small.accept(2)
    small.pay(1)
    project(small)
    assert telling.run_once() == 3
    assert telling.run_once() == 0
    one, two = str(uetr_of(1)), str(uetr_of(2))
    assert sorted(kinds(bank.told)) == [("accepted", two), ("dispatched", two), ("paid", one)]
    queue = Queue(small.pool)
    ended = queue.deliveries("abb-psbc", states=("delivered",))
    assert [(d.participant, d.kind, d.attempts, d.last_status) for d in ended] == [
        ("psbc", "dispatched", 1, 204), ("psbc", "accepted", 1, 204), ("psbc", "paid", 1, 204),
    ]  # fmt: skip
    paid = next(told for told in bank.told if told.entry["kind"] == "paid")
    assert paid.path == "/corridor"
    assert paid.body == body_of(ended[-1])
    assert paid.entry == {
        "corridor": "abb-psbc", "position": ended[-1].position, "recorded_at": "2026-03-30T08:00:00Z", "kind": "paid", "uetr": one,
    }  # fmt: skip
    assert paid.headers["idempotency-key"] == f'"abb-psbc/psbc/{ended[-1].position}"'
    assert {"content-digest", "signature", "signature-input"} <= set(paid.headers)


def test_what_a_bank_is_not_told_is_gone_through_once(small: SmallCorridor) -> None:
    """A bank that hears of nothing stands where the feed ends, so that the next look begins there."""
    unnamed, queue = Reader("abb-psbc", "unnamed"), Queue(small.pool)
    queue.begin([PSBC, unnamed])
    small.initiate(1)
    project(small)
    assert [queue.fill([PSBC], small.clock()), queue.fill([unnamed], small.clock())] == [1, 0]
    [(end,)] = small.pool.rows("SELECT max(position) FROM projections.feed", {})
    stand = small.pool.rows("SELECT participant, position FROM webhooks.readers ORDER BY participant", {})
    assert stand == [("psbc", end), ("unnamed", end)]


def test_a_transfers_entries_wait_for_the_one_before(small: SmallCorridor, bank: ReceivingBank) -> None:
    """While a bank refuses one entry, younger ones of the same transfer stay; those of other transfers go on."""
    telling = worker(small, bank.url)
    telling.run_once()
    bank.answer = lambda told: (500 if told.entry["uetr"] == str(uetr_of(1)) else 204, {})
    small.initiate(1)
    small.accept(1)
    small.initiate(2)
    small.accept(2)
    project(small)
    assert telling.run_once() == 2
    one, two = str(uetr_of(1)), str(uetr_of(2))
    assert sorted(kinds(bank.told)) == [("accepted", two), ("dispatched", one), ("dispatched", two)]
    bank.answer = lambda _told: (204, {})
    assert telling.run_once() == 0  # not due yet
    small.wait(seconds=5)
    assert telling.run_once() == 2
    assert kinds(bank.told)[3:] == [("dispatched", one), ("accepted", one)]


def test_a_bank_that_never_answers_leaves_a_dead_letter_that_can_be_sent_again(small: SmallCorridor, bank: ReceivingBank) -> None:
    """The attempts lie further and further apart; the last one leaves the entry to be looked at, and what follows it waits."""
    telling, queue = worker(small, bank.url), Queue(small.pool)
    telling.run_once()
    bank.answer = lambda _told: (503, {})
    small.initiate(1)
    small.accept(1)
    project(small)
    queue.fill([PSBC], small.clock())
    waits = []
    for _ in range(ATTEMPTS_MAX):
        [due] = [d for d in queue.deliveries("abb-psbc", states=("due",)) if d.kind == "dispatched"]
        waits.append(max(due.due_at - small.clock(), timedelta(0)))
        small.wait(seconds=waits[-1].total_seconds())
        assert telling.run_once() == 0
    assert [wait.total_seconds() for wait in waits] == [0, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 7200, 7200, 7200, 7200]
    [dead] = queue.deliveries("abb-psbc", states=("dead",))
    assert (dead.kind, dead.attempts, dead.last_status, dead.last_error) == ("dispatched", ATTEMPTS_MAX, 503, "answered 503")
    small.wait(days=1)
    assert telling.run_once() == 0
    assert len(bank.told) == ATTEMPTS_MAX

    bank.answer = lambda _told: (204, {})
    queue.resend("abb-psbc", "psbc", dead.position, small.clock())
    assert telling.run_once() == 2
    assert [told.entry["kind"] for told in bank.told[ATTEMPTS_MAX:]] == ["dispatched", "accepted"]


def test_a_dead_letter_that_is_dismissed_lets_the_transfer_go_on(small: SmallCorridor, bank: ReceivingBank) -> None:
    """A person may say that the bank need not hear of it; there is nothing to dismiss twice, nor to resend that never was."""
    telling, queue = worker(small, bank.url), Queue(small.pool)
    telling.run_once()
    bank.answer = lambda told: (500 if told.entry["kind"] == "dispatched" else 204, {})
    small.initiate(1)
    small.accept(1)
    project(small)
    telling.run_once()
    [refused, _] = queue.deliveries("abb-psbc", states=("due",))
    queue.dismiss("abb-psbc", "psbc", refused.position, small.clock())
    assert telling.run_once() == 1
    assert bank.told[-1].entry["kind"] == "accepted"
    with pytest.raises(Malformed, match=f"nothing to dismiss at position {refused.position} for psbc of abb-psbc"):
        queue.dismiss("abb-psbc", "psbc", refused.position, small.clock())
    with pytest.raises(Malformed, match="nothing to resend at position 999999 for psbc of abb-psbc"):
        queue.resend("abb-psbc", "psbc", 999_999, small.clock())
    small.clock.set(small.clock() + KEPT_FOR + timedelta(seconds=1))
    telling.run_once()
    assert queue.deliveries("abb-psbc", states=("delivered", "dismissed")) == []


def test_an_entry_claimed_by_a_worker_that_died_is_delivered_by_another(small: SmallCorridor, bank: ReceivingBank) -> None:
    """A claim keeps an entry from other workers, and what follows it too, but only for a while."""
    telling, queue = worker(small, bank.url), Queue(small.pool)
    telling.run_once()
    small.initiate(1)
    small.accept(1)
    project(small)
    queue.fill([PSBC], small.clock())
    [claimed] = queue.claim([PSBC], small.clock(), 10)
    assert claimed.kind == "dispatched"
    assert telling.run_once() == 0
    small.wait(seconds=CLAIM.total_seconds())
    assert telling.run_once() == 2
    assert [(told.entry["kind"]) for told in bank.told] == ["dispatched", "accepted"]
    assert [d.attempts for d in queue.deliveries("abb-psbc", states=("delivered",))] == [2, 1]


@pytest.mark.parametrize(
    ("status", "headers", "error", "seconds"),
    [
        (302, {"Location": "http://127.0.0.1:1/elsewhere"}, "answered with a redirect, which is not followed", 5),
        (429, {"Retry-After": "120"}, "answered 429", 120),
        (503, {"Retry-After": "999999"}, "answered 503", 7200),
        (503, {"Retry-After": "Fri, 27 Mar 2026 09:00:00 GMT"}, "answered 503", 5),
        (404, {}, "answered 404", 5),
    ],
)
def test_every_answer_but_a_success_is_a_failure(
    small: SmallCorridor, bank: ReceivingBank, status: int, headers: dict[str, str], error: str, seconds: int
) -> None:
    """No redirect is followed; a bank that asks for patience gets it, up to the longest wait."""
    telling, queue = worker(small, bank.url), Queue(small.pool)
    telling.run_once()
    bank.answer = lambda _told: (status, headers)
    small.initiate(1)
    project(small)
    assert telling.run_once() == 0
    [due] = queue.deliveries("abb-psbc", states=("due",))
    assert (due.last_status, due.last_error) == (status, error)
    assert (due.due_at - small.clock()).total_seconds() == seconds
    assert len(bank.told) == 1


def test_an_address_that_is_not_public_is_not_connected_to(small: SmallCorridor, bank: ReceivingBank) -> None:
    """Whatever a host's name comes to mean, this service does not speak to its own machine or network."""
    inward = Destinations.model_construct(
        allowed_hosts=("127.0.0.1",),
        for_tests=False,
        destination=(Destination(corridor="abb-psbc", participant="psbc", url=bank.url),),
    )
    telling = Worker(Queue(small.pool), inward, RequestSigner("corridor", KEY, clock=small.clock), small.clock)
    telling.run_once()
    small.initiate(1)
    project(small)
    assert telling.run_once() == 0
    [due] = Queue(small.pool).deliveries("abb-psbc", states=("due",))
    assert (due.last_status, due.last_error) == (None, "127.0.0.1 has an address that is not public")
    assert bank.told == []
