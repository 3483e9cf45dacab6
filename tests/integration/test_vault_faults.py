"""The vault when something is wrong: keys, rights, tables, bytes and connections."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg2
import psycopg2.errors
import pytest

from ledger.errors import MigrationsMissing
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.migrate import migrate
from ledger.privacy.errors import KeyProviderDown, RecordAltered, SubjectUnknown, VaultDown, WrongMasterKey
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.records import RecordKind
from ledger.privacy.subjects import NewSubject
from ledger.privacy.vault import Vault

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
FATIMA, WANG = UUID(int=1, version=4), UUID(int=2, version=4)
PARTIES = [NewSubject(FATIMA, {RecordKind.PARTY: "Fatima Benali"}), NewSubject(WANG, {RecordKind.PARTY: "王伟"})]

Run = Callable[[str], None]


@pytest.fixture
def url(empty_database_url: str) -> str:
    """A migrated database of this test alone: a vault belongs to one master key."""
    migrate(empty_database_url)
    return empty_database_url


@pytest.fixture
def pool(url: str) -> Iterator[PostgresPool]:
    """Connections under the application's role."""
    opened = PostgresPool(url)
    yield opened
    opened.close()


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyProvider:
    """The key file the vault is written under."""
    return FileKeyProvider(tmp_path / "vault.key")


@pytest.fixture
def vault(pool: PostgresPool, keys: FileKeyProvider) -> Vault:
    """A vault with two people in it."""
    filled = Vault(pool, keys)
    filled.store_subjects(PARTIES)
    return filled


@pytest.fixture
def as_owner(url: str) -> Iterator[Run]:
    """Runs a statement as the owner of the tables, past whatever the application is held to."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    yield connection.cursor().execute
    connection.close()


@pytest.fixture
def as_application(url: str) -> Iterator[Run]:
    """Runs a statement under the application's role."""
    connection = psycopg2.connect(url, options="-c role=corridor_app")
    connection.autocommit = True
    yield connection.cursor().execute
    connection.close()


class FailingProvider:
    """A key provider that answers until it is switched off."""

    def __init__(self, provider: FileKeyProvider) -> None:
        self._provider = provider
        self.name = provider.name
        self.down = False

    def wrap(self, key: bytes) -> bytes:
        self._check()
        return self._provider.wrap(key)

    def unwrap(self, wrapped: bytes) -> bytes:
        self._check()
        return self._provider.unwrap(wrapped)

    def _check(self) -> None:
        if self.down:
            raise KeyProviderDown("The key provider does not answer; try again in a moment.")


@pytest.mark.usefixtures("vault")
def test_a_process_with_another_master_key_is_refused_before_it_stores_anything(
    pool: PostgresPool, keys: FileKeyProvider, tmp_path: Path
) -> None:
    """Reading and storing alike; the message names both keys and the setting, and the vault stays as it was."""
    other = FileKeyProvider(tmp_path / "other.key")
    stranger = Vault(pool, other)
    newcomer = UUID(int=3, version=4)
    for attempt in (
        lambda: stranger.read(FATIMA),
        lambda: stranger.store_subjects([NewSubject(newcomer, {})]),
        lambda: stranger.corridor_fingerprint_key("abb-psbc"),
        stranger.check,
    ):
        with pytest.raises(WrongMasterKey) as refused:
            attempt()
        assert str(refused.value) == (
            f"The vault was written under master key {keys.name}, and this process holds {other.name}. Put back the key"
            " file the vault was written with, or name it in CORRIDOR_KEY_FILE."
        )
    assert Vault(pool, keys).read_many([FATIMA, newcomer]).keys() == {FATIMA}


def test_a_key_provider_that_is_down_stops_storing_and_reading_and_nothing_is_lost(pool: PostgresPool, keys: FileKeyProvider) -> None:
    """Nothing is half stored; keys already in use go on; erasing needs no key; afterwards all is as before."""
    provider = FailingProvider(keys)
    vault = Vault(pool, provider)
    vault.store_subjects(PARTIES[:1])
    corridor_key = vault.corridor_fingerprint_key("abb-psbc")
    provider.down = True
    with pytest.raises(KeyProviderDown):
        vault.store_subjects(PARTIES)
    with pytest.raises(KeyProviderDown):
        vault.read(FATIMA)
    assert vault.corridor_fingerprint_key("abb-psbc") == corridor_key
    with pytest.raises(SubjectUnknown):
        vault.erase(WANG, NOON)
    provider.down = False
    assert vault.read_many([FATIMA, WANG]) == {FATIMA: {RecordKind.PARTY: "Fatima Benali"}}


def test_ciphertexts_swapped_between_two_people_are_detected(vault: Vault, as_owner: Run) -> None:
    """Whoever can write to the tables still cannot give one person another one's name."""
    as_owner(
        "UPDATE vault.records AS mine SET nonce = theirs.nonce, ciphertext = theirs.ciphertext"
        " FROM vault.records AS theirs WHERE mine.subject_id <> theirs.subject_id"
    )
    with pytest.raises(RecordAltered) as refused:
        vault.read(FATIMA)
    assert str(refused.value) == (
        f"The party record of subject {FATIMA} does not authenticate: it was changed, or belongs to another subject."
        " Restore it from a backup."
    )


