"""The vault's master key is followed by another one, through a kill: nothing is lost, and in the end the new key alone opens it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from ledger.errors import Misconfigured
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.migrate import migrate
from ledger.privacy.entropy import new_subject_id
from ledger.privacy.errors import SubjectErased, WrongMasterKey
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.records import RecordKind
from ledger.privacy.rewrapping import rewrap
from ledger.privacy.subjects import NewSubject
from ledger.privacy.vault import Vault
from tests.integration.serviced import settings_of

PEOPLE = 25
NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
KILLED = """
import os, signal, sys
from pathlib import Path
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.rewrapping import rewrap

class Dying(FileKeyProvider):
    left = int(sys.argv[4])

    def wrap(self, key):
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().wrap(key)

rewrap(sys.argv[1], Dying(Path(sys.argv[2])), [FileKeyProvider(Path(sys.argv[3]))], page=4)
"""


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


def person(number: int) -> NewSubject:
    """The same subject from run to run."""
    return NewSubject(new_subject_id(random.Random(number).randbytes), {RecordKind.REFERENCE: {"number": number}})


def read(vault: Vault, numbers: range) -> list[int]:
    """The numbers that the vault still knows of these people."""
    ids = [person(number).subject_id for number in numbers]
    found = vault.read_many(ids)
    return [
        number for number, subject in zip(numbers, ids, strict=True) if found.get(subject) == {RecordKind.REFERENCE: {"number": number}}
    ]


@pytest.mark.parametrize("wraps", [0, 1, 3, 9, 26])
def test_a_change_of_the_master_key_that_is_killed_is_simply_done_again(url: str, pool: PostgresPool, tmp_path: Path, wraps: int) -> None:
    """Killed at the first key, within a page, between two, and just before the vault names its new key: whoever knows both keys reads
    everybody and stores further people; a second run ends it, and the old key opens nothing more."""
    old, new = FileKeyProvider(tmp_path / "old.key"), FileKeyProvider(tmp_path / "new.key")
    before = Vault(pool, old)
    before.store_subjects([person(number) for number in range(PEOPLE)])
    erased = person(PEOPLE)
    before.store_subjects([erased])
    before.erase(erased.subject_id, NOON)
    fingerprints = before.corridor_fingerprint_key("abb-psbc")
    arguments = [url, str(tmp_path / "new.key"), str(tmp_path / "old.key"), str(wraps)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CORRIDOR_")}
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    # In both orders: before and after the processes were started anew with the new key in the first place.
    for providers in ((old, new), (new, old)):
        vault = Vault(pool, *providers)
        assert read(vault, range(PEOPLE)) == list(range(PEOPLE))
        assert vault.corridor_fingerprint_key("abb-psbc") == fingerprints
    Vault(pool, old, new).store_subjects([person(100)])
    Vault(pool, new, old).store_subjects([person(101)])
    done = rewrap(url, new, [old], page=4)
    assert done.master_key == new.name
    assert rewrap(url, new, [old]) == (new.name, 0)
    after = Vault(pool, new)
    assert read(after, range(PEOPLE)) + read(after, range(100, 102)) == [*range(PEOPLE), 100, 101]
    assert after.corridor_fingerprint_key("abb-psbc") == fingerprints
    with pytest.raises(SubjectErased):
        after.read(erased.subject_id)
    with pytest.raises(WrongMasterKey, match=f"written under master key {new.name}, and this process holds {old.name}"):
        Vault(pool, old).read(person(1).subject_id)


def test_a_key_that_neither_master_key_wraps_stops_the_change(url: str, pool: PostgresPool, tmp_path: Path) -> None:
    """The vault keeps the name of its master key, so no process starts on half a vault."""
    old, new, other = (FileKeyProvider(tmp_path / f"{name}.key") for name in ("old", "new", "other"))
    Vault(pool, old).store_subjects([person(1)])
    with pytest.raises(WrongMasterKey, match="which is not at hand"):
        rewrap(url, new, [other])
    assert read(Vault(pool, old), range(1, 2)) == [1]
    with pytest.raises(WrongMasterKey):
        Vault(pool, new).check()
    with pytest.raises(Misconfigured, match="Only the owner"):
        rewrap(f"{url} options='-c role=corridor_app'", new, [old])


def test_the_database_lets_a_key_be_wrapped_anew_and_nothing_else_of_a_subject_change(url: str, pool: PostgresPool, tmp_path: Path) -> None:
    """Not the key under the same master key, not the id, not when it was stored; and a tombstone stays as it is."""
    old = FileKeyProvider(tmp_path / "old.key")
    vault = Vault(pool, old)
    vault.store_subjects([person(1), person(2)])
    vault.erase(person(2).subject_id, NOON)
    for change, which in (
        ("wrapped_key = '\\x00'", 1),
        ("wrapped_key = '\\x00', wrapped_by = 'x', stored_at = now()", 1),
        ("wrapped_key = NULL, erased_at = now(), wrapped_by = 'x'", 1),
        ("wrapped_by = 'x'", 2),
    ):
        assert refused(url, f"UPDATE vault.subjects SET {change} WHERE subject_id = '{person(which).subject_id}'")
    assert read(vault, range(1, 3)) == [1]


def refused(url: str, statement: str) -> bool:
    """Whether the database refuses a statement, even from its owner."""
    connection = psycopg2.connect(url)
    try:
        connection.cursor().execute(statement)
    except psycopg2.errors.IntegrityConstraintViolation:
        return True
    finally:
        connection.close()
    return False


def test_the_command_line_makes_a_master_key_and_goes_over_to_it(url: str, pool: PostgresPool, tmp_path: Path) -> None:
    """Once the new file is named first and the old one second; without the second nothing is done."""
    settings = settings_of(url, tmp_path)
    old = FileKeyProvider(settings.key_file)
    Vault(pool, old).store_subjects([person(1), person(2)])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CORRIDOR_")} | {
        "CORRIDOR_DATABASE_URL": str(settings.database_url),
        "CORRIDOR_DATA_DIR": str(tmp_path),
    }

    def corridor(*words: str, **more: str) -> tuple[int, str]:
        command = [sys.executable, "-c", "from ledger.cli import main; main()", "keys", "master", *words]
        done = subprocess.run(command, env=environment | more, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    file = tmp_path / "next.key"
    assert corridor("make", str(file)) == (0, f"{FileKeyProvider(file, create=False).name}\n")
    assert corridor("make", str(file))[0] != 0
    keys = {"CORRIDOR_KEY_FILE": str(file)}
    assert corridor("rotate", **keys)[0] != 0
    code, told = corridor("rotate", "--json", **keys, CORRIDOR_KEY_OTHER_FILE=str(settings.key_file))
    new = FileKeyProvider(file, create=False)
    assert (code, json.loads(told)) == (0, {"master_key": new.name, "keys": 2})
    assert read(Vault(pool, new), range(1, 3)) == [1, 2]
