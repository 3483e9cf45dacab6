"""A header and its Document that follow each other without an element around both: no XML, but common where messages are put into queues.

They are given an element of their own to stand in before the parser sees them; everything else passes as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LOOKED_AT = 4 * 1024  # bytes in which a message shows what it begins with
_BEGIN = rb"(?:\xef\xbb\xbf)?"
# Atomic: a stranger's comments must not be tried in every division of them.
_MISC = rb"(?>(?:\s|<!--.*?-->)*)"
_DECLARED_BYTES = rb"<\?xml\s[^>]*\?>"
_DECLARATION = re.compile(_BEGIN + rb"\s*" + _DECLARED_BYTES)
_BEGINS_WITH_HEADER = re.compile(_BEGIN + _MISC + rb"(?:" + _DECLARED_BYTES + rb")?" + _MISC + rb"<(?:[\w.-]+:)?AppHdr[\s>]", re.DOTALL)
_HEADER_ENDS = re.compile(rb"</(?:[\w.-]+:)?AppHdr\s*>")
_NEXT_DECLARATION = re.compile(_MISC + _DECLARED_BYTES, re.DOTALL)
_DECLARED = re.compile(r"\s*<\?xml\s[^>]*\?>")


class Rooted:
    """The chunks of a message; with an element around them where they begin with a header that is the root itself.

    ``closing`` is what ends that element, to be fed after the last chunk; empty where there is none. At most ``header_max`` bytes are
    looked through for the header's end.
    """

    def __init__(self, chunks: Iterator[bytes], header_max: int) -> None:
        self._chunks = chunks
        self._header_max = header_max
        self.closing = b""

    def __iter__(self) -> Iterator[bytes]:
        began = self._gather(b"", _LOOKED_AT)
        if _BEGINS_WITH_HEADER.match(began):
            while not (end := _HEADER_ENDS.search(began)) and len(began) < self._header_max:
                before = len(began)
                began = self._gather(began, before + _LOOKED_AT)
                if len(began) == before:
                    break
            if end:
                began = self._gather(began, end.end() + _LOOKED_AT)
                yield _within_element(began, end.end())
                self.closing = b"</siblings>"
                began = b""
        if began:
            yield began
        yield from self._chunks

    def _gather(self, began: bytes, wanted: int) -> bytes:
        """More of the message behind what it began with, until so many bytes are there or it ends."""
        while len(began) < wanted and (chunk := next(self._chunks, b"")):
            began += chunk
        return began


def without_declaration(text: str) -> str:
    """A message that was carried as characters, without the XML declaration: the encoding it names is not that of these characters."""
    found = _DECLARED.match(text)
    return text[found.end() :] if found else text


def _within_element(began: bytes, header_end: int) -> bytes:
    """The element is opened behind the first XML declaration, and a second one, before the Document, is left out."""
    declaration = _DECLARATION.match(began)
    start = declaration.end() if declaration else 0
    again = _NEXT_DECLARATION.match(began, header_end)
    rest = began[again.end() :] if again else began[header_end:]
    return began[:start] + b"<siblings>" + began[start:header_end] + rest
