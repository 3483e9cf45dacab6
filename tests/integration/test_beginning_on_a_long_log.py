"""A writer that begins on a long log reads of an account what it needs to go on, however many postings the account has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from eventsourcing.domain import CanMutateAggregate

from ledger import commands as c
from ledger.bench.engine import open_for_bench
from ledger.bench.load import drive, lives
from ledger.bootstrap import Service
from ledger.domain import account_events, ids
from ledger.domain.account import Account
from ledger.domain.aggregate import Event
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.queries import QUERIES
from ledger.verify import verify
from tests.integration.serviced import settings_of

ACCOUNTS = ("abb:cash:MAD", "abb:position:USD", "corridor:in_flight:USD", "psbc:cash:CNY")


def test_an_account_read_by_its_newest_posting_stands_where_its_whole_life_left_it(
    module_database_url: str, corridor: str, tmp_path: Path
) -> None:
    """Balance, floor, status and version, with a status set in between; a process that begins there goes on without a gap."""
    settings = settings_of(module_database_url, tmp_path)
    with Service(settings) as service:
        ledger = service.ledger(corridor)
        open_for_bench(ledger, service.clock())
        drive(ledger, lives(corridor, "before", 12), callers=3)
        for officer, status in (("amina", "frozen"), ("amina", "open"), ("bo", "open")):
            said = {"corridor": corridor, "actor": f"officer:{officer}", "idempotency_key": status}
            answer = ledger.execute(c.SetAccountStatus(**said, account="psbc:cash:CNY", status=status))
            assert answer.refusal is None, answer.refusal
        drive(ledger, lives(corridor, "after", 6), callers=2)
        for name in ACCOUNTS:
            stream = ids.account_stream(corridor, name)
            whole = ledger.log_store.select_stream(stream)
            mapper = cast(EventMapper, ledger.mapper)
            with ledger.log_store.begin(streams={stream: 0}) as batch:
                few = batch.streams[stream]
                again = batch.load({stream: 0})[stream]
            assert few == again
            assert [row.topic for row in few].count("Account.Posted.v1") == 1
            assert len(few) < len(whole)
            assert standing(mapper, few) == standing(mapper, whole)

    with Service(settings) as begun:
        ledger = begun.ledger(corridor)
        driven = drive(ledger, lives(corridor, "begun", 3), callers=1)
        assert (driven.transfers, driven.replayed) == (3, 0)
        report = verify(begun.pool, corridor)
        assert {name: rule.detail for name, rule in report.rules.items() if not rule.ok} == {}


def standing(mapper: EventMapper, rows: list) -> tuple[object, ...]:  # type: ignore[type-arg]
    """What an account is after these events."""
    account: Account | None = None
    for row in rows:
        event = cast(CanMutateAggregate, mapper.decode(row.stream_id, row.stream_version, row.topic, row.state))  # type: ignore[type-arg]
        account = event.mutate(account)
    assert account is not None
    return account.name, account.balance, account.floor, account.status, account.version


def test_every_fact_of_an_account_is_read_by_its_queries() -> None:
    """A topic that the queries leave out would be forgotten by the next process that begins: a new one needs a new index too."""
    facts = {
        kind.TOPIC for kind in vars(account_events).values() if isinstance(kind, type) and issubclass(kind, Event) and "TOPIC" in vars(kind)
    }
    migration = Path(__file__).parents[2] / "migrations" / "0029_accounts_by_two_officers.sql"
    for text in (QUERIES["prepare_batch"], QUERIES["load_streams"]):
        assert set(re.findall(r"'(Account\.\w+\.v\d+)'", text)) == facts
    assert set(re.findall(r"'(Account\.\w+\.v\d+)'", migration.read_text(encoding="utf-8"))) == facts - {"Account.Posted.v1"}
