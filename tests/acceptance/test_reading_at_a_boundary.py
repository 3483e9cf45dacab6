"""Reads: taken at a boundary they name, no older than asked for, a page at a time, and each bank its own."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.eventstore.mapper import UnknownEvent
from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr


@pytest.fixture
def behind(service: Service, corridor: str, clock: SetClock) -> Iterator[ServedCorridor]:
    """A process that serves but does not project, and whose readers do not wait."""
    served = ServedCorridor(service, corridor, clock, projecting="elsewhere", wait_seconds_max=0)
    try:
        served.open()
        yield served
    finally:
        served.close()


TOO_EARLY = {
    "type": "/problems/read-too-early",
    "title": "What can be read is not that far yet",
    "status": 503,
    "detail": "What can be read has not come as far as the position or instant asked for.",
    "way_out": "Ask again shortly, or without a position.",
    "transient": True,
}


def test_a_read_that_asks_for_more_than_is_projected_is_told_to_come_back(behind: ServedCorridor) -> None:
    """503 with Retry-After for at_least and as_of alike; without them the answer is as old as it says."""
    head = behind.head()
    answers = [
        behind.get("abb", "/transfers", at_least=1),
        behind.get("abb", "/accounts", as_of=str(head)),
        behind.get("abb", "/accounts", as_of="2026-03-27T09:00:00Z"),
    ]
    assert [(told(answer, 503), answer.headers["Retry-After"]) for answer in answers] == [(TOO_EARLY, "1")] * 3
    assert told(behind.get("abb", "/transfers"), 200) == {"position": 0, "transfers": []}
    ready = told(behind.client.get("/ready"), 200)
    assert (ready["ready"], ready["projection_lag_events"]) == (True, head)


def test_before_anything_is_projected_every_read_still_answers(behind: ServedCorridor) -> None:
    """Empty lists, and for what needs an account that it is not known yet."""
    reads = ("/transfers", "/accounts", "/positions", "/cycles", "/movements", "/breaks", "/cases", "/rate-sheets", "/reports")
    bodies = {path: told(behind.get("operator:ops", path), 200) for path in reads}
    assert {path: [v for v in body.values() if isinstance(v, list)] for path, body in bodies.items()} == {path: [[]] for path in reads}
    assert told(behind.get("abb", "/in-flight"), 404)["type"] == "/problems/account-unknown"


def test_transfers_are_listed_page_by_page_while_new_ones_come_in(served: ServedCorridor) -> None:
    """Oldest first and newest first; a cursor goes on where its page ended, whatever has been added since."""
    for n in range(1, 6):
        told(served.post("abb", "/transfers", transfer(n), f"t{n}"), 201)
    at_least = served.head()

    def page(**params: Any) -> tuple[list[str], str | None]:
        body = told(served.get("abb", "/transfers", at_least=at_least, limit=2, **params), 200)
        return [t["uetr"] for t in body["transfers"]], body.get("next")

    first, cursor = page()
    told(served.post("abb", "/transfers", transfer(6), "t6"), 201)
    at_least = served.head()
    second, cursor = page(cursor=cursor)
    third, end = page(cursor=cursor)
    assert (first, second, third, end) == ([uetr(1), uetr(2)], [uetr(3), uetr(4)], [uetr(5), uetr(6)], None)
    newest, cursor = page(order="newest")
    before, _ = page(order="newest", cursor=cursor)
    assert (newest, before) == ([uetr(6), uetr(5)], [uetr(4), uetr(3)])


def test_transfers_are_filtered_by_state(served: ServedCorridor) -> None:
    """One state or several."""
    for n in (1, 2, 3):
        told(served.post("abb", "/transfers", transfer(n), f"t{n}"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a"), 200)
    told(served.post("psbc", f"/transfers/{uetr(2)}/pay", {}, "p"), 200)
    found = {
        states: [t["uetr"] for t in told(served.get("psbc", "/transfers", at_least=served.head(), state=list(states)), 200)["transfers"]]
        for states in (("accepted",), ("paid",), ("accepted", "dispatched"), ("refunded",))
    }
    assert found == {
        ("accepted",): [uetr(1)], ("paid",): [uetr(2)], ("accepted", "dispatched"): [uetr(1), uetr(3)], ("refunded",): [],
    }  # fmt: skip


def test_lines_are_listed_page_by_page_and_as_of_a_boundary(served: ServedCorridor) -> None:
    """Each line once, in log order, with its entry, its transfer and both dates."""
    first = told(served.post("abb", "/transfers", transfer(1), "t1"), 201)["position"]
    told(served.post("abb", "/transfers", transfer(2), "t2"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)
    path, at_least = "/accounts/corridor:in_flight:USD/lines", served.head()
    one = told(served.get("abb", path, at_least=at_least, limit=2), 200)
    two = told(served.get("abb", path, at_least=at_least, limit=2, cursor=one["next"]), 200)
    lines = [*one["lines"], *two["lines"]]
    assert [(line["entry"], line["side"], line["amount"], line["reference"]) for line in lines] == [
        ("funding", "credit", "107.31", uetr(1)),
        ("funding", "credit", "107.31", uetr(2)),
        ("payout", "debit", "107.31", uetr(1)),
    ]
    assert ("next" in two, one["position"], one["account"]) == (False, at_least, "corridor:in_flight:USD")
    past = told(served.get("abb", path, as_of=str(first)), 200)
    assert (past["position"], past["lines"]) == (first, lines[:1])
    assert {k: lines[0][k] for k in ("boundary", "recorded_at", "currency", "booking_date", "value_date")} == {
        "boundary": first, "recorded_at": "2026-03-27T09:00:00Z", "currency": "USD", "booking_date": "2026-03-27",
        "value_date": "2026-03-27",
    }  # fmt: skip


def test_each_bank_sees_its_own_accounts_and_the_corridors(served: ServedCorridor) -> None:
    """Never the other bank's; those who oversee see all of them, the settlement bank what it mirrors."""
    owners = {
        who: sorted({a["owner"] for a in told(served.get(who, "/accounts", at_least=served.head()), 200)["accounts"]})
        for who in ("abb", "psbc", "officer:amina", "operator:ops", "bank:settlement")
    }
    assert owners == {
        "abb": ["abb", "corridor"],
        "psbc": ["corridor", "psbc"],
        "officer:amina": ["abb", "corridor", "psbc"],
        "operator:ops": ["abb", "corridor", "psbc"],
        "bank:settlement": ["corridor"],
    }
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    assert told(served.get("bank:settlement", f"/transfers/{uetr(1)}", at_least=served.head()), 404)["type"] == "/problems/transfer-unknown"
    assert told(served.get("bank:settlement", "/transfers"), 200)["transfers"] == []


