"""Who may be shown personal data for what, and who may erase a person: whole events, or the refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import commands as c
from ledger.domain import ids
from ledger.domain import personal_data_events as happened
from ledger.domain.aggregate import Decision
from ledger.errors import CaseUnknown, NotPermitted, SecondOfficerNeeded, TransferUnknown
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CORRIDOR, CREDITOR, DEBTOR, HIT, NIGHT_JOB, OPERATOR, ask, by, initiate, uetr
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, opened

UETR = uetr()
HOLD = f"hold-{UETR}"
PERSON = ids.person_stream(CORRIDOR, DEBTOR)


def read(actor: str, **changes: str) -> c.ReadPersonalData:
    return ask(c.ReadPersonalData, actor, uetr=UETR, **{"reason": "complaint", **changes})


def erase(actor: str, *, key: str = "") -> c.ErasePerson:
    return ask(c.ErasePerson, actor, key=key or actor, subject=DEBTOR, reason="retention_ended")


def decided(ledger: MemoryLedger, command: c.Command) -> Decision:
    return by(command.actor, at=ledger.clock())._replace(command=command.id)


def held() -> MemoryLedger:
    return opened().given(initiate(screened=HIT), initiate(2))


@pytest.mark.parametrize("command", [read(AMINA, reason="case", case=HOLD), read(OPERATOR)])
def test_who_reads_stands_there_with_the_reason(command: c.ReadPersonalData) -> None:
    """The subjects by their ids; a stream for each reading."""
    ledger = held()
    stream = ids.reading_stream(CORRIDOR, command.id)
    said = {"uetr": UETR, "subjects": (DEBTOR, CREDITOR), "reason": command.reason, "case": command.case}
    assert ledger.when(command) == events(
        stream, [fact(happened.PersonalDataRead, decided(ledger, command), originator_topic="PersonalData", **said)]
    )


@pytest.mark.parametrize("actor", [ABB, NIGHT_JOB, "auditor:noor", "bank:settlement"])
def test_nobody_else_reads(actor: str) -> None:
    """A bank knows its own customer from its own books."""
    held().refuses(read(actor), NotPermitted, "actor", actor)


@pytest.mark.parametrize(
    ("changes", "value"),
    [({"reason": "case"}, ""), ({"case": HOLD}, HOLD), ({"reason": "case", "case": f"hold-{uetr(2)}"}, f"hold-{uetr(2)}")],
)
def test_a_case_is_a_reason_only_for_its_own_transfer(changes: dict[str, str], value: str) -> None:
    """Named where the reason is a case, and nowhere else."""
    held().refuses(read(AMINA, **changes), CaseUnknown, "case", value)


def test_a_case_of_another_transfer_is_refused() -> None:
    """It exists, but is about somebody else."""
    ledger = held().given(initiate(3, screened=HIT))
    ledger.refuses(read(AMINA, reason="case", case=f"hold-{uetr(3)}"), CaseUnknown, "case", f"hold-{uetr(3)}")


def test_a_transfer_that_does_not_exist_has_no_people() -> None:
    """The log knows whom it speaks of."""
    opened().refuses(read(AMINA), TransferUnknown, "uetr", str(UETR))


def test_the_second_officer_erases() -> None:
    """First the proposal, then the fact with both names; once more changes nothing."""
    ledger = opened()
    first, second = erase(AMINA), erase(BAO)
    proposed = fact(
        happened.PersonErasureProposed, decided(ledger, first), originator_topic="Person", subject=DEBTOR, reason="retention_ended"
    )
    assert ledger.when(first) == events(PERSON, [proposed])
    ledger.clock.advance(timedelta(hours=1))
    erased = fact(happened.PersonErased, decided(ledger, second), subject=DEBTOR, officers=(AMINA, BAO))
    assert ledger.when(second) == events(PERSON, [erased], after=1)
    assert ledger.when(erase(AMINA, key="again")) == []


def test_one_officer_alone_erases_nobody() -> None:
    """Four eyes: it cannot be undone."""
    opened().given(erase(AMINA)).refuses(erase(AMINA, key="2"), SecondOfficerNeeded, "actor", AMINA)


@pytest.mark.parametrize("actor", [OPERATOR, ABB, "auditor:noor"])
def test_only_officers_erase(actor: str) -> None:
    """Neither propose nor agree."""
    opened().refuses(erase(actor), NotPermitted, "actor", actor)
    opened().given(erase(AMINA)).refuses(erase(actor), NotPermitted, "actor", actor)
