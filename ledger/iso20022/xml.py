"""Hardened reading of ISO 20022 XML: one pass, bounded memory, no DTD, no entities, no network.

A message is read as a few *parts* (the group header, each transfer, each entry of a statement). A part arrives as `Fields`: the text
of its elements by path. Nothing else of the document is kept, so a file of ten thousand transfers needs the memory of one.

The Document may stand alone or in any envelope, with or without a business application header.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Never

from lxml import etree

from ledger.iso20022.envelope import (
    BusinessHeader,
    check_header_announces_document,
    is_header_namespace,
    read_header,
    version_of,
)
from ledger.iso20022.errors import (
    DocumentMissing,
    ForbiddenDoctype,
    NotXml,
    SeveralDocuments,
    TooDeep,
    TooLarge,
    TruncatedMessage,
)
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits, OpenPart

_CHUNK_BYTES = 64 * 1024
# Parts stand at most this deep below Document, so the paths of deeper elements need not be put together to be looked up.
_PART_DEPTH_MAX = 3
# A message has a few hundred element names; a hostile one must not fill memory with invented ones.
_NAMES_KEPT_MAX = 2_000
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
        target = _Target(self)
        parser = etree.XMLParser(
            target=target,  # type: ignore[arg-type]  # lxml takes targets without comment(); its stubs do not know
            resolve_entities=False,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            no_network=True,
            huge_tree=False,
            recover=False,
        )
        size = 0
        for chunk in _chunks(self.source):
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
            target.check_pending_text()
            yield from target.drain()
        if size == 0:
            raise NotXml("The message is empty.", field="message", way_out="Send XML 1.0 in UTF-8.")
        target.input_ended = True
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            _refuse_syntax(error, at_end=True)
        if target.cut_tag:
            raise TruncatedMessage("The message ends within a tag.", field="message", way_out="Send the whole file again.")
        yield from target.drain()
        if not self.version:
            raise DocumentMissing(
                "The message has no Document element.",
                field="Document",
                way_out="Send one ISO 20022 Document, alone or in an envelope.",
            )


def identify(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> str:
    """Which message this is, such as ``camt.053.001.12``, whatever its kind. Reads the whole of it; raises UnreadableMessage."""
    stream = MessageStream(source, message="", parts=frozenset(), versions=range(1, 100), limits=limits)
    for _ in stream:
        pass
    return stream.version


class _Target:
    """Receives the parser's events (lxml gives their names) and keeps only open and finished parts."""

    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream
        self._depth_max = stream.limits.depth_max
        self._depth = 0
        self._document_depth = 0  # 0 outside of the Document
        self._namespace = ""
        self._path: list[str] = []  # names from below Document down to the open element, as deep as parts can stand
        self._open: list[OpenPart] = []
        self._ready: list[tuple[str, Fields]] = []
        self._names: dict[str, str] = {}  # tag -> its name in paths, given the namespace
        self._texts: list[str] = []  # since the last tag
        self.data = self._texts.append
        self.input_ended = False
        self.cut_tag = False

    def drain(self) -> Iterator[tuple[str, Fields]]:
        """Hands out the finished parts once."""
        ready, self._ready = self._ready, []
        yield from ready

    def check_pending_text(self) -> None:
        """Keeps one text from growing over many chunks before its element ends."""
        if sum(map(len, self._texts)) > self._stream.limits.part_characters_max:
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
        self._texts.clear()
        self._depth += 1
        if self._depth > self._depth_max:
            raise TooDeep(
                f"Elements are nested more than {self._depth_max} deep.",
                field="message",
                way_out="Send the message without so many envelopes.",
            )
        if not self._document_depth and not self._open:
            self._start_outside(tag)
            return
        name = self._names.get(tag) or self._name(tag)
        if self._document_depth and self._depth - self._document_depth <= _PART_DEPTH_MAX:
            self._path.append(name)
            path = "/".join(self._path)
            if path in self._stream.parts:
                self._open.append(OpenPart(path, self._depth, self._stream.limits))
                return
        if self._open:
            self._open[-1].start(name, attributes)

    def end(self, _tag: str) -> None:
        if self._open:
            part = self._open[-1]
            if part.depth == self._depth:
                self._open.pop()
                self._finish(part)
            else:
                part.end(self._texts)
        self._texts.clear()
        if self._document_depth:
            if self._depth == self._document_depth:
                self._document_depth = 0
            elif self._depth - self._document_depth <= _PART_DEPTH_MAX:
                self._path.pop()
        self._depth -= 1

    def close(self) -> None:
        """Nothing to hand over: the stream asks for the parts as they come."""

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
            self._open.append(OpenPart("AppHdr", self._depth, self._stream.limits))
            self._enter(namespace)

    def _finish(self, part: OpenPart) -> None:
        if part.path != "AppHdr":
            self._ready.append((part.path, part.fields))
            return
        if self._stream.header is not None:
            raise SeveralDocuments(
                "The message has more than one business application header.",
                field="AppHdr",
                way_out="Send each Document in a file of its own.",
            )
        self._stream.header = read_header(self._namespace, part.fields)
        self._check_header()

    def _check_header(self) -> None:
        if self._stream.header is not None and self._stream.version:
            note = check_header_announces_document(self._stream.header, self._stream.version)
            if note is not None:
                self._stream.notes.append(note)

    def _enter(self, namespace: str) -> None:
        self._namespace = namespace
        self._names.clear()

    def _name(self, tag: str) -> str:
        namespace, local = _split(tag)
        name = local if namespace == self._namespace else tag
        if len(self._names) < _NAMES_KEPT_MAX:
            self._names[tag] = name
        return name


def _chunks(source: bytes | BinaryIO) -> Iterator[bytes]:
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def _split(tag: str) -> tuple[str, str]:
    if tag.startswith("{"):
        namespace, _, name = tag[1:].rpartition("}")
        return namespace, name
    return "", tag


def _refuse_syntax(error: etree.XMLSyntaxError, *, at_end: bool) -> Never:
    """The parser's complaint in our words; its own text may quote the document, so it is not passed on."""
    number: int = getattr(error, "code", 0)
    line, column = error.position or (0, 0)
    where = f"line {line}, column {column}"
    refusal: NotXml | TooLarge
    if number == _RESOURCE_LIMIT:
        refusal = TooLarge(f"One text or tag is too large at {where}.", field="message", way_out="Send smaller parts.", line=line)
    elif at_end and number not in (_DOCUMENT_EMPTY, _CONTENT_AFTER_END, _TAG_MISMATCH):
        refusal = TruncatedMessage(
            f"The message ends too early, at {where}.", field="message", way_out="Send the whole file again.", line=line
        )
    else:
        refusal = NotXml(f"The message is not well-formed XML at {where}.", field="message", way_out="Send XML 1.0 in UTF-8.", line=line)
    raise refusal from None
