"""The master key file: made once, whole, for its owner's eyes, and never replaced in silence."""

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.privacy.errors import KeyFileExposed, KeyFileUnusable, WrongMasterKey
from ledger.privacy.keys import FileKeyProvider

START_AND_NAME_THE_KEY = """
import sys
from pathlib import Path
from ledger.privacy.keys import FileKeyProvider
print("ready", flush=True)
sys.stdin.readline()
print(FileKeyProvider(Path(sys.argv[1])).name)
"""
HEADER = "corridor vault master key v1"


def test_a_key_wraps_and_unwraps_and_the_next_process_reads_the_same_file(tmp_path: Path) -> None:
    """Two providers on one file are one key; wrapping the same key twice shows no likeness."""
    first, second = FileKeyProvider(tmp_path / "new" / "vault.key"), FileKeyProvider(tmp_path / "new" / "vault.key")
    wrapped = first.wrap(b"k" * 32)
    assert second.unwrap(wrapped) == b"k" * 32
    assert first.name == second.name
    assert first.wrap(b"k" * 32) != wrapped


def test_the_file_is_for_its_owner_only_and_stands_alone(tmp_path: Path) -> None:
    """Mode 0600, beside it the lock file, and no draft left behind."""
    FileKeyProvider(tmp_path / "vault.key")
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vault.key", "vault.key.lock"]


def test_processes_that_start_at_once_end_with_one_key(tmp_path: Path) -> None:
    """Six processes are held at the line and let go together; a draft left by a killed one does not disturb them."""
    path = tmp_path / "vault.key"
    (tmp_path / "vault.key.new").write_text("half a k")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START_AND_NAME_THE_KEY, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    names = {process.communicate()[0].strip() for process in processes}
    assert names == {FileKeyProvider(path).name}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    """The message says which file, which mode and the command that mends it."""
    path = tmp_path / "vault.key"
    FileKeyProvider(path)
    path.chmod(mode)
    with pytest.raises(KeyFileExposed) as refused:
        FileKeyProvider(path)
    assert str(refused.value) == (
        f"The master key file {path} has mode {mode:04o}: others on this machine may use it. Run: chmod 600 {path}"
    )


@pytest.mark.parametrize(
    "content",
    ["", "\n", f"{HEADER}\n", f"{HEADER}\n{'ab' * 31}\n", f"{HEADER}\n{'zz' * 32}\n", "other header\n" + "ab" * 32, "\x00\xff"],
)
def test_a_file_that_is_no_key_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    """Whatever it is, it is somebody's file: it is neither used nor overwritten, and its content not shown."""
    path = tmp_path / "vault.key"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(KeyFileUnusable) as refused:
        FileKeyProvider(path)
    assert str(refused.value) == (
        f"{path} is not a master key file: it must hold the line '{HEADER}' and 64 hex digits. Name the right file in CORRIDOR_KEY_FILE."
    )
    assert path.read_text() == content


def test_where_a_key_is_expected_a_missing_file_is_not_made_up(tmp_path: Path) -> None:
    """In production a missing file is a lost key, not an invitation to start a second one."""
    path = tmp_path / "vault.key"
    with pytest.raises(KeyFileUnusable) as refused:
        FileKeyProvider(path, create=False)
    assert str(refused.value) == (
        f"The master key file {path} cannot be read: No such file or directory. Put the key file back, or name it in"
        " CORRIDOR_KEY_FILE; without it nothing stored in the vault can be read."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_file_can_be_made_is_named(tmp_path: Path) -> None:
    """A file where the directory should be: the message names the path and the setting."""
    (tmp_path / "data").touch()
    path = tmp_path / "data" / "vault.key"
    with pytest.raises(KeyFileUnusable) as refused:
        FileKeyProvider(path)
    assert str(refused.value) == (
        f"The master key file {path} cannot be created: File exists. Name a place this process may write to in CORRIDOR_KEY_FILE."
    )


def test_another_master_key_or_changed_bytes_do_not_unwrap(tmp_path: Path) -> None:
    """The message names the key and the file at hand, and nothing of the key itself."""
    mine, other = FileKeyProvider(tmp_path / "mine"), FileKeyProvider(tmp_path / "other")
    wrapped = mine.wrap(b"k" * 32)
    with pytest.raises(WrongMasterKey) as refused:
        other.unwrap(wrapped)
    assert str(refused.value) == (
        f"The master key {other.name} in {tmp_path / 'other'} does not open this key: it was wrapped under another master"
        " key or altered. Put back the key file this vault was written with."
    )
    with pytest.raises(WrongMasterKey):
        mine.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    with pytest.raises(WrongMasterKey):
        mine.unwrap(b"short")


def test_no_print_of_a_provider_shows_its_key(tmp_path: Path) -> None:
    """Path and name of the key, sixteen hex digits of a digest."""
    provider = FileKeyProvider(tmp_path / "vault.key")
    assert repr(provider) == f"FileKeyProvider('{tmp_path / 'vault.key'}', name='{provider.name}')"
    assert (tmp_path / "vault.key").read_text().split("\n")[1] not in repr(vars(provider))
