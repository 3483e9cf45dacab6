"""One part of a message as text by path, and the limits under which it is taken."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.iso20022.errors import TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's XML is taken before it is refused.

    ``file_bytes_max`` bounds the message, ``part_elements_max`` and ``part_characters_max`` one transfer, entry or header in it,
    ``depth_max`` the nesting of elements, envelope included.
    """

    file_bytes_max: int = 64 * 1024 * 1024
    part_elements_max: int = 20_000
    part_characters_max: int = 1024 * 1024
    depth_max: int = 48


DEFAULT_LIMITS = Limits()


class Fields:
    """The text of one part of a message, by path from the part's root: ``PmtId/UETR``, ``InstdAmt@Ccy``, ``AdrLine[2]``.

    The first of several equal siblings has no index. Elements of a foreign namespace keep it in their path, ``{namespace}name``, so
    they are never taken for the message's own. Empty elements have no text; outer white space is dropped.
    """

    __slots__ = ("counts", "repeated", "strange", "values")

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.repeated: list[str] = []  # paths of elements with equal siblings, as often as they repeat
        self.strange = False  # whether it has elements at more places than any real message does

    def text(self, path: str) -> str | None:
        """The text at the path, None where it is absent or empty."""
        return self.values.get(path)

    def has(self, path: str) -> bool:
        """Whether an element stands at the path, empty or not."""
        return path in self.counts

    def siblings(self, path: str) -> list[str]:
        """The paths of all equal siblings: ``Bal``, ``Bal[2]``, ``Bal[3]``."""
        count = self.counts.get(path, 0)
        if count <= 1:
            return [path] if count else []
        return [path, *(f"{path}[{number}]" for number in range(2, count + 1))]

    def texts(self, path: str) -> list[str]:
        """The texts of all equal siblings that have one."""
        found = (self.values.get(sibling) for sibling in self.siblings(path))
        return [text for text in found if text is not None]


class Place:
    """An element's place in a part, below the place of the element that holds it. Files repeat places by the thousand: each is made once.

    ``path`` is its path in the part, with the number among equal siblings; ``plain`` is it without numbers. The part's root has an
    empty path and no ``parent``.
    """

    __slots__ = ("children", "level", "parent", "path", "plain", "siblings")

    def __init__(self, parent: Place | None, name: str = "") -> None:
        self.parent = parent
        self.path: str = f"{parent.path}/{name}" if parent is not None and parent.path else name
        self.plain: str = f"{parent.plain}/{name}" if parent is not None and parent.plain else name
        self.level: int = 0 if parent is None else parent.level + 1
        self.children: dict[str, Place] = {}  # by tag
        self.siblings: dict[int, Place] = {}  # by number, from 2 on

    def sibling(self, number: int) -> Place:
        """A new place for an equal sibling, the second one or a later one."""
        place = Place(self.parent)
        place.path, place.plain, place.level = f"{self.path}[{number}]", self.plain, self.level
        return place


class OpenPart:
    """A part whose end tag has not come yet, with the `Fields` found so far.

    ``path`` is the part's own path below Document, ``depth`` the number of elements open when it began, itself included, ``place`` where
    in it the reading stands.
    """

    __slots__ = ("_limits", "depth", "fields", "path", "place")

    def __init__(self, path: str, depth: int, place: Place, limits: Limits) -> None:
        self.path = path
        self.depth = depth
        self.place = place
        self.fields = Fields()
        self._limits = limits

    def check_size(self) -> None:
        """Raises TooLarge when it holds more than a part may. Asked at its end, and while it is still open after each chunk."""
        fields, limits = self.fields, self._limits
        if len(fields.counts) + len(fields.repeated) > limits.part_elements_max:
            raise self._too_large(f"{limits.part_elements_max} elements")
        if sum(map(len, fields.values.values())) > limits.part_characters_max:
            raise self._too_large(f"{limits.part_characters_max} characters")

    def _too_large(self, limit: str) -> TooLarge:
        return TooLarge(f"{self.path} holds more than {limit}.", field=self.path, way_out="Send smaller parts.")


_HARMLESS = re.compile(r"[A-Za-z0-9.,:+\-]{1,40}")


def safe(text: str) -> str:
    """The value as an error may show it: quoted when it is short and made of what codes, numbers and ids are made of.

    For codes, amounts, dates and references only. Names, addresses and account numbers are never shown, however harmless they look.
    """
    return f"'{text}'" if _HARMLESS.fullmatch(text) else "(not shown)"
