"""Public keys: let in by two people, two at a time, followed by others, taken out at once by one and for good by two."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger import commands as c
from ledger.domain import ids
from ledger.domain import signing_key_events as events_of
from ledger.domain.aggregate import Decision
from ledger.domain.permissions import PERMISSIONS, permissions_of
from ledger.domain.signing_keys import SigningKeys
from ledger.errors import (
    KeyAlgorithmUnknown,
    KeyIdTaken,
    KeyInvalid,
    KeysOverlap,
    KeyStepOutOfOrder,
    KeyUnknown,
    KeyWeak,
    NotPermitted,
    PermissionUnknown,
    PublicKeyTaken,
    SecondOfficerNeeded,
    UnknownParticipant,
)
from tests.unit.corridor_fixtures import (
    ABB,
    AMINA,
    BAO,
    CORRIDOR,
    DEADLINES,
    ED25519_KEYS,
    NOW,
    OPERATOR,
    P256_KEY,
    PSBC,
    SETTLEMENT_BANK,
    approve_key,
    ask,
    register_key,
)
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, opened

STREAM = ids.keys_stream(CORRIDOR)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
FIRST, SECOND, THIRD, FOURTH = ED25519_KEYS
FACTS: dict[str, Any] = {
    "key_id": "abb-1",
    "principal": ABB,
    "algorithm": "ed25519",
    "public_key": FIRST,
    "valid_from": NOW,
    "valid_until": NOW + YEAR,
    "permissions": ("initiate", "pay", "rates", "treasury", "read", "statements"),
}


def decided(command: c.Command, at: datetime = NOW) -> Decision:
    return Decision(at, command.actor, command.id, command.cause, 1)


def rotate(actor: str = OPERATOR, **changes: Any) -> c.RotateKey:
    said = {
        "key_id": "abb-2",
        "replaces": "abb-1",
        "public_key": SECOND,
        "valid_from": NOW,
        "valid_until": NOW + YEAR,
        "replaced_until": NOW + 7 * DAY,
    }
    return ask(c.RotateKey, actor, key=f"rotate {changes}", **(said | changes))


def revoke(actor: str, key: str = "") -> c.RevokeKey:
    return ask(c.RevokeKey, actor, key=key, key_id="abb-1", reason="lost")


def lift(actor: str) -> c.LiftKeySuspension:
    return ask(c.LiftKeySuspension, actor, key_id="abb-1", reason="found")


def decline(actor: str) -> c.DeclineKey:
    return ask(c.DeclineKey, actor, key_id="abb-1", reason="not theirs")


def registered() -> MemoryLedger:
    """Abb's first key is in force."""
    return opened().given(register_key(), approve_key())


def keys(ledger: MemoryLedger) -> SigningKeys:
    found = ledger.find(STREAM)
    assert isinstance(found, SigningKeys)
    return found


def state(ledger: MemoryLedger, key_id: str = "abb-1") -> str:
    return keys(ledger).keys[key_id].state


# Letting in


def test_one_person_proposes_and_another_lets_in() -> None:
    """The proposal signs nothing; the registration states the whole key and both people."""
    ledger, proposal, approval = opened(), register_key(), approve_key()
    assert ledger.when(proposal) == events(
        STREAM,
        [fact(events_of.SigningKeysBegun, decided(proposal)), fact(events_of.SigningKeyProposed, decided(proposal), **FACTS)],
    )
    assert (keys(ledger).keys, list(keys(ledger).proposals)) == ({}, ["abb-1"])
    assert ledger.when(approval) == events(
        STREAM, [fact(events_of.SigningKeyRegistered, decided(approval), **FACTS, people=(OPERATOR, AMINA))], after=2
    )
    assert keys(ledger).keys == {"abb-1": events_of.SigningKey(**FACTS, people=(OPERATOR, AMINA), registered_at=NOW)}
    assert keys(ledger).proposals == {}


