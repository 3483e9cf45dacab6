"""One part of a message as text by path, and the limits under which it is taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

    __slots__ = ("counts", "repeated", "values")

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.repeated: list[str] = []  # paths of elements with equal siblings, as often as they repeat

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


class OpenPart:
    """A part whose end tag has not come yet; fills its `Fields`.

    ``path`` is the part's own path below Document, ``depth`` the number of elements open when it began, itself included.
    """

    __slots__ = ("_characters", "_elements", "_leaf", "_limits", "_paths", "depth", "fields", "path")

    def __init__(self, path: str, depth: int, limits: Limits) -> None:
        self.path = path
        self.depth = depth
        self.fields = Fields()
        self._limits = limits
        self._paths = [""]  # of the open elements, the part's root first
        self._leaf = True  # whether the open element has no child so far
        self._elements = 0
        self._characters = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins below the part's root."""
        self._elements += 1
        if self._elements > self._limits.part_elements_max:
            raise TooLarge(
                f"{self.path} holds more than {self._limits.part_elements_max} elements.",
                field=self.path,
                way_out="Send smaller parts.",
            )
        above = self._paths[-1]
        path = f"{above}/{name}" if above else name
        counts = self.fields.counts
        if path in counts:
            count = counts[path] = counts[path] + 1
            self.fields.repeated.append(path)
            path = f"{path}[{count}]"
        else:
            counts[path] = 1
        self._paths.append(path)
        self._leaf = True
        if attributes:
            for attribute, value in attributes.items():
                self._keep(f"{path}@{attribute}", value)

    def end(self, texts: list[str]) -> None:
        """It ends; ``texts`` are the pieces of text since the last tag."""
        path = self._paths.pop()
        if self._leaf:
            self._leaf = False
            text = "".join(texts).strip()
            if text:
                self._keep(path, text)

    def _keep(self, path: str, text: str) -> None:
        self._characters += len(text)
        if self._characters > self._limits.part_characters_max:
            raise TooLarge(
                f"{self.path} holds more than {self._limits.part_characters_max} characters.",
                field=self.path,
                way_out="Send smaller parts.",
            )
        self.fields.values[path] = text


_HARMLESS = re.compile(r"[A-Za-z0-9.,:+\-]{1,40}")


def safe(text: str) -> str:
    """The value as an error may show it: quoted when it is short and made of what codes, numbers and ids are made of.

    For codes, amounts, dates and references only. Names, addresses and account numbers are never shown, however harmless they look.
    """
    return f"'{text}'" if _HARMLESS.fullmatch(text) else "(not shown)"
