"""Every command that a bank signed leaves evidence beside its receipt, which proves who asked for what; a changed byte of it is found."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ledger import commands as c
from ledger.domain import ids
from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.evidence import evidence_of
from ledger.eventstore.records import Evidence
from ledger.evidence_shown import EvidenceShown, evidence_of_trail
from ledger.privacy.records import RecordKind
from ledger.projections.audit_trail import trail
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from ledger.verify import verify
from tests.acceptance.conftest import LISTED, ServedCorridor, told, transfer, uetr
from tests.acceptance.test_files_of_messages import plain, send
from tests.acceptance.test_rates_and_terms import publish, rows
from tests.integration.projected import as_owner

WITH_RANDOM = {"random": "Jv8PMhGbY7nTgKYiFJlHqw"}


def shown(served: ServedCorridor, of: str = uetr(1)) -> list[EvidenceShown]:
    """The evidence of a transfer's trail, verified anew."""
    ledger = served.service.ledger(served.corridor)
    Runner(ledger.log_store).catch_up()
    with snapshot(served.service.pool, served.corridor) as at:
        return evidence_of_trail(ledger, trail(at, UUID(of)))


def told_of(evidence: list[EvidenceShown]) -> list[tuple[str, str, str | None, str | None, str | None]]:
    return [(one.actor, one.what, one.key_id, one.wrong, one.body) for one in evidence]


def kept(served: ServedCorridor, actor: str, key: str) -> Evidence | None:
    """What is kept of the command with this idempotency key."""
    command = ids.command_id(served.corridor, actor, key)
    return evidence_of(served.service.pool, served.corridor, [command]).get(command)


def test_each_step_of_a_transfer_can_be_laid_at_its_bank_s_door(served: ServedCorridor) -> None:
    """Sent, accepted, paid: signed by whom, when, what, and every signature and digest verifies from what is stored."""
    told(served.post("abb", "/transfers", transfer(**WITH_RANDOM), "t1"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1"), 200)
    served.clock.advance(timedelta(minutes=1))
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {"cause": "counter-4"}, "p1"), 200)
    evidence = shown(served)
    assert told_of(evidence) == [
        ("abb", "Transfer.Initiated", "abb", None, "verifies"),
        ("psbc", "Transfer.Accepted", "psbc", None, "verifies"),
        ("psbc", "Transfer.Paid", "psbc", None, "verifies"),
    ]
    paid = evidence[2]
    assert (paid.target, f"{paid.created:%H:%M}", paid.ok) == (f"POST {served.path(f'/transfers/{uetr(1)}/pay')}", "09:01", True)
    assert paid.base is not None
    assert [line.partition(": ")[0] for line in paid.base.split("\n")] == [
        '"@method"', '"@target-uri"', '"content-type"', '"content-digest"', '"idempotency-key"', '"@signature-params"',
    ]  # fmt: skip


def test_a_body_with_people_in_it_is_gone_with_either_of_them(served: ServedCorridor) -> None:
    """The signature still verifies; the body is said to be erased, and what is left of it tells nothing."""
    for number, erased in ((1, "debtor"), (2, "creditor")):
        told(served.post("abb", "/transfers", transfer(number, **WITH_RANDOM), f"t{number}"), 201)
        evidence = kept(served, "abb", f"t{number}")
        assert evidence is not None
        assert (evidence.body, evidence.body_with is None, evidence.body_and is None) == (None, False, False)
        keepers = {"debtor": evidence.body_with, "creditor": evidence.body_and}
        vault = served.service.vault
        assert keepers[erased] is not None
        vault.erase(keepers[erased], served.clock())
        left = next(subject for role, subject in keepers.items() if role != erased and subject is not None)
        assert b"Yasmina" not in vault.read(left)[RecordKind.BODY]
        assert told_of(shown(served, uetr(number))) == [("abb", "Transfer.Initiated", "abb", None, "body erased")]