def test_the_same_proposal_again_changes_nothing() -> None:
    """Whether it still waits or was approved meanwhile."""
    ledger = opened().given(register_key())
    assert ledger.run(register_key(key="again")) == {"key_id": "abb-1", "state": "proposed", "changed": False}
    ledger.given(approve_key())
    assert ledger.run(register_key(key="and again")) == {"key_id": "abb-1", "state": "in force", "changed": False}


@pytest.mark.parametrize("actor", [OPERATOR, "officer:karim"], ids=["the same name", "the same person in another role"])
def test_nobody_lets_in_what_they_proposed(actor: str) -> None:
    """An operator who is an officer too is still one person."""
    opened().given(register_key()).refuses(approve_key(actor), SecondOfficerNeeded, "actor", actor)


def test_who_approves_brings_the_key_too() -> None:
    """A proposal of another key than the owner's is noticed by the second person, not waved through."""
    opened().given(register_key()).refuses(approve_key(public_key=SECOND), KeyInvalid, "public_key", "abb-1")


def test_a_declined_proposal_leaves_its_id_and_its_key_free() -> None:
    """Either person may decline."""
    ledger, command = opened().given(register_key()), decline(OPERATOR)
    assert ledger.when(command) == events(
        STREAM, [fact(events_of.SigningKeyDeclined, decided(command), key_id="abb-1", reason="not theirs")], after=2
    )
    ledger.refuses(approve_key(), KeyUnknown, "key_id", "abb-1")
    ledger.given(register_key(key="once more"), approve_key(key="once more"))


def test_a_first_key_that_is_refused_begins_nothing() -> None:
    """The stream of a corridor's keys begins with a key that can be let in."""
    ledger = opened()
    ledger.refuses(register_key(public_key="ab" * 32), KeyInvalid, "public_key", "")
    assert ledger.find(STREAM) is None


