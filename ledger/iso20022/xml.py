"""Hardened reading of ISO 20022 XML: one pass, bounded memory, no DTD, no entities, no network.

A message is read as a few *parts* (the group header, each transfer, each entry of a statement). A part arrives as `Fields`: the text
of its elements by path. Nothing else of the document is kept, so a file of ten thousand transfers needs the memory of one.

The Document may stand alone or in any envelope, with or without a business application header: as elements, or as the characters of an
element of the envelope. Header and Document may follow each other without anything around them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, Never

from lxml import etree

from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.errors import DocumentMissing, NotXml, TooLarge, TruncatedMessage
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.siblings import Rooted, without_declaration
from ledger.iso20022.target import Target

_CHUNK_BYTES = 64 * 1024
_OPENING_BYTES = 4 * 1024  # of a message whose kind alone is asked for
# Error numbers of libxml2 (libxml/xmlerror.h).
_DOCUMENT_EMPTY, _CONTENT_AFTER_END, _TAG_MISMATCH, _RESOURCE_LIMIT = 4, 5, 76, 114


@dataclass(slots=True)
class MessageStream:
    """Reads one message part by part.

    ``message`` is the kind that is wanted, such as ``pacs.008`` (empty: any); ``parts`` are the paths below Document to hand out,
    such as ``FIToFICstmrCdtTrf/CdtTrfTxInf``; ``versions`` the versions that are read. A part may hold another (a statement its
    entries); the inner one comes first and is not repeated in the outer one. ``version``, ``header`` and ``notes`` are known once
    the first part has come.
    """

    source: bytes | BinaryIO
    message: str
    parts: frozenset[str]
    versions: range = range(2, 14)
    limits: Limits = DEFAULT_LIMITS
    version: str = field(default="", init=False)
    header: BusinessHeader | None = field(default=None, init=False)
    notes: list[str] = field(default_factory=list, init=False)

    def __iter__(self) -> Iterator[tuple[str, Fields]]:
        """Every part as (path, fields), in the order their elements end.

        Raises an `UnreadableMessage` at the place where the message stops being readable, which may be its very end: act on no
        part before the iteration is complete.
        """
        for target in self._fed(_chunks(self.source, _CHUNK_BYTES)):
            yield from target.drain()
        if not self.version:
            raise DocumentMissing(
                "The message has no Document element.",
                field="Document",
                way_out="Send one ISO 20022 Document, alone or in an envelope.",
            )

    def _fed(self, chunks: Iterator[bytes], *, wrapped: bool = False) -> Iterator[Target]:
        """Feeds a parser, and stops after each chunk to hand over whose parts may be ready."""
        target = Target(self)
        parser = _parser(target)
        rooted = Rooted(chunks, self.limits.part_characters_max)
        size = 0
        for chunk in rooted:
            size += len(chunk)
            if size > self.limits.file_bytes_max:
                raise TooLarge(
                    f"The message is larger than {self.limits.file_bytes_max} bytes.",
                    field="message",
                    way_out="Split it into several files.",
                )
            try:
                parser.feed(chunk)
            except etree.XMLSyntaxError as error:
                _refuse_syntax(error, at_end=False)
            target.check_pending()
            yield target
            yield from self._fed_wrapped(target, wrapped)
        if size == 0:
            raise NotXml("The message is empty.", field="message", way_out="Send XML 1.0 in UTF-8.")
        if rooted.closing:
            try:
                parser.feed(rooted.closing)
            except etree.XMLSyntaxError as error:
                _refuse_syntax(error, at_end=True, tags_open=True)
        target.input_ended = True
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            _refuse_syntax(error, at_end=True)
        if target.cut_tag:
            raise TruncatedMessage("The message ends within a tag.", field="message", way_out="Send the whole file again.")
        yield target
        yield from self._fed_wrapped(target, wrapped)

    def _fed_wrapped(self, target: Target, within: bool) -> Iterator[Target]:
        """The messages that stood as characters in the envelope: read like one that stands in elements, but not a third time."""
        for text in [] if within else target.wrapped():
            characters = without_declaration(text).encode()
            yield from self._fed(_chunks(characters, _CHUNK_BYTES), wrapped=True)


def identify(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> str:
    """Which message this is, such as ``camt.053.001.12``, whatever its kind. Reads the whole of it; raises UnreadableMessage."""
    stream = MessageStream(source, message="", parts=frozenset(), versions=range(1, 100), limits=limits)
    for _ in stream:
        pass
    return stream.version


class Opening(NamedTuple):
    """How a message begins: its version, such as ``pacs.008.001.08``, and the header that stands before it."""

    version: str
    header: BusinessHeader | None


def opening(source: bytes, limits: Limits = DEFAULT_LIMITS) -> Opening:
    """What a message is, read as far as its Document begins; the rest is left to who knows the kind. Raises UnreadableMessage."""
    stream = MessageStream(source, message="", parts=frozenset(), versions=range(1, 100), limits=limits)
    try:
        for _ in stream._fed(_chunks(source, _OPENING_BYTES)):
            if stream.version:
                break
    except NotXml:
        if not stream.version:
            raise
    if stream.version:
        return Opening(stream.version, stream.header)
    # It has no Document: reading it to the end says what is wrong with it.
    return Opening(identify(source, limits), None)


def _parser(target: Target) -> etree.XMLParser:
    return etree.XMLParser(
        target=target,  # type: ignore[arg-type]  # lxml takes targets without comment(); its stubs do not know
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
    )


def _chunks(source: bytes | BinaryIO, size: int) -> Iterator[bytes]:
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    while chunk := stream.read(size):
        yield chunk


def _refuse_syntax(error: etree.XMLSyntaxError, *, at_end: bool, tags_open: bool = False) -> Never:
    """The parser's complaint in our words; its own text may quote the document, so it is not passed on."""
    number: int = getattr(error, "code", 0)
    line, column = error.position or (0, 0)
    where = f"line {line}, column {column}"
    refusal: NotXml | TooLarge
    if number == _RESOURCE_LIMIT:
        refusal = TooLarge(f"One text or tag is too large at {where}.", field="message", way_out="Send smaller parts.", line=line)
    elif at_end and (tags_open or number not in (_DOCUMENT_EMPTY, _CONTENT_AFTER_END, _TAG_MISMATCH)):
        refusal = TruncatedMessage(
            f"The message ends too early, at {where}.", field="message", way_out="Send the whole file again.", line=line
        )
    else:
        refusal = NotXml(f"The message is not well-formed XML at {where}.", field="message", way_out="Send XML 1.0 in UTF-8.", line=line)
    raise refusal from None
