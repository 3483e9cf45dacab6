"""One fact of the log, as the checks see it."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID


class Seen(NamedTuple):
    """A readable row: its `position`, its stream as a number, and all its fields."""

    position: int
    stream: int
    facts: dict[str, Any]

    @property
    def uetr(self) -> UUID:
        """The stream as an id: for a transfer, its UETR."""
        return UUID(int=self.stream)

    def values(self, *names: str) -> tuple[Any, ...]:
        """Some of its fields."""
        return tuple(self.facts[name] for name in names)
