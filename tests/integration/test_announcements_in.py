"""Announced pay-ins as messages: they are expected and seen, and never booked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledger.bootstrap import Service
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.errors import KeyReused, NotPermitted
from ledger.iso20022.camt057 import AnnouncedReceipt, Announcement, Expectation, Notification, write_camt057
from ledger.iso20022.cases import PartyOrAgent
from ledger.iso20022.pacs002 import read_pacs002
from ledger.iso20022.parties import Account, Agent
from ledger.jobs import up_to_date
from ledger.messages.incoming import take_in
from ledger.messages.taken import Outcome, Taken
from ledger.projections.balances import balances
from ledger.projections.movements import MovementRow, movements
from tests.integration.serviced import friday_clock, open_corridor, settings_of

ABB = PartyOrAgent(agent=Agent(bic="ABBMMAMCXXX"))
MONDAY = date(2026, 3, 30)


@pytest.fixture
def service(module_database_url: str, key_folder: Path, corridor: str) -> Iterator[Service]:
    """A service with an open corridor of this test alone, in which no money is."""
    with Service(settings_of(module_database_url, key_folder), clock=friday_clock()) as service:
        open_corridor(service, corridor, prefund=0)
        yield service


def announced(*receipts: AnnouncedReceipt, sender: PartyOrAgent | None = ABB, message: str = "N1", **where: object) -> bytes:
    """A camt.057 for Monday."""
    of_all = replace(Expectation(expected_on=MONDAY), **where)  # type: ignore[arg-type]
    notification = Notification("G1", receipts, of_all)
    return write_camt057(Announcement(message, datetime(2026, 3, 27, 7, tzinfo=UTC), (notification,), sender))


def dollars(index: int, minor: int, currency: str = "USD", **more: object) -> AnnouncedReceipt:
    return AnnouncedReceipt(index, f"I{index}", (minor, currency), **more)  # type: ignore[arg-type]


def told(taken: Taken) -> list[tuple[str, str]]:
    """Status and rule of each receipt."""
    return [(item.status, item.rule) for item in taken.items]


def listed(service: Service, corridor: str) -> list[MovementRow]:
    with up_to_date(service, corridor) as at:
        return movements(at)


def test_an_announced_pay_in_is_expected_and_not_booked(service: Service, corridor: str) -> None:
    """It stands among the movements with its day; every balance stays as it was."""
    taken = take_in(service, corridor, "abb", announced(dollars(1, 25_000_000, end_to_end_id="E1")))

    [item] = taken.items
    assert (taken.status, item) == ("accepted", Outcome(1, None, "I1", "E1", "ACCP", position=item.position))
    [row] = listed(service, corridor)
    assert row._replace(reported_at=datetime.min, position=0, stream=row.stream) == MovementRow(  # noqa: DTZ901 - any instant
        reference="announced:abb:N1/G1/I1",
        kind="pay_in",
        participant="abb",
        currency="USD",
        amount=25_000_000,
        state="announced",
        bank_reference=None,
        reported_at=datetime.min,  # noqa: DTZ901 - any instant
        paid_at=None,
        position=0,
        stream=row.stream,
        expected_on=MONDAY,
    )
    with up_to_date(service, corridor) as at:
        assert {balance.balance for balance in balances(at)} == {0}


def test_the_settlement_bank_announces_whose_money_comes(service: Service, corridor: str) -> None:
    """By the debtor's BIC, or that of the debtor's bank; one that belongs to nobody here is refused."""
    agent = Agent(bic="PSBCCNBJXXX")
    receipts = (
        dollars(1, 100, expectation=Expectation(debtor=ABB)),
        dollars(2, 200, expectation=Expectation(debtor_agent=agent)),
        dollars(3, 300, expectation=Expectation(debtor_agent=Agent(bic="CCCCUS33XXX"))),
        dollars(4, 400),
    )
    taken = take_in(service, corridor, SETTLEMENT_BANK, announced(*receipts, sender=None))
    assert told(taken) == [("ACCP", ""), ("ACCP", ""), ("RJCT", "unknown-participant"), ("RJCT", "unknown-participant")]
    assert [(row.participant, row.amount) for row in listed(service, corridor)] == [("abb", 100), ("psbc", 200)]


def test_each_receipt_has_its_own_answer(service: Service, corridor: str) -> None:
    """Another currency, another account, no date: named, and the good one is taken."""
    number = service.ledger(corridor).terms().settlement.statement_account
    receipts = (
        dollars(1, 100, expectation=Expectation(account=Account(other=number))),
        dollars(2, 200, currency="MAD"),
        dollars(3, 300, expectation=Expectation(account=Account(other="SOMEWHERE-ELSE"))),
        AnnouncedReceipt(4, None, (400, "USD")),
    )
    taken = take_in(service, corridor, "abb", announced(*receipts))
    assert (taken.status, told(taken)) == (
        "part",
        [("ACCP", ""), ("RJCT", "currency-not-accepted"), ("RJCT", "account-unknown"), ("RJCT", "receipt-id-missing")],
    )
    assert taken.reply is not None
    report = read_pacs002(taken.reply)
    assert (report.groups[0].status, [one.status for one in report.transfers]) == ("PART", ["ACCP", "RJCT", "RJCT", "RJCT"])
    assert [row.amount for row in listed(service, corridor)] == [100]


def test_the_same_message_again_gives_the_same_bytes_and_no_event(service: Service, corridor: str) -> None:
    """Other content under its id is refused, and so is another bank's word."""
    first = take_in(service, corridor, "abb", announced(dollars(1, 100)))
    before = service.ledger(corridor).log_store.head().position

    again = take_in(service, corridor, "abb", announced(dollars(1, 100)))

    assert (again.reply, again.recognised, service.ledger(corridor).log_store.head().position) == (first.reply, True, before)
    with pytest.raises(KeyReused):
        take_in(service, corridor, "abb", announced(dollars(1, 200)))
    with pytest.raises(NotPermitted):
        take_in(service, corridor, "psbc", announced(dollars(1, 100), message="N2"))
    assert len(listed(service, corridor)) == 1
