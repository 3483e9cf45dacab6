"""Where and when a person may decide, and what tells one browser from another."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Scope

from api.client_certificate import TrustedHop
from api.errors import DecidedElsewhere
from api.people.operations import READ, Rule
from api.people.roles import Person, Role
from api.people.surroundings import Surroundings
from ledger.clock import SetClock
from ledger.settings import Settings

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
DECISION = Rule(frozenset({Role.OFFICER, Role.SENIOR_OFFICER}), fresh=True)
OFFICER = Person("amina", frozenset({Role.OFFICER}))
BOTH = Person("bao", frozenset({Role.OFFICER, Role.SENIOR_OFFICER}))
PROXY = "192.0.2.1"


def scope(address: str = "10.2.3.4", agent: bytes = b"Browser/1", **headers: str) -> Scope:
    """A request over a connection from an address."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (address, 1234), "headers": [(b"user-agent", agent), *named]}


def surroundings(**settings: Any) -> Surroundings:
    """By these settings, behind a proxy at `PROXY`."""
    return Surroundings(Settings(**settings), TrustedHop((ip_network(f"{PROXY}/32"),), SetClock(NOON)))


def may(rules: Surroundings, person: Person = OFFICER, at: datetime = NOON, **request: Any) -> str:
    """ "yes", or the field that stands in the way."""
    try:
        rules.check(person, DECISION, scope(**request), at)
    except DecidedElsewhere as refused:
        return str(refused.field)
    return "yes"


def test_without_rules_people_decide_anywhere_at_any_time() -> None:
    """As a demo does."""
    assert may(surroundings()) == "yes"


def test_a_role_decides_from_its_networks_only_and_reads_from_everywhere() -> None:
    """The address is the connection's; behind the proxy it is what the proxy says last, and what a stranger claims counts for nothing."""
    rules = surroundings(people_networks=(("officer", ip_network("10.2.0.0/16")), ("officer", ip_network("2001:db8::/32"))))
    assert [may(rules, address=address) for address in ("10.2.255.1", "2001:db8::1", "10.3.0.1")] == ["yes", "yes", "address"]
    assert may(rules, address=PROXY, x_forwarded_for="198.51.100.7, 10.2.0.9") == "yes"
    assert may(rules, address=PROXY, x_forwarded_for="10.2.0.9, 198.51.100.7") == "address"
    assert may(rules, address=PROXY) == "address"
    assert may(rules, address="198.51.100.7", x_forwarded_for="10.2.0.9") == "address"
    rules.check(OFFICER, READ, scope("10.3.0.1"), NOON)


@pytest.mark.parametrize(
    ("hours", "at", "answer"),
    [
        ("08:00-18:00", "07:59", "hour"),
        ("08:00-18:00", "08:00", "yes"),
        ("08:00-18:00", "17:59", "yes"),
        ("08:00-18:00", "18:00", "hour"),
        ("22:00-06:00", "23:30", "yes"),
        ("22:00-06:00", "05:59", "yes"),
        ("22:00-06:00", "06:00", "hour"),
    ],
)
def test_a_role_decides_within_its_hours_in_its_zone(hours: str, at: str, answer: str) -> None:
    """From the first minute to before the last, past midnight too; Shanghai is eight hours ahead of UTC."""
    rules = surroundings(people_hours=(("officer", hours),), people_time_zone="Asia/Shanghai")
    hour, minute = map(int, at.split(":"))
    assert may(rules, at=NOON.replace(hour=(hour - 8) % 24, minute=minute)) == answer


def test_one_role_that_may_is_enough_if_it_may_here_and_now() -> None:
    """A senior officer on duty decides at night; two roles that each lack something do not make one that lacks nothing."""
    night = NOON.replace(hour=2)
    rules = surroundings(people_hours=(("officer", "08:00-18:00"),))
    assert (may(rules, at=night), may(rules, BOTH, at=night)) == ("hour", "yes")
    rules = surroundings(people_hours=(("officer", "08:00-18:00"),), people_networks=(("senior_officer", ip_network("10.9.0.0/16")),))
    assert (may(rules, BOTH, at=night), may(rules, BOTH, at=night, address="10.9.0.1")) == ("hour", "yes")


def test_a_browser_is_known_by_its_network_and_its_name() -> None:
    """A new address in the same network is the same place; another network or another program is not."""
    rules = surroundings()
    known = rules.browser_of(scope("10.2.3.4"))
    assert rules.browser_of(scope("10.2.3.200")) == known
    assert rules.browser_of(scope(PROXY, x_forwarded_for="10.2.3.77")) == known
    others = [scope("10.2.4.4"), scope(agent=b"Browser/2"), scope(PROXY), scope("10.2.4.4", x_forwarded_for="10.2.3.4")]
    assert known not in [rules.browser_of(other) for other in others]
    assert (
        rules.browser_of(scope("2001:db8::1")) == rules.browser_of(scope("2001:db8::ffff:1")) != rules.browser_of(scope("2001:db8:0:1::1"))
    )
