"""What banks report of their own cash, and what officers adjust when a statement differs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ledger import commands as c
from ledger.domain import break_events, ids, movement_events
from ledger.domain.aggregate import Decision
from ledger.errors import (
    AccountUnknown,
    AmountInvalid,
    BreakStepOutOfOrder,
    BreakUnknown,
    CurrencyNotAccepted,
    MovementAlreadyBooked,
    NotPermitted,
    SecondOfficerNeeded,
    UnknownParticipant,
)
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CORRIDOR, FRIDAY, NIGHT_JOB, NOW, PSBC, ask
from tests.unit.history import events, fact
from tests.unit.memory_ledger import lines, of, opened

OWN = "psbc:own:CNY"
STREAM = ids.break_stream(CORRIDOR, "B-1")


def move(kind: str, amount: int = 9_00, reference: str = "C-1", participant: str = PSBC, **changes: Any) -> c.MoveCash:
    said: dict[str, Any] = {
        "actor": participant,
        "participant": participant,
        "kind": kind,
        "amount": amount,
        "currency": "CNY" if participant == PSBC else "MAD",
        "reference": reference,
    }
    return ask(c.MoveCash, **(said | changes))


FOUND = {
    "break_id": "B-1",
    "break_class": "missing_in_ledger",
    "account": "psbc:cash:CNY",
    "difference": -25_00,
    "statement": "2026-03-27",
    "reference": "BANK-REF",
    "business_date": FRIDAY,
}


def record(*found: dict[str, Any], actor: str = NIGHT_JOB, key: str = "") -> c.RecordBreaks:
    return ask(c.RecordBreaks, actor, key=key, found=found or (FOUND,))


def park(officer: str, **changes: Any) -> c.ParkBreak:
    return ask(c.ParkBreak, officer, break_id="B-1", **changes)


def resolve(officer: str, to_account: str = OWN, **changes: Any) -> c.ResolveBreak:
    return ask(c.ResolveBreak, officer, break_id="B-1", to_account=to_account, explanation="the bank's fee", **changes)


def decided(command: c.Command) -> Decision:
    return Decision(NOW, command.actor, command.id, command.cause, 1)


# Treasury


@pytest.mark.parametrize(
    ("kind", "booked"),
    [
        ("float_in", {"psbc:cash:CNY": "9.00", "psbc:own:CNY": "-9.00"}),
        ("float_out", {"psbc:own:CNY": "9.00", "psbc:cash:CNY": "-9.00"}),
        ("cover_spent", {"psbc:fx:CNY": "9.00", "psbc:cash:CNY": "-9.00"}),
        ("cover_received", {"psbc:cash:CNY": "9.00", "psbc:fx:CNY": "-9.00"}),
        ("fees_taken", {"psbc:fees:CNY": "9.00", "psbc:cash:CNY": "-9.00"}),
    ],
)
def test_a_bank_reports_its_own_cash(kind: str, booked: dict[str, str]) -> None:
    """By kind, in its own currency; it is booked whatever the balance, since it has happened (I12)."""
    command = move(kind)
    happenings = opened().when(command)
    stream = ids.movement_stream(CORRIDOR, "C-1")
    said = {"participant": PSBC, "currency": "CNY", "amount": 9_00, "reference": "C-1", "cash_kind": kind}
    assert of(stream, happenings) == events(stream, [fact(movement_events.CashMoved, decided(command), **said)])
    assert lines(happenings) == booked


def test_what_no_bank_may_report() -> None:
    """Another bank's cash, another currency, nothing or less."""
    ledger = opened()
    for changes, refusal, field, value in (
        ({"actor": ABB}, NotPermitted, "actor", ABB),
        ({"participant": "bcp", "actor": "bcp"}, UnknownParticipant, "participant", "bcp"),
        ({"currency": "USD"}, CurrencyNotAccepted, "currency", "USD"),
        ({"amount": 0}, AmountInvalid, "amount", 0),
    ):
        ledger.refuses(move("float_in", **changes, key=str(changes)), refusal, field, value)