def test_nothing_personal_stands_in_what_is_kept_for_good(served: ServedCorridor) -> None:
    """Neither in the base nor in clear beside it."""
    told(served.post("abb", "/transfers", transfer(debtor=LISTED), "t1"), 201)
    opinion = {"opinion": "clear", "reasons": "Namesake, said Yasmina."}
    told(served.post("officer:amina", f"/cases/hold-{uetr(1)}/opinions", opinion, "o1"), 201)
    for actor, key in (("abb", "t1"), ("officer:amina", "o1")):
        evidence = kept(served, actor, key)
        assert evidence is not None
        assert not any(word in evidence.base + (evidence.body or b"") for word in (b"Qasmir", b"Yasmina", b"Wei Shili"))
    assert told_of(shown(served))[-1] == ("officer:amina", "ComplianceCase.OpinionGiven", "officer:amina", None, "verifies")


def test_a_code_shown_at_a_counter_stands_nowhere_in_clear(served: ServedCorridor) -> None:
    """The body of a payment is sealed."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {"identity_checked": True, "code": "0123456789"}, "p1"), 200)
    evidence = kept(served, "psbc", "p1")
    assert evidence is not None and evidence.body is not None
    assert b"0123456789" not in evidence.body + evidence.base
    assert told_of(shown(served))[-1] == ("psbc", "Transfer.Paid", "psbc", None, "verifies")


def test_a_file_is_the_evidence_of_its_transfers(served: ServedCorridor) -> None:
    """Who signed it stands with each of them; the file itself is in the vault, as it came."""
    answer = send(served, plain(3), "f1", Accept="application/json")
    [first, *_] = told(answer, 200)["transfers"]
    [evidence, *_] = shown(served, first["uetr"])
    assert (evidence.key_id, evidence.target, evidence.wrong, evidence.body) == (
        "abb", f"POST {served.path('/messages')}", None, "verifies",
    )  # fmt: skip


def test_a_rate_sheet_is_signed_too(served: ServedCorridor) -> None:
    """Its own command and the key that was bound to it."""
    told(publish(served, "abb", rows(9.3, "2026-03-27T08:30:00"), "s1"), 201)
    assert kept(served, "abb", "s1") is not None
    report = verify(served.service.pool, served.corridor)
    assert (report.rules["I9"].ok, report.rules["I9"].checked) == (True, served.head() + 2)


def test_what_was_refused_by_a_rule_was_asked_for_all_the_same(served: ServedCorridor) -> None:
    """Its receipt has its evidence; no event does."""
    told(served.post("abb", f"/transfers/{uetr(9)}/cancel", {}, "c1"), 404)
    assert kept(served, "abb", "c1") is not None


def test_who_was_not_let_in_leaves_nothing(served: ServedCorridor) -> None:
    """Neither a receipt nor evidence."""
    served.register("abb-reports", "abb", may=("read",))
    refused = served.client.post(
        served.path("/transfers"), json=transfer(), headers={"Idempotency-Key": '"t1"'}, auth=served.signer("abb", "abb-reports")
    )
    told(refused, 403)
    assert kept(served, "abb", "t1") is None


def test_a_repeat_adds_no_evidence_and_changes_none(served: ServedCorridor) -> None:
    """The first signed request is the one that had the effect."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    first = kept(served, "abb", "t1")
    served.clock.advance(timedelta(seconds=30))
    assert served.post("abb", "/transfers", transfer(), "t1").headers["Idempotent-Replayed"] == "true"
    assert kept(served, "abb", "t1") == first


def test_what_nobody_signed_says_so(served: ServedCorridor) -> None:
    """A command of our own jobs or of the command line."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    served.ask(c.AcceptTransfer(**served.said("psbc", "by hand"), uetr=UUID(uetr(1))))
    assert told_of(shown(served))[-1] == ("psbc", "Transfer.Accepted", None, None, None)


def test_evidence_stays_good_when_its_key_is_revoked_or_has_ended(served: ServedCorridor) -> None:
    """It was in force when the request was made; what is signed by it afterwards would not pass."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    served.clock.advance(timedelta(minutes=1))
    for person in ("operator:ops", "officer:bo"):
        served.ask(c.RevokeKey(**served.said(person, "revoke"), key_id="abb", reason="lost"))
    served.clock.advance(timedelta(days=400))
    assert told_of(shown(served)) == [("abb", "Transfer.Initiated", "abb", None, "verifies")]
    assert verify(served.service.pool, served.corridor).rules["I9"].ok


