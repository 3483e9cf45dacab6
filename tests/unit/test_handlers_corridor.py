"""The corridor itself: opened once, amended by dated versions, its accounts, its rate sheets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ledger import commands as c
from ledger.domain import account_events, corridor_events, ids, rates_events
from ledger.domain.aggregate import Decision
from ledger.errors import (
    AccountClosed,
    AccountNotEmpty,
    AccountUnknown,
    CorridorAlreadyOpen,
    FloorReached,
    NotPermitted,
    RateSheetInvalid,
    SecondOfficerNeeded,
    TermsInvalid,
    UnknownCorridor,
    UnknownParticipant,
)
from tests.unit.corridor_fixtures import (
    ABB,
    AMINA,
    BAO,
    CORRIDOR,
    NOW,
    OPEN,
    OPERATOR,
    PSBC,
    PSBC_TO_ABB,
    RATES,
    TERMS,
    approve_key,
    ask,
    initiate,
    publish,
    register_key,
    terms,
)
from tests.unit.history import events, fact
from tests.unit.memory_ledger import ACCOUNTS, MemoryLedger, of, opened

CORRIDOR_STREAM = ids.corridor_stream(CORRIDOR)
POSITION = ids.account_stream(CORRIDOR, "abb:position:USD")
TOMORROW = date(2026, 3, 28)


def decided(command: c.Command, version: int = 1, at: datetime = NOW) -> Decision:
    return Decision(at, command.actor, command.id, command.cause, version)


def amend(version: int = 2, **changes: Any) -> c.OpenCorridor:
    return ask(c.OpenCorridor, OPERATOR, key=f"v{version} {sorted(changes)}", agreement=terms(version, **changes))


# Opening and amending


def test_a_corridor_opens_with_its_terms_and_all_its_accounts() -> None:
    """Positions at minus the net debit cap, the corridor's own three at zero, all others without a floor."""
    happenings = MemoryLedger().when(OPEN)
    assert of(CORRIDOR_STREAM, happenings) == events(
        CORRIDOR_STREAM, [fact(corridor_events.CorridorOpened, decided(OPEN), agreement=TERMS)]
    )
    opened_accounts = [event for event in happenings if isinstance(event, account_events.AccountOpened)]
    assert {event.name for event in opened_accounts} == set(ACCOUNTS)
    assert {event.name: event.floor for event in opened_accounts if event.floor is not None} == {
        "abb:position:USD": -500_00,
        "psbc:position:USD": -300_00,
        "corridor:in_flight:USD": 0,
        "corridor:settling:USD": 0,
        "corridor:settlement_bank:USD": 0,
    }
    assert {event.name for event in opened_accounts if event.normal_side == "debit"} == {
        "abb:cash:MAD", "abb:fx:MAD", "psbc:cash:CNY", "psbc:fx:CNY", "corridor:settlement_bank:USD",
    }  # fmt: skip


def test_the_same_terms_again_change_nothing() -> None:
    """A second start of the demo is recognised."""
    ledger = opened()
    before = len(ledger.rows)
    assert ledger.run(ask(c.OpenCorridor, OPERATOR, key="again", agreement=TERMS)) == {"terms": 1, "changed": False}
    assert len(ledger.rows) == before


def test_a_corridor_opens_once() -> None:
    """Other terms of the first version are no amendment."""
    opened().refuses(amend(1, abb_cap="1.00"), CorridorAlreadyOpen, "version", 1)


@pytest.mark.parametrize(
    ("version", "changes", "field", "value"),
    [
        (3, {"abb_cap": "1.00"}, "version", 3),
        (2, {"effective_from": date(2025, 12, 31)}, "effective_from", "2025-12-31"),
        (2, {"code": "abb-bcp"}, "participants", "abb-bcp"),
        (2, {"settlement": TERMS.settlement.model_copy(update={"currency": "EUR"})}, "participants", CORRIDOR),
        (
            2,
            {
                "participants": {ABB: TERMS.participant(ABB), "bcp": TERMS.participant(PSBC)},
                "legs": (PSBC_TO_ABB.model_copy(update={"debtor_agent": "bcp"}),),
            },
            "participants",
            CORRIDOR,
        ),
    ],
    ids=["a version is missing", "before the first terms", "another code", "another settlement currency", "another bank"],
)
def test_an_amendment_that_does_not_follow_is_refused(version: int, changes: dict[str, Any], field: str, value: object) -> None:
    """Versions are dense and dated, and who takes part never changes."""
    opened().refuses(amend(version, **changes), TermsInvalid, field, value)


