"""Where the master key lives, and how subject keys are wrapped under it.

A `KeyProvider` wraps and unwraps; the vault never sees the master key. `FileKeyProvider` keeps it in a file and serves
the demo and small installations; a hardware module or a key service stands behind the same protocol.

Wrapping is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: ``nonce ‖ ciphertext ‖ tag``. One master key wraps
at most 2³² keys under random nonces (SP 800-38D, 8.3), far beyond one corridor.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.privacy.errors import KeyFileExposed, KeyFileUnusable, WrongMasterKey
from ledger.privacy.framing import framed

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16

_HEADER = "corridor vault master key v1"
_WRAP_PURPOSE = b"corridor/key-wrap/v1"
_NAME_PURPOSE = b"corridor/master-key-name/v1"


class KeyProvider(Protocol):
    """Wraps keys under a master key that never leaves it."""

    @property
    def name(self) -> str:
        """Which master key this is, without giving it away; the same for every process that uses the same key."""
        ...

    def wrap(self, key: bytes) -> bytes:
        """The key, readable only by this provider. Raises `KeyProviderDown` when the provider does not answer."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key again.

        Raises `WrongMasterKey` when it was wrapped elsewhere or altered, `KeyProviderDown` as above.
        """
        ...


class FileKeyProvider:
    """A 256-bit master key in a file that only its owner may read.

    The file is written once, complete or not at all, under a lock file, so that processes that start at the same moment
    end with one key. ``create=False`` never writes one: where a key is expected (production), a missing file is a lost
    key and not an invitation to start a second one.

    Raises `KeyFileUnusable` when the file is missing or holds no key, `KeyFileExposed` when others may read it.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self._path = path
        if create and not path.exists():
            _create_key_file(path)
        key = _read_key_file(path)
        self._cipher = AESGCM(key)
        self._name = "file:" + hashlib.sha256(framed(_NAME_PURPOSE, key)).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"FileKeyProvider({str(self._path)!r}, name={self._name!r})"

    @property
    def name(self) -> str:
        """``file:`` and sixteen hex digits of a digest of the key."""
        return self._name

    def wrap(self, key: bytes) -> bytes:
        """``nonce ‖ ciphertext ‖ tag`` of the key under the master key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, _WRAP_PURPOSE)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The wrapped key; `WrongMasterKey` when this master key did not wrap exactly these bytes."""
        if len(wrapped) < NONCE_BYTES + TAG_BYTES:
            raise WrongMasterKey(f"A wrapped key of {len(wrapped)} bytes is too short to be one; it was altered.")
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _WRAP_PURPOSE)
        except InvalidTag:
            raise WrongMasterKey(
                f"The master key {self._name} in {self._path} does not open this key: it was wrapped under another master key or"
                " altered. Put back the key file this vault was written with."
            ) from None


def _create_key_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path.with_name(path.name + ".lock")):
            # Another process may have been first while this one waited for the lock.
            if not path.exists():
                _write_whole(path, f"{_HEADER}\n{os.urandom(KEY_BYTES).hex()}\n".encode())
    except OSError as error:
        raise KeyFileUnusable(
            f"The master key file {path} cannot be created: {error.strerror}. Name a place this process may write to in CORRIDOR_KEY_FILE."
        ) from error


@contextmanager
def _held(lock_path: Path) -> Iterator[None]:
    """Holds an advisory lock on a file of its own; the kernel lets go of it even when the process is killed."""
    descriptor = os.open(lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_whole(path: Path, content: bytes) -> None:
    """Writes the file complete, or leaves none: a crash never shows half a key."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)  # left by a process that was killed here; the lock says nobody is writing it now
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    # The rename itself must survive a power cut: losing it later would lose every subject stored meanwhile.
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read_key_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # The open file is examined, not the path, so that nobody can swap it in between.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(1024)
    except OSError as error:
        raise KeyFileUnusable(
            f"The master key file {path} cannot be read: {error.strerror}. Put the key file back, or name it in CORRIDOR_KEY_FILE;"
            " without it nothing stored in the vault can be read."
        ) from error
    if mode & 0o077:
        raise KeyFileExposed(f"The master key file {path} has mode {mode:04o}: others on this machine may use it. Run: chmod 600 {path}")
    lines = content.decode("ascii", errors="replace").split("\n")
    try:
        header, digits = lines[0], lines[1]
        key = bytes.fromhex(digits)
    except (IndexError, ValueError):
        header, key = "", b""
    if header != _HEADER or len(key) != KEY_BYTES:
        raise KeyFileUnusable(
            f"{path} is not a master key file: it must hold the line '{_HEADER}' and {KEY_BYTES * 2} hex digits. Name the right"
            " file in CORRIDOR_KEY_FILE."
        )
    return key