@pytest.mark.parametrize(
    ("changes", "refusal", "field", "value"),
    [
        ({"public_key": FIRST[:-2]}, KeyInvalid, "public_key", ""),
        ({"public_key": "01" + "00" * 31}, KeyWeak, "public_key", ""),
        ({"algorithm": "rsa-v1_5-sha256"}, KeyAlgorithmUnknown, "algorithm", "rsa-v1_5-sha256"),
        ({"algorithm": "ecdsa-p256-sha256"}, KeyInvalid, "public_key", ""),
        ({"valid_until": NOW}, KeyInvalid, "valid_until", "2026-03-27T09:00:00+00:00"),
        ({"valid_from": NOW - YEAR, "valid_until": NOW}, KeyInvalid, "valid_until", "2026-03-27T09:00:00+00:00"),
        ({"valid_until": NOW + 1099 * DAY}, KeyInvalid, "valid_until", "2029-03-30T09:00:00+00:00"),
        ({"principal": "bcp"}, UnknownParticipant, "principal", "bcp"),
        ({"principal": "officer:"}, UnknownParticipant, "principal", "officer:"),
        ({"principal": DEADLINES}, UnknownParticipant, "principal", DEADLINES),
        ({"permissions": ()}, PermissionUnknown, "permissions", ""),
        ({"permissions": ("read", "fly")}, PermissionUnknown, "permissions", "fly"),
        ({"permissions": ("decide",)}, PermissionUnknown, "permissions", "decide"),
        ({"principal": AMINA, "permissions": ("pay",)}, PermissionUnknown, "permissions", "pay"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_cannot_be_a_key_of_its_owner_is_refused_by_name(
    changes: dict[str, Any], refusal: type[KeyInvalid], field: str, value: str
) -> None:
    """The material, the time, the owner, and what it may do."""
    opened().refuses(register_key(**changes), refusal, field, value)


@pytest.mark.parametrize(
    "changes",
    [{"public_key": SECOND}, {"principal": PSBC}, {"valid_until": NOW + DAY}, {"permissions": ("read",)}],
    ids=["another key", "another owner", "another time", "another use"],
)
def test_a_key_id_stands_for_one_key_for_good(changes: dict[str, Any]) -> None:
    """While it is proposed, in force, and after it was revoked."""
    ledger = opened().given(register_key())
    ledger.refuses(register_key(key="1", **changes), KeyIdTaken, "key_id", "abb-1")
    ledger.given(approve_key())
    ledger.refuses(register_key(key="2", **changes), KeyIdTaken, "key_id", "abb-1")
    ledger.given(revoke(AMINA), revoke(BAO))
    ledger.refuses(register_key(key="3", **changes), KeyIdTaken, "key_id", "abb-1")


def test_a_public_key_has_one_life() -> None:
    """Not under another id, not for another owner, and never again once it was revoked."""
    ledger = opened().given(register_key())
    ledger.refuses(register_key(key_id="psbc-1", principal=PSBC), PublicKeyTaken, "public_key", "abb-1")
    ledger.given(approve_key(), revoke(AMINA), revoke(BAO))
    ledger.refuses(register_key(key_id="abb-2"), PublicKeyTaken, "public_key", "abb-1")


def test_a_key_of_the_other_algorithm_is_let_in_alike() -> None:
    """P-256, for who has hardware that knows nothing else."""
    said: dict[str, Any] = {"key_id": "psbc-1", "public_key": P256_KEY}
    ledger = opened().given(register_key(principal=PSBC, algorithm="ecdsa-p256-sha256", **said), approve_key(**said))
    assert (keys(ledger).keys["psbc-1"].algorithm, state(ledger, "psbc-1")) == ("ecdsa-p256-sha256", "in force")


# Two at a time


def third(**changes: Any) -> c.RegisterKey:
    return register_key(**({"key_id": "abb-3", "public_key": THIRD, "key": str(changes)} | changes))


def test_an_owner_has_at_most_two_keys_at_any_instant() -> None:
    """A third one waits until one of them has ended, or is out for good; suspended is not out for good, since it can be lifted."""
    second: dict[str, Any] = {"key_id": "abb-2", "public_key": SECOND}
    ledger = registered().given(register_key(**second, valid_until=NOW + 2 * YEAR), approve_key(**second))
    ledger.refuses(third(), KeysOverlap, "valid_from", "abb-3")
    ledger.refuses(third(valid_from=NOW + 364 * DAY, valid_until=NOW + 2 * YEAR), KeysOverlap, "valid_from", "abb-3")
    ledger.given(revoke(AMINA))
    ledger.refuses(third(cause="suspended"), KeysOverlap, "valid_from", "abb-3")
    ledger.given(third(valid_from=NOW + YEAR, valid_until=NOW + 2 * YEAR), decline_of("abb-3"), revoke(BAO), third(cause="revoked"))


def decline_of(key_id: str) -> c.DeclineKey:
    return ask(c.DeclineKey, AMINA, key_id=key_id, reason="another one comes")


def test_a_key_that_begins_before_others_is_counted_where_they_begin() -> None:
    """One long key and two that would overlap in its midst."""
    later: dict[str, Any] = {"key_id": "abb-2", "public_key": SECOND}
    times = {"valid_from": NOW + 10 * DAY, "valid_until": NOW + 20 * DAY}
    ledger = registered().given(register_key(**later, **times), approve_key(**later))
    ledger.refuses(third(valid_until=NOW + 11 * DAY), KeysOverlap, "valid_from", "abb-3")
    ledger.given(third(valid_until=NOW + 10 * DAY))


def test_what_two_proposals_would_make_too_many_is_refused_at_the_second_approval() -> None:
    """Each fits alone; together they do not."""
    second: dict[str, Any] = {"key_id": "abb-2", "public_key": SECOND}
    ledger = registered().given(register_key(**second), third(), approve_key(**second))
    ledger.refuses(approve_key(key_id="abb-3", public_key=THIRD), KeysOverlap, "valid_from", "abb-3")


def test_keys_of_others_do_not_count() -> None:
    """Each owner has two of its own."""
    of_psbc: dict[str, Any] = {"principal": PSBC, "permissions": ("pay",)}
    registered().given(
        rotate(), register_key(key_id="psbc-1", public_key=THIRD, **of_psbc), register_key(key_id="psbc-2", public_key=FOURTH, **of_psbc)
    )


# Following one another


def test_a_key_is_followed_by_another_and_both_are_good_for_a_while() -> None:
    """The new one has its owner and permissions; the old one ends when the overlap does, or at its own end if that comes first."""
    ledger, proposal, approval = registered(), rotate(), approve_key(key_id="abb-2", public_key=SECOND)
    follows = FACTS | {"key_id": "abb-2", "public_key": SECOND, "replaces": "abb-1", "replaced_until": NOW + 7 * DAY}
    assert ledger.when(proposal) == events(STREAM, [fact(events_of.SigningKeyProposed, decided(proposal), **follows)], after=3)
    assert keys(ledger).keys["abb-1"].valid_until == NOW + YEAR
    assert ledger.when(approval) == events(
        STREAM, [fact(events_of.SigningKeyRegistered, decided(approval), **follows, people=(OPERATOR, AMINA))], after=4
    )
    assert [(key.key_id, key.valid_until) for key in keys(ledger).keys.values()] == [
        ("abb-1", NOW + 7 * DAY), ("abb-2", NOW + YEAR),
    ]  # fmt: skip


def test_an_overlap_never_makes_a_key_last_longer() -> None:
    """A year and a day of overlap with a key that ends in a year."""
    ledger = registered().given(rotate(replaced_until=NOW + 366 * DAY), approve_key(key_id="abb-2", public_key=SECOND))
    assert keys(ledger).keys["abb-1"].valid_until == NOW + YEAR


def test_a_rotation_that_is_approved_late_ends_the_old_key_then_and_not_before() -> None:
    """What the old key signed meanwhile was signed by a key in force."""
    ledger = registered().given(rotate())
    later = ledger.clock.advance(30 * DAY)
    ledger.given(approve_key(key_id="abb-2", public_key=SECOND))
    assert keys(ledger).keys["abb-1"].valid_until == later


def test_a_key_can_be_followed_again_and_again() -> None:
    """The one before the last has ended when the next one comes: two at a time are enough for ever."""
    ledger = registered().given(rotate(), approve_key(key_id="abb-2", public_key=SECOND))
    follows: dict[str, Any] = {"key_id": "abb-3", "replaces": "abb-2", "public_key": THIRD}
    ledger.refuses(rotate(**follows), KeysOverlap, "valid_from", "abb-3")
    now = ledger.clock.advance(7 * DAY)
    ledger.given(
        rotate(**follows, valid_from=now, replaced_until=now + DAY, cause="a week later"), approve_key(key_id="abb-3", public_key=THIRD)
    )


def test_a_gap_between_two_keys_is_refused() -> None:
    """No request may fall between them."""
    gap = rotate(valid_from=NOW + 8 * DAY)
    registered().refuses(gap, KeyInvalid, "replaced_until", "2026-04-03T09:00:00+00:00")


def test_only_a_key_in_force_is_followed() -> None:
    """One that is proposed, suspended, revoked or over is not; not even if it was in force when the rotation was proposed."""
    opened().refuses(rotate(), KeyUnknown, "key_id", "abb-1")
    opened().given(register_key()).refuses(rotate(), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger = registered().given(rotate(), revoke(AMINA))
    ledger.refuses(approve_key(key_id="abb-2", public_key=SECOND), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger.refuses(rotate(key_id="abb-3", public_key=THIRD), KeyStepOutOfOrder, "key_id", "abb-1")
    over = registered()
    now = over.clock.advance(YEAR)
    over.refuses(rotate(valid_from=now, valid_until=now + YEAR, replaced_until=now + DAY), KeyStepOutOfOrder, "key_id", "abb-1")


# Out of force


def test_one_person_suspends_at_once_and_a_second_revokes_for_good() -> None:
    """A lost key cannot wait for a colleague."""
    ledger, first, second = registered(), revoke(OPERATOR), revoke(AMINA)
    assert ledger.when(first) == events(
        STREAM, [fact(events_of.SigningKeySuspended, decided(first), key_id="abb-1", reason="lost")], after=3
    )
    assert state(ledger) == "suspended"
    ledger.refuses(revoke("officer:karim"), SecondOfficerNeeded, "actor", "officer:karim")
    assert ledger.when(second) == events(
        STREAM,
        [fact(events_of.SigningKeyRevoked, decided(second), key_id="abb-1", reason="lost", people=(OPERATOR, AMINA))],
        after=4,
    )
    assert state(ledger) == "revoked"
    ledger.refuses(revoke(BAO), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger.refuses(lift(BAO), KeyStepOutOfOrder, "key_id", "abb-1")


def test_a_second_person_lifts_a_suspension() -> None:
    """Not the one who suspended it; afterwards it can be suspended again."""
    ledger, command = registered().given(revoke(AMINA)), lift(BAO)
    ledger.refuses(lift(AMINA), SecondOfficerNeeded, "actor", AMINA)
    assert ledger.when(command) == events(
        STREAM,
        [fact(events_of.SigningKeySuspensionLifted, decided(command), key_id="abb-1", reason="found", people=(AMINA, BAO))],
        after=4,
    )
    assert state(ledger) == "in force"
    assert ledger.run(revoke(AMINA, "again")) == {"key_id": "abb-1", "state": "suspended"}


def test_steps_about_keys_that_do_not_stand_there_are_refused() -> None:
    """Nothing to approve, to decline, to revoke or to lift."""
    ledger = opened().given(register_key())
    ledger.refuses(revoke(AMINA), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger.refuses(lift(AMINA), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger.given(approve_key())
    ledger.refuses(approve_key(BAO), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger.refuses(decline(BAO), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger.refuses(lift(BAO), KeyStepOutOfOrder, "key_id", "abb-1")
    ledger.refuses(approve_key(key_id="abb-9"), KeyUnknown, "key_id", "abb-9")
    ledger.refuses(ask(c.RevokeKey, BAO, key_id="abb-9", reason="lost"), KeyUnknown, "key_id", "abb-9")


def test_a_proposal_whose_time_has_passed_is_not_approved() -> None:
    """It would be in force at no instant."""
    ledger = opened().given(register_key())
    ledger.clock.advance(YEAR)
    ledger.refuses(approve_key(), KeyInvalid, "valid_until", "2027-03-27T09:00:00+00:00")


# Who


@pytest.mark.parametrize("actor", [ABB, SETTLEMENT_BANK, "system:keys"])
def test_only_people_handle_keys(actor: str) -> None:
    """A bank does not let itself in, and a job is no second person."""
    ledger = opened()
    ledger.refuses(register_key(actor), NotPermitted, "actor", actor)
    ledger.given(register_key())
    ledger.refuses(approve_key(actor), NotPermitted, "actor", actor)
    ledger.refuses(decline(actor), NotPermitted, "actor", actor)
    ledger.given(approve_key())
    ledger.refuses(rotate(actor), NotPermitted, "actor", actor)
    ledger.refuses(revoke(actor), NotPermitted, "actor", actor)
    ledger.given(revoke(OPERATOR))
    ledger.refuses(lift(actor), NotPermitted, "actor", actor)


def test_permissions_belong_to_those_who_can_use_them() -> None:
    """And each of them to somebody."""
    given = {principal: permissions_of(principal, (ABB, PSBC)) for principal in (ABB, AMINA, OPERATOR, SETTLEMENT_BANK)}
    assert given == {
        ABB: ("initiate", "pay", "rates", "treasury", "read", "statements"),
        AMINA: ("read", "statements", "decide"),
        OPERATOR: ("read", "statements", "operate"),
        SETTLEMENT_BANK: ("read", "statements", "settle"),
    }
    assert {permission for permissions in given.values() for permission in permissions} == set(PERMISSIONS)
