"""Whether any of very many UUIDs is there twice: in the same little memory however many there are, and without sorting them all at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from ledger.verify.temporary import no_room

_BITS = 64
_HEAPS_BITS = 6
_HALF = (1 << _BITS) - 1


class Repeated:
    """Half of each UUID, in heaps by its first bits. A heap that has grown is put aside in a temporary file without a name."""

    def __init__(self, heap_max: int = 8_192) -> None:
        self._heap_max = heap_max
        self._heaps = [_Heap() for _ in range(1 << _HEAPS_BITS)]

    def add(self, value: UUID) -> None:
        """Another one. Raises Unavailable when the machine has no room for temporary files."""
        half = value.int & _HALF
        heap = self._heaps[half >> (_BITS - _HEAPS_BITS)]
        heap.values.append(half)
        if len(heap.values) >= self._heap_max:
            heap.put_aside()

    def any(self, between: Callable[[], object]) -> bool:
        """Whether one may have been added twice; when not, none was. ``between`` is called after each heap."""
        for heap in self._heaps:
            values = heap.all()
            if len(set(values)) < len(values):
                return True
            between()
        return False


class _Heap:
    """Numbers of 64 bits: the last ones in memory, those before in a file."""

    def __init__(self) -> None:
        self.values = array("Q")
        self._aside: IO[bytes] | None = None

    def put_aside(self) -> None:
        try:
            if self._aside is None:
                self._aside = TemporaryFile(prefix="corridor-verify-")  # noqa: SIM115 - kept for as long as the heap
            self._aside.write(self.values.tobytes())
        except OSError as error:
            raise no_room() from error
        del self.values[:]

    def all(self) -> array[int]:
        values = array("Q")
        if self._aside is not None:
            self._aside.seek(0)
            values.frombytes(self._aside.read())
        values.extend(self.values)
        return values