def test_a_person_moved_whole_under_another_id_is_detected(vault: Vault, as_owner: Run) -> None:
    """Even together with its key a record opens for its own id only."""
    as_owner("ALTER TABLE vault.subjects DISABLE TRIGGER guard_subject")
    as_owner(
        "UPDATE vault.subjects AS mine SET wrapped_key = theirs.wrapped_key"
        " FROM vault.subjects AS theirs WHERE mine.subject_id <> theirs.subject_id"
    )
    as_owner(
        "UPDATE vault.records AS mine SET nonce = theirs.nonce, ciphertext = theirs.ciphertext"
        " FROM vault.records AS theirs WHERE mine.subject_id <> theirs.subject_id"
    )
    with pytest.raises(RecordAltered, match=rf"^The party record of subject {WANG} does not authenticate"):
        vault.read(WANG)


def test_a_wrapped_key_that_was_changed_is_told_from_a_wrong_master_key(vault: Vault, as_owner: Run) -> None:
    """The master key has proven itself, so it is the row that is wrong; the neighbour still reads."""
    as_owner("ALTER TABLE vault.subjects DISABLE TRIGGER guard_subject")
    as_owner(
        f"UPDATE vault.subjects SET wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1) WHERE subject_id = '{FATIMA}'"
    )
    with pytest.raises(RecordAltered) as refused:
        vault.read(FATIMA)
    assert str(refused.value) == ("A wrapped key in the vault does not authenticate: it was changed. Restore it from a backup.")
    assert refused.value.subject_id == FATIMA
    assert vault.read(WANG) == {RecordKind.PARTY: "王伟"}


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vault.records SET ciphertext = ''",
        "UPDATE vault.subjects SET stored_at = now()",
        "UPDATE vault.subjects SET subject_id = gen_random_uuid()",
        "UPDATE vault.master_key SET name = 'mine'",
        "DELETE FROM vault.master_key",
        "UPDATE vault.index_keys SET wrapped_key = ''",
        "DELETE FROM vault.index_keys",
        "TRUNCATE vault.subjects",
        "DROP TABLE vault.records",
        "ALTER TABLE vault.subjects DISABLE TRIGGER guard_subject",
    ],
)
def test_the_application_may_not_rewrite_the_vault(as_application: Run, statement: str) -> None:
    """It adds, reads and forgets; everything else is refused by PostgreSQL itself."""
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_application(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vault.subjects SET wrapped_key = '\\x00'",
        "UPDATE vault.subjects SET wrapped_key = '\\x00', erased_at = now()",
        "UPDATE vault.subjects SET wrapped_key = NULL",
    ],
)
def test_a_key_is_destroyed_or_left_alone_but_never_replaced(vault: Vault, as_application: Run, statement: str) -> None:
    """The only change to a subject is its erasure."""
    with pytest.raises(psycopg2.IntegrityError):
        as_application(statement)
    assert vault.read(FATIMA) == {RecordKind.PARTY: "Fatima Benali"}


@pytest.mark.parametrize("statement", ["DELETE FROM vault.subjects", "UPDATE vault.subjects SET erased_at = erased_at + interval '1 day'"])
def test_a_tombstone_stays_as_it_is(vault: Vault, as_application: Run, as_owner: Run, statement: str) -> None:
    """It proves that the person was erased, and when; in replica mode too."""
    vault.erase_many([FATIMA, WANG], NOON)
    with pytest.raises(psycopg2.IntegrityError, match="its tombstone stays as it is"):
        as_application(statement)
    as_owner("SET session_replication_role = replica")
    with pytest.raises(psycopg2.IntegrityError, match="its tombstone stays as it is"):
        as_owner(statement)
    assert vault.erase(FATIMA, datetime(2030, 1, 1, tzinfo=UTC)) == NOON


def test_a_database_without_the_vaults_tables_is_named_with_the_command_that_helps(empty_database_url: str, keys: FileKeyProvider) -> None:
    """The role exists in the cluster, the tables do not exist in this database."""
    pool = PostgresPool(empty_database_url)
    with pytest.raises(MigrationsMissing) as refused:
        Vault(pool, keys).read(FATIMA)
    pool.close()
    assert str(refused.value) == (
        "The vault's tables are missing, or the role corridor_app lacks its rights on them. Run: corridor migrate"
    )


def test_a_vault_whose_database_is_away_says_come_back(keys: FileKeyProvider, tmp_path: Path) -> None:
    """No server listens there; the message shows neither the address nor a password."""
    pool = PostgresPool(f"postgresql://me:s3cret@/corridor?host={tmp_path}")
    with pytest.raises(VaultDown) as refused:
        Vault(pool, keys).store_subjects(PARTIES)
    pool.close()
    assert str(refused.value) == "The vault's database does not answer; try again in a moment."


def test_a_killed_connection_costs_at_most_one_answer(vault: Vault, as_owner: Run) -> None:
    """The server cuts off every session of the vault; the next calls find a new one."""
    as_owner("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    try:
        first = vault.read(FATIMA)
    except VaultDown:
        first = vault.read(FATIMA)
    assert first == {RecordKind.PARTY: "Fatima Benali"}
