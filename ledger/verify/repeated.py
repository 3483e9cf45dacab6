"""Whether any of very many UUIDs is there twice, in eight bytes of memory each and without sorting them all at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from uuid import UUID

_BITS = 64
_HEAPS_BITS = 4
_HALF = (1 << _BITS) - 1


class Repeated:
    """Half of each UUID, in heaps by its first bits."""

    def __init__(self) -> None:
        self._heaps = [array("Q") for _ in range(1 << _HEAPS_BITS)]

    def add(self, value: UUID) -> None:
        """Another one."""
        half = value.int & _HALF
        self._heaps[half >> (_BITS - _HEAPS_BITS)].append(half)

    def any(self, between: Callable[[], object]) -> bool:
        """Whether one may have been added twice; when not, none was. ``between`` is called after each heap."""
        for heap in self._heaps:
            if len(set(heap)) < len(heap):
                return True
            between()
        return False