def test_a_corridor_opened_while_the_service_runs_is_projected_from_its_first_read_on(served: ServedCorridor) -> None:
    """Nobody has to restart anything: this corridor was opened after the service had started."""
    assert told(served.get("abb", "/positions", at_least=served.head()), 200)["position"] == served.head()
    assert told(served.client.get("/ready"), 200)["projections"] == "following"


def test_projections_that_stopped_make_the_service_unready(
    service: Service, corridor: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that a newer version wrote stops the projector; commands and the process live on, and /ready says why it is not."""

    def newer_version_wrote_this(*_: object) -> None:
        raise UnknownEvent("Event 7 has a topic this version does not know.")

    monkeypatch.setattr("ledger.projections.following.Runner.run_forever", newer_version_wrote_this)
    stopped = ServedCorridor(service, corridor, clock)
    try:
        stopped.open()
        told(stopped.get("abb", "/transfers"), 200)
        for thread in threading.enumerate():
            if thread.name == f"projector {corridor}":
                thread.join()
        told(stopped.post("abb", "/transfers", transfer(1), "t1"), 201)
        ready = told(stopped.client.get("/ready"), 503)
        assert {name: ready[name] for name in ("ready", "database", "pending_migrations", "projections")} == {
            "ready": False, "database": "reachable", "pending_migrations": [], "projections": "stopped",
        }  # fmt: skip
        assert told(stopped.client.get("/health"), 200) == {"status": "alive"}
    finally:
        stopped.close()