def test_terms_of_another_corridor_do_not_open_this_one() -> None:
    """The file and the command must agree."""
    MemoryLedger().refuses(ask(c.OpenCorridor, OPERATOR, agreement=terms(code="abb-bcp")), TermsInvalid, "corridor", "abb-bcp")


@pytest.mark.parametrize("actor", [ABB, AMINA, "bank:settlement"])
def test_only_an_operator_opens_or_amends(actor: str) -> None:
    """Neither bank alone."""
    MemoryLedger().refuses(ask(c.OpenCorridor, actor, agreement=TERMS), NotPermitted, "actor", actor)


def test_a_lower_cap_is_valid_at_once_and_no_breach() -> None:
    """Abb already owes more than the new cap allows: nothing is undone, but nothing new is funded."""
    ledger = opened().given(*(initiate(number) for number in (1, 2, 3)))
    command = amend(abb_cap="100.00")
    happenings = ledger.when(command)
    by_operator = decided(command, 2)
    assert happenings == [
        *events(CORRIDOR_STREAM, [fact(corridor_events.CorridorTermsAmended, by_operator, agreement=command.agreement)], after=1),
        *events(POSITION, [fact(account_events.AccountFloorSet, by_operator, floor=-100_00)], after=4),
    ]
    ledger.refuses(initiate(4), FloorReached, "account", "abb:position:USD")
    assert ledger.balances()["abb:position:USD"] == "-303.00"


def test_a_higher_cap_makes_room_at_once() -> None:
    """The fifth transfer fits."""
    ledger = opened().given(*(initiate(number) for number in range(1, 5)))
    ledger.refuses(initiate(5), FloorReached, "account", "abb:position:USD")
    ledger.given(amend(abb_cap="600.00"), initiate(5, key="after the amendment"))


def test_terms_come_into_force_on_their_day_without_any_command() -> None:
    """Agreed today from tomorrow on: today's cap holds until midnight in New York, then the new one does, and the event shows it."""
    ledger = opened().given(amend(effective_from=TOMORROW, abb_cap="150.00"))
    assert ledger.account("abb:position:USD").floor == -500_00
    ledger.given(initiate(1), initiate(2))
    ledger.clock.set(datetime(2026, 3, 28, 3, 59, tzinfo=UTC))
    ledger.given(initiate(3))
    ledger.clock.set(datetime(2026, 3, 28, 4, 0, tzinfo=UTC))
    ledger.refuses(initiate(4), FloorReached, "account", "abb:position:USD")
    cancel = ask(c.RefuseTransfer, PSBC, uetr=initiate(1).uetr, reason="AC04")
    happenings = ledger.when(cancel)
    assert (
        of(POSITION, happenings)[0]
        == events(POSITION, [fact(account_events.AccountFloorSet, decided(cancel, 2, ledger.clock()), floor=-150_00)], after=4)[0]
    )
    assert isinstance(of(POSITION, happenings)[1], account_events.AccountPosted)
    assert ledger.account("abb:position:USD").floor == -150_00


def test_an_event_names_the_terms_it_was_decided_under() -> None:
    """Version 1 before its day, version 2 from it on."""
    ledger = opened().given(amend(effective_from=TOMORROW))
    before = of(initiate(1).uetr, ledger.when(initiate(1)))
    ledger.clock.set(datetime(2026, 3, 28, 4, 0, tzinfo=UTC))
    after = of(initiate(2).uetr, ledger.when(initiate(2)))
    assert ({event.terms for event in before}, {event.terms for event in after}) == ({1}, {2})  # type: ignore[attr-defined]


# Accounts


def test_an_officer_sets_the_status_of_an_account() -> None:
    """Frozen at once; opened again, and closed when it is empty and then for good, when a second officer says so too."""
    ledger = opened()
    freeze = ask(c.SetAccountStatus, AMINA, key="1", account="abb:position:USD", status="frozen")
    assert ledger.when(freeze) == events(POSITION, [fact(account_events.AccountStatusSet, decided(freeze), status="frozen")], after=1)
    again = ask(c.SetAccountStatus, AMINA, key="2", account="abb:position:USD", status="open")
    assert ledger.when(again) == events(POSITION, [fact(account_events.AccountStatusProposed, decided(again), status="open")], after=2)
    assert ledger.run(again) == {"account": "abb:position:USD", "status": "frozen", "proposed": "open"}
    ledger.refuses(again.model_copy(update={"idempotency_key": "2b"}), SecondOfficerNeeded, "actor", AMINA)
    ledger.given(ask(c.SetAccountStatus, BAO, key="2", account="abb:position:USD", status="open"), initiate())
    close = ask(c.SetAccountStatus, AMINA, key="3", account="abb:position:USD", status="closed")
    ledger.refuses(close, AccountNotEmpty, "account", "abb:position:USD")
    ledger.given(*(ask(c.SetAccountStatus, officer, key="4", account="psbc:fees:CNY", status="closed") for officer in (AMINA, BAO)))
    ledger.refuses(
        ask(c.SetAccountStatus, AMINA, key="5", account="psbc:fees:CNY", status="open"), AccountClosed, "account", "psbc:fees:CNY"
    )