def test_cash_is_booked_once_and_only_as_what_it_is() -> None:
    """The same reference for another kind or bank is refused (I6)."""
    ledger = opened().given(move("float_in"))
    assert ledger.run(move("float_in", key="again")) == {"reference": "C-1", "changed": False}
    ledger.refuses(move("cover_received", key="kind"), MovementAlreadyBooked, "reference", "C-1")
    ledger.refuses(move("float_in", participant=ABB, key="bank"), MovementAlreadyBooked, "reference", "C-1")
    assert ledger.balances() == {"psbc:cash:CNY": "9.00", "psbc:own:CNY": "9.00"}


# Breaks


def test_the_night_job_records_a_break_once() -> None:
    """Found again the next night it changes nothing; only the job finds, and only on accounts that exist."""
    ledger = opened()
    command = record()
    assert ledger.when(command) == events(STREAM, [fact(break_events.BreakFound, decided(command), **FOUND)])
    assert ledger.run(record(key="next night")) == {"breaks": 1, "changed": 0}
    ledger.refuses(record(actor=AMINA), NotPermitted, "actor", AMINA)
    elsewhere = {**FOUND, "break_id": "B-2", "account": "bcp:cash:EUR"}
    ledger.refuses(record(elsewhere, key="account"), AccountUnknown, "account", "bcp:cash:EUR")


def test_many_breaks_are_recorded_by_one_command_each_once() -> None:
    """Those known before change nothing; one that cannot be recorded keeps the others out too."""
    new = {**FOUND, "break_id": "B-2"}
    ledger = opened().given(record())
    command = record(FOUND, new, new, key="more")
    stream = ids.break_stream(command.corridor, "B-2")
    assert command.streams() == [STREAM, stream, stream]
    assert ledger.when(command) == events(stream, [fact(break_events.BreakFound, decided(command), **new)])
    assert ledger.run(record(FOUND, new, key="next night")) == {"breaks": 2, "changed": 0}
    elsewhere = [{**new, "break_id": "B-3"}, {**new, "break_id": "B-4", "account": "bcp:cash:EUR"}]
    ledger.refuses(record(*elsewhere, key="account"), AccountUnknown, "account", "bcp:cash:EUR")


def test_a_command_carries_one_difference_to_two_hundred_and_fifty() -> None:
    """None would say nothing; more would make one commit long."""
    most = tuple({**FOUND, "break_id": f"B-{number}"} for number in range(c.BREAKS_AT_ONCE))
    assert len(record(*most).found) == 250
    for found in ((), (*most, FOUND)):
        with pytest.raises(ValidationError, match="found"):
            ask(c.RecordBreaks, NIGHT_JOB, found=found)


def test_two_officers_park_a_difference_and_two_resolve_it() -> None:
    """The mirrored account comes to its statement, suspense holds the difference, then the right account does."""
    ledger = opened().given(record())
    assert ledger.run(park(AMINA)) == {"break": "B-1", "parked": False}
    assert ledger.balances() == {}
    second = park(BAO)
    happenings = ledger.when(second)
    assert of(STREAM, happenings) == events(STREAM, [fact(break_events.BreakParked, decided(second), officers=(AMINA, BAO))], after=2)
    assert lines(happenings) == {"psbc:cash:CNY": "-25.00", "corridor:suspense:CNY": "25.00"}
    assert ledger.run(resolve(BAO)) == {"break": "B-1", "resolved": False}
    last = resolve(AMINA)
    happenings = ledger.when(last)
    assert of(STREAM, happenings) == events(
        STREAM,
        [fact(break_events.BreakResolved, decided(last), to_account=OWN, explanation="the bank's fee", officers=(BAO, AMINA))],
        after=4,
    )
    assert lines(happenings) == {"corridor:suspense:CNY": "-25.00", "psbc:own:CNY": "25.00"}
    assert ledger.balances() == {"psbc:cash:CNY": "-25.00", "psbc:own:CNY": "-25.00"}


def test_a_parking_is_reversed_by_resolving_to_its_own_account() -> None:
    """The bank corrected its statement."""
    ledger = opened().given(record(), park(AMINA), park(BAO), resolve(AMINA, "psbc:cash:CNY"), resolve(BAO, "psbc:cash:CNY"))
    assert ledger.balances() == {}


