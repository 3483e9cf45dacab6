"""A reconciliation break: proposed by one officer, done by another, and never on money in flight."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain import break_events as happened
from ledger.domain import ids
from ledger.domain.reconciliation_break import ReconciliationBreak
from ledger.errors import BreakStepOutOfOrder, CurrencyNotAccepted, NotPermitted, SecondOfficerNeeded
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CORRIDOR, FRIDAY, NIGHT_JOB, OPERATOR, by
from tests.unit.history import Fact, fact, given, recorded, recorded_nothing
from tests.unit.refusals import refuses

STREAM = ids.break_stream(CORRIDOR, "B-1")
OWN = "psbc:own:CNY"
FACTS: dict[str, Any] = {
    "break_id": "B-1",
    "break_class": "missing_in_ledger",
    "account": "psbc:cash:CNY",
    "difference": -720_00,
    "statement": "2026-03-27",
    "reference": "BANK-REF",
    "business_date": FRIDAY,
}
FOUND = fact(happened.BreakFound, by(NIGHT_JOB), **FACTS)
PARKING_PROPOSED = fact(happened.BreakParkingProposed, by(AMINA))
PARKED = fact(happened.BreakParked, by(BAO), officers=(AMINA, BAO))


def proposed(officer: str, to_account: str, explanation: str = "late fee") -> Fact:
    return fact(happened.BreakResolutionProposed, by(officer), to_account=to_account, explanation=explanation)


def resolved(first: str, second: str, to_account: str, explanation: str = "late fee") -> Fact:
    return fact(happened.BreakResolved, by(second), to_account=to_account, explanation=explanation, officers=(first, second))


def broken(*facts: Fact, **changes: Any) -> ReconciliationBreak:
    return given(ReconciliationBreak, STREAM, fact(happened.BreakFound, by(NIGHT_JOB), **(FACTS | changes)), *facts)


TO_PARKED = (PARKING_PROPOSED, PARKED)


def test_a_difference_is_found_with_all_that_is_known() -> None:
    """Where, how much, in which statement, on which business date."""
    recorded(ReconciliationBreak.find(STREAM, by(NIGHT_JOB), **FACTS), FOUND)


def test_two_officers_park_it() -> None:
    """The first proposes, the second does; both are named."""
    found = broken()
    assert not found.park(by(AMINA))
    recorded(found, PARKING_PROPOSED)
    waiting = broken(PARKING_PROPOSED)
    assert waiting.park(by(BAO))
    recorded(waiting, PARKED)


def test_two_officers_resolve_what_was_parked() -> None:
    """Both name the account it belongs to."""
    parked = broken(*TO_PARKED)
    assert not parked.resolve(by(BAO), OWN, "late fee")
    recorded(parked, proposed(BAO, OWN))
    waiting = broken(*TO_PARKED, proposed(BAO, OWN))
    assert waiting.resolve(by(AMINA), OWN, "late fee")
    recorded(waiting, resolved(BAO, AMINA, OWN))


def test_an_unparked_difference_is_explained_away_by_two_officers() -> None:
    """A timing difference books nothing."""
    waiting = broken(proposed(AMINA, "", "value date"))
    assert waiting.resolve(by(BAO), "", "value date")
    recorded(waiting, resolved(AMINA, BAO, "", "value date"))


def test_one_officer_is_not_two() -> None:
    """Neither for parking nor for resolving."""
    parking = broken(PARKING_PROPOSED)
    refuses(SecondOfficerNeeded, "actor", AMINA, lambda: parking.park(by(AMINA)))
    resolving = broken(*TO_PARKED, proposed(BAO, OWN))
    refuses(SecondOfficerNeeded, "actor", BAO, lambda: resolving.resolve(by(BAO), OWN, "late fee"))
    recorded_nothing(parking)
    recorded_nothing(resolving)


def test_another_account_is_another_proposal() -> None:
    """The second officer who disagrees proposes, and the first may then agree."""
    waiting = broken(*TO_PARKED, proposed(BAO, OWN))
    assert not waiting.resolve(by(AMINA), "psbc:fees:CNY", "our fee")
    recorded(waiting, proposed(AMINA, "psbc:fees:CNY", "our fee"))
    assert waiting.resolve(by(BAO), "psbc:fees:CNY", "our fee")


@pytest.mark.parametrize("stranger", [ABB, OPERATOR, NIGHT_JOB])
def test_only_officers_adjust(stranger: str) -> None:
    """Not even the job that found the break."""
    found, parked = broken(), broken(*TO_PARKED)
    refuses(NotPermitted, "actor", stranger, lambda: found.park(by(stranger)))
    refuses(NotPermitted, "actor", stranger, lambda: parked.resolve(by(stranger), OWN, "late fee"))
    recorded_nothing(found)
    recorded_nothing(parked)


@pytest.mark.parametrize(
    ("found", "step"),
    [
        (broken(*TO_PARKED), lambda b: b.park(by(AMINA))),
        (broken(difference=0), lambda b: b.park(by(AMINA))),
        (broken(account="psbc:fx:CNY"), lambda b: b.park(by(AMINA))),
        (broken(), lambda b: b.resolve(by(AMINA), OWN, "late fee")),
        (broken(*TO_PARKED), lambda b: b.resolve(by(AMINA), "", "value date")),
        (broken(*TO_PARKED, proposed(BAO, OWN), resolved(BAO, AMINA, OWN)), lambda b: b.park(by(BAO))),
        (broken(*TO_PARKED, proposed(BAO, OWN), resolved(BAO, AMINA, OWN)), lambda b: b.resolve(by(BAO), OWN, "again")),
    ],
    ids=["parked twice", "no difference", "not mirrored", "not parked", "no account", "park resolved", "resolve resolved"],
)
def test_a_step_that_does_not_follow_is_refused(found: ReconciliationBreak, step: Any) -> None:
    """The break stands elsewhere."""
    refuses(BreakStepOutOfOrder, "break", "B-1", lambda: step(found))
    recorded_nothing(found)


@pytest.mark.parametrize("kind", ["in_flight", "remuneration", "suspense"])
def test_no_adjustment_reaches_what_only_a_transfer_moves(kind: str) -> None:
    """In flight and remuneration change by legal steps only (I15); suspense is where the difference lies already."""
    parked = broken(*TO_PARKED, account="corridor:settlement_bank:USD")
    account = f"corridor:{kind}:USD"
    refuses(NotPermitted, "to_account", account, lambda: parked.resolve(by(AMINA), account, "?"))
    recorded_nothing(parked)


def test_a_difference_stays_in_its_currency() -> None:
    """Yuan in suspense are not resolved by dirhams."""
    parked = broken(*TO_PARKED)
    refuses(CurrencyNotAccepted, "to_account", "abb:own:MAD", lambda: parked.resolve(by(AMINA), "abb:own:MAD", "?"))
    recorded_nothing(parked)