def test_a_status_is_set_alone() -> None:
    """In a commit of its own, so that what was funded before stands before the freeze in the log."""
    assert c.SetAccountStatus.alone
    assert {command.__name__ for command in COMMANDS if command.alone} == {"OpenCorridor", "CloseCycle", "SetAccountStatus"}


COMMANDS = [k for k in vars(c).values() if isinstance(k, type) and issubclass(k, c.Command)]


def test_only_an_officer_sets_it_and_only_of_an_account_that_exists() -> None:
    """Neither an operator nor a bank."""
    ledger = opened()
    ledger.refuses(ask(c.SetAccountStatus, OPERATOR, account="abb:cash:MAD", status="frozen"), NotPermitted, "actor", OPERATOR)
    ledger.refuses(ask(c.SetAccountStatus, AMINA, account="abb:gold:XAU", status="frozen"), AccountUnknown, "account", "abb:gold:XAU")


# Rate sheets


def test_a_bank_publishes_its_sheets() -> None:
    """The first begins its series; the same again is recognised."""
    ledger = MemoryLedger().given(OPEN)
    stream = ids.rates_stream(CORRIDOR, ABB)
    sheet = {
        "sheet": "ABB-1",
        "rates": {"USD": Decimal("10")},
        "valid_from": NOW,
        "valid_until": NOW + timedelta(days=1),
        "source": "invented for tests",
    }
    by_abb = decided(RATES[0])
    assert ledger.when(RATES[0]) == events(
        stream,
        [
            fact(rates_events.RateSheetsBegun, by_abb, participant=ABB, base_currency="MAD"),
            fact(rates_events.RateSheetPublished, by_abb, **sheet),
        ],
    )
    again = RATES[0].model_copy(update={"idempotency_key": "again"})
    assert ledger.run(again) == {"sheet": "ABB-1", "changed": False}
    ledger.refuses(publish(ABB, "10.01").model_copy(update={"idempotency_key": "other"}), RateSheetInvalid, "sheet", "ABB-1")
    ledger.refuses(publish("bcp", "10"), UnknownParticipant, "participant", "bcp")


def test_a_first_sheet_that_is_refused_begins_nothing() -> None:
    """A bank's series starts with a sheet that holds."""
    ledger = MemoryLedger().given(OPEN)
    ledger.refuses(publish(ABB, "-1"), RateSheetInvalid, "rates", "ABB-1")
    assert ledger.find(ids.rates_stream(CORRIDOR, ABB)) is None
    ledger.given(publish(ABB, "10").model_copy(update={"idempotency_key": "right"}))


# Messages


def test_a_file_of_messages_leaves_its_receipt_only() -> None:
    """One id has one content: the receipt remembers it, no event does; a stranger's file is refused."""
    ledger = opened()
    assert ledger.when(ask(c.ReceiveMessage, ABB, message_id="MSG-1")) == []
    assert ledger.run(ask(c.ReceiveMessage, ABB, message_id="MSG-1")) == {"message_id": "MSG-1", "changed": False}
    ledger.refuses(ask(c.ReceiveMessage, "bcp", message_id="MSG-1"), UnknownParticipant, "participant", "bcp")


# Before the corridor is open

EARLY = [
    register_key(),
    approve_key(),
    ask(c.RevokeKey, OPERATOR, key_id="abb-1", reason="lost"),
    RATES[0],
    initiate(),
    ask(c.CloseCycle, OPERATOR),
    ask(c.FundPosition, "bank:settlement", participant=ABB, amount=1, currency="USD", reference="P"),
]


@pytest.mark.parametrize("command", EARLY, ids=lambda command: type(command).__name__)
def test_nothing_happens_in_a_corridor_that_is_not_open(command: c.Command) -> None:
    """Its terms come first."""
    MemoryLedger().refuses(command, UnknownCorridor, "corridor", CORRIDOR)
