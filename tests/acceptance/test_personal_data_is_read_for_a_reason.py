"""Personal data: whoever is shown it stands in the log first, and erasing a person takes two officers and leaves an event."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from ledger.answers import Answer
from ledger.erasing import ErasedAgain, erase_again, erase_person
from ledger.personal_data import read_parties
from ledger.privacy.errors import SubjectUnknown, VaultDown
from ledger.privacy.vault import Vault
from ledger.projections.audit_trail import erased_subjects
from ledger.projections.rebuild import rebuild
from ledger.projections.snapshot import snapshot
from ledger.projections.transfers import transfer as transfer_row
from tests.acceptance.conftest import LISTED, ServedCorridor, told, uetr
from tests.acceptance.people import Browser

HOLD = f"hold-{uetr(1)}"
UETR = UUID(uetr(1))


def readings(console: ServedCorridor) -> list[tuple[str, dict[str, Any]]]:
    """Who read what for which reason, as the trail tells an officer."""
    trail = told(console.get("officer:bo", f"/transfers/{UETR}/trail", at_least=console.head()), 200)
    return [(step["actor"], step["facts"]) for step in trail["steps"] if step["event"] == "PersonalData.Read.v1"]


def subjects(console: ServedCorridor) -> tuple[UUID, UUID]:
    told(console.get("officer:bo", f"/transfers/{UETR}", at_least=console.head()), 200)
    with snapshot(console.service.pool, console.corridor) as at:
        row = transfer_row(at, UETR)
    return row.debtor, row.creditor


def erase(console: ServedCorridor, subject: UUID, officer: str, key: str) -> Answer:
    return erase_person(console.service, console.corridor, subject, actor=officer, reason="retention_ended", key=key).answer


def test_an_officer_is_shown_the_people_of_a_case_and_the_log_says_so(console: ServedCorridor, browser: Browser) -> None:
    """Names on the page; in the log the subjects, the officer and the case, and no name."""
    browser.sign_in("amina", f"/console/corridors/{console.corridor}/cases/{HOLD}")
    before = console.head()
    form = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', browser.text[browser.text.index("The people") :]))
    page = browser.send(f"/console/corridors/{console.corridor}/transfers/{UETR}/parties", **form)
    shown = dict(re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', page.text))
    assert (page.status_code, unescape(shown["name"]), "Qasmir Volnadi" in page.text) == (200, "Wei Shili", True)
    debtor, creditor = subjects(console)
    assert readings(console) == [
        ("officer:amina", {"uetr": str(UETR), "subjects": [str(debtor), str(creditor)], "reason": "case", "case": HOLD})
    ]
    rows = console.service.ledger(console.corridor).log_store.read_page(before, 100)
    assert not any(LISTED["name"].encode() in row.state for row in rows)


def test_a_bank_is_not_told_who_looked(console: ServedCorridor) -> None:
    """Neither in the trail nor in the state of its transfer."""
    read_parties(console.service.ledger(console.corridor), UETR, actor="operator:ops", reason="complaint")
    trail = told(console.get("abb", f"/transfers/{UETR}/trail", at_least=console.head()), 200)
    assert [step["event"] for step in trail["steps"]] == ["Transfer.Initiated.v1"]


@pytest.mark.parametrize("person", ["noor", "omar"])
def test_the_console_shows_people_to_officers_only(console: ServedCorridor, browser: Browser, person: str) -> None:
    """No form, and no way without it; nothing is written."""
    browser.sign_in(person, f"/console/corridors/{console.corridor}/cases/{HOLD}")
    assert "show-parties" not in browser.text
    page = browser.send(f"/console/corridors/{console.corridor}/transfers/{UETR}/parties", csrf=browser.csrf(), reason="complaint")
    assert (page.status_code, LISTED["name"] in page.text, readings(console)) == (403, False, [])


def test_each_look_is_an_event_of_its_own(console: ServedCorridor, browser: Browser) -> None:
    """A form that is sent twice shows twice, and stands there twice."""
    browser.sign_in("amina")
    csrf = browser.csrf()
    for _ in range(2):
        browser.send(f"/console/corridors/{console.corridor}/transfers/{UETR}/parties", csrf=csrf, reason="complaint")
    assert [(actor, facts["reason"], facts["case"]) for actor, facts in readings(console)] == [("officer:amina", "complaint", "")] * 2


def test_a_case_of_another_transfer_is_no_reason(console: ServedCorridor, browser: Browser) -> None:
    """The log refuses, so nothing is shown."""
    browser.sign_in("amina")
    page = browser.send(
        f"/console/corridors/{console.corridor}/transfers/{UETR}/parties", csrf=browser.csrf(), reason="case", case=f"hold-{uetr(2)}"
    )
    assert (page.status_code, browser.shown("detail"), readings(console)) == (404, f"There is no case 'hold-{uetr(2)}'.", [])


def test_nothing_is_shown_when_the_log_cannot_be_written(
    console: ServedCorridor, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault is not even asked before the event is durable."""
    browser.sign_in("amina")
    csrf = browser.csrf()
    order: list[str] = []
    ledger = console.service.ledger(console.corridor)
    execute, read_many = ledger.execute, Vault.read_many
    monkeypatch.setattr(ledger, "execute", lambda *command: order.append("log") or execute(*command))
    monkeypatch.setattr(Vault, "read_many", lambda *asked: order.append("vault") or read_many(*asked))
    browser.send(f"/console/corridors/{console.corridor}/transfers/{UETR}/parties", csrf=csrf, reason="complaint")
    assert order == ["log", "vault"]


