"""Who may be shown personal data for what, and who may erase a person: whole events, or the refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ledger import commands as c
from ledger.domain import ids
from ledger.domain import personal_data_events as happened
from ledger.domain.aggregate import Decision
from ledger.domain.retention import years_before
from ledger.domain.retention_events import RetentionEnded
from ledger.errors import CaseUnknown, NotPermitted, RetentionRunning, SecondOfficerNeeded, TransferUnknown
from tests.unit.corridor_fixtures import (
    ABB,
    AMINA,
    BAO,
    CORRIDOR,
    CREDITOR,
    DEBTOR,
    HIT,
    NIGHT_JOB,
    OPERATOR,
    PSBC,
    ask,
    by,
    initiate,
    uetr,
)
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, opened

UETR = uetr()
HOLD = f"hold-{UETR}"
PERSON = ids.person_stream(CORRIDOR, DEBTOR)
MESSAGE = UUID(int=77)


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


# Messages as they were received


def read_message(actor: str, **changes: str) -> c.ReadReceivedMessage:
    return ask(c.ReadReceivedMessage, actor, message=MESSAGE, **{"reason": "investigation", **changes})


@pytest.mark.parametrize("command", [read_message(AMINA, reason="case", case=HOLD), read_message(BAO)])
def test_an_officer_who_reads_a_message_stands_there_with_the_reason(command: c.ReadReceivedMessage) -> None:
    """The message by the id under which the vault keeps its bytes, and nothing of what is in it."""
    ledger = held()
    stream = ids.reading_stream(CORRIDOR, command.id)
    said = {"message": MESSAGE, "reason": command.reason, "case": command.case}
    assert ledger.when(command) == events(
        stream, [fact(happened.MessageRead, decided(ledger, command), originator_topic="PersonalData", **said)]
    )


@pytest.mark.parametrize("actor", [OPERATOR, ABB, NIGHT_JOB, "auditor:noor", "bank:settlement"])
def test_only_officers_read_a_message(actor: str) -> None:
    """It names everybody who is in the file."""
    held().refuses(read_message(actor), NotPermitted, "actor", actor)


@pytest.mark.parametrize(
    ("changes", "value"), [({"reason": "case"}, ""), ({"case": HOLD}, HOLD), ({"reason": "case", "case": "hold-none"}, "hold-none")]
)
def test_a_case_that_a_message_is_read_for_exists(changes: dict[str, str], value: str) -> None:
    """Named where the reason is a case, and nowhere else."""
    held().refuses(read_message(AMINA, **changes), CaseUnknown, "case", value)


# Erasing


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


# Retention


def paid() -> MemoryLedger:
    return opened().given(initiate(), ask(c.AcceptTransfer, PSBC, uetr=UETR), ask(c.PayTransfer, PSBC, uetr=UETR))


def end(actor: str = "system:retention", *, key: str = "", **changes: object) -> c.EndRetention:
    return ask(c.EndRetention, actor, key=key, **{"uetr": UETR, **changes})


def test_the_ledger_decides_when_it_is_time() -> None:
    """Ten years after the last thing that happened to it, to the second; then once, with what was written about it."""
    ledger, written = paid(), UUID(int=7)
    last = ledger.clock()
    ledger.clock.set(last.replace(year=last.year + 10) - timedelta(seconds=1))
    ledger.refuses(end(), RetentionRunning, "uetr", UETR)
    ledger.clock.advance(timedelta(seconds=1))
    command = end(key="2", subjects=(written, DEBTOR))
    ended = fact(
        RetentionEnded, decided(ledger, command), originator_topic="Retention",
        uetr=UETR, subjects=(DEBTOR, CREDITOR, written), last_changed=last, years=10,
    )  # fmt: skip
    assert ledger.when(command) == events(ids.retention_stream(CORRIDOR, UETR), [ended])
    assert ledger.when(end(key="3")) == []


def test_what_goes_on_is_kept_however_old_it_is() -> None:
    """A transfer on its way has people who may still ask."""
    ledger = opened().given(initiate())
    ledger.clock.advance(timedelta(days=20 * 365))
    ledger.refuses(end(), RetentionRunning, "uetr", UETR)


@pytest.mark.parametrize("actor", [AMINA, OPERATOR, ABB, NIGHT_JOB])
def test_nobody_but_the_job_ends_retention(actor: str) -> None:
    """Whoever wants somebody erased sooner needs two officers."""
    paid().refuses(end(actor), NotPermitted, "actor", actor)


def test_a_leap_day_ends_on_the_first_of_march() -> None:
    """Ten years before a 29th of February there is none."""
    assert years_before(datetime(2036, 2, 29, 12, tzinfo=UTC), 10) == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert years_before(datetime(2036, 3, 1, 12, tzinfo=UTC), 10) == datetime(2026, 3, 1, 12, tzinfo=UTC)
