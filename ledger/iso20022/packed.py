"""Parts of a message kept until the whole of it has been read, in little memory.

A file can be trusted only when its end has been seen, and its transfers are acted on one after another. In between, a part is its texts in
one string of bytes; the paths are shared by all parts of the same layout, and a file has few.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ledger.iso20022.fields import Fields

# No character of XML 1.0, so it stands in no text.
_BETWEEN: Final = "\0"
# More layouts than a bank's file has; past them a part keeps its own.
_LAYOUTS_SHARED_MAX: Final = 2_000


class Layout(NamedTuple):
    """What parts have in common: the paths that have a text, those of all elements, and those of elements that repeat, in their order."""

    texts: tuple[str, ...]
    elements: tuple[str, ...]
    repeated: tuple[str, ...]


class PackedPart(NamedTuple):
    """One part."""

    layout: Layout
    texts: bytes

    def unpacked(self) -> Fields:
        """The part as it was read."""
        layout = self.layout
        fields = Fields()
        fields.values = dict(zip(layout.texts, self.texts.decode().split(_BETWEEN), strict=False))
        fields.counts = dict.fromkeys(layout.elements, 1)
        for path in layout.repeated:
            fields.counts[path] += 1
            fields.repeated.append(path)
        return fields


class Packer:
    """Packs parts and remembers their layouts."""

    def __init__(self) -> None:
        self._layouts: dict[Layout, Layout] = {}

    def packed(self, fields: Fields) -> PackedPart:
        """The part, small."""
        layout = Layout(tuple(fields.values), tuple(fields.counts), tuple(fields.repeated))
        shared = self._layouts.get(layout)
        if shared is None:
            shared = layout
            if len(self._layouts) < _LAYOUTS_SHARED_MAX:
                self._layouts[layout] = layout
        return PackedPart(shared, _BETWEEN.join(fields.values.values()).encode())
