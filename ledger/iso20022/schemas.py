"""What an official schema says of a message, where somebody has the schemas at hand.

The project carries none of them: they are ISO's, named by version in a folder of the caller's, ``pacs.008.001.08.xsd``. Nothing is taken in
or sent by their word; tests and the report on conformance ask for it. The complaints of libxml2 quote the values they complain about, which
may be names and accounts; ours say the place and the kind of fault, never a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, cast

from lxml import etree

from ledger.iso20022.envelope import ISO_PREFIX
from ledger.iso20022.siblings import Rooted, without_declaration

_NAMESPACES = re.compile(r"\{[^{}]*\}")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( (.*?) \)")
_FACET = re.compile(r"\[facet '([a-zA-Z]+)'\]")
_ATTRIBUTE = re.compile(r"attribute '([\w.:-]{1,60})'")
_COMPLAINTS_MAX = 20
_STEP = re.compile(r"(?:[\w.-]+:)?([\w.-]+|\*)(?:\[([0-9]{1,9})\])?")
_EXPECTED_MAX = 200


class Complaint(NamedTuple):
    """What breaks the schema: the line in the file, the element's path, and why."""

    line: int
    xpath: str
    sentence: str


class Found(NamedTuple):
    """A Document and the header that stands with it, as elements; ``root`` is the name of what holds them, Document where nothing does.

    ``as_text`` says that the Document stood as characters in an element, so that its lines count from its own beginning.
    """

    root: str
    document: etree._Element | None
    header: etree._Element | None
    as_text: bool


class OfficialSchemas:
    """The schemas of a folder; with None for it, none."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._loaded: dict[str, etree.XMLSchema] = {}

    def complaints(self, element: etree._Element) -> list[Complaint] | None:
        """What the schema of its namespace says of a Document or a header; empty where it is valid, None where there is no schema."""
        schema = self._schema(version_in(element))
        if schema is None:
            return None
        schema.validate(element)
        errors = list(cast("Iterable[etree._LogEntry]", schema.error_log))
        # One fault of a value is told twice, by its facet and by its type.
        distinct = [error for error in errors if error.type_name != "SCHEMAV_CVC_DATATYPE_VALID_1_2_1"] or errors
        told = dict.fromkeys(_complaint(error, element) for error in distinct)
        return list(told)[:_COMPLAINTS_MAX]

    def _schema(self, version: str) -> etree.XMLSchema | None:
        path = None if self.folder is None or not re.fullmatch(r"[a-z]{4}(\.[0-9]{2,3}){3}", version) else self.folder / f"{version}.xsd"
        if path is None or not path.is_file():
            return None
        if version not in self._loaded:
            self._loaded[version] = etree.XMLSchema(etree.parse(str(path)))
        return self._loaded[version]


def version_in(element: etree._Element) -> str:
    """The version that an element's namespace names, such as ``pacs.008.001.08``; empty for one that is not of ISO 20022."""
    namespace = etree.QName(element).namespace or ""
    return namespace.removeprefix(ISO_PREFIX) if namespace.startswith(ISO_PREFIX) else ""


def find_document(data: bytes) -> Found | None:
    """The Document of a message with its header, wherever they stand; None where the bytes are no XML.

    Only for what a `MessageStream` has read before without refusing its form: the whole of it becomes a tree in memory.
    """
    root = _tree(data)
    if root is None:
        return None
    document, header = _below(root)
    as_text = False
    if document is None:
        for element in root.iter(etree.Element):
            text = (element.text or "").lstrip()
            if text.startswith("<") and "Document" in text:
                inner = _tree(without_declaration(text).encode())
                if inner is not None:
                    found, beside = _below(inner)
                    document, header, as_text = found, header if header is not None else beside, found is not None
            if as_text:
                break
    name = etree.QName(root).localname
    return Found("" if name == "siblings" else name, document, header, as_text)


def _tree(data: bytes) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    rooted = Rooted(iter((data,)), len(data))
    try:
        whole = b"".join(rooted)
        return etree.fromstring(whole + rooted.closing, parser)
    except etree.XMLSyntaxError:
        return None


def _below(root: etree._Element) -> tuple[etree._Element | None, etree._Element | None]:
    """The first Document and the first header in a tree, the root itself among what is looked at."""
    return next(root.iter("{*}Document"), None), next(root.iter("{*}AppHdr"), None)


def _complaint(error: etree._LogEntry, below: etree._Element) -> Complaint:
    message = _NAMESPACES.sub("", error.message)
    facet, attribute = _FACET.search(message), _ATTRIBUTE.search(message)
    match error.type_name:
        case "SCHEMAV_ELEMENT_CONTENT":
            expected = _EXPECTED.search(message)
            wanted = f" Expected is {expected[1][:_EXPECTED_MAX]}." if expected else ""
            missing = "Missing child element" in message
            sentence = ("An element lacks a child." if missing else "This element does not stand here.") + wanted
        case _ if facet is not None:
            sentence = f"The value breaks the facet {facet[1]} of its type."
        case _ if attribute is not None:
            sentence = f"The attribute {attribute[1]} is missing, unknown or wrong."
        case _:
            sentence = "The value is not one of its type."
    return Complaint(error.line, _path(error, below), sentence)


def _path(error: etree._LogEntry, top: etree._Element) -> str:
    """The path by names and numbers, from the Document or header on; the parser's own has stars for names: ``/*/*[2]/*[1]``."""
    element, path = top, f"/{etree.QName(top).localname}"
    for step in (error.path or "").split("/")[2:]:
        found = _STEP.fullmatch(step)
        if found is None:
            break
        alike = [child for child in element.iterchildren(etree.Element) if found[1] in ("*", etree.QName(child).localname)]
        number = int(found[2] or 1)
        if number > len(alike):
            break
        element = alike[number - 1]
        before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
        path += f"/{etree.QName(element).localname}" + (f"[{before + 1}]" if before else "")
    return path
