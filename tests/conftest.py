"""What tests share: a PostgreSQL server, a migrated database of this run, a fresh corridor for each test."""

import os
import secrets
import string
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psycopg2
import pytest
from psycopg2 import extensions

from ledger.embedded import embedded_url, stop_embedded
from ledger.eventstore.migrate import migrate
from ledger.iso20022.schemas import Complaint, OfficialSchemas, find_document

hypothesis.settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=100,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of a server where databases may be created: the one CI names, or one of our own for this run."""
    given = os.environ.get("CORRIDOR_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="corridor-tests-", ignore_cleanup_errors=True) as folder:
        yield embedded_url(Path(folder)).owner_url
        stop_embedded(Path(folder))


@pytest.fixture(scope="session")
def database_url(server_url: str) -> Iterator[str]:
    """The URL, as owner, of a fresh and migrated database that is dropped after the run."""
    name = f"test_{secrets.token_hex(6)}"
    _administer(server_url, f"CREATE DATABASE {name}")
    url = extensions.make_dsn(server_url, dbname=name)
    migrate(url)
    yield url
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """The URL, as owner, of a database of this test alone in which no migration has run."""
    name = f"test_{secrets.token_hex(6)}"
    _administer(server_url, f"CREATE DATABASE {name}")
    yield extensions.make_dsn(server_url, dbname=name)
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def module_database_url(server_url: str) -> Iterator[str]:
    """The URL, as owner, of a migrated database of one test module: for what must not share a vault with others."""
    name = f"test_{secrets.token_hex(6)}"
    _administer(server_url, f"CREATE DATABASE {name}")
    url = extensions.make_dsn(server_url, dbname=name)
    migrate(url)
    yield url
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def corridor() -> str:
    """The code of a corridor nobody has used: a log cannot be emptied, so each test writes to one of its own."""
    return fresh_corridor()


@pytest.fixture(scope="session")
def conformance_data() -> Path:
    """The folder of published test data."""
    folder = os.environ.get("CORRIDOR_CONFORMANCE_DATA")
    if not folder:
        pytest.skip("The published test data is not here: CORRIDOR_CONFORMANCE_DATA names no folder.")
    return Path(folder)


@pytest.fixture(scope="session")
def official_complaints(conformance_data: Path) -> Callable[[bytes], list[Complaint] | None]:
    """What the official schema of a message's own version says of its Document: nothing where it is valid, None without a schema."""
    schemas = OfficialSchemas(conformance_data / "xsd")

    def complaints(message: bytes) -> list[Complaint] | None:
        found = find_document(message)
        assert found is not None and found.document is not None
        return schemas.complaints(found.document)

    return complaints


def fresh_corridor() -> str:
    """A random corridor code such as `qkzvwmre-tbhxpafd`."""
    first, second = ("".join(secrets.choice(string.ascii_lowercase) for _ in range(8)) for _ in range(2))
    return f"{first}-{second}"


def _administer(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()
