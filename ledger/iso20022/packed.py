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
    """What parts have in common: where they have texts, how often each element stands, and the paths of those that repeat, in order."""

    texts: tuple[str, ...]
    counts: dict[str, int]
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
        fields.counts = layout.counts.copy()
        fields.repeated.extend(layout.repeated)
        return fields


class Packer:
    """Packs parts and remembers their layouts."""

    def __init__(self) -> None:
        # By the paths alone: with what repeats, they say how often each element stands.
        self._layouts: dict[tuple[tuple[str, ...], ...], Layout] = {}

    def packed(self, fields: Fields) -> PackedPart:
        """The part, small."""
        key = (tuple(fields.values), tuple(fields.counts), tuple(fields.repeated))
        shared = self._layouts.get(key)
        if shared is None:
            shared = Layout(key[0], fields.counts.copy(), key[2])
            if len(self._layouts) < _LAYOUTS_SHARED_MAX:
                self._layouts[key] = shared
        return PackedPart(shared, _BETWEEN.join(fields.values.values()).encode())