# Tampering


def change(served: ServedCorridor, statement: str, **values: Any) -> None:
    """What an owner of the database can do once the triggers are out of the way."""
    owner = as_owner(served.service.owner_url)
    with closing(owner.raw.connection):
        owner.execute("BEGIN")
        owner.execute("ALTER TABLE ledger.evidence DISABLE TRIGGER append_only")
        owner.execute(statement, {"corridor": served.corridor, **values})
        owner.execute("ALTER TABLE ledger.evidence ENABLE ALWAYS TRIGGER append_only")
        owner.execute("COMMIT")


SOME = "WHERE corridor = %(corridor)s AND command = %(command)s"


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("UPDATE ledger.evidence SET base = set_byte(base, 3, 65)", "cannot be read|does not verify"),
        ("UPDATE ledger.evidence SET base = set_byte(base, 60, 65)", "does not verify"),
        ("UPDATE ledger.evidence SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1)", "does not verify"),
        (
            "UPDATE ledger.evidence SET (base, signature) = (SELECT base, signature FROM ledger.evidence WHERE command = %(other)s)",
            "asked for another command",
        ),
    ],
)
def test_a_changed_byte_of_evidence_is_found(served: ServedCorridor, statement: str, detail: str) -> None:
    """By the verification of the log, at the position of the receipt, and by whoever looks at the trail."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    position = served.head()
    told(served.post("abb", "/transfers", transfer(2), "t2"), 201)
    commands = {name: str(ids.command_id(served.corridor, "abb", key)) for name, key in (("command", "t1"), ("other", "t2"))}
    change(served, f"{statement} {SOME}", **commands)
    rule = verify(served.service.pool, served.corridor).rules["I9"]
    assert (rule.ok, rule.first_break) == (False, position)
    [one] = shown(served)
    assert one.wrong is not None and not one.ok
    for found in (rule.detail, one.wrong):
        assert any(words in found for words in detail.split("|")), found


def test_a_changed_body_is_found(served: ServedCorridor) -> None:
    """Sealed beside the signature, or kept by the vault: it does not open, or is not the one that was signed."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1"), 200)
    command = str(ids.command_id(served.corridor, "psbc", "a1"))
    change(served, f"UPDATE ledger.evidence SET body = set_byte(body, 13, get_byte(body, 13) # 1) {SOME}", command=command)
    assert [(one.body, one.ok) for one in shown(served)] == [("verifies", True), ("body differs", False)]


def test_evidence_without_its_receipt_is_named(served: ServedCorridor) -> None:
    """One that was made up for a command nobody asked for."""
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    change(
        served,
        "INSERT INTO ledger.evidence (corridor, command, base, signature) "
        "SELECT corridor, gen_random_uuid(), base, signature FROM ledger.evidence WHERE corridor = %(corridor)s",
    )
    rule = verify(served.service.pool, served.corridor).rules["I9"]
    assert (rule.ok, rule.first_break, "belongs to no receipt" in rule.detail) == (False, served.head() + 1, True)


def test_evidence_commits_with_its_receipt_or_not_at_all(served: ServedCorridor) -> None:
    """A commit that the database refuses keeps neither; sent again, it keeps both."""
    owner = as_owner(served.service.owner_url)
    with closing(owner.raw.connection):
        refuse: PostgresCursor = owner
        refuse.execute("ALTER TABLE ledger.evidence ADD CONSTRAINT nothing_more CHECK (corridor <> %(corridor)s) NOT VALID",
                       {"corridor": served.corridor})  # fmt: skip
        try:
            before = served.head()
            told(served.post("abb", "/transfers", transfer(), "t1"), 503)
            ledger = served.service.ledger(served.corridor)
            assert (served.head(), ledger.log_store.receipt(ids.receipt_digest("abb", "t1")), kept(served, "abb", "t1")) == (
                before,
                None,
                None,
            )
        finally:
            refuse.execute("ALTER TABLE ledger.evidence DROP CONSTRAINT nothing_more")
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)
    assert told_of(shown(served)) == [("abb", "Transfer.Initiated", "abb", None, "verifies")]
