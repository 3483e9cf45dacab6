"""What the terms no longer keep ends: people in the vault, the bytes of statement files, and what nothing refers to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ledger import commands as c
from ledger import retention
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.erasing import ErasedAgain, erase_again
from ledger.iso20022.credit_transfer import CreditTransfer
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.jobs import run_every, up_to_date
from ledger.messages.incoming import take_in
from ledger.privacy.entropy import new_subject_id
from ledger.privacy.errors import VaultDown
from ledger.privacy.received import ReceivedMessages
from ledger.privacy.records import RecordKind
from ledger.privacy.subjects import NewSubject
from ledger.privacy.vault import Vault
from ledger.projections.audit_trail import erased_subjects, trail_of
from ledger.projections.transfers import TransferRow, transfer
from ledger.retention import Ended, end_what_is_due, what_is_due
from ledger.sandbox.generator import generate_transfers, group_of
from ledger.verify.verification import verify
from tests.integration.bank_messages import says, status_report
from tests.integration.serviced import facts, open_corridor, settings_of

NOTHING = Ended(0, 0, 0, 0, 0, 0)
TEN_YEARS = timedelta(days=3653)


@pytest.fixture
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: SetClock, corridor: str) -> Iterator[Service]:
    """A service with an open, funded corridor of this test alone."""
    folder = Path(tmp_path_factory.getbasetemp()) / "retention"
    with Service(settings_of(module_database_url, folder), clock=clock) as service:
        open_corridor(service, corridor)
        yield service


def sent(service: Service, corridor: str) -> list[CreditTransfer]:
    """Two transfers, taken in and dispatched; the first one is paid."""
    said = facts(with_release_condition=False)
    transfers = list(generate_transfers(5, 2, said))
    take_in(service, corridor, "abb", write_pacs008(group_of(5, 2, said), transfers))
    for command in (c.AcceptTransfer, c.PayTransfer):
        step = command(corridor=corridor, actor="psbc", idempotency_key=command.__name__, uetr=transfers[0].uetr)
        assert service.ledger(corridor).execute(step).refusal is None
    return transfers


def shown(service: Service, corridor: str, one: CreditTransfer) -> TransferRow:
    with up_to_date(service, corridor) as at:
        return transfer(at, one.uetr)


def test_ten_years_on_the_people_of_a_transfer_are_gone_and_its_books_stand(service: Service, corridor: str, clock: SetClock) -> None:
    """The paid one's, a day after its time and not before; the one on its way keeps its people. A second run finds nothing, and after a
    restore of the vault they are erased again."""
    paid, going = sent(service, corridor)
    digest = sha256(b"a statement that names Wei Shili").digest()
    service.pool.rows(
        "INSERT INTO reconciliation.files VALUES (%s, %s, %s, %s) RETURNING 1",
        (corridor, digest, b"a statement that names Wei Shili", clock()),
    )
    clock.advance(TEN_YEARS - timedelta(days=1))
    assert (what_is_due(service, corridor), end_what_is_due(service, corridor)) == (NOTHING, NOTHING)
    clock.advance(timedelta(days=1))
    assert what_is_due(service, corridor) == Ended(1, 2, 0, 1, 0, 0)
    assert end_what_is_due(service, corridor) == Ended(1, 2, 0, 1, 0, 0)
    assert end_what_is_due(service, corridor) == NOTHING
    gone, kept = shown(service, corridor, paid), shown(service, corridor, going)
    vault = service.vault
    assert [vault.subject_key(one) is None for one in (gone.debtor, gone.creditor, kept.debtor, kept.creditor)] == [
        True,
        True,
        False,
        False,
    ]
    assert service.pool.rows("SELECT digest, body FROM reconciliation.files WHERE corridor = %s", (corridor,)) == [(digest, b"")]
    with up_to_date(service, corridor) as at:
        [entry] = [entry for entry in trail_of(at, ids.retention_stream(corridor, paid.uetr)) if entry.topic == "Retention.Ended.v1"]
        assert erased_subjects(at) == [gone.debtor, gone.creditor]
    assert (entry.actor, entry.cause, entry.facts["years"]) == ("system:retention", "terms: retention_years", 10)
    assert erase_again(service, corridor) == ErasedAgain(2, (), 0)
    report = verify(service.pool, corridor)
    assert {name: rule.detail for name, rule in report.rules.items() if not rule.ok} == {}


def with_bytes(service: Service, corridor: str) -> list[str]:
    """The messages that can still be read back, by the code they were refused with or else by their kind."""
    came = ReceivedMessages(service.pool, service.vault).latest(corridor)
    known = service.vault.read_many([one.subject for one in came])
    return sorted(str(one.refused or one.message) for one in came if one.subject in known)


def unreadable(service: Service, corridor: str, data: bytes = b"no message, but a name: Wei Shili") -> None:
    with pytest.raises(UnreadableMessage):
        take_in(service, corridor, "abb", data)


def test_ten_years_on_a_message_has_no_bytes_but_for_transfers_that_go_on(service: Service, corridor: str, clock: SetClock) -> None:
    """One that nobody could read goes to the day. A file stays as long as the people of any transfer in it, and so does what was said of
    that transfer; a restored vault needs no list, since the same is due again."""
    _, going = sent(service, corridor)
    take_in(service, corridor, "psbc", status_report("ANSWER", says(going.uetr, "ACSP")))
    unreadable(service, corridor)
    clock.advance(four_weeks := timedelta(days=28))
    paid = c.PayTransfer(corridor=corridor, actor="psbc", idempotency_key="at last", uetr=going.uetr)
    assert service.ledger(corridor).execute(paid).refusal is None
    clock.advance(TEN_YEARS - four_weeks - timedelta(seconds=1))
    assert (what_is_due(service, corridor).messages, end_what_is_due(service, corridor).messages) == (0, 0)
    clock.advance(timedelta(seconds=1))
    assert (what_is_due(service, corridor), end_what_is_due(service, corridor)) == (Ended(1, 2, 1, 0, 0, 0), Ended(1, 2, 1, 0, 0, 0))
    assert with_bytes(service, corridor) == ["pacs.002", "pacs.008"]
    clock.advance(four_weeks - timedelta(seconds=1))
    assert (what_is_due(service, corridor), end_what_is_due(service, corridor)) == (NOTHING, NOTHING)
    clock.advance(timedelta(seconds=1))
    assert what_is_due(service, corridor) == Ended(1, 2, 2, 0, 0, 0)
    assert end_what_is_due(service, corridor) == Ended(1, 2, 2, 0, 0, 0)
    assert (with_bytes(service, corridor), end_what_is_due(service, corridor)) == ([], NOTHING)
    assert len(ReceivedMessages(service.pool, service.vault).latest(corridor)) == 3
    report = verify(service.pool, corridor)
    assert {name: rule.detail for name, rule in report.rules.items() if not rule.ok} == {}


def test_a_run_that_was_killed_between_two_pages_of_messages_is_gone_on_with(
    service: Service, corridor: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page ended stays ended; the next run ends the rest, and a message of yesterday stays."""
    for number in range(5):
        unreadable(service, corridor, f"no message {number}".encode())
    clock.advance(TEN_YEARS)
    unreadable(service, corridor, b"of today")
    monkeypatch.setattr(retention, "PAGE", 2)
    erase_many, asked = Vault.erase_many, iter(range(9))

    def killed(*said: Any, at: datetime) -> Any:
        if next(asked) == 1:
            raise VaultDown("The vault's database does not answer; try again in a moment.")
        return erase_many(*said, at=at)

    with monkeypatch.context() as once, pytest.raises(VaultDown):
        once.setattr(Vault, "erase_many", killed)
        end_what_is_due(service, corridor)
    assert (len(with_bytes(service, corridor)), what_is_due(service, corridor).messages) == (4, 3)
    assert (end_what_is_due(service, corridor), len(with_bytes(service, corridor))) == (Ended(0, 0, 3, 0, 0, 0), 1)


