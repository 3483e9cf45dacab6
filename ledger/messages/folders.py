"""Folders in which a bank and the corridor leave each other files, and the moves between them that no kill can break in two.

A file is taken from ``inbox`` by renaming it into ``work``, where nobody else writes. What is to become of it and of its reply is written
into a plan first; then the plan is carried out, each step a rename that has either happened or not. Whoever finds a plan carries it out to
its end, so every file and every reply arrives once. All folders must be on one file system.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.errors import Malformed, Unavailable

CHECKSUM: Final = ".sha256"
# Written by whoever is still writing: taken up under its final name.
_UNFINISHED: Final = (".part", ".tmp")
_NAME_MAX: Final = 120  # of the 255 bytes that a name may have
_HARMLESS: Final = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.+=@~ -]{{0,{_NAME_MAX}}}")
_STRANGE: Final = re.compile(r"[^A-Za-z0-9_.+=@~-]")
_FILE_MODE, _FOLDER_MODE, _PRIVATE_MODE = 0o640, 0o750, 0o700


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: ``moves`` from a path to a path, and ``publish`` of a path under a name in the outbox, all below the root.

    ``cursor`` is the log position up to which the outbox then holds what a bank is told; None leaves it as it is.
    """

    moves: tuple[tuple[str, str], ...] = ()
    publish: tuple[tuple[str, str], ...] = ()
    cursor: int | None = None


class Folders:
    """``inbox``, ``outbox``, ``archive``, ``quarantine`` and ``work`` below one root, made where they are missing."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise Malformed(f"{root} is no directory.", field="DIR", value=root, way_out="Name the directory that holds the inbox.")
        self.root = root
        self.inbox, self.outbox = root / "inbox", root / "outbox"
        self.archive, self.quarantine = root / "archive", root / "quarantine"
        self.work, self.taken = root / "work", root / "work" / "taken"
        shared = (self.inbox, self.outbox, self.archive, self.quarantine)
        for folder in (*shared, self.work, self.taken):
            try:
                folder.mkdir(mode=_FOLDER_MODE if folder in shared else _PRIVATE_MODE, exist_ok=True)
            except OSError as error:
                raise Malformed(
                    f"{folder} cannot be made: {error.strerror}.",
                    field="DIR",
                    value=folder,
                    way_out="Let this process write in the directory.",
                ) from None
        self._plan = self.work / "plan.json"
        self._cursor = self.work / "cursor"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps every other process off these folders; the lock ends with the process. Raises Unavailable when another one has it."""
        with (self.work / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Unavailable(f"Another process watches {self.root}. Stop it, or let it do the work.") from None
            yield

    # Files that come

    def arrived(self) -> list[str]:
        """The names of the files in the inbox that are finished, the oldest first. Links and folders are nobody's messages."""
        found = []
        for entry in os.scandir(self.inbox):
            if entry.name.startswith(".") or entry.name.endswith((*_UNFINISHED, CHECKSUM)):
                continue
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                found.append((status.st_mtime_ns, entry.name))
        return [name for _, name in sorted(found)]

    def take(self, name: str) -> str | None:
        """Takes a file out of the inbox, its checksum first: from then on nobody changes it under our hands.

        The name it goes by from here on, which is made of harmless signs and leaves room for endings; None when it is gone.
        """
        kept = _harmless(name)
        checksum, taken = self.inbox / f"{name}{CHECKSUM}", self.taken / f"{kept}{CHECKSUM}"
        if not taken.exists() and _is_file(checksum):
            checksum.replace(taken)
        try:
            (self.inbox / name).replace(self.taken / kept)
        except FileNotFoundError:
            return None
        return kept

    def unfinished(self) -> list[str]:
        """Files that were taken and have not come to their end: a process was stopped. A checksum without its file goes back."""
        names = sorted(path.name for path in self.taken.iterdir())
        files = [name for name in names if not name.endswith(CHECKSUM)]
        for name in names:
            of = name.removesuffix(CHECKSUM)
            if name.endswith(CHECKSUM) and of not in files:
                (self.taken / name).replace(self.inbox / name)
        return files

    def stated_digest(self, name: str) -> str | None:
        """The digest that came beside a taken file (hex, as ``sha256sum`` writes it), None where none did."""
        try:
            text = (self.taken / f"{name}{CHECKSUM}").read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return None
        return (text.split() or [""])[0].lower()

    def free_path(self, folder: Path, name: str) -> str:
        """A path below the root at which there is no file yet: the name itself, or with a number before its ending."""
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        stem, ending = os.path.splitext(name)  # noqa: PTH122 - of a name, which Path would take apart
        number, tried = 1, name
        while (folder / tried).exists():
            number += 1
            tried = f"{stem}~{number}{ending}"
        return str((folder / tried).relative_to(self.root))

    # What is to be done with them

    def stage(self, name: str, data: bytes) -> str:
        """Writes a file that a plan will move or publish; its path below the root."""
        path = self.work / name
        _write(path, data)
        return str(path.relative_to(self.root))

    def carry_out(self, plan: Plan) -> None:
        """Writes the plan down and does it. Killed at any point, `go_on` does the rest."""
        _write(self._plan, json.dumps(asdict(plan)).encode())
        self._do(plan)

    def go_on(self) -> None:
        """Does the rest of a plan that a stopped process left, and clears away what was staged for one that was never written."""
        if self._plan.exists():
            said = json.loads(self._plan.read_bytes())
            self._do(Plan(_pairs(said["moves"]), _pairs(said["publish"]), said["cursor"]))
        for path in self.work.iterdir():
            if path.is_file() and path.name not in ("cursor", "lock"):
                path.unlink()

    def _do(self, plan: Plan) -> None:
        for source, target in plan.moves:
            path = self.root / source
            if path.exists():
                path.replace(self.root / target)
                _sync_folder((self.root / target).parent)
        for source, name in plan.publish:
            path = self.root / source
            if path.exists():
                digest = sha256(path.read_bytes()).hexdigest()
                _write(self.outbox / f"{name}{CHECKSUM}", f"{digest}  {name}\n".encode())
                path.replace(self.outbox / name)
                _sync_folder(self.outbox)
        if plan.cursor is not None:
            _write(self._cursor, str(plan.cursor).encode())
        self._plan.unlink()
        _sync_folder(self.work)

    def cursor(self) -> int:
        """The log position up to which the outbox was given what the bank is told; 0 at the beginning."""
        try:
            return int(self._cursor.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0


def _is_file(path: Path) -> bool:
    """Whether a file itself stands there, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        # Also for a name that is too long to have a checksum beside it.
        return False


def _harmless(name: str) -> str:
    """The name, if it is one that can be shown and added to; else what of it can, with a digest that keeps it apart from others."""
    if _HARMLESS.fullmatch(name):
        return name
    digest = sha256(os.fsencode(name)).hexdigest()[:12]
    stem, ending = os.path.splitext(_STRANGE.sub("_", name))  # noqa: PTH122 - of a name, which Path would take apart
    return f"{stem[:_NAME_MAX]}-{digest}{ending[:10]}"


def _pairs(found: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((source, target) for source, target in found)


def _write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all, durably."""
    temporary = path.with_name(f".{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
