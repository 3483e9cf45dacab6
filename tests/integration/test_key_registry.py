"""The API's registry follows the log: no trip a request, a revocation within half a second, a new key at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from api.key_registry import FRESH_SECONDS, LOOK_AGAIN_SECONDS, FoundKey, KeyRegistry
from ledger import commands as c
from ledger.eventstore.connections import PostgresConnection, PostgresPool
from tests.conftest import fresh_corridor
from tests.integration.small_corridor import SmallCorridor
from tests.unit.corridor_fixtures import ED25519_KEYS

JUST_LESS = 0.999


class CountingPool(PostgresPool):
    """Counts how often a connection is asked for: every trip begins with that."""

    trips = 0

    def get_connection(self, *args: object, **kwargs: object) -> PostgresConnection:
        self.trips += 1
        return super().get_connection(*args, **kwargs)  # type: ignore[arg-type]


class Hand:
    """A monotonic clock that a test turns by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def small(database_url: str, corridor: str) -> Iterator[SmallCorridor]:
    """A corridor of this test alone, open and without keys."""
    small = SmallCorridor(database_url, corridor)
    small.open()
    yield small
    small.close()


@pytest.fixture
def pool(small: SmallCorridor) -> Iterator[CountingPool]:
    """Connections of the registry's own."""
    pool = CountingPool(small.pool.url, pool_size=2)
    yield pool
    pool.close()


def key_of(small: SmallCorridor, number: int = 0) -> str:
    """A key id that no other test's corridor has."""
    return f"{small.code}-{number}"


def let_in(small: SmallCorridor, number: int = 0) -> None:
    """Two people register abb's key of this number."""
    named = {"key_id": key_of(small, number), "public_key": ED25519_KEYS[number]}
    year = {"valid_from": small.clock(), "valid_until": small.clock() + timedelta(days=365)}
    small.do(c.RegisterKey, "operator:omar", principal="abb", permissions=("pay",), **named, **year)
    small.do(c.ApproveKey, "officer:amina", **named)


def revoke(small: SmallCorridor, *people: str) -> None:
    for person in people:
        small.do(c.RevokeKey, person, key_id=key_of(small), reason="lost")


def state(found: FoundKey | None) -> str:
    return "unknown" if found is None else f"{found.key.state} {'at home' if found.at_home else 'elsewhere'}"


def trips_of(pool: CountingPool, look: Callable[[], object]) -> int:
    before = pool.trips
    look()
    return pool.trips - before


def test_a_key_is_told_as_two_people_registered_it(small: SmallCorridor, pool: CountingPool) -> None:
    """Its owner, its material, its time, what it may do."""
    let_in(small)
    found = KeyRegistry(pool, monotonic=Hand()).find(key_of(small), small.code)
    assert found is not None
    assert (found.at_home, found.key.principal, found.key.algorithm, found.key.public_key, found.key.permissions) == (
        True, "abb", "ed25519", ED25519_KEYS[0], ("pay",),
    )  # fmt: skip
    assert (found.key.valid_from, found.key.valid_until) == (small.clock(), small.clock() + timedelta(days=365))


def test_a_request_costs_no_trip_while_what_is_known_is_fresh(small: SmallCorridor, pool: CountingPool) -> None:
    """And one look for the keys and one for the corridors once it is not."""
    let_in(small)
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    registry.find(key_of(small), small.code)
    hand.seconds = FRESH_SECONDS * JUST_LESS
    assert trips_of(pool, lambda: [registry.find(key_of(small), small.code) for _ in range(100)]) == 0
    hand.seconds = FRESH_SECONDS
    assert trips_of(pool, lambda: registry.find(key_of(small), small.code)) == 2
    assert trips_of(pool, lambda: registry.find(key_of(small), small.code)) == 0


def test_a_suspension_counts_in_every_process_as_soon_as_what_it_knows_is_no_longer_fresh(small: SmallCorridor, pool: CountingPool) -> None:
    """Two registries stand for two processes; neither is told anything by the one that wrote."""
    let_in(small)
    hand = Hand()
    processes = [KeyRegistry(pool, monotonic=hand) for _ in range(2)]
    assert [state(registry.find(key_of(small), small.code)) for registry in processes] == ["in force at home"] * 2
    revoke(small, "operator:omar")
    hand.seconds += FRESH_SECONDS
    assert [state(registry.find(key_of(small), small.code)) for registry in processes] == ["suspended at home"] * 2
    revoke(small, "officer:amina")
    hand.seconds += FRESH_SECONDS
    assert [state(registry.find(key_of(small), small.code)) for registry in processes] == ["revoked at home"] * 2


def test_a_new_key_can_be_used_at_once_and_strangers_cause_few_looks(small: SmallCorridor, pool: CountingPool) -> None:
    """A key nobody knows is looked up anew, unless that was done a moment ago."""
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    assert state(registry.find(key_of(small), small.code)) == "unknown"
    let_in(small)
    hand.seconds = LOOK_AGAIN_SECONDS * JUST_LESS
    assert trips_of(pool, lambda: [registry.find(f"stranger-{n}", small.code) for n in range(100)]) == 0
    hand.seconds = LOOK_AGAIN_SECONDS
    assert state(registry.find(key_of(small), small.code)) == "in force at home"


def test_a_key_of_another_corridor_is_told_as_such_while_it_is_in_force(small: SmallCorridor, pool: CountingPool) -> None:
    """Its owner proves who asks; a suspended one proves nothing."""
    let_in(small)
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    elsewhere = SmallCorridor(small.url, fresh_corridor())
    elsewhere.open()
    elsewhere.close()
    assert state(registry.find(key_of(small), elsewhere.code)) == "in force elsewhere"
    assert {state(registry.find(key_of(small), code)) for code in ("nobody-opened", "\x00", "x" * 300)} == {"in force elsewhere"}
    assert trips_of(pool, lambda: registry.find(key_of(small), "nobody-opened-it")) == 0
    revoke(small, "operator:omar")
    hand.seconds = FRESH_SECONDS
    assert state(registry.find(key_of(small), elsewhere.code)) == "unknown"


def test_keys_that_change_while_they_are_held_do_not_change_in_the_hand(small: SmallCorridor, pool: CountingPool) -> None:
    """Who looked before a revocation keeps seeing what was so then."""
    let_in(small)
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    before = registry.find(key_of(small), small.code)
    let_in(small, 1)
    revoke(small, "operator:omar")
    hand.seconds = FRESH_SECONDS
    assert (state(registry.find(key_of(small), small.code)), state(before)) == ("suspended at home", "in force at home")
    assert state(registry.find(key_of(small, 1), small.code)) == "in force at home"
