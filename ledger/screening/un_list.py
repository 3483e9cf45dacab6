"""The consolidated list of the United Nations Security Council, read from its XML: all of it or nothing.

The operator fetches the file (https://scsanctions.un.org/resources/xml/en/consolidated.xml) and puts it where CORRIDOR_SCREENING_LIST
says. A file that was cut off, or is not that list, is refused whole: a list with a hole in it would let pass whom it should stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree

from ledger.errors import LedgerError
from ledger.screening.name_list import Entry, NameList
from ledger.screening.names import tokens

LIST_NAME: Final = "un-consolidated"
BYTES_MAX: Final = 64 * 1024 * 1024
"""Some thirty times what the list had in 2026."""

_ROOT = "CONSOLIDATED_LIST"
_PARTS = {"INDIVIDUALS": ("INDIVIDUAL", "INDIVIDUAL_ALIAS"), "ENTITIES": ("ENTITY", "ENTITY_ALIAS")}
_NAMES = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


class ListUnusable(LedgerError):
    """What was read is not a whole consolidated list; the message says what is wrong, and quotes nothing of it."""


def read_un_list(data: bytes) -> NameList:
    """The list, its version being the instant at which it was made (``dateGenerated``). Raises ListUnusable.

    An entry is found by its name in full, its name in its own script, and every alias, good or poor. Its id is the UN's reference number.
    """
    root = _parsed(data)
    if root.tag != _ROOT or [part.tag for part in root] != list(_PARTS):
        raise ListUnusable(f"It is no {_ROOT} of {' and '.join(_PARTS)}.")
    version = root.get("dateGenerated", "").strip()
    if not version:
        raise ListUnusable("It does not say when it was made (dateGenerated).")
    entries: dict[str, Entry] = {}
    for part in root:
        kind, alias = _PARTS[str(part.tag)]
        if len(part) == 0:
            raise ListUnusable(f"It has no {part.tag}.")
        for element in part:
            if element.tag != kind:
                raise ListUnusable(f"Line {element.sourceline} has another element than {kind}.")
            entry = _entry(element, alias)
            if entry.id in entries:
                raise ListUnusable(f"Line {element.sourceline} has a reference number for the second time.")
            entries[entry.id] = entry
    return NameList(LIST_NAME, version, tuple(entries.values()))


def _parsed(data: bytes) -> etree._Element:
    if len(data) > BYTES_MAX:
        raise ListUnusable(f"It has more than {BYTES_MAX} bytes.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        raise ListUnusable(f"It is no whole XML document: reading ended at line {line}.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ListUnusable("It has a document type declaration, which the list does not have.")
    return root


def _entry(element: etree._Element, alias: str) -> Entry:
    reference = _text(element, "REFERENCE_NUMBER")
    full = " ".join(filter(None, (_text(element, name) for name in _NAMES)))
    names = dict.fromkeys(name for name in (full, *_other_names(element, alias)) if tokens(name))
    if not reference or full not in names:
        raise ListUnusable(f"The entry at line {element.sourceline} has no reference number or no name.")
    return Entry(reference, tuple(names))


def _other_names(element: etree._Element, alias: str) -> Iterator[str]:
    """Where several names stand in one field they are set apart by semicolons."""
    fields: Iterable[str] = (_text(element, "NAME_ORIGINAL_SCRIPT"), *(_text(other, "ALIAS_NAME") for other in element.iterchildren(alias)))
    for written in fields:
        yield from (name.strip() for name in written.split(";"))


def _text(element: etree._Element, name: str) -> str:
    return " ".join((element.findtext(name) or "").split())