def test_two_officers_erase_a_person(console: ServedCorridor) -> None:
    """The first proposes, cannot agree with itself, the second erases; the log still tells the transfer's life."""
    debtor, creditor = subjects(console)
    assert (erase(console, debtor, "officer:amina", "e1").result) == {"subject": str(debtor), "erased": False}
    alone = erase(console, debtor, "officer:amina", "e2")
    assert alone.refusal is not None and alone.refusal["code"] == "second-officer-needed"
    assert console.service.vault.subject_key(debtor) is not None
    assert erase(console, debtor, "officer:bo", "e1").result == {"subject": str(debtor), "erased": True}
    shown = read_parties(console.service.ledger(console.corridor), UETR, actor="operator:ops", reason="complaint").parties
    assert [(party.role, party.subject, party.known, sorted(party.fields)) for party in shown] == [
        ("debtor", debtor, False, []),
        ("creditor", creditor, True, ["account", "country", "name", "native_name", "town"]),
    ]
    assert console.get("officer:bo", f"/transfers/{UETR}", at_least=console.head()).status_code == 200
    with snapshot(console.service.pool, console.corridor) as at:
        assert erased_subjects(at) == [debtor]


def test_a_person_that_the_log_says_was_erased_is_erased_again(console: ServedCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash between log and vault: the same command again, or the list of the log, finishes it."""
    debtor, creditor = subjects(console)
    ledger = console.service.ledger(console.corridor)
    for subject in (debtor, creditor):
        erase(console, subject, "officer:amina", f"propose {subject}")
    with monkeypatch.context() as crashed:
        crashed.setattr(Vault, "erase_many", _is_down)
        for subject in (debtor, creditor):
            with pytest.raises(VaultDown):
                erase(console, subject, "officer:bo", f"agree {subject}")
    assert {subject: ledger.vault.subject_key(subject) is None for subject in (debtor, creditor)} == {debtor: False, creditor: False}
    assert erase(console, debtor, "officer:bo", f"agree {debtor}").replayed
    assert erase_again(console.service, console.corridor) == ErasedAgain(2, (creditor,), 0)
    assert ledger.vault.read_many([debtor, creditor]) == {}


def _is_down(*_: object, **__: object) -> None:
    raise VaultDown("The vault's database does not answer; try again in a moment.")


def test_whom_the_vault_never_knew_nobody_erases(console: ServedCorridor) -> None:
    """A mistyped id leaves nothing in the log."""
    before = console.head()
    with pytest.raises(SubjectUnknown):
        erase(console, UUID(int=7), "officer:amina", "e1")
    assert console.head() == before


def test_the_index_of_readings_outlives_a_rebuild(console: ServedCorridor) -> None:
    """Without it each trail would go through all trails."""
    found = "SELECT indexname FROM pg_indexes WHERE schemaname = 'projections' AND indexdef LIKE '%%PersonalData.Read.v1%%'"
    rebuild(console.service.pool)
    assert console.service.pool.rows(found, ()) == [("audit_trail_readings",)]
