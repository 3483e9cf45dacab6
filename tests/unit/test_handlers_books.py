"""Books: one command never leaves half of itself behind and never hurts its neighbours."""

from __future__ import annotations

from typing import cast

import pytest

from ledger import commands as c
from ledger.books import Books, GuardAfterFact
from ledger.domain import ids, posting
from ledger.domain.account_events import AccountPosted
from ledger.domain.aggregate import Event
from ledger.errors import AccountUnknown, FloorReached, StepOutOfOrder
from tests.unit.corridor_fixtures import ABB, CORRIDOR, NOW, PRICING, PSBC, RATES, SETTLEMENT_BANK, ask, initiate, publish, uetr
from tests.unit.memory_ledger import MemoryLedger, lines, opened
from tests.unit.refusals import refuses


def books_of(ledger: MemoryLedger) -> Books:
    """Books on the ledger's head, with a command in hand."""
    books = Books(CORRIDOR, ledger.find, now=NOW, position=len(ledger.rows))
    books.start(initiate())
    return books


def test_a_handler_that_records_before_it_refuses_is_a_fault() -> None:
    """Of the handler, not of the caller: it must not pass as a refusal."""
    books = books_of(opened())
    books.rates(ABB).publish(books.decision(), **published())
    with pytest.raises(GuardAfterFact, match="InitiateTransfer recorded an event before it was refused"):
        books.abandon()


def published() -> dict[str, object]:
    said = publish(ABB, "10.5", sheet="ABB-2")
    return {name: getattr(said, name) for name in ("sheet", "rates", "valid_from", "valid_until", "source")}


def test_a_refused_command_leaves_nothing_behind() -> None:
    """What it staged is gone, what others decided stays."""
    ledger = opened()
    books = books_of(ledger)
    books.post(posting.funding(uetr(1), PRICING))
    books.finish()
    books.start(initiate(2))
    books.post(posting.funding(uetr(2), PRICING))
    books.abandon()
    events = [event for aggregate in books.collect() for event in aggregate.pending_events]
    assert {event.lines[0].reference for event in cast("list[AccountPosted]", events)} == {uetr(1)}
    assert [len(event.lines) for event in cast("list[AccountPosted]", events)] == [1] * 6


def test_an_entry_is_staged_whole_or_not_at_all() -> None:
    """Its last account refuses: none of its lines remains."""
    books = books_of(opened())
    refuses(FloorReached, "account", "abb:position:USD", lambda: books.post(posting.withdrawal(uetr(), ABB, "USD", 500_01)))
    refuses(AccountUnknown, "account", "corridor:settling:EUR", lambda: books.post(posting.withdrawal_paid(uetr(), "EUR", 1)))
    books.finish()
    assert books.collect() == []


def test_an_account_makes_one_event_of_a_commit() -> None:
    """Two commands of one batch: the account's lines stand in the order of the commands, each naming its own."""
    ledger = opened()
    first, second = initiate(1), initiate(2, amount=500_00)
    ledger.batch(first, second)
    rows = [row for row in ledger.rows if row.stream_id == ids.account_stream(CORRIDOR, "abb:cash:MAD")]
    posted = ledger.events(rows)[-1]
    assert isinstance(posted, AccountPosted)
    assert [(line.command, line.amount) for line in posted.lines] == [(first.id, 1_030_00), (second.id, 525_00)]
    assert (len(rows), posted.balance) == (2, 1_555_00)


def test_accounts_come_last_and_by_name() -> None:
    """In every commit in the same order, so that two processes could never wait for each other's rows."""
    names = list(lines(cast("list[Event]", opened().when(initiate()))))
    assert names == sorted(names)


def test_neighbours_of_a_refused_command_are_decided() -> None:
    """Three of one batch, the middle one out of order."""
    ledger = opened()
    answers = ledger.batch(initiate(1), ask(c.RefuseTransfer, ABB, uetr=uetr(1), reason="AC04"), ask(c.AcceptTransfer, PSBC, uetr=uetr(1)))
    assert [answer if isinstance(answer, dict) else type(answer).__name__ for answer in answers] == [
        {"uetr": uetr(1), "state": "dispatched"},
        "NotPermitted",
        {"uetr": uetr(1), "state": "accepted"},
    ]


def test_two_of_one_batch_see_each_other() -> None:
    """The second payment of one batch is as refused as it would be tomorrow."""
    ledger = opened().given(initiate())
    answers = ledger.batch(ask(c.PayTransfer, PSBC, uetr=uetr(), key="1"), ask(c.PayTransfer, PSBC, uetr=uetr(), key="2"))
    assert [type(answer) for answer in answers] == [dict, StepOutOfOrder]
    assert ledger.balances()["psbc:cash:CNY"] == "-720.00"


def test_a_key_twice_in_one_batch_has_one_effect() -> None:
    """And one answer (I6)."""
    ledger = opened()
    prefund = ask(c.FundPosition, SETTLEMENT_BANK, participant=ABB, amount=10_00, currency="USD", reference="P")
    assert ledger.batch(prefund, prefund, RATES[0]) == [
        {"reference": "P", "changed": True},
        {"reference": "P", "changed": True},
        {"sheet": "ABB-1", "changed": True},
    ]
    assert ledger.balances() == {"abb:position:USD": "10.00", "corridor:settlement_bank:USD": "10.00"}