def test_a_page_that_the_ledger_keeps_holds_up_nobody_behind_it(
    service: Service, corridor: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two transfers whose time has come, the ledger keeps the people of the first: those of the second end in the same run."""
    first, second = sent(service, corridor)
    for command in (c.AcceptTransfer, c.PayTransfer):
        step = command(corridor=corridor, actor="psbc", idempotency_key=f"second {command.__name__}", uetr=second.uetr)
        assert service.ledger(corridor).execute(step).refusal is None
    clock.advance(TEN_YEARS)
    end = retention._end
    monkeypatch.setattr(retention, "PAGE", 1)
    monkeypatch.setattr(retention, "_end", lambda *asked: asked[2].uetr != first.uetr and end(*asked))
    ended = end_what_is_due(service, corridor)
    assert (ended.transfers, ended.subjects) == (1, 2)
    kept, gone = shown(service, corridor, first), shown(service, corridor, second)
    assert [service.vault.subject_key(row.debtor) is None for row in (kept, gone)] == [False, True]


def test_what_nothing_names_is_swept_and_what_passed_is_forgotten(service: Service, corridor: str, clock: SetClock) -> None:
    """Subjects of transfers stay, a subject that no command ever named goes, and so does a nonce that is too old to be taken again."""
    first, second = (shown(service, corridor, one) for one in sent(service, corridor))
    orphan = new_subject_id(service.entropy)
    service.vault.store_subjects([NewSubject(orphan, {RecordKind.REFERENCE: {"reasons": "never asked"}})])
    service.pool.rows("INSERT INTO access.nonces VALUES (%s, %s) RETURNING 1", (corridor.encode(), clock()))
    # By the database's own clock all of them are new, so none would be looked at for a day.
    assert end_what_is_due(service, corridor) == Ended(0, 0, 0, 0, 0, 1)
    assert end_what_is_due(service, corridor, orphans_after=timedelta(0)) == Ended(0, 0, 0, 0, 1, 0)
    assert service.vault.subject_key(orphan) is None
    assert [service.vault.subject_key(one) is None for row in (first, second) for one in (row.debtor, row.creditor)] == [False] * 4


def test_a_service_ends_what_is_due_once_a_day(service: Service, corridor: str, clock: SetClock) -> None:
    """Beside the jobs of each minute; on the next day again."""
    days: list[str] = []
    rounds = iter(range(4))

    class Passing(Event):
        """Lets half a day go by instead of waiting."""

        def wait(self, timeout: float | None = None) -> bool:
            clock.advance(timedelta(hours=12))
            if next(rounds) == 3:
                self.set()
            return True

    def daily(_service: Service, code: str) -> None:
        if code == corridor:
            days.append(clock().date().isoformat())

    run_every(service, 60, Passing(), daily)
    assert days == ["2026-03-27", "2026-03-28"]
