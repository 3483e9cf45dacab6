"""Whoever is erased is erased from the messages that named them, too; everybody else's records stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from ledger.bootstrap import Service
from ledger.erasing import ErasedAgain, Erasure, erase_again, erase_person
from ledger.evidence_shown import messages_of_trail
from ledger.iso20022.credit_transfer import Product
from ledger.jobs import up_to_date
from ledger.messages.incoming import take_in
from ledger.privacy.errors import VaultDown
from ledger.privacy.received import ReceivedMessages
from ledger.privacy.records import RecordKind
from ledger.privacy.vault import Vault
from ledger.projections.audit_trail import trail
from ledger.projections.transfers import transfer
from tests.integration.bank_messages import file_of, says, states, status_report
from tests.integration.serviced import friday_clock, open_corridor, settings_of


@pytest.fixture
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory, corridor: str) -> Iterator[Service]:
    """A service with an open, funded corridor of this test alone."""
    folder = Path(tmp_path_factory.getbasetemp()) / "erasing-messages"
    with Service(settings_of(module_database_url, folder), clock=friday_clock()) as service:
        open_corridor(service, corridor)
        yield service


def sent(service: Service, corridor: str) -> list[UUID]:
    """Two transfers in one file, one in another; the creditor agent answered the first one of each by a message of its own."""
    uetrs = []
    for seed, products in ((21, (Product.ACCOUNT_TO_ACCOUNT, Product.ACCOUNT_TO_ACCOUNT)), (22, (Product.ACCOUNT_TO_ACCOUNT,))):
        data, transfers = file_of(*products, seed=seed)
        take_in(service, corridor, "abb", data)
        take_in(service, corridor, "psbc", status_report(f"ANSWER-{seed}", says(transfers[0].uetr, "ACSP")))
        uetrs.extend(one.uetr for one in transfers)
    assert states(service, corridor, uetrs) == ["accepted", "dispatched", "accepted"]
    return uetrs


def parties(service: Service, corridor: str, uetr: UUID) -> tuple[UUID, UUID]:
    with up_to_date(service, corridor) as at:
        row = transfer(at, uetr)
    return row.debtor, row.creditor


def readable(service: Service, corridor: str) -> set[tuple[str, str]]:
    """Sender and kind of each message that still has its bytes."""
    kept = ReceivedMessages(service.pool, service.vault).latest(corridor)
    found = service.vault.read_many([one.subject for one in kept])
    return {(str(one.message), str(one.message_id)) for one in kept if RecordKind.MESSAGE in found.get(one.subject, {})}


def by(service: Service, corridor: str, officer: str, subject: UUID) -> Erasure:
    return erase_person(service, corridor, subject, actor=f"officer:{officer}", reason="subject_request", key=f"{officer}-{subject}")


def test_erasing_a_person_takes_the_messages_that_named_them(service: Service, corridor: str) -> None:
    """The file they came in and what the other bank said of their transfer; not before the second officer. Another transfer of the same
    file keeps both its people, and another file its bytes. Asked again, the same is told."""
    first, second, other = sent(service, corridor)
    with up_to_date(service, corridor) as at:
        named, kept = (
            {(str(m.message), str(m.message_id)) for m in messages_of_trail(service, corridor, trail(at, u))} for u in (first, other)
        )
    assert (len(named), len(kept), readable(service, corridor)) == (2, 2, named | kept)
    debtor, creditor = parties(service, corridor, first)
    proposed = by(service, corridor, "amina", debtor)
    assert (proposed.answer.result, proposed.messages, readable(service, corridor)) == (
        {"subject": str(debtor), "erased": False}, (), named | kept,
    )  # fmt: skip

    erased = by(service, corridor, "bao", debtor)

    assert erased.answer.result == {"subject": str(debtor), "erased": True}
    assert {(one.message, one.message_id) for one in erased.messages} == named
    assert readable(service, corridor) == kept
    known = service.vault.read_many([debtor, creditor, *parties(service, corridor, second), *parties(service, corridor, other)])
    assert set(known) == {creditor, *parties(service, corridor, second), *parties(service, corridor, other)}
    again = by(service, corridor, "bao", debtor)
    assert (again.answer.replayed, again.messages) == (True, erased.messages)
    assert erase_again(service, corridor) == ErasedAgain(1, (), 0)


def test_the_creditor_is_named_in_them_as_well(service: Service, corridor: str) -> None:
    """A message names both."""
    first, _, _ = sent(service, corridor)
    _, creditor = parties(service, corridor, first)
    by(service, corridor, "amina", creditor)
    assert [one.message for one in by(service, corridor, "bao", creditor).messages] == ["pacs.008", "pacs.002"]


def test_what_a_crash_left_is_erased_again(service: Service, corridor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log says that the person was erased; person and messages go together, or neither does."""
    first, _, _ = sent(service, corridor)
    debtor, _ = parties(service, corridor, first)
    by(service, corridor, "amina", debtor)
    before = readable(service, corridor)
    with monkeypatch.context() as crashed, pytest.raises(VaultDown):
        crashed.setattr(Vault, "erase_many", _is_down)
        by(service, corridor, "bao", debtor)
    assert (readable(service, corridor), service.vault.subject_key(debtor) is None) == (before, False)
    assert erase_again(service, corridor) == ErasedAgain(1, (debtor,), 2)
    assert len(before - readable(service, corridor)) == 2


def test_what_comes_later_about_an_erased_person_goes_as_well(service: Service, corridor: str) -> None:
    """The other bank goes on telling of the transfer; the next run of the job reaches that message."""
    _, second, _ = sent(service, corridor)
    debtor, _ = parties(service, corridor, second)
    for officer in ("amina", "bao"):
        by(service, corridor, officer, debtor)
    take_in(service, corridor, "psbc", status_report("LATER", says(second, "ACSP")))
    assert ("pacs.002", "LATER") in readable(service, corridor)
    assert erase_again(service, corridor) == ErasedAgain(1, (), 1)
    assert ("pacs.002", "LATER") not in readable(service, corridor)
    assert states(service, corridor, [second]) == ["accepted"]


def _is_down(*_: object, **__: object) -> None:
    raise VaultDown("The vault's database does not answer; try again in a moment.")
