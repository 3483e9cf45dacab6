"""Turns a parser's events into the parts of a message: what stands where, and nothing that was not asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ledger.iso20022.envelope import (
    check_header_announces_document,
    check_header_names_sender,
    is_header_namespace,
    read_header,
    version_of,
)
from ledger.iso20022.errors import ForbiddenDoctype, SeveralDocuments, TooDeep, TooLarge
from ledger.iso20022.fields import Fields, OpenPart, Place

if TYPE_CHECKING:
    from ledger.iso20022.xml import MessageStream

# Parts stand at most this deep below Document, so the paths of deeper elements need not be put together to be looked up.
_PART_DEPTH_MAX = 3
# A message has a few hundred places for elements; a hostile one must not fill memory with invented ones.
_PLACES_KEPT_MAX = 5_000
# An envelope carries a header and a Document; every text that looks like one costs a parser of its own.
_WRAPPED_MAX = 8
_HOLDS_A_MESSAGE = re.compile(r"<(?:[\w.-]+:)?(?:AppHdr|Document)[\s/>]")


class Target:
    """Receives the parser's events (lxml gives their names) and keeps only open and finished parts.

    ``start`` and ``end`` run a hundred times for each transfer, so within a part they only walk from place to place.
    """

    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream
        self._depth_max = stream.limits.depth_max
        self._depth = 0  # of the open element outside of parts, or of the outermost open part
        self._document_depth = 0  # 0 outside of the Document
        self._namespace = ""
        self._path: list[str] = []  # names from below Document down to that element, as deep as parts can stand
        self._open: list[OpenPart] = []  # parts that another one interrupts, and the innermost one
        self._ready: list[tuple[str, Fields]] = []
        self._roots: dict[str, Place] = {}  # of the places in parts, by the part's path
        self._places_kept = 0
        self._texts: list[str] = []  # since the last tag
        self.data = self._texts.append
        self.input_ended = False
        self.cut_tag = False
        # Of the innermost open part; without one, no place.
        self._place: Place | None = None
        self._values: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._leaf = False  # whether the open element has no child so far
        self._wrapped: list[str] = []
        self._wrapped_count = 0

    def drain(self) -> Iterator[tuple[str, Fields]]:
        """Hands out the finished parts once."""
        ready, self._ready = self._ready, []
        yield from ready

    def wrapped(self) -> list[str]:
        """Texts outside of the Document that are XML themselves: an envelope may carry its message as characters. Handed out once."""
        found, self._wrapped = self._wrapped, []
        return found

    def check_pending(self) -> None:
        """Keeps a part, or a single text, from growing over many chunks before its element ends."""
        for part in self._open:
            part.check_size()
        # Outside of the Document a text may be the whole message; the size of the file bounds it.
        if (self._document_depth or self._open) and sum(map(len, self._texts)) > self._stream.limits.part_characters_max:
            raise TooLarge(
                f"One text is longer than {self._stream.limits.part_characters_max} characters.",
                field="message",
                way_out="Send smaller parts.",
            )

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise ForbiddenDoctype(
            "The message has a DOCTYPE declaration.",
            field="DOCTYPE",
            way_out="Send it without DOCTYPE and entities; ISO 20022 has none.",
        )

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self.input_ended:
            # Whole tags were seen while they were fed; what libxml2 still makes of a tag cut short is not to be judged.
            self.cut_tag = True
            return
        above = self._place
        if above is None:
            self._end_text()
            self._start_outside_of_parts(tag)
            return
        self._texts.clear()
        place = above.children.get(tag) or self._place_below(above, tag)
        if place is None:
            return
        path = place.path
        if path in self._counts:
            place = self._place_again(place)
            path = place.path
        else:
            self._counts[path] = 1
        self._place = place
        self._leaf = True
        if attributes:
            for attribute, value in attributes.items():
                self._values[f"{path}@{attribute}"] = value

    def end(self, _tag: str) -> None:
        place = self._place
        if place is None:
            self._end_text()
            self._leave()
        elif place.parent is None:
            self._texts.clear()
            self._finish_part()
        else:
            if self._leaf:
                self._leaf = False
                text = "".join(self._texts).strip()
                if text:
                    self._values[place.path] = text
            self._texts.clear()
            self._place = place.parent

    def close(self) -> None:
        """Nothing to hand over: the stream asks for the parts as they come."""

    # Within a part

    def _place_below(self, above: Place, tag: str) -> Place | None:
        """The place of an element that has not stood there before; None where it is a part of its own, which is open then."""
        part = self._open[-1]
        place = Place(above, self._name(tag))
        depth = part.depth + place.level
        self._check_depth(depth)
        if self._document_depth and depth - self._document_depth <= _PART_DEPTH_MAX:
            path = f"{part.path}/{place.plain}"
            if path in self._stream.parts:
                part.place = above
                self._open_part(path, depth)
                return None
        if self._keeps_place():
            above.children[tag] = place
        return place

    def _place_again(self, place: Place) -> Place:
        """The place of an element with equal siblings before it."""
        count = self._counts[place.path] = self._counts[place.path] + 1
        self._open[-1].fields.repeated.append(place.path)
        again = place.siblings.get(count)
        if again is None:
            again = place.sibling(count)
            if self._keeps_place():
                place.siblings[count] = again
        return again

    def _keeps_place(self) -> bool:
        if self._places_kept == _PLACES_KEPT_MAX:
            self._open[-1].fields.strange = True
            return False
        self._places_kept += 1
        return True

    def _open_part(self, path: str, depth: int) -> None:
        root = self._roots.setdefault(path, Place(None))
        part = OpenPart(path, depth, root, self._stream.limits)
        self._open.append(part)
        self._go_on_with(part)

    def _go_on_with(self, part: OpenPart) -> None:
        self._place, self._values, self._counts, self._leaf = part.place, part.fields.values, part.fields.counts, False

    def _finish_part(self) -> None:
        part = self._open.pop()
        part.check_size()
        if self._open:
            self._go_on_with(self._open[-1])
        else:
            self._place = None
            self._leave()
        if part.path == "AppHdr":
            self._finish_header(part.fields)
        else:
            if self._stream.header is not None:
                check_header_names_sender(self._stream.header, part.path, part.fields)
            self._ready.append((part.path, part.fields))

    # Outside of parts

    def _start_outside_of_parts(self, tag: str) -> None:
        self._depth += 1
        self._check_depth(self._depth)
        if not self._document_depth:
            self._start_outside(tag)
        elif self._depth - self._document_depth <= _PART_DEPTH_MAX:
            self._path.append(self._name(tag))
            path = "/".join(self._path)
            if path in self._stream.parts:
                self._open_part(path, self._depth)

    def _end_text(self) -> None:
        """A text that is in no part ends here."""
        if self._texts and not self._document_depth:
            text = "".join(self._texts).strip()
            if text.startswith("<") and _HOLDS_A_MESSAGE.search(text):
                self._wrapped_count += 1
                if self._wrapped_count > _WRAPPED_MAX:
                    raise SeveralDocuments(
                        f"More than {_WRAPPED_MAX} texts of the envelope look like messages.",
                        field="Document",
                        way_out="Send each Document in a file of its own.",
                    )
                self._wrapped.append(text)
        self._texts.clear()

    def _leave(self) -> None:
        if self._document_depth:
            if self._depth == self._document_depth:
                self._document_depth = 0
            elif self._depth - self._document_depth <= _PART_DEPTH_MAX:
                self._path.pop()
        self._depth -= 1

    def _check_depth(self, depth: int) -> None:
        if depth > self._depth_max:
            raise TooDeep(
                f"Elements are nested more than {self._depth_max} deep.",
                field="message",
                way_out="Send the message without so many envelopes.",
            )

    def _start_outside(self, tag: str) -> None:
        namespace, name = _split(tag)
        if name == "Document":
            if self._stream.version:
                raise SeveralDocuments(
                    "The message has more than one Document.",
                    field="Document",
                    way_out="Send each Document in a file of its own.",
                )
            self._stream.version = version_of(namespace, self._stream.message, self._stream.versions)
            self._document_depth = self._depth
            self._enter(namespace)
            self._check_header()
        elif name == "AppHdr" and is_header_namespace(namespace):
            self._enter(namespace)
            self._open_part("AppHdr", self._depth)

    def _finish_header(self, fields: Fields) -> None:
        if self._stream.header is not None:
            raise SeveralDocuments(
                "The message has more than one business application header.",
                field="AppHdr",
                way_out="Send each Document in a file of its own.",
            )
        self._stream.header = read_header(self._namespace, fields)
        self._check_header()

    def _check_header(self) -> None:
        if self._stream.header is not None and self._stream.version:
            note = check_header_announces_document(self._stream.header, self._stream.version)
            if note is not None:
                self._stream.notes.append(note)

    def _enter(self, namespace: str) -> None:
        self._namespace = namespace
        self._roots.clear()

    def _name(self, tag: str) -> str:
        """The name in paths, where the namespace of the message is understood."""
        namespace, local = _split(tag)
        return local if namespace == self._namespace else tag


def _split(tag: str) -> tuple[str, str]:
    if tag.startswith("{"):
        namespace, _, name = tag[1:].rpartition("}")
        return namespace, name
    return "", tag
