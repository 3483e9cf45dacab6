"""The API's registry follows the log: no trip a request, a revocation within half a second, a new key at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from api.key_registry import FRESH_SECONDS, LOOK_AGAIN_SECONDS, KeyRegistry
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


def state(registry: KeyRegistry, small: SmallCorridor, number: int = 0, corridor: str = "") -> str:
    """What the gate makes of a corridor's key, at home or in another corridor."""
    key_id = key_of(small, number)
    registered = registry.of(corridor or small.code, knowing=key_id)
    if registered is not None and key_id in registered.keys:
        return "in force"
    if registered is not None and key_id in registered.revoked:
        return "out of force"
    return "in force elsewhere" if registry.elsewhere(key_id, corridor) else "unknown"


def trips_of(pool: CountingPool, look: Callable[[], object]) -> int:
    before = pool.trips
    look()
    return pool.trips - before


def test_a_key_is_told_as_two_people_registered_it(small: SmallCorridor, pool: CountingPool) -> None:
    """Its owner, its material, its time, what it may do."""
    let_in(small)
    registered = KeyRegistry(pool, monotonic=Hand()).of(small.code)
    assert registered is not None
    [key] = registered.keys.values()
    assert (key.key_id, key.principal, key.algorithm, key.public_key, key.permissions, key.valid_from, key.valid_until) == (
        key_of(small), "abb", "ed25519", ED25519_KEYS[0], ("pay",), small.clock(), small.clock() + timedelta(days=365),
    )  # fmt: skip


def test_a_request_costs_no_trip_while_what_is_known_is_fresh(small: SmallCorridor, pool: CountingPool) -> None:
    """And one look for the keys and one for the corridors once it is not."""
    let_in(small)
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    assert state(registry, small) == "in force"
    hand.seconds = FRESH_SECONDS * JUST_LESS
    assert trips_of(pool, lambda: [state(registry, small) for _ in range(100)]) == 0
    hand.seconds = FRESH_SECONDS
    assert trips_of(pool, lambda: state(registry, small)) == 2
    assert trips_of(pool, lambda: state(registry, small)) == 0


def test_a_suspension_counts_in_every_process_as_soon_as_what_it_knows_is_no_longer_fresh(small: SmallCorridor, pool: CountingPool) -> None:
    """Two registries stand for two processes; neither is told anything by the one that wrote."""
    let_in(small)
    hand = Hand()
    processes = [KeyRegistry(pool, monotonic=hand) for _ in range(2)]
    assert [state(registry, small) for registry in processes] == ["in force"] * 2
    for person in ("operator:omar", "officer:amina"):
        revoke(small, person)
        hand.seconds += FRESH_SECONDS
        assert [state(registry, small) for registry in processes] == ["out of force"] * 2


def test_a_new_key_can_be_used_at_once_and_strangers_cause_few_looks(small: SmallCorridor, pool: CountingPool) -> None:
    """A key nobody knows is looked up anew, unless that was done a moment ago."""
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    assert state(registry, small) == "unknown"
    let_in(small)
    hand.seconds = LOOK_AGAIN_SECONDS * JUST_LESS
    assert trips_of(pool, lambda: [registry.of(small.code, knowing=f"stranger-{n}") for n in range(100)]) == 0
    hand.seconds = LOOK_AGAIN_SECONDS
    assert state(registry, small) == "in force"


def test_a_key_of_another_corridor_is_told_as_such_while_it_is_in_force(small: SmallCorridor, pool: CountingPool) -> None:
    """Its owner proves who asks; a suspended one proves nothing."""
    let_in(small)
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    other = SmallCorridor(small.url, fresh_corridor())
    other.open()
    other.close()
    assert state(registry, small, corridor=other.code) == "in force elsewhere"
    strange = ("nobody-opened", "\x00", "x" * 300)
    assert [(registry.of(code), state(registry, small, corridor=code)) for code in strange] == [(None, "in force elsewhere")] * 3
    assert trips_of(pool, lambda: state(registry, small, corridor="nobody-opened-it")) == 0
    revoke(small, "operator:omar")
    hand.seconds = FRESH_SECONDS
    assert state(registry, small, corridor=other.code) == "unknown"


def test_keys_that_change_do_not_change_in_the_hand(small: SmallCorridor, pool: CountingPool) -> None:
    """Who looked before a revocation keeps seeing what was so then."""
    let_in(small)
    hand = Hand()
    registry = KeyRegistry(pool, monotonic=hand)
    before = registry.of(small.code)
    let_in(small, 1)
    revoke(small, "operator:omar")
    hand.seconds = FRESH_SECONDS
    assert (state(registry, small), state(registry, small, 1)) == ("out of force", "in force")
    assert before is not None
    assert list(before.keys) == [key_of(small)]
