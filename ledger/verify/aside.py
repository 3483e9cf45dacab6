"""Something of each of very many streams: what was used lately in memory, all else put aside in a temporary database.

What a transfer still does it mostly does at once; so few are asked for again once they were put aside.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ledger.verify.temporary import no_room

Value = TypeVar("Value")

ROOM = 20_000
"""How many stay in memory: more than are on their way at once in a busy corridor."""
_BATCH = 256
"""How many are put aside together: as long as takes some milliseconds, since nobody rests meanwhile."""
# One transaction without a journal: nobody will ever read this after a crash.
_SETTINGS = ("PRAGMA journal_mode = OFF", "PRAGMA cache_size = -8192")
_MAYBE_BITS = 24
_BYTES = 16


class Aside(Generic[Value]):
    """Stream -> value, like a dictionary, of which at most about ``room`` are in memory.

    A value that was got may be changed in place until the next call. ``pack`` makes what SQLite can keep of it, ``unpack`` an equal value
    of that. Any call raises Unavailable when the machine has no room for temporary files.
    """

    def __init__(self, pack: Callable[[Value], Any], unpack: Callable[[Any], Value], room: int = ROOM) -> None:
        self._pack, self._unpack = pack, unpack
        self._room, self._batch = room, max(1, min(_BATCH, room // 2))
        self._near: OrderedDict[int, Value] = OrderedDict()
        self._far: _Far | None = None

    def get(self, stream: int) -> Value | None:
        """What was put last, as it was changed since; None when nothing was."""
        value = self._near.get(stream)
        if value is not None:
            self._near.move_to_end(stream)
            return value
        kept = None if self._far is None else self._far.get(stream)
        if kept is None:
            return None
        value = self._unpack(kept)
        self.put(stream, value)
        return value

    def put(self, stream: int, value: Value) -> None:
        """In place of what was there."""
        self._near[stream] = value
        self._near.move_to_end(stream)
        if len(self._near) > self._room:
            self._put_aside([self._near.popitem(last=False) for _ in range(self._batch)])

    def in_order(self, between: Callable[[], object]) -> Iterator[tuple[int, Value]]:
        """All of them in the order of their streams, which is how PostgreSQL sorts UUIDs. Nothing may be put meanwhile. ``between`` is
        called now and then before the first one."""
        if self._far is None:
            yield from sorted(self._near.items(), key=_stream)
            return
        near = list(self._near.items())
        for first in range(0, len(near), _BATCH):
            self._put_aside(near[first : first + _BATCH])
            between()
        for stream, kept in self._far.in_order():
            yield stream, self._unpack(kept)

    def close(self) -> None:
        """What was put aside is gone."""
        if self._far is not None:
            self._far.close()

    def _put_aside(self, some: list[tuple[int, Value]]) -> None:
        if self._far is None:
            self._far = _Far()
        self._far.put((stream, self._pack(value)) for stream, value in some)


class _Far:
    """A database without a name: SQLite makes its file in the folder for temporary files, and only once its cache is full."""

    def __init__(self) -> None:
        # One bit for each of so many groups of streams: whether one of the group may be here. Most that are asked for are new.
        self._maybe = bytearray(1 << (_MAYBE_BITS - 3))
        self._database = sqlite3.connect("", isolation_level=None)
        try:
            for statement in (*_SETTINGS, "CREATE TABLE aside (stream BLOB PRIMARY KEY, kept) WITHOUT ROWID", "BEGIN"):
                self._database.execute(statement)
        except sqlite3.OperationalError as error:
            raise no_room() from error

    def put(self, some: Iterable[tuple[int, Any]]) -> None:
        rows = sorted((stream.to_bytes(_BYTES, "big"), kept) for stream, kept in some)
        for stream, _ in rows:
            byte, bit = _place(int.from_bytes(stream, "big"))
            self._maybe[byte] |= bit
        try:
            self._database.executemany("INSERT OR REPLACE INTO aside VALUES (?, ?)", rows)
        except sqlite3.OperationalError as error:
            raise no_room() from error

    def get(self, stream: int) -> Any:
        byte, bit = _place(stream)
        if not self._maybe[byte] & bit:
            return None
        try:
            row = self._database.execute("SELECT kept FROM aside WHERE stream = ?", (stream.to_bytes(_BYTES, "big"),)).fetchone()
        except sqlite3.OperationalError as error:
            raise no_room() from error
        return None if row is None else row[0]

    def in_order(self) -> Iterator[tuple[int, Any]]:
        try:
            for stream, kept in self._database.execute("SELECT stream, kept FROM aside ORDER BY stream"):
                yield int.from_bytes(stream, "big"), kept
        except sqlite3.OperationalError as error:
            raise no_room() from error

    def close(self) -> None:
        self._database.close()


def _stream(item: tuple[int, object]) -> int:
    return item[0]


def _place(stream: int) -> tuple[int, int]:
    """Byte and bit of a stream's group, by the last bits of its UUID."""
    group = stream & ((1 << _MAYBE_BITS) - 1)
    return group >> 3, 1 << (group & 7)
