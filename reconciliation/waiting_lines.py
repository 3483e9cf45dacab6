"""Lines of statements that were read and wait to be compared: those of a small night in memory, else in a file that has no name.

The file is gone with the process, however that ends, and no other user can read it: what banks wrote into their references stands in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from os import SEEK_END
from threading import Lock
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.errors import Unavailable
from reconciliation.packed import PackedLines, Texts

_BYTES_IN_MEMORY = 16 * 1024 * 1024
_COLUMNS = tuple(name for name in PackedLines._fields if name not in ("texts", "unpack"))


class WaitingLines:
    """Takes the lines of one statement after another, from any thread, and gives each back when its turn comes."""

    def __init__(self) -> None:
        # Made by O_TMPFILE where the system has it, else removed from its folder at once; mode 0600.
        self._file = tempfile.SpooledTemporaryFile(max_size=_BYTES_IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._turn = Lock()

    def __enter__(self) -> WaitingLines:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def put(self, lines: PackedLines) -> Callable[[], PackedLines]:
        """Takes lines; what it returns reads them again. Raises Unavailable when there is no room."""
        with self._turn, _room():
            begin = self._file.seek(0, SEEK_END)
            for name in _COLUMNS:
                np.save(self._file, getattr(lines, name), allow_pickle=False)
            np.save(self._file, np.frombuffer(lines.texts, np.uint8), allow_pickle=False)
        return partial(self._take, begin, lines.unpack)

    def _take(self, begin: int, unpack: Callable[[bytes], Texts]) -> PackedLines:
        with self._turn:
            self._file.seek(begin)
            columns: dict[str, Any] = {name: self._column() for name in _COLUMNS}
            return PackedLines(**columns, texts=self._column().tobytes(), unpack=unpack)

    def _column(self) -> NDArray[np.generic]:
        column: NDArray[np.generic] = np.load(self._file, allow_pickle=False)
        return column


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"Lines of statements cannot be set aside in {tempfile.gettempdir()}: {error.strerror}. Make room there, or name another folder"
            " in TMPDIR, and run the night again."
        ) from error
