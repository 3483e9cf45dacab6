"""Keys that were let in or taken out by fewer than two people are found in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from ledger import commands as c
from ledger.projections.runner import Runner
from tests.conftest import fresh_corridor
from tests.integration.small_corridor import SmallCorridor
from tests.integration.tampering import Tamper, tampering
from tests.unit.corridor_fixtures import ED25519_KEYS

OMAR, AMINA, LI = "operator:omar", "officer:amina", "officer:li"


@pytest.fixture(scope="module")
def lived(database_url: str) -> Iterator[SmallCorridor]:
    """A corridor in which every step about keys was taken once, projected to its end."""
    small = SmallCorridor(database_url, fresh_corridor())
    small.open()
    year = {"valid_from": small.clock(), "valid_until": small.clock() + timedelta(days=365)}
    first, second, third = ({"key_id": f"abb-{n + 1}", "public_key": ED25519_KEYS[n]} for n in range(3))
    small.do(c.RegisterKey, OMAR, principal="abb", permissions=("pay",), **first, **year)
    small.do(c.ApproveKey, AMINA, **first)
    small.do(c.RotateKey, OMAR, replaces="abb-1", replaced_until=small.clock() + timedelta(days=7), **second, **year)
    small.do(c.ApproveKey, LI, **second)
    small.do(c.RegisterKey, OMAR, principal="psbc", permissions=("pay",), **third, **year)
    small.do(c.DeclineKey, AMINA, key_id="abb-3", reason="not theirs")
    small.do(c.RevokeKey, OMAR, key_id="abb-1", reason="lost")
    small.do(c.LiftKeySuspension, AMINA, key_id="abb-1", reason="found")
    small.do(c.RevokeKey, AMINA, key_id="abb-1", reason="lost again")
    small.do(c.RevokeKey, LI, key_id="abb-1", reason="so it is")
    Runner(small.log).catch_up()
    yield small
    small.close()


@pytest.fixture
def tamper(lived: SmallCorridor) -> Iterator[Tamper]:
    """The owner's hands on that corridor's log; what they do is undone after the test."""
    with tampering(lived.url, lived.code) as tamper:
        yield tamper


def test_every_step_about_keys_is_checked_and_none_breaks_a_rule(tamper: Tamper) -> None:
    """Ten of them; the stream's beginning says nothing about a key."""
    report = tamper.verify()
    assert (report.ok, report.rules["I10"].checked) == (True, 10)


def same(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Says something else in a fact."""
    return lambda facts: facts.update({name: value})


@pytest.mark.parametrize(
    ("topic", "nth", "change", "detail"),
    [
        ("KeyRegistered", 0, same("people", [OMAR, OMAR]), "was registered by ['operator:omar', 'operator:omar'], proposed by"),
        ("KeyRegistered", 0, same("actor", "officer:omar"), "was registered by ['operator:omar', 'officer:amina'], proposed by"),
        ("KeyRegistered", 0, same("public_key", ED25519_KEYS[3]), "was registered otherwise than it was proposed"),
        ("KeyRegistered", 0, same("permissions", ["pay", "treasury"]), "was registered otherwise than it was proposed"),
        ("KeyRegistered", 1, same("key_id", "abb-1"), "was registered otherwise than it was proposed"),
        ("KeyDeclined", 0, same("key_id", "abb-9"), "was declined and not proposed"),
        ("KeySuspended", 0, same("key_id", "abb-9"), "was suspended and not in force"),
        ("KeySuspensionLifted", 0, same("people", [AMINA, AMINA]), "was lifted by ['officer:amina', 'officer:amina']"),
        ("KeyRevoked", 0, same("actor", AMINA), "was revoked by ['officer:amina', 'officer:li'], suspended by officer:amina"),
        ("KeyRevoked", 0, same("key_id", "abb-2"), "was revoked and not suspended"),
    ],
)  # fmt: skip
def test_a_step_that_two_people_did_not_take_is_named(
    tamper: Tamper, topic: str, nth: int, change: Callable[[dict[str, Any]], None], detail: str
) -> None:
    """Even where every hash was made to fit."""
    row = [row for row in tamper.rows() if row.topic == f"SigningKeys.{topic}.v1"][nth]
    tamper.edit(row.position, change)
    tamper.rehash_everything()
    result = tamper.verify().rules["I10"]
    assert (result.first_break, detail in result.detail) == (row.position, True), result.detail


def test_a_third_key_at_once_is_named(tamper: Tamper) -> None:
    """The key that was declined, let in after all and for abb."""
    rows = {row.topic: row for row in tamper.rows() if row.topic.startswith("SigningKeys.")}
    registered, declined = rows["SigningKeys.KeyRegistered.v1"], rows["SigningKeys.KeyDeclined.v1"]
    tamper.edit(registered.position, same("replaced_until", None))
    proposed = rows["SigningKeys.KeyProposed.v1"]
    tamper.edit(proposed.position, same("principal", "abb"))
    tamper.sql("UPDATE ledger.events SET topic = 'SigningKeys.KeyRegistered.v1' WHERE corridor = %(corridor)s AND position = %(p)s",
               p=declined.position)  # fmt: skip

    def let_in(facts: dict[str, Any]) -> None:
        facts.pop("reason")
        facts |= {
            "principal": "abb", "algorithm": "ed25519", "public_key": ED25519_KEYS[2], "permissions": ["pay"], "replaces": "",
            "replaced_until": None, "people": [OMAR, AMINA], "valid_from": facts["timestamp"], "valid_until": "2027-03-30T08:00:00Z",
        }  # fmt: skip

    tamper.edit(declined.position, let_in)
    tamper.edit(proposed.position, same("valid_from", _said(tamper, declined.position)["valid_from"]))
    tamper.edit(proposed.position, same("valid_until", "2027-03-30T08:00:00Z"))
    tamper.rehash_everything()
    result = tamper.verify().rules["I10"]
    assert (result.first_break, result.detail) == (declined.position, "key 'abb-3' gives abb more than 2 keys on 2026-03-30")


def _said(tamper: Tamper, position: int) -> dict[str, Any]:
    said: dict[str, Any] = {}
    tamper.edit(position, said.update)
    return said


def test_times_that_no_event_has_do_not_stop_the_checker(tamper: Tamper) -> None:
    """An instant without an offset, and one as seconds: both read as events of their topic."""
    row = next(row for row in tamper.rows() if row.topic == "SigningKeys.KeyRegistered.v1")
    tamper.edit(row.position, same("valid_until", "2027-03-30T08:00:00"))
    assert tamper.verify().rules["I10"].first_break == row.position
    tamper.edit(row.position, same("valid_until", 1_800_000_000))
    assert tamper.verify().rules["I10"].first_break == row.position
