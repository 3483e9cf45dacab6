"""Nonces in the database: taken once among all processes, forgotten when they are too old to matter."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from api.nonces import CLEAN_EVERY, Nonce, Nonces
from ledger.eventstore.connections import PostgresPool

NINE = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)


def nonces(*texts: str, signer: str = "abb-psbc abb", forget_at: datetime = NINE + timedelta(seconds=70)) -> list[Nonce]:
    return [Nonce(signer, text, forget_at) for text in texts]


@pytest.fixture
def pool(module_database_url: str) -> Iterator[PostgresPool]:
    """Connections to a database without nonces."""
    pool = PostgresPool(module_database_url)
    yield pool
    pool.rows("DELETE FROM access.nonces RETURNING NULL")
    pool.close()


def test_a_nonce_is_taken_once_by_whichever_process(pool: PostgresPool) -> None:
    """Two processes share the database: what one took, the other cannot; of two equal ones in a group the first is taken."""
    one, other = Nonces(pool), Nonces(pool)
    assert one.take(nonces("a", "b", "a"), NINE) == [True, True, False]
    assert other.take(nonces("c", "b", "a"), NINE) == [True, False, False]
    assert one.take([], NINE) == []


def test_a_nonce_belongs_to_its_signer(pool: PostgresPool) -> None:
    """Two banks may draw the same; no pair of signer and nonce reads like another one."""
    book = Nonces(pool)
    assert book.take(nonces("n"), NINE) == [True]
    assert book.take(nonces("n", signer="abb-psbc psbc"), NINE) == [True]
    assert book.take(nonces("bn", signer="abb-psbc ab"), NINE) == [True]


def test_nonces_are_forgotten_when_their_signature_is_too_old(pool: PostgresPool) -> None:
    """Cleaned now and then; those that could still be replayed stay."""
    book = Nonces(pool)
    book.take(nonces("old") + nonces("young", forget_at=NINE + 2 * CLEAN_EVERY + timedelta(seconds=70)), NINE)
    later = NINE + timedelta(seconds=71)
    book.take(nonces("now", forget_at=later + timedelta(seconds=70)), later)
    assert pool.rows("SELECT count(*) FROM access.nonces") == [(2,)]
    assert book.take(nonces("young"), later) == [False]