def test_a_timing_difference_books_nothing() -> None:
    """Two officers accept the explanation of a break that was never parked."""
    ledger = opened().given(record(), resolve(AMINA, ""), resolve(BAO, ""))
    assert ledger.balances() == {}
    ledger.refuses(park(AMINA), BreakStepOutOfOrder, "break", "B-1")


def test_one_officer_is_not_two_and_a_bank_is_none() -> None:
    """Four eyes are counted in the domain."""
    ledger = opened().given(record(), park(AMINA))
    ledger.refuses(park(AMINA, key="again"), SecondOfficerNeeded, "actor", AMINA)
    ledger.refuses(park(PSBC), NotPermitted, "actor", PSBC)
    ledger.refuses(resolve(NIGHT_JOB), NotPermitted, "actor", NIGHT_JOB)


def test_an_adjustment_goes_to_an_account_that_exists_and_may_take_it() -> None:
    """Told to the first officer already: not in flight, not in another currency, not on an account nobody has."""
    ledger = opened().given(record(), park(AMINA), park(BAO))
    ledger.refuses(resolve(AMINA, "corridor:in_flight:USD", key="1"), NotPermitted, "to_account", "corridor:in_flight:USD")
    ledger.refuses(resolve(AMINA, "abb:own:MAD", key="2"), CurrencyNotAccepted, "to_account", "abb:own:MAD")
    ledger.refuses(resolve(AMINA, "psbc:gold:CNY", key="3"), AccountUnknown, "account", "psbc:gold:CNY")
    ledger.refuses(resolve(AMINA, "", key="4"), BreakStepOutOfOrder, "break", "B-1")


def test_a_frozen_account_is_adjusted_all_the_same() -> None:
    """An adjustment records what happened (I12)."""
    ledger = opened().given(record(), park(AMINA), ask(c.SetAccountStatus, AMINA, account="psbc:cash:CNY", status="frozen"))
    ledger.given(park(BAO))
    assert ledger.balances() == {"psbc:cash:CNY": "-25.00", "corridor:suspense:CNY": "-25.00"}


def test_a_break_nobody_found_is_neither_parked_nor_resolved() -> None:
    """Named by its id."""
    ledger = opened()
    ledger.refuses(park(AMINA), BreakUnknown, "break", "B-1")
    ledger.refuses(resolve(AMINA), BreakUnknown, "break", "B-1")


def announce(actor: str = ABB, **changes: Any) -> c.AnnouncePayIn:
    said: dict[str, Any] = {
        "participant": ABB,
        "amount": 250_00,
        "currency": "USD",
        "reference": "announced:abb:N-1/G-1/I-1",
        "expected_on": FRIDAY,
    }
    return ask(c.AnnouncePayIn, actor, **(said | changes))


@pytest.mark.parametrize("actor", [ABB, "bank:settlement"])
def test_an_announced_pay_in_is_recorded_and_books_nothing(actor: str) -> None:
    """By whose money it is or by the settlement bank; no account moves, and the same again changes nothing."""
    ledger = opened()
    command = announce(actor)
    stream = ids.movement_stream(CORRIDOR, command.reference)
    happenings = ledger.when(command)
    decided = Decision(NOW, actor, command.id, "", 1)
    happened = fact(
        movement_events.PayInAnnounced, decided, participant=ABB, currency="USD", amount=250_00, reference=command.reference,
        expected_on=FRIDAY,
    )  # fmt: skip
    assert happenings == events(stream, [happened])
    assert ledger.when(announce(actor, key="again")) == []


def test_an_announced_pay_in_is_for_the_corridors_account_and_of_ones_own_money() -> None:
    """Another account, another currency, another bank's money, nothing at all, or a reference that was booked."""
    ledger = opened()
    ledger.refuses(announce(account="ELSEWHERE", key="1"), AccountUnknown, "account", "")
    ledger.refuses(announce(currency="MAD", key="2"), CurrencyNotAccepted, "currency", "MAD")
    ledger.refuses(announce(PSBC, key="3"), NotPermitted, "actor", PSBC)
    ledger.refuses(announce(amount=0, key="4"), AmountInvalid, "amount", "0")
    ledger.given(announce(key="5"))
    ledger.refuses(announce(amount=1, key="6"), MovementAlreadyBooked, "reference", "announced:abb:N-1/G-1/I-1")
